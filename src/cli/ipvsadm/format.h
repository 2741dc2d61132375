// The texts that lists consist of, byte for byte those of ipvsadm 1.31.
#pragma once

#include <string>

#include "cli/ipvsadm/command.h"
#include "cli/ipvsadm/names.h"
#include "control/api.h"

namespace ballast::ipvsadm {

/// The line with the version of ip_vs that this table stands in for.
std::string banner();

/// The two title lines of a list of services.
std::string title(Columns columns);

/// The line of a service and the lines of its servers, servers in the order in which they are given.
/// Addresses and ports are shown by name where `names` is not nullptr.
std::string service_text(const control::ServiceView& view, Columns columns, bool exact, const Names* names);

/// The rules that make a service and its servers again, one command line each.
std::string service_rules(const control::ServiceView& view, const Names* names);

/// The two title lines of a list of connections.
std::string connections_title(bool persistent);
std::string connection_text(const control::ConnectionView& connection, const Names* names);

std::string timeouts_text(const cluster::Timeouts& timeouts);
std::string sync_daemon_text(const SyncDaemon& daemon);

}  // namespace ballast::ipvsadm

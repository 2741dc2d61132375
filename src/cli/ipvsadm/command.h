// What one command line asks for, as a value.
#pragma once

#include <cstdint>
#include <string>

#include "cli/ipvsadm/legality.h"
#include "cli/ipvsadm/sync_daemon.h"
#include "cluster/model.h"

namespace ballast::ipvsadm {

/// Which numbers a list of services and servers shows.
enum class Columns : std::uint8_t { plain, stats, rate, thresholds, persistent_connections, tunnel_info };

struct ListFormat {
  Columns columns = Columns::plain;
  bool numeric = false;
  bool exact = false;  ///< large numbers in full
  bool sorted = true;
};

enum class ListSubject : std::uint8_t { table, service, connections, timeouts, sync_daemons };

/// Only what belongs to `verb` has a meaning.
struct Command {
  Verb verb = Verb::list;
  bool has_service = false;         ///< the command line names a service, in service.key
  cluster::VirtualService service;  ///< add and edit: all of it; elsewhere: its key
  cluster::RealServer server;
  cluster::Timeouts timeouts;  ///< 0: leave
  SyncDaemon sync_daemon;
  ListSubject subject = ListSubject::table;
  ListFormat format;
};

/// Why a command line is refused.
struct Refusal {
  std::string message;  ///< without the newline that ends it
  int exit_code = 2;
  bool ends_restore = true;  ///< false: a restore goes on with its next line
};

}  // namespace ballast::ipvsadm

// The native configuration: YAML to a Cluster and back. docs/configuration.md describes the format.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"
#include "config/problem.h"

namespace ballast::config {

/// Reads a configuration. `file_name` is for messages only. Services have Origin::file and are named by their keys;
/// pools are resolved into their services. On failure every problem found (at most Problems::most), in the order of the
/// text. Takes at most 8 MiB, 32 levels and a million values, aliases expanded. Never throws.
std::expected<cluster::Cluster, std::vector<Problem>> check_yaml(std::string_view text, const std::string& file_name);

/// As check_yaml(); the Error is the first problem, "FILE:LINE:COLUMN: message", with "(and N more)"; its code is
/// EINVAL.
Result<cluster::Cluster> read_yaml(std::string_view text, const std::string& file_name);

/// Reads a file's text, at most 8 MiB. The Error has the errno of the system call that failed.
Result<std::string> read_text(const std::string& path);

/// read_yaml() of a file, whose path stands in the messages.
Result<cluster::Cluster> read_yaml_file(const std::string& path);

/// Writes what read_yaml() reads into an equal Cluster, but for this: services become the file's; those without a name
/// get one from their key ("tcp-10.0.0.1-80"); a service whose servers are not those of its pool any more has its own;
/// servers behind route and tunnel have their service's port.
std::string write_yaml(const cluster::Cluster& cluster);

}  // namespace ballast::config

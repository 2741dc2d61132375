// The daemon: the control plane in an event loop, with its socket and its signals.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/sources/sources.h"

namespace ballast::control {

struct DaemonOptions {
  std::string instance;  ///< see instance_name()
  std::vector<config::Source> configuration;
  std::string config_id;  ///< see config::Names
};

/// Runs until SIGTERM or SIGINT, after which the packet path goes on without it, or until `ballast stop`, which takes
/// the packet path down. SIGHUP reloads the configuration. An Error is why it could not start.
Result<void> run_daemon(const DaemonOptions& options);

/// Takes down the packet path that a daemon of `instance` left behind, and what commands made. Gives false where there
/// was none. EBUSY: a daemon runs.
Result<bool> remove_left_behind(const std::string& instance);

}  // namespace ballast::control

// How the configuration file and what commands asked for become one desired state, and what a new one changes.
#pragma once

#include <string>
#include <vector>

#include "cluster/model.h"

namespace ballast::control {

/// What commands asked for, beside the file.
struct CommandState {
  std::vector<cluster::VirtualService> services;
  cluster::Timeouts timeouts{std::chrono::seconds(0), std::chrono::seconds(0),
                             std::chrono::seconds(0)};  ///< 0: not set by a command
  std::vector<cluster::KernelSync> kernel_sync{};
  friend bool operator==(const CommandState&, const CommandState&) = default;
};

struct Desired {
  cluster::Cluster cluster;
  std::vector<std::string> notes;  ///< what the operator should know, one line each
};

/// The file's services, then those of commands; where both have a key, the file's. Timeouts that a command set win over
/// the file's. Synchronization's roles of commands are added to the file's, unless it has them.
Desired combine(cluster::Cluster file, const CommandState& commands);

/// The services in `cluster` that commands made.
std::vector<cluster::VirtualService> services_of_commands(const cluster::Cluster& cluster);

/// "2 services added, 1 changed, 1 removed; director settings changed", or "nothing".
std::string describe_change(const cluster::Cluster& before, const cluster::Cluster& after);

/// One line for everything that `cluster` asks for and this version keeps and lists, but does not act on.
std::vector<std::string> shortcomings(const cluster::Cluster& cluster);

}  // namespace ballast::control

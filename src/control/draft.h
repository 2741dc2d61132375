// A change of the desired state while it is made.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"

namespace ballast::control {

/// A copy of the desired state that a change works on, and that becomes the current one when all went well.
struct Draft {
  cluster::Cluster cluster;
  cluster::Timeouts command_timeouts;                      ///< those that commands set; 0: not set by a command
  std::vector<std::optional<cluster::ServiceKey>> zeroed;  ///< whose counters begin at 0 afterwards; nullopt: all
};

// Each function changes the draft, or leaves it as it was and returns an Error with the errno of ip_vs.

/// Sets timeouts that are not zero, as a command: they outlive reloads and restarts.
Result<void> set_timeouts(Draft& draft, const cluster::Timeouts& timeouts);

/// Lets listings of one service, or of all, count from now on. ESRCH: no such service.
Result<void> zero(Draft& draft, const std::optional<cluster::ServiceKey>& key);

/// Makes `services` those of commands, all of them: others that commands made are removed. Services of the
/// configuration file stay; one that has the key of one in `services` becomes as that one says, until the next reload.
Result<void> replace_services(Draft& draft, const std::vector<cluster::VirtualService>& services);

}  // namespace ballast::control

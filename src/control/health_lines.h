// What a change of health does to the director, as the log tells it: in ldirectord's sentences, with the reason behind.
#pragma once

#include <string>
#include <vector>

#include "cluster/health.h"
#include "cluster/model.h"

namespace ballast::control {

/// One line for every real server that is added, deleted or has another weight in `after`:
/// "Deleted real server: 10.0.1.1:80 (10.0.0.1:80): tcp 10.0.1.1:80: connection refused",
/// "Quiescent real server: ... (Weight set to 0): ...", "Restored real server: ... (Weight set to 3)",
/// "Added fallback server: 127.0.0.1:80 (10.0.0.1:80) (Weight set to 1)".
/// Both are effective states of one desired state; `health` is what `after` was made from.
std::vector<std::string> health_lines(const cluster::Cluster& before, const cluster::Cluster& after,
                                      const cluster::Health& health);

}  // namespace ballast::control

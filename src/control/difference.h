// What a change comes to, as a person reads it.
#pragma once

#include <string>
#include <vector>

#include "cluster/model.h"

namespace ballast::control {

/// A line for every service that is added (+), removed (-) or changed (~), and below it, indented, one for every real
/// server of it; changed values as "weight 1 -> 3"; below those what health, in the words of the configuration, loses
/// (-) and gains (+). Settings of the director, VRRP and synchronization come first. Empty where nothing changes.
std::vector<std::string> difference(const cluster::Cluster& before, const cluster::Cluster& after);

}  // namespace ballast::control

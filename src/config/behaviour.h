// `director.behaviour`: the sysctls of ip_vs under plain names.
#pragma once

#include <string>
#include <vector>

#include "cluster/model.h"
#include "config/value.h"

namespace ballast::config {

/// Reads the map over the defaults.
cluster::Behaviour read_behaviour(const Value& value);

/// "KEY: VALUE" of every setting that is not the default, in the order of the documentation.
std::vector<std::string> behaviour_settings(const cluster::Behaviour& behaviour);

}  // namespace ballast::config

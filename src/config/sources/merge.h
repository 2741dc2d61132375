// Several readings as one.
#pragma once

#include <vector>

#include "config/reading.h"

namespace ballast::config {

/// Adds `part`, which was read from `path`, to `whole`. What both have is a problem that names both places.
void merge(Reading& whole, Reading part, const std::string& path, std::vector<Problem>& problems);

}  // namespace ballast::config

// `ballast services` as text.
#pragma once

#include <string>
#include <vector>

#include "control/api.h"

namespace ballast::cli {

/// A table of services and their real servers with load and rates per second.
std::string services_text(const std::vector<control::ServiceView>& services);

}  // namespace ballast::cli

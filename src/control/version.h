// Which Ballast this is.
#pragma once

#include <string_view>

namespace ballast::control {

/// "0.1.0"
std::string_view version();

}  // namespace ballast::control

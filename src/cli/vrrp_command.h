// ballast vrrp: the virtual routers in words.
#pragma once

#include <string>

#include "control/vrrp_views.h"

namespace ballast::cli {

/// All of them in a table.
std::string vrrp_text(const control::VrrpStatus& status);
/// Everything about one.
std::string vrrp_text(const control::VrrpView& instance);

}  // namespace ballast::cli

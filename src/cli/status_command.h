// `ballast status` as text.
#pragma once

#include <string>

#include "control/api.h"

namespace ballast::cli {

/// One line for each thing, its name first.
std::string status_text(const control::Status& status);

}  // namespace ballast::cli

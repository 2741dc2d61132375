#include "control/version.h"

namespace ballast::control {

std::string_view version() { return BALLAST_VERSION; }

}  // namespace ballast::control

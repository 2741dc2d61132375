// ballast sync: who is told of connections here, and who tells of his.
#pragma once

#include <string>

#include "control/api.h"

namespace ballast::cli {

std::string sync_text(const control::SyncView& view);

}  // namespace ballast::cli

// `ballast checks` as text.
#pragma once

#include <string>

#include "control/api.h"

namespace ballast::cli {

/// Services with their real servers, and below each server its checks: since when they are up or down, the last result
/// and how long it took. With `history`, also how that changed before. `now` is what times are told from.
std::string checks_text(const control::HealthView& view, bool history, control::UnixSeconds now);

}  // namespace ballast::cli

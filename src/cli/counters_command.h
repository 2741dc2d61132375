// `ballast counters` as text.
#pragma once

#include <string>
#include <vector>

#include "control/api.h"

namespace ballast::cli {

/// A table of counters with what they mean; those at zero only where `all` asks for them.
std::string counters_text(const std::vector<control::CounterView>& counters, bool all);

}  // namespace ballast::cli

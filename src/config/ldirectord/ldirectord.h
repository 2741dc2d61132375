// ldirectord.cf (ldirectord 4.12) to a Cluster. docs/migration.md says what becomes of each keyword.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/names.h"
#include "config/reading.h"

namespace ballast::config {

/// Reads an ldirectord.cf. `file_name` is for messages only. On failure every problem found (at most Problems::most),
/// in the order of the text.
std::expected<Reading, std::vector<Problem>> read_ldirectord(std::string_view text, const std::string& file_name,
                                                             const Names& names);

}  // namespace ballast::config

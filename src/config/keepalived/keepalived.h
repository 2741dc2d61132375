// keepalived.conf (keepalived 2.2.7, and what 2.4 has added) to a Cluster. docs/migration.md says what becomes of each
// keyword.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/keepalived/files.h"
#include "config/names.h"
#include "config/reading.h"

namespace ballast::config {

/// Reads a keepalived.conf and what it includes. `file_name` is for messages, and says where included files are looked
/// for. On failure every problem found (at most Problems::most), by file and line.
std::expected<Reading, std::vector<Problem>> read_keepalived(std::string_view text, const std::string& file_name,
                                                             const Names& names, const Files& files);

}  // namespace ballast::config

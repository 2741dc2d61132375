// The lines of an ldirectord.cf: settings of the file, and of each virtual service.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"

namespace ballast::config::ldirectord {

/// "keyword = value", or a keyword alone. Blanks around both are left out.
struct Setting {
  std::string keyword;
  std::optional<std::string> value;
  Place at;
};

struct Block {
  Setting head;  ///< virtual or virtual6
  std::vector<Setting> settings;
};

struct Lines {
  std::vector<Setting> globals;
  std::vector<Block> blocks;
};

/// Takes a text apart. A line "virtual=" begins a block; the lines that follow it, indented by at least four blanks (a
/// tab counts for four), are its. The first other line ends it, an empty one too. '#' begins a comment: in a block
/// anywhere, within quotes too; elsewhere only at the beginning of a line.
Lines split(std::string_view text, const std::shared_ptr<const std::string>& file, Report& report);

}  // namespace ballast::config::ldirectord

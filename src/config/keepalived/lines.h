// keepalived.conf before its keywords are looked at: includes, comments, conditions, parameters and repetitions are
// carried out, and lines of words are left.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/keepalived/files.h"
#include "config/names.h"
#include "config/report.h"

namespace ballast::config::keepalived {

struct Line {
  std::vector<std::string> words;  ///< at least one
  Place at;                        ///< of a line out of a parameter: where that is used
};

struct Lines {
  std::vector<Line> lines;
  std::vector<std::string> files;  ///< that were read, the first one first
};

/// At most a million lines, 32 files deep; more is an error.
Lines expand(std::string_view text, const std::string& file_name, const Names& names, const Files& files,
             Report& report);

}  // namespace ballast::config::keepalived

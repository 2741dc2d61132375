// The files that a keepalived.conf includes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace ballast::config {

/// Where included files come from, so that tests and fuzzers need no disk.
struct Files {
  std::function<Result<std::string>(const std::string& path)> read;
  /// The paths that a pattern with *, ?, [] and {a,b} stands for, sorted.
  std::function<std::vector<std::string>(const std::string& pattern)> match;
};

/// Those of this machine.
Files system_files();

}  // namespace ballast::config

// A command line as words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ballast::process {

/// Splits as a POSIX shell does (XCU 2.2): blanks separate words, '...' and "..." keep them together, a backslash takes
/// the next character as it is. Nothing is expanded: `$HOME` and `*` are just words. EINVAL: an open quote or a
/// backslash at the end.
Result<std::vector<std::string>> split_words(std::string_view text);

}  // namespace ballast::process

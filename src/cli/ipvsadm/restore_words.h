// How a line of `ipvsadm -R` becomes the words of a command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ballast::ipvsadm {

/// `program` and then the words of `line`, which blanks, tabs and carriage returns set apart. There are no quotes, no
/// escapes and no comments: "#" is a word like any other. A word "ipvsadm" is left out wherever it stands, so that
/// lines may begin with it. A word ends at a NUL.
std::vector<std::string> restore_words(const std::string& program, std::string_view line);

}  // namespace ballast::ipvsadm

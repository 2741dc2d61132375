// Recordings of command lines and what came of them (tests/golden/README.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ballast::ipvsadm {

struct Step {
  int line = 0;  ///< in the file
  std::string command;
  std::string input;
  std::string output;
  std::string errors;
  int exit_code = 0;
};

/// Reads tests/golden/NAME.
std::vector<Step> read_recording(const std::string& name);

/// The words of a recorded command.
std::vector<std::string> split_words(std::string_view command);

/// Resolves the escapes of printf(1): \n, \t, \r, \v, \f, \0, \\, \xHH.
std::string unescape(std::string_view text);

}  // namespace ballast::ipvsadm

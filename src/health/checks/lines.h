// Lines and replies of text protocols.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "health/checks/conversation.h"

namespace ballast::health {

constexpr std::size_t longest_line = 8192;

/// A line without its end (LF or CR LF).
Parsed<std::string> take_line(std::string& received);

/// A reply of SMTP, FTP or NNTP: three digits and text, over several lines where "-" follows the digits.
struct Reply {
  int code = 0;
  std::string text;  ///< of the last line
  /// "550 no such user"
  [[nodiscard]] std::string to_string() const;
};
Parsed<Reply> take_reply(std::string& received);

/// What a server said, fit for a line of a log: printable, at most 80 characters.
std::string quotable(std::string_view said);

/// True where `text` begins with `prefix`, whatever the case.
bool starts_with_word(std::string_view text, std::string_view prefix);

/// Whether a name, password or path can stand in a line: no CR, LF or NUL.
bool fits_a_line(std::string_view text);

}  // namespace ballast::health

// The words of a line of keepalived.conf, and where its comment begins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ballast::config::keepalived {

/// The line without its comment, which '#' or '!' begins outside of quotes.
std::string_view without_comment(std::string_view line);

/// The words of a line. Blanks within " or ' do not part words, and the quotes are left out; a backslash begins \a \b
/// \E
/// \f \n \r \t \v \nnn \xXX \cC, or makes the character behind it an ordinary one.
struct Words {
  std::vector<std::string> words;
  std::vector<bool> bare;  ///< of each: without quotes and escapes
  bool quotes_closed = true;
};
Words split_words(std::string_view line);

}  // namespace ballast::config::keepalived

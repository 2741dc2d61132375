// The mark that some editors put before a text in UTF-8.
#pragma once

#include <string_view>

namespace ballast::config {

/// The text without a byte order mark at its beginning (U+FEFF; RFC 3629, section 6).
constexpr std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

}  // namespace ballast::config

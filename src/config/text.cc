#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ballast::config {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    out += code < ' ' || code == 0x7f ? fmt::format("\\x{:02x}", code) : std::string(1, c);
  }
  return out + '"';
}

std::string key_text(std::string_view name) {
  static constexpr std::array<std::string_view, 3> nulls = {"null", "Null", "NULL"};
  const bool needs_quotes = std::ranges::find(nulls, name) != nulls.end() || name.starts_with('-');
  return needs_quotes ? in_quotes(name) : std::string(name);
}

}  // namespace ballast::config

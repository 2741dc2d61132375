#include "health/checks/lines.h"

#include <algorithm>
#include <cctype>

namespace ballast::health {
namespace {

/// The three digits that a line begins with.
std::optional<int> code_of(std::string_view line) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return std::nullopt;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

Parsed<std::string> take_line(std::string& received) {
  const auto end = received.find('\n');
  if (end > longest_line && (end != std::string::npos || received.size() > longest_line)) {
    return fail(fmt::format("a line is longer than {} bytes: '{}'", longest_line, quotable(received)));
  }
  if (end == std::string::npos) return std::optional<std::string>();
  std::string line = received.substr(0, end);
  received.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return std::optional(std::move(line));
}

std::string Reply::to_string() const { return quotable(fmt::format("{:03} {}", code, text)); }

Parsed<Reply> take_reply(std::string& received) {
  std::string rest = received;
  std::optional<int> first_code;  // of the first of several lines
  while (true) {
    const auto line = take_line(rest);
    if (!line) return std::unexpected(line.error());
    if (!*line) return std::optional<Reply>();
    const std::string& text = **line;
    const auto code = code_of(text);
    if (!code && !first_code) return fail(fmt::format("not a reply: '{}'", quotable(text)));
    // RFC 959 §4.2: between the first line and the one that repeats its digits with a blank there may be anything.
    if (code && (!first_code || *code == *first_code) && (text.size() == 3 || text[3] != '-')) {
      received = std::move(rest);
      return std::optional(Reply{.code = *code, .text = text.size() > 4 ? text.substr(4) : ""});
    }
    if (!first_code) first_code = code;
  }
}

std::string quotable(std::string_view said) {
  constexpr std::size_t most = 80;
  std::string text(said.substr(0, said.find_first_of("\r\n")).substr(0, most));
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '.');
  while (text.ends_with(' ')) text.pop_back();
  return said.size() > most ? text + "..." : text;
}

bool starts_with_word(std::string_view text, std::string_view prefix) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, lower, lower);
}

bool fits_a_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

}  // namespace ballast::health

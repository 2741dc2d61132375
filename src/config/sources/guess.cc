#include <algorithm>
#include <array>

#include "config/byte_order_mark.h"
#include "config/sources/sources.h"

namespace ballast::config {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// The first line that is no comment of any of the formats and not empty.
std::string_view first_line(std::string_view text) {
  text = without_byte_order_mark(text);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const auto first = line.find_first_not_of(blanks);
    if (first != std::string_view::npos && line[first] != '#' && line[first] != '!') return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Format by_text(std::string_view text) {
  const std::string_view line = first_line(text);
  const auto word = line.substr(0, line.find_first_of(" \t={:"));
  const auto behind = line.find_first_not_of(blanks, word.size());
  const char mark = behind == std::string_view::npos ? '\0' : line[behind];
  const bool word_of_keepalived = word == "include" || line.starts_with('@') || line.starts_with('~');
  if (line.starts_with('$') || word_of_keepalived) return Format::keepalived;
  if (mark == '=') return Format::ldirectord;
  if (mark == ':' || mark == '\0') return Format::yaml;
  return line.starts_with('{') ? Format::yaml : Format::keepalived;
}

}  // namespace

std::string_view to_string(Format format) {
  constexpr std::array<std::string_view, 3> names = {"YAML", "ldirectord", "keepalived"};
  return names[static_cast<std::size_t>(format)];
}

Format guess_format(std::string_view path, std::string_view text) {
  const std::string_view name = file_name(path);
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return Format::yaml;
  if (name.ends_with(".cf")) return Format::ldirectord;
  if (name.starts_with("keepalived") || name.ends_with(".conf")) return Format::keepalived;
  return by_text(text);
}

}  // namespace ballast::config

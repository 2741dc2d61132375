#include "config/keepalived/parameters.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace ballast::config::keepalived {
namespace {

bool is_name_begin(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name(char c) { return is_name_begin(c) || (c >= '0' && c <= '9'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// How long the name is that `text` begins with; 0: it begins with none.
std::size_t name_length(std::string_view text) {
  if (text.empty() || !is_name_begin(text.front())) return 0;
  const auto end = std::ranges::find_if_not(text, is_name);
  return static_cast<std::size_t>(end - text.begin());
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> blank_separated(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = std::ranges::find_if_not(text, is_blank);
    text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
    if (text.empty()) return words;
    const auto end = static_cast<std::size_t>(std::ranges::find_if(text, is_blank) - text.begin());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

std::optional<std::string> Parameters::value_of(std::string_view inside) {
  const auto words = blank_separated(inside);
  if (words.empty()) return std::nullopt;
  if (words[0] == "_HASH") return "#";
  if (words[0] == "_BANG") return "!";
  if (words[0] == "_ENV" && words.size() == 2) {
    const char* value = std::getenv(std::string(words[1]).c_str());
    return value == nullptr ? "" : value;
  }
  if (words[0] == "_RANDOM") {
    constexpr std::uint32_t greatest = 32767;
    const auto least = words.size() > 1 ? number(words[1]) : 0;
    const auto most = words.size() > 2 ? number(words[2]) : greatest;
    if (!least || !most || *least > *most) return std::nullopt;
    return std::to_string(std::uniform_int_distribution<std::uint32_t>(*least, *most)(random_));
  }
  const auto found = values_.find(inside);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Parameters::replace_first(std::string_view text, std::size_t& behind) {
  for (auto at = text.find('$', behind); at != std::string_view::npos; at = text.find('$', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    std::size_t end = 0;
    std::string_view inside;
    if (rest.starts_with('{')) {
      end = rest.find('}');
      if (end == std::string_view::npos) continue;
      inside = rest.substr(1, end - 1);
      ++end;
    } else {
      end = name_length(rest);
      inside = rest.substr(0, end);
      const bool ends = end == rest.size() || is_blank(rest[end]);
      if (end == 0 || !ends) continue;
    }
    const auto value = value_of(inside);
    if (!value) continue;
    behind = at;
    return std::string(text.substr(0, at)) + *value + std::string(rest.substr(end));
  }
  return std::nullopt;
}

std::optional<Definition> parse_definition(std::string_view line) {
  if (!line.starts_with('$')) return std::nullopt;
  const auto length = name_length(line.substr(1));
  if (length == 0 || length + 1 >= line.size() || line[length + 1] != '=') return std::nullopt;
  return Definition{std::string(line.substr(1, length)), std::string(line.substr(length + 2))};
}

}  // namespace ballast::config::keepalived

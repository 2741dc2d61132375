#include <charconv>

#include "config/keepalived/parameters.h"

namespace ballast::config::keepalived {
namespace {

/// More turns than these are a mistake.
constexpr std::size_t most_turns = 65536;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Parts at commas that are not within braces.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '{') ++depth;
    if (i < text.size() && text[i] == '}') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    parts.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return parts;
}

/// The parts of "{a, b}", or the text itself.
std::vector<std::string> members_of(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return {std::string(text)};
  std::vector<std::string> members;
  for (const auto part : parts_of(text.substr(1, text.size() - 2))) members.emplace_back(part);
  return members;
}

/// A decimal number, or a hexadecimal one with 0x.
std::optional<long> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::int32_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (wrong != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return negative ? -static_cast<long>(value) : static_cast<long>(value);
}

std::string written(long value, bool hexadecimal) {
  if (!hexadecimal) return std::to_string(value);
  std::string text(16, '\0');
  const auto [end, wrong] = std::to_chars(text.data(), text.data() + text.size(), value, 16);
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

/// ~SEQ(VAR [, START] [, STEP], END)
Result<Repetition> sequence(const std::vector<std::string_view>& parts, bool hexadecimal) {
  std::vector<long> numbers;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto value = number(parts[i]);
    if (!value) return fail("a ~SEQ has numbers behind the name: ~SEQ(NAME, START, STEP, END)");
    numbers.push_back(*value);
  }
  if (numbers.empty() || numbers.size() > 3) return fail("write ~SEQ(NAME, START, STEP, END)");
  const long end = numbers.back();
  const long start = numbers.size() > 1 ? numbers.front() : (end > 0 ? 1 : -1);
  const long step = numbers.size() > 2 ? numbers[1] : (end >= start ? 1 : -1);
  if (step == 0) return fail("the step of a ~SEQ is 0; it would never end");
  Repetition repetition{.names = {std::string(parts[0])}, .values = {}, .rest = {}};
  for (long value = start; step > 0 ? value <= end : value >= end; value += step) {
    if (repetition.values.size() >= most_turns) return fail("a ~SEQ has more than 65536 values");
    repetition.values.push_back({written(value, hexadecimal)});
  }
  return repetition;
}

/// ~LST(VAR, V1, V2 ...) or ~LST({VAR1, VAR2}, {A1, A2}, {B1, B2} ...)
Result<Repetition> list(const std::vector<std::string_view>& parts) {
  Repetition repetition{.names = members_of(parts[0]), .values = {}, .rest = {}};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    repetition.values.push_back(members_of(parts[i]));
    if (repetition.values.back().size() != repetition.names.size()) {
      return fail("the values of a ~LST are as many as its names: ~LST({A, B}, {1, 2}, {3, 4})");
    }
  }
  return repetition;
}

}  // namespace

bool begins_repetition(std::string_view line) { return line.starts_with("~SEQ") || line.starts_with("~LST"); }

Result<Repetition> parse_repetition(std::string_view line) {
  const auto open = line.find('(');
  const auto close = line.find(')');
  const std::string_view name = line.substr(0, open);
  const bool known = name == "~SEQ" || name == "~SEQx" || name == "~LST";
  if (!known || close == std::string_view::npos || close < open) {
    return fail("write ~SEQ(NAME, START, STEP, END), ~SEQx(...) or ~LST(NAME, VALUE, VALUE ...)");
  }
  const auto parts = parts_of(line.substr(open + 1, close - open - 1));
  auto repetition = name == "~LST" ? list(parts) : sequence(parts, name == "~SEQx");
  if (repetition) repetition->rest = std::string(line.substr(close + 1));
  return repetition;
}

}  // namespace ballast::config::keepalived

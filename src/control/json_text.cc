#include "control/json_text.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace ballast::control {
namespace {

/// How many bytes the character at the front has; 0: it is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  const auto is_continuation = [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; };
  if (!std::ranges::all_of(text.substr(1, length - 1), is_continuation)) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool no_character = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
  return overlong || no_character ? 0 : length;
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.allow_invalid_utf8 = true;
  boost::system::error_code wrong;
  boost::json::value value = boost::json::parse(text, wrong, {}, options);
  if (wrong) return fail("not JSON: " + wrong.message(), EINVAL);
  return value;
}

std::string json_text(const boost::json::value& value) {
  const std::string raw = boost::json::serialize(value);
  std::string text;
  for (std::string_view rest = raw; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    text += length == 0 ? std::string_view("\\ufffd") : rest.substr(0, length);
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

}  // namespace ballast::control

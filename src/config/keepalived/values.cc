#include "config/keepalived/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "config/scalars.h"

namespace ballast::config::keepalived {

std::optional<std::int64_t> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> text_of(const Node& node, Context& context, std::size_t index) {
  if (index < node.size()) return std::string(node.word(index));
  context.report.error(node.at, fmt::format("{} wants a value behind it", node.keyword()));
  return std::nullopt;
}

std::optional<std::string> interface_of(const Node& node, Context& context, std::size_t index) {
  auto text = text_of(node, context, index);
  if (!text || is_interface_name(*text)) return text;
  context.report.error(node.at, fmt::format("{} cannot be an interface: a name has 1 to 15 characters, no space, '/' "
                                            "or ':'",
                                            quoted(*text)));
  return std::nullopt;
}

std::optional<std::int64_t> number_of(const Node& node, Context& context, std::int64_t least, std::int64_t most,
                                      std::size_t index) {
  const auto text = text_of(node, context, index);
  if (!text) return std::nullopt;
  const auto value = parse_number(*text);
  if (value && *value >= least && *value <= most) return value;
  context.report.error(
      node.at, fmt::format("{} must be a number from {} to {}, not {}", node.keyword(), least, most, quoted(*text)));
  return std::nullopt;
}

std::optional<bool> boolean_of(const Node& node, Context& context, std::optional<bool> without) {
  if (node.size() < 2 && without) return without;
  const auto text = text_of(node, context);
  if (!text) return std::nullopt;
  if (*text == "on" || *text == "true" || *text == "yes") return true;
  if (*text == "off" || *text == "false" || *text == "no") return false;
  context.report.error(
      node.at, fmt::format("{} must be on, true, yes, off, false or no, not {}", node.keyword(), quoted(*text)));
  return std::nullopt;
}

std::optional<std::chrono::microseconds> timer_of(const Node& node, Context& context, std::size_t index) {
  constexpr double longest = 1e9;
  const auto text = text_of(node, context, index);
  if (!text) return std::nullopt;
  double seconds = 0;
  const auto [end, wrong] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (wrong != std::errc{} || end != text->data() + text->size() || !(seconds >= 0 && seconds <= longest)) {
    context.report.error(node.at,
                         fmt::format("{} must be seconds, as in 3 or 0.25, not {}", node.keyword(), quoted(*text)));
    return std::nullopt;
  }
  constexpr double per_second = 1e6;
  return std::chrono::microseconds(std::llround(seconds * per_second));
}

std::optional<std::chrono::milliseconds> milliseconds_of(const Node& node, Context& context, std::size_t index) {
  const auto time = timer_of(node, context, index);
  if (!time) return std::nullopt;
  const auto rounded = std::chrono::round<std::chrono::milliseconds>(*time);
  return time->count() > 0 ? std::max(rounded, std::chrono::milliseconds(1)) : rounded;
}

std::optional<net::Address> address_of(const Node& node, Context& context, std::size_t index) {
  const auto text = text_of(node, context, index);
  if (!text) return std::nullopt;
  auto address = net::Address::parse(*text);
  if (!address) context.report.error(node.at, fmt::format("{} is no IPv4 or IPv6 address", quoted(*text)));
  return address;
}

std::optional<std::uint16_t> port_of(const Node& node, Context& context, std::size_t index) {
  constexpr std::int64_t most = 65535;
  if (index >= node.size()) return std::uint16_t{0};
  const std::string text(node.word(index));
  if (const auto number = parse_number(text)) {
    if (*number >= 1 && *number <= most) return static_cast<std::uint16_t>(*number);
  } else if (const auto found = context.names.service(text, std::nullopt)) {
    return found;
  }
  context.report.error(node.at,
                       fmt::format("{} is no port from 1 to 65535, and no service of /etc/services", quoted(text)));
  return std::nullopt;
}

std::string user_of(const Node& node, std::size_t index) {
  std::string user(node.word(index));
  const std::string_view group = node.word(index + 1);
  if (!group.empty()) user += ":" + std::string(group);
  return user;
}

std::optional<Script> script_of(const Node& node, Context& context) {
  const auto command = text_of(node, context);
  if (!command) return std::nullopt;
  return Script{*command, user_of(node, 2)};
}

void set_command(std::string& command, std::string& user, const Node& node, Context& context) {
  const auto script = script_of(node, context);
  if (!script) return;
  command = script->command;
  if (script->user.empty() || script->user == user) return;
  if (!user.empty()) {
    context.report.warning(
        node.at, fmt::format("all notify commands run as {}, the last one that is named", quoted(script->user)));
  }
  user = script->user;
}

std::optional<Weight> weight_of(const Node& node, Context& context, std::int64_t limit, std::size_t index) {
  Weight weight;
  if (node.word(index) == "weight") ++index;
  if (index >= node.size()) return weight;
  const auto number = number_of(node, context, -limit, limit, index);
  if (!number) return std::nullopt;
  weight.weight = static_cast<std::int32_t>(*number);
  const std::string_view direction = node.word(index + 1);
  constexpr std::array<std::string_view, 4> known = {"", "reverse", "noreverse", "no_reverse"};
  if (std::ranges::find(known, direction) == known.end()) {
    context.report.error(
        node.at, fmt::format("{} is not understood; behind a weight there may be 'reverse'", quoted(direction)));
    return std::nullopt;
  }
  weight.reverse = direction == "reverse";
  return weight;
}

}  // namespace ballast::config::keepalived

#include "config/ldirectord/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "config/edit_distance.h"

namespace ballast::config::ldirectord {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::size_t longest_name = 255;

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view name(net::Family family) { return family == net::Family::ipv4 ? "IPv4" : "IPv6"; }

}  // namespace

std::optional<std::string> text_of(const Setting& setting, Context& context) {
  if (setting.value && !setting.value->empty()) return setting.value;
  context.report.error(setting.at, fmt::format("{} has no value; write {}=VALUE", setting.keyword, setting.keyword));
  return std::nullopt;
}

std::optional<std::string> quoted_text_of(const Setting& setting, Context& context, bool required) {
  const auto text = text_of(setting, context);
  if (!text) return std::nullopt;
  const auto last = text->rfind('"');
  if (text->front() != '"' || last == 0) {
    if (!required) return text;
    context.report.error(setting.at,
                         fmt::format("{} wants its value in double quotes, not {}", setting.keyword, quoted(*text)));
    return std::nullopt;
  }
  if (last > 1) return text->substr(1, last - 1);
  context.report.error(setting.at, fmt::format("{} is empty; leave the line out, or write something", setting.keyword));
  return std::nullopt;
}

std::optional<std::uint32_t> number_of(const Setting& setting, Context& context, std::uint32_t least,
                                       std::uint32_t most) {
  const auto text = text_of(setting, context);
  if (!text) return std::nullopt;
  const auto begin = text->find_first_of(digits);
  const auto end = begin == std::string::npos ? begin : text->find_first_not_of(digits, begin);
  const auto value = begin == std::string::npos ? std::nullopt : decimal(text->substr(begin, end - begin));
  if (!value || *value < least || *value > most) {
    context.report.error(setting.at, fmt::format("{} must be a number from {} to {}, not {}", setting.keyword, least,
                                                 most, quoted(*text)));
    return std::nullopt;
  }
  if (begin != 0 || end != std::string::npos) {
    context.report.warning(setting.at, fmt::format("{} {} is read as {}", setting.keyword, quoted(*text), *value));
  }
  return static_cast<std::uint32_t>(*value);
}

std::optional<std::chrono::seconds> seconds_of(const Setting& setting, Context& context) {
  constexpr std::uint32_t most = 31 * 86400;
  const auto number = number_of(setting, context, 1, most);
  if (!number) return std::nullopt;
  return std::chrono::seconds(*number);
}

std::optional<bool> yes_or_no(const Setting& setting, Context& context) {
  constexpr std::array<std::string_view, 2> words = {"yes", "no"};
  const auto word = word_of(setting, context, words);
  return word ? std::optional(*word == "yes") : std::nullopt;
}

std::optional<std::string> word_of(const Setting& setting, Context& context, std::span<const std::string_view> words) {
  const auto text = text_of(setting, context);
  if (!text) return std::nullopt;
  if (std::ranges::find(words, *text) != words.end()) return text;
  const std::string_view meant = nearest(*text, words);
  context.report.error(
      setting.at, fmt::format("{} must be one of {}, not {}{}", setting.keyword, fmt::join(words, ", "), quoted(*text),
                              meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
  return std::nullopt;
}

std::vector<std::string> list_of(std::string_view text) {
  constexpr std::string_view around = " \t\"";
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    const auto first = part.find_first_not_of(around);
    if (first != std::string_view::npos) {
      parts.emplace_back(part.substr(first, part.find_last_not_of(around) - first + 1));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<cluster::ForwardingMethod> forward_of(std::string_view word, const Place& at, Context& context) {
  if (word == "gate") return cluster::ForwardingMethod::route;
  if (word == "masq") return cluster::ForwardingMethod::nat;
  if (word == "ipip") return cluster::ForwardingMethod::tunnel;
  context.report.error(at, fmt::format("the forwarding method must be gate, masq or ipip, not {}", quoted(word)));
  return std::nullopt;
}

std::optional<std::uint16_t> port_of(const std::string& text, std::optional<cluster::Protocol> protocol,
                                     const Place& at, Context& context) {
  if (text.find_first_not_of(digits) == std::string::npos) {
    if (const auto number = decimal(text); number && *number <= 65535) return static_cast<std::uint16_t>(*number);
    context.report.error(at, fmt::format("port {} is not within 0..65535", quoted(text)));
    return std::nullopt;
  }
  auto found = text.size() <= longest_name ? context.names.service(text, protocol) : std::nullopt;
  if (!found) {
    context.report.error(at,
                         fmt::format("service {} is not in /etc/services; write the port as a number", quoted(text)));
  }
  return found;
}

std::optional<net::Address> address_of(std::string_view host, net::Family family, const Place& at, Context& context) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto found = host.size() <= longest_name ? context.names.host(std::string(host), family) : std::nullopt;
  if (!found) {
    context.report.error(at, fmt::format("{} is no {} address, and no name that has one", quoted(host), name(family)));
  }
  return found;
}

}  // namespace ballast::config::ldirectord

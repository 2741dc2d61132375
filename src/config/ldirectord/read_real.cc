// real=HOST[->HOST][:PORT] gate|masq|ipip [WEIGHT] ["REQUEST", "RECEIVE"] [l:N] [u:N], and fallback=HOST[:PORT]
// [METHOD].
#include <fmt/format.h>

#include <charconv>

#include "config/ldirectord/keywords.h"

namespace ballast::config::ldirectord {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::uint32_t most_in_range = 65536;

std::string_view trimmed_front(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

/// Takes the next word from the front.
std::string_view take_word(std::string_view& text) {
  text = trimmed_front(text);
  const auto end = std::min(text.find_first_of(blanks), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed_front(text.substr(end));
  return word;
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size() || value > 0x7fffffff) return std::nullopt;
  return value;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

/// Parts at the last ':', which in an IPv6 address stands behind the brackets.
HostAndPort parted(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  if (colon == std::string_view::npos) return {text, {}};
  if (bracket != std::string_view::npos && bracket > colon) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string with_slash(std::string_view request) {
  return request.starts_with('/') ? std::string(request) : "/" + std::string(request);
}

/// Takes `"REQUEST", "RECEIVE"` from the front, where it is there. As in ldirectord the quotes that count are those
/// around the comma and the last ones of the line.
bool take_request(std::string_view& rest, Real& real) {
  if (!rest.starts_with('"')) return true;
  const auto last = rest.rfind('"');
  const std::string_view inside = rest.substr(0, last + 1);
  for (auto end = inside.find('"', 1); end != std::string_view::npos; end = inside.find('"', end + 1)) {
    std::string_view between = inside.substr(end + 1);
    if (!between.starts_with(',') && !between.starts_with(' ') && !between.starts_with('\t')) continue;
    between = trimmed_front(between.substr(1));
    if (!between.starts_with('"') || between.size() < 2) continue;
    real.request = with_slash(rest.substr(1, end - 1));
    real.receive = std::string(between.substr(1, between.size() - 2));
    rest = trimmed_front(rest.substr(last + 1));
    return true;
  }
  return false;
}

/// What stands behind the forwarding method.
bool read_options(std::string_view rest, Real& real) {
  rest = trimmed_front(rest);
  if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    const auto weight = number(take_word(rest));
    if (!weight) return false;
    real.weight = *weight;
  }
  if (!take_request(rest, real)) return false;
  while (!rest.empty()) {
    std::string_view word = take_word(rest);
    if (word.starts_with('<') && word.ends_with('>')) word = word.substr(1, word.size() - 2);
    const auto threshold = word.size() > 2 ? number(word.substr(2)) : std::nullopt;
    if (!threshold) return false;
    if (word.starts_with("l:")) {
      real.lower_threshold = *threshold;
    } else if (word.starts_with("u:")) {
      real.upper_threshold = *threshold;
    } else {
      return false;
    }
  }
  return true;
}

/// `first` and the addresses up to the one that `last_host` stands for.
std::vector<Real> expanded(const Real& first, std::string_view last_host, Context& context) {
  const auto last = address_of(last_host, first.address.family(), first.at, context);
  if (!last) return {};
  if (!last->is_ipv4()) {
    context.report.error(first.at, "a range of real servers is for IPv4 only; write a line for each address");
    return {};
  }
  const std::uint32_t from = first.address.ipv4_value();
  const std::uint32_t to = last->ipv4_value();
  if (to < from || to - from >= most_in_range) {
    context.report.error(first.at, fmt::format("the range {}->{} must rise, and have at most {} addresses",
                                               first.address.to_string(), last->to_string(), most_in_range));
    return {};
  }
  std::vector<Real> reals(to - from + 1, first);
  for (std::uint32_t i = 0; i < reals.size(); ++i) reals[i].address = net::Address::ipv4(from + i);
  return reals;
}

}  // namespace

std::vector<Real> read_real(const Setting& setting, net::Family family, Context& context) {
  const auto text = text_of(setting, context);
  if (!text) return {};
  std::string_view rest = *text;
  const auto [hosts, port] = parted(take_word(rest));
  Real real{.at = setting.at};
  const auto arrow = hosts.find("->");
  const auto address = address_of(hosts.substr(0, arrow), family, setting.at, context);
  if (!port.empty()) real.port = port_of(std::string(port), std::nullopt, setting.at, context).value_or(0);
  const auto forward = forward_of(take_word(rest), setting.at, context);
  if (!read_options(rest, real)) {
    context.report.error(setting.at, fmt::format("{} is not understood; what may follow the forwarding method is "
                                                 "[WEIGHT] [\"REQUEST\", \"RECEIVE\"] [l:N] [u:N]",
                                                 quoted(rest)));
    return {};
  }
  if (!address || !forward) return {};
  real.address = *address;
  real.forward = *forward;
  if (arrow == std::string_view::npos) return {real};
  return expanded(real, hosts.substr(arrow + 2), context);
}

std::optional<Fallback> read_fallback(const Setting& setting, Context& context) {
  const auto text = text_of(setting, context);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  const auto [host, port] = parted(take_word(rest));
  Fallback fallback{.host = std::string(host), .port = std::string(port), .at = setting.at};
  if (!rest.empty()) {
    const auto forward = forward_of(rest, setting.at, context);
    if (!forward) return std::nullopt;
    fallback.forward = *forward;
  }
  return fallback;
}

}  // namespace ballast::config::ldirectord

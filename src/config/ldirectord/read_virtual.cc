#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/edit_distance.h"
#include "config/ldirectord/keywords.h"

namespace ballast::config::ldirectord {
namespace {

constexpr std::array<std::string_view, 21> services = {
    "dns",  "ftp",    "http", "https", "http_proxy", "imap",  "imaps", "ldap", "ldaps",      "nntp",     "mysql",
    "none", "oracle", "pop",  "pops",  "radius",     "pgsql", "sip",   "smtp", "submission", "simpletcp"};

void read_check_type(Virtual& virtual_service, const Setting& setting, Context& context) {
  constexpr std::array<std::string_view, 7> words = {"negotiate", "connect", "external", "external-perl",
                                                     "ping",      "off",     "on"};
  if (setting.value && !setting.value->empty() &&
      std::isdigit(static_cast<unsigned char>(setting.value->front())) != 0) {
    const auto connects = number_of(setting, context, 0, 0x7fffffff);
    virtual_service.check = CheckKind::negotiate;
    if (connects.value_or(0) > 0) {
      context.report.warning(setting.at, fmt::format("checktype={} is read as checktype=negotiate: every check is a "
                                                     "negotiate check, none of them only a connect",
                                                     *connects));
    }
    return;
  }
  if (const auto word = word_of(setting, context, words)) {
    virtual_service.check = static_cast<CheckKind>(std::ranges::find(words, *word) - words.begin());
  }
}

void read_protocol(Virtual& virtual_service, const Setting& setting, Context& context) {
  constexpr std::array<std::string_view, 1> of_marks = {"fwm"};
  constexpr std::array<std::string_view, 2> of_addresses = {"tcp", "udp"};
  const auto word =
      virtual_service.mark ? word_of(setting, context, of_marks) : word_of(setting, context, of_addresses);
  if (word && !virtual_service.mark) {
    virtual_service.protocol = *word == "udp" ? cluster::Protocol::udp : cluster::Protocol::tcp;
  }
}

void read_method(Virtual& virtual_service, const Setting& setting, Context& context) {
  constexpr std::array<std::string_view, 2> words = {"GET", "HEAD"};
  const auto text = text_of(setting, context);
  if (!text) return;
  std::string method = *text;
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  virtual_service.method = word_of({setting.keyword, method, setting.at}, context, words).value_or("GET");
}

void read_scheduler(Virtual& virtual_service, const Setting& setting, Context& context) {
  const auto text = text_of(setting, context);
  if (!text) return;
  const auto& known = cluster::scheduler_names();
  if (std::ranges::find(known, *text) == known.end()) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    const std::string_view meant = nearest(*text, names);
    context.report.error(setting.at, fmt::format("there is no scheduler {}{}", quoted(*text),
                                                 meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
    return;
  }
  virtual_service.scheduler = *text;
  virtual_service.scheduler_at = setting.at;
}

void add_reals(Virtual& virtual_service, const Setting& setting, Context& context) {
  constexpr std::size_t most = 65536;
  const auto wanted = virtual_service.family == net::Family::ipv4 ? "real" : "real6";
  if (setting.keyword != wanted) {
    context.report.error(setting.at,
                         fmt::format("{} does not go with this virtual service; write {}", setting.keyword, wanted));
    return;
  }
  auto reals = read_real(setting, virtual_service.family, context);
  if (virtual_service.reals.size() + reals.size() > most) {
    context.report.error(setting.at, fmt::format("more than {} real servers in one virtual service", most));
    return;
  }
  std::ranges::move(reals, std::back_inserter(virtual_service.reals));
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

/// Reads into a member that is a text in quotes.
template <std::string Virtual::* member>
void text_in_quotes(Virtual& virtual_service, const Setting& setting, Context& context) {
  virtual_service.*member = quoted_text_of(setting, context, true).value_or("");
}

void only_in_mails(Virtual&, const Setting& setting, Context& context) {
  context.report.warning(setting.at,
                         fmt::format("{} is not acted on: mails name the service by its address", setting.keyword));
}

constexpr std::array<Keyword<Virtual>, 24> keywords = {{
    {"checkcommand", [](Virtual& v, const Setting& s,
                        Context& x) { v.check_command = quoted_text_of(s, x, false).value_or(v.check_command); }},
    {"checkport", [](Virtual& v, const Setting& s,
                     Context& x) { v.check_port = static_cast<std::uint16_t>(number_of(s, x, 1, 65535).value_or(0)); }},
    {"checktype", read_check_type},
    {"comment", only_in_mails},
    {"database", text_in_quotes<&Virtual::database>},
    {"httpmethod", read_method},
    {"load", [](Virtual&, const Setting& s,
                Context& x) { x.report.warning(s.at, "load is not acted on, as in ldirectord itself"); }},
    {"login", text_in_quotes<&Virtual::login>},
    {"monitorfile",
     [](Virtual&, const Setting& s, Context& x) {
       x.report.warning(s.at, "monitorfile is not acted on: 'ballast checks' shows the results of checks");
     }},
    {"netmask",
     [](Virtual& v, const Setting& s, Context& x) {
       v.netmask = text_of(s, x).value_or("");
       v.netmask_at = s.at;
     }},
    {"ops", [](Virtual& v, const Setting& s, Context& x) { v.one_packet = yes_or_no(s, x).value_or(false); }},
    {"passwd", text_in_quotes<&Virtual::password>},
    {"persistent", [](Virtual& v, const Setting& s, Context& x) { v.persistent = seconds_of(s, x); }},
    {"protocol", read_protocol},
    {"real", add_reals},
    {"real6", add_reals},
    {"receive", text_in_quotes<&Virtual::receive>},
    {"request",
     [](Virtual& v, const Setting& s, Context& x) {
       const auto text = quoted_text_of(s, x, true);
       if (text) v.request = text->starts_with('/') ? *text : "/" + *text;
     }},
    {"schedflags", [](Virtual& v, const Setting& s, Context& x) { v.scheduler_flags = text_of(s, x).value_or(""); }},
    {"scheduler", read_scheduler},
    {"secret", text_in_quotes<&Virtual::secret>},
    {"service", [](Virtual& v, const Setting& s, Context& x) { v.service = word_of(s, x, services).value_or(""); }},
    {"servicename", only_in_mails},
    {"virtualhost",
     [](Virtual& v, const Setting& s, Context& x) { v.virtual_host = unquoted(text_of(s, x).value_or("")); }},
}};

/// What stands behind "virtual=": HOST:PORT, or a firewall mark.
void read_address(Virtual& virtual_service, const Setting& head, Context& context) {
  const auto text = text_of(head, context);
  if (!text) return;
  if (text->find_first_not_of("0123456789") == std::string::npos) {
    virtual_service.mark = number_of(head, context, 1, 0xffffffff);
    virtual_service.key = cluster::MarkKey{.mark = virtual_service.mark.value_or(1), .family = virtual_service.family};
    return;
  }
  const auto colon = text->rfind(':');
  if (colon == std::string::npos || colon + 1 == text->size() || text->ends_with(']')) {
    context.report.error(head.at,
                         fmt::format("{} wants HOST:PORT or a firewall mark, not {}", head.keyword, quoted(*text)));
    return;
  }
  virtual_service.host = text->substr(0, colon);
  virtual_service.port = text->substr(colon + 1);
  const bool in_brackets = virtual_service.host.starts_with('[');
  if (in_brackets && virtual_service.family == net::Family::ipv4) {
    context.report.error(head.at, "an IPv6 address needs virtual6=");
    virtual_service.host.clear();
  }
  if (virtual_service.port == "53" || virtual_service.port == "domain") {
    virtual_service.protocol = cluster::Protocol::udp;
  }
}

/// Host and port are looked up when the protocol is known.
void resolve(Virtual& virtual_service, Context& context) {
  if (virtual_service.mark || virtual_service.host.empty()) return;
  const Place& at = virtual_service.at;
  const auto address = address_of(virtual_service.host, virtual_service.family, at, context);
  const auto port = port_of(virtual_service.port, virtual_service.protocol, at, context);
  if (!address || !port) return;
  virtual_service.key =
      cluster::AddressKey{.protocol = virtual_service.protocol, .endpoint = {.address = *address, .port = *port}};
}

void check_fallback_family(const Virtual& virtual_service, Context& context) {
  const bool ipv4 = virtual_service.family == net::Family::ipv4;
  const auto& wrong = ipv4 ? virtual_service.fallback6 : virtual_service.fallback;
  if (!wrong) return;
  context.report.error(wrong->at, fmt::format("{} does not go with this virtual service; write {}",
                                              ipv4 ? "fallback6" : "fallback", ipv4 ? "fallback" : "fallback6"));
}

}  // namespace

bool is_of_virtual(std::string_view keyword) {
  return std::ranges::find(keywords, keyword, &Keyword<Virtual>::name) != keywords.end();
}

Virtual read_virtual(const Block& block, Context& context) {
  Virtual virtual_service;
  virtual_service.at = block.head.at;
  if (block.head.keyword == "virtual6") virtual_service.family = net::Family::ipv6;
  read_address(virtual_service, block.head, context);
  for (const Setting& setting : block.settings) {
    read_by_tables<Virtual>(keywords, virtual_service, setting, "of a virtual service in an ldirectord.cf", context);
  }
  resolve(virtual_service, context);
  check_fallback_family(virtual_service, context);
  return virtual_service;
}

}  // namespace ballast::config::ldirectord

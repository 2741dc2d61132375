#include "config/ldirectord/checks.h"

#include "health/checks/sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ballast::config::ldirectord {
namespace {

using cluster::CheckType;
using cluster::HealthCheck;
using std::chrono::seconds;

constexpr seconds default_check_timeout{5};
constexpr seconds default_negotiate_timeout{30};
constexpr seconds default_interval{10};

struct KnownService {
  std::string_view name;
  std::uint16_t port;
};
/// In the order in which a port is looked up.
constexpr std::array<KnownService, 19> known_services = {{
    {"ftp", 21},          {"smtp", 25},    {"dns", 53},   {"http", 80},     {"pop", 110},
    {"nntp", 119},        {"imap", 143},   {"ldap", 389}, {"https", 443},   {"submission", 587},
    {"ldaps", 636},       {"imaps", 993},  {"pops", 995}, {"oracle", 1521}, {"radius", 1812},
    {"http_proxy", 3128}, {"mysql", 3306}, {"sip", 5060}, {"pgsql", 5432},
}};

std::uint16_t port_of_service(const Virtual& virtual_service) {
  const auto found = std::ranges::find(known_services, service_of(virtual_service), &KnownService::name);
  return found == known_services.end() ? 0 : found->port;
}

bool is_udp(const Virtual& virtual_service) {
  return !virtual_service.mark && virtual_service.protocol == cluster::Protocol::udp;
}

/// checktimeout and negotiatetimeout stand in for each other, the virtual service's before the file's.
seconds timeout(const std::optional<seconds>& own, const std::optional<seconds>& other,
                const std::optional<seconds>& global, const std::optional<seconds>& other_global, seconds otherwise) {
  for (const auto& candidate : {own, other, global, other_global}) {
    if (candidate) return *candidate;
  }
  return otherwise;
}

/// What ldirectord has put in front of every request.
std::string without_slash(std::string_view request) {
  return std::string(request.starts_with('/') ? request.substr(1) : request);
}

std::string with_newlines(std::string text) {
  for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at + 1)) text.replace(at, 2, "\n");
  return text;
}

/// A request and the expression that its answer must match: the server's own, else the virtual service's.
struct Question {
  std::string request;
  std::string receive;
};

void ask_http(HealthCheck& check, const Virtual& virtual_service, const std::string& service,
              const Question& question) {
  const bool proxy = service == "http_proxy";
  check.type = proxy ? CheckType::http_proxy : CheckType::http;
  if (service == "https") check.tls.emplace();
  cluster::HttpRequest& request = check.requests.emplace_back();
  request.path = proxy ? without_slash(question.request) : question.request;
  request.method = virtual_service.method;
  if (!proxy) request.host = virtual_service.virtual_host;
  request.expect = question.receive;
}

void ask_dns(HealthCheck& check, const Virtual& virtual_service, const Question& question) {
  check.type = CheckType::dns;
  check.request = without_slash(question.request);
  check.record = net::Address::parse(check.request) ? "PTR" : "A";
  check.expect = question.receive;
  check.over_tcp = !is_udp(virtual_service);
}

void ask_simple(HealthCheck& check, const Virtual& virtual_service, const Question& question) {
  check.type = is_udp(virtual_service) ? CheckType::udp : CheckType::tcp;
  check.send = with_newlines(without_slash(question.request));
  check.expect = question.receive;
  check.reply = is_udp(virtual_service);
}

void ask_database(HealthCheck& check, CheckType type, const Question& question) {
  check.type = type;
  check.request = without_slash(question.request);
}

struct PlainService {
  std::string_view name;
  CheckType type;
  bool tls;
};
/// What is asked without more than a login.
constexpr std::array<PlainService, 9> plain_services = {{
    {"smtp", CheckType::smtp, false},
    {"submission", CheckType::smtp, false},
    {"pop", CheckType::pop3, false},
    {"pops", CheckType::pop3, true},
    {"imap", CheckType::imap, false},
    {"imaps", CheckType::imap, true},
    {"nntp", CheckType::nntp, false},
    {"radius", CheckType::radius, false},
    {"oracle", CheckType::tcp, false},
}};

void ask_ftp(HealthCheck& check, const Question& question, Context& context) {
  check.type = CheckType::ftp;
  if (check.user.empty()) check.user = "anonymous";
  if (check.password.empty()) check.password = "ldirectord@" + context.names.machine;
  check.request = question.request;
  check.expect = question.receive;
}

void ask_sip(HealthCheck& check, const Virtual& virtual_service, Context& context) {
  check.type = CheckType::sip;
  check.over_tcp = !is_udp(virtual_service);
  if (check.user.empty()) check.user = "ldirectord@" + context.names.machine;
}

void ask_ldap(HealthCheck& check, bool tls, const Question& question) {
  check.type = CheckType::ldap;
  if (tls) check.tls.emplace();
  check.request = without_slash(question.request);
  check.expect = question.receive;
}

/// Makes the check the service's; false for "none".
bool negotiate(HealthCheck& check, const Virtual& virtual_service, const Question& question, Context& context) {
  const std::string service = service_of(virtual_service);
  check.user = virtual_service.login;
  check.password = virtual_service.password;
  check.database = virtual_service.database;
  check.secret = virtual_service.secret;
  if (service.starts_with("http")) {
    ask_http(check, virtual_service, service, question);
  } else if (service == "dns") {
    ask_dns(check, virtual_service, question);
  } else if (service == "simpletcp") {
    ask_simple(check, virtual_service, question);
  } else if (service == "mysql") {
    ask_database(check, CheckType::mysql, question);
  } else if (service == "pgsql") {
    ask_database(check, CheckType::postgresql, question);
  } else if (service == "ftp") {
    ask_ftp(check, question, context);
  } else if (service == "sip") {
    ask_sip(check, virtual_service, context);
  } else if (service.starts_with("ldap")) {
    ask_ldap(check, service == "ldaps", question);
  } else {
    const auto plain = std::ranges::find(plain_services, service, &PlainService::name);
    if (plain == plain_services.end()) return false;
    check.type = plain->type;
    if (plain->tls) check.tls.emplace();
  }
  return true;
}

/// Puts the check port in where the server's would not be asked.
void choose_port(HealthCheck& check, const Virtual& virtual_service, const Real& real, Context& context) {
  if (check.type == CheckType::icmp || check.type == CheckType::command) return;
  const std::uint16_t port = virtual_service.check_port != 0 ? virtual_service.check_port
                             : real.port != 0                ? real.port
                                                             : port_of_service(virtual_service);
  if (port == 0) {
    context.report.error(real.at, "no port to check: add checkport=PORT to the virtual service, or a port here");
  }
  check.port = port;
}

}  // namespace

std::string service_of(const Virtual& virtual_service) {
  if (!virtual_service.service.empty()) return virtual_service.service;
  const auto* address = std::get_if<cluster::AddressKey>(&*virtual_service.key);
  const std::uint16_t port = address == nullptr ? 0 : address->endpoint.port;
  const auto found = std::ranges::find(known_services, port, &KnownService::port);
  return found == known_services.end() ? "none" : std::string(found->name);
}

cluster::ServerHealth health_of(const Virtual& virtual_service, const Real& real, const Globals& globals,
                                Context& context) {
  cluster::ServerHealth health;
  const bool quiescent = virtual_service.quiescent.value_or(globals.quiescent.value_or(false));
  health.on_failure = quiescent ? cluster::OnFailure::quiescent : cluster::OnFailure::remove;
  health.disabled = virtual_service.check == CheckKind::off;
  if (health.disabled || virtual_service.check == CheckKind::on) return health;

  HealthCheck check;
  check.interval = globals.fork
                       ? virtual_service.check_interval.value_or(globals.check_interval.value_or(default_interval))
                       : globals.check_interval.value_or(default_interval);
  check.fall = virtual_service.failure_count.value_or(globals.failure_count.value_or(1));
  check.timeout = timeout(virtual_service.check_timeout, virtual_service.negotiate_timeout, globals.check_timeout,
                          globals.negotiate_timeout, default_check_timeout);
  switch (virtual_service.check) {
    case CheckKind::connect:
      check.type = is_udp(virtual_service) ? CheckType::icmp : CheckType::tcp;
      break;
    case CheckKind::ping:
      check.type = CheckType::icmp;
      break;
    case CheckKind::external:
    case CheckKind::external_perl:
      check.type = CheckType::command;
      check.command = virtual_service.check == CheckKind::external ? virtual_service.check_command
                                                                   : "/usr/bin/perl " + virtual_service.check_command;
      check.arguments = cluster::CommandArguments::addresses;
      break;
    default:
      check.timeout = timeout(virtual_service.negotiate_timeout, virtual_service.check_timeout,
                              globals.negotiate_timeout, globals.check_timeout, default_negotiate_timeout);
      if (!negotiate(check, virtual_service,
                     {real.request.value_or(virtual_service.request), real.receive.value_or(virtual_service.receive)},
                     context)) {
        return health;
      }
  }
  if (check.type == CheckType::icmp) {
    check.timeout *= virtual_service.check_count.value_or(globals.check_count.value_or(1));
  }
  if (const auto problem = health::problem_of(check)) context.report.error(virtual_service.at, *problem);
  choose_port(check, virtual_service, real, context);
  health.checks.push_back(std::move(check));
  return health;
}

void warn_about_checks(const Virtual& virtual_service, Context& context) {
  const auto warn = [&](std::string message) { context.report.warning(virtual_service.at, std::move(message)); };
  if (virtual_service.check == CheckKind::external_perl) {
    warn("checktype=external-perl runs its script by /usr/bin/perl, once for each check");
  }
  if (virtual_service.check != CheckKind::negotiate) return;
  const std::string service = service_of(virtual_service);
  const bool unchecked = virtual_service.service.empty() && service == "none" && !virtual_service.reals.empty();
  if (unchecked) {
    const auto* address = std::get_if<cluster::AddressKey>(&*virtual_service.key);
    warn(fmt::format("no service= and {} has none by itself: its real servers are not checked",
                     address == nullptr ? "a firewall mark" : fmt::format("port {}", address->endpoint.port)));
  }
  if (service == "oracle") warn("service=oracle: only the connection is checked, nothing is asked");
  if (service == "dns" && virtual_service.receive.empty()) {
    warn("service=dns without receive never succeeds in ldirectord; here any answer does");
  }
  const bool database = service == "mysql" || service == "pgsql";
  if (database && (virtual_service.login.empty() || virtual_service.request == "/")) {
    warn(fmt::format("service={} without login and request never succeeds in ldirectord; here what is there is checked",
                     service));
  }
}

}  // namespace ballast::config::ldirectord

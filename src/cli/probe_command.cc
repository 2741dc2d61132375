#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "control/json_text.h"
#include "health/check_once.h"
#include "health/checks/sound.h"

namespace ballast::cli {
namespace {

using cluster::CheckType;
using cluster::DatabaseRole;
using cluster::HttpVersion;
using std::chrono::milliseconds;

struct Options {
  std::string type;
  std::string server;
  std::string service;
  cluster::HealthCheck check;
  cluster::HttpRequest request;
  cluster::CheckTls tls;
  bool use_tls = false;
  bool without_match = false;
  std::string http = "1.1";
  std::string role = "any";
  double timeout = 3;
  double connect_timeout = 0;
  std::uint32_t lag = 0;
  std::string from;
  bool as_json = false;
};

struct TypeDefaults {
  CheckType type;
  std::uint16_t port;      ///< 0: none
  std::uint16_t tls_port;  ///< where TLS comes before the first word; 0: none
};
constexpr std::array types{
    TypeDefaults{CheckType::tcp, 0, 0},         TypeDefaults{CheckType::udp, 0, 0},
    TypeDefaults{CheckType::http, 80, 443},     TypeDefaults{CheckType::http_proxy, 3128, 0},
    TypeDefaults{CheckType::icmp, 0, 0},        TypeDefaults{CheckType::dns, 53, 853},
    TypeDefaults{CheckType::smtp, 25, 465},     TypeDefaults{CheckType::imap, 143, 993},
    TypeDefaults{CheckType::pop3, 110, 995},    TypeDefaults{CheckType::ftp, 21, 990},
    TypeDefaults{CheckType::nntp, 119, 563},    TypeDefaults{CheckType::ldap, 389, 636},
    TypeDefaults{CheckType::mysql, 3306, 0},    TypeDefaults{CheckType::postgresql, 5432, 0},
    TypeDefaults{CheckType::redis, 6379, 6379}, TypeDefaults{CheckType::sip, 5060, 5061},
    TypeDefaults{CheckType::radius, 1812, 0},   TypeDefaults{CheckType::command, 0, 0},
    TypeDefaults{CheckType::file, 0, 0},
};

std::vector<std::string> type_words() {
  std::vector<std::string> words;
  for (const auto& known : types) words.emplace_back(cluster::to_string(known.type));
  return words;
}

const TypeDefaults& defaults_of(const std::string& word) {
  return *std::find_if(types.begin(), types.end(),
                       [&](const TypeDefaults& known) { return cluster::to_string(known.type) == word; });
}

/// "ADDRESS:PORT", or the address alone where the type has a usual port or needs none.
Result<net::Endpoint> server_of(const Options& options, const TypeDefaults& defaults) {
  if (const auto endpoint = net::Endpoint::parse(options.server)) return *endpoint;
  const bool tls_first = options.use_tls && !options.tls.start_tls && defaults.tls_port != 0;
  const auto address = net::Address::parse(options.server);
  if (!address) return fail(fmt::format("{}: must be an address, as 10.0.0.1:80 or [fd00::1]:80", options.server));
  const bool needs_port = defaults.type == CheckType::tcp || defaults.type == CheckType::udp;
  if (needs_port) return fail(fmt::format("{}: a {} check needs a port", options.server, options.type));
  return net::Endpoint{*address, tls_first ? defaults.tls_port : defaults.port};
}

Result<net::Endpoint> service_of(const Options& options, const net::Endpoint& server) {
  if (options.service.empty()) return server;
  const auto endpoint = net::Endpoint::parse(options.service);
  if (!endpoint) return fail(fmt::format("--service {}: must be an address and a port", options.service));
  return *endpoint;
}

milliseconds duration_of(double seconds) { return milliseconds(static_cast<std::int64_t>(seconds * 1000)); }

DatabaseRole::Required role_of(const std::string& word) {
  if (word == "writable") return DatabaseRole::Required::writable;
  return word == "read-only" ? DatabaseRole::Required::read_only : DatabaseRole::Required::any;
}

HttpVersion version_of(const std::string& word) {
  if (word == "1.0") return HttpVersion::http_1_0;
  return word == "2" ? HttpVersion::http_2 : HttpVersion::http_1_1;
}

Result<void> bind(cluster::HealthCheck& check, const std::string& from) {
  if (from.empty()) return {};
  const auto address = net::Address::parse(from);
  check.bind_to = address ? net::Endpoint{*address, 0} : net::Endpoint::parse(from);
  if (check.bind_to) return {};
  return fail(fmt::format("--from {}: must be an address, or an address and a port", from));
}

Result<health::CheckTarget> target_of(const Options& options) {
  const auto& defaults = defaults_of(options.type);
  health::CheckTarget target{};
  target.check = options.check;
  auto& check = target.check;
  check.type = defaults.type;
  const auto server = server_of(options, defaults);
  if (!server) return std::unexpected(server.error());
  target.server = *server;
  const auto service = service_of(options, *server);
  if (!service) return std::unexpected(service.error());
  target.service = cluster::AddressKey{.endpoint = *service};
  if (!options.service.empty()) check.arguments = cluster::CommandArguments::addresses;
  if (auto bound = bind(check, options.from); !bound) return std::unexpected(bound.error());
  check.timeout = duration_of(options.timeout);
  check.connect_timeout = duration_of(options.connect_timeout);
  if (options.use_tls || options.tls != cluster::CheckTls{}) check.tls = options.tls;
  check.http_version = version_of(options.http);
  check.database_role.role = role_of(options.role);
  if (options.lag != 0) check.database_role.lag = std::chrono::seconds(options.lag);
  auto request = options.request;
  request.expect = check.expect;
  request.expect_match = !options.without_match;
  check.requests = {request};
  return target;
}

health::CheckResult run_check(health::CheckTarget target) {
  health::CheckResult result;
  boost::asio::io_context context(1);
  boost::asio::co_spawn(context, health::check_once(std::move(target)),
                        [&result](const std::exception_ptr&, health::CheckResult seen) { result = std::move(seen); });
  context.run();
  return result;
}

void print(const health::CheckResult& result, bool as_json) {
  const double milliseconds_taken = static_cast<double>(result.latency.count()) / 1000;
  if (!as_json) {
    const std::string weight = result.weight ? fmt::format(", weight {}", *result.weight) : "";
    fmt::print("{}: {}{} ({:.1f} ms)\n", result.up ? "up" : "down", result.reason, weight, milliseconds_taken);
    return;
  }
  boost::json::object object{{"up", result.up}, {"reason", result.reason}, {"latency_ms", milliseconds_taken}};
  if (result.weight) object["weight"] = *result.weight;
  fmt::print("{}\n", control::json_text(object));
}

int run(const Options& options) {
  auto target = target_of(options);
  if (!target) throw CLI::ValidationError(target.error().message);
  if (const auto problem = health::problem_of(target->check)) throw CLI::ValidationError(*problem);
  const auto result = run_check(std::move(*target));
  print(result, options.as_json);
  return result.up ? 0 : 1;
}

void add_connection_options(CLI::App* command, Options& options) {
  command->add_option("--timeout", options.timeout, "For the whole check (default: 3)")->type_name("SECONDS");
  command->add_option("--connect-timeout", options.connect_timeout, "For connecting alone")->type_name("SECONDS");
  command->add_option("--from", options.from, "Local end")->type_name("ADDRESS[:PORT]");
  command->add_option("--interface", options.check.bind_interface, "Go out of this interface")->type_name("NAME");
  command->add_option("--mark", options.check.mark, "Firewall mark of the packets")->type_name("NUMBER");
  command->add_option("--service", options.service, "The virtual service: a command is given VIP VPORT RIP RPORT")
      ->type_name("ADDRESS:PORT");
}

void add_tls_options(CLI::App* command, Options& options) {
  auto& tls = options.tls;
  command->add_flag("--tls", options.use_tls, "TLS from the first byte on (https, imaps ...)");
  command->add_flag("--start-tls", tls.start_tls, "Change over to TLS by the protocol's own command");
  command->add_flag("--verify", tls.verify, "The certificate must be valid, and the server's");
  command->add_option("--server-name", tls.server_name, "For SNI and the certificate")->type_name("NAME");
  command->add_option("--authority", tls.authority, "Certificates to trust (default: the system's)")->type_name("FILE");
  command->add_option("--certificate", tls.certificate, "Own certificate")->type_name("FILE");
  command->add_option("--key", tls.key, "Its key")->type_name("FILE");
}

void add_request_options(CLI::App* command, Options& options) {
  auto& check = options.check;
  auto& request = options.request;
  command->add_option("--path", request.path, "http: path (default: /)")->type_name("PATH");
  command->add_option("--method", request.method, "http: method (default: GET)")->type_name("METHOD");
  command->add_option("--host", request.host, "http: Host header, and SNI")->type_name("NAME");
  command->add_option("--status", request.status, "http: status codes that are right (default: 200-299)")
      ->type_name("200,300-399");
  command->add_option("--http", options.http, "http: version (default: 1.1)")
      ->check(CLI::IsMember({"1.0", "1.1", "2"}));
  command->add_option("--digest", request.expect_digest, "http: MD5 of the body")->type_name("HEX");
  command->add_option("--expect", check.expect, "Regular expression that the answer must match")->type_name("REGEX");
  command->add_flag("--expect-not", options.without_match, "http: the body must not match");
  command->add_option("--send", check.send, "tcp, udp: what to send")->type_name("TEXT");
  command->add_flag("--reply", check.reply, "udp: there must be an answer");
  command
      ->add_option("--request", check.request,
                   "dns: name; ldap: base; mysql, postgresql: query; nntp: group; ftp: file")
      ->type_name("TEXT");
  command->add_option("--record", check.record, "dns: type of record (default: A)")->type_name("TYPE");
  command->add_flag("--tcp", check.over_tcp, "dns, sip: over TCP");
  command->add_option("--helo", check.helo, "smtp: our name")->type_name("NAME");
}

void add_login_options(CLI::App* command, Options& options) {
  auto& check = options.check;
  command->add_option("--user", check.user, "User")->type_name("NAME");
  command->add_option("--password", check.password, "Password")->envname("BALLAST_PROBE_PASSWORD")->type_name("TEXT");
  command->add_option("--database", check.database, "mysql, postgresql: database")->type_name("NAME");
  command->add_option("--secret", check.secret, "radius: shared secret")
      ->envname("BALLAST_PROBE_SECRET")
      ->type_name("TEXT");
  command->add_option("--role", options.role, "mysql, postgresql, redis: what it must be")
      ->check(CLI::IsMember({"any", "writable", "read-only"}));
  command->add_option("--lag", options.lag, "mysql, postgresql: how far a replica may be behind")->type_name("SECONDS");
  command->add_flag("--synced", check.database_role.wsrep_synced, "mysql: must be a synced node of a Galera cluster");
  command->add_flag("--donor", check.database_role.wsrep_donor_allowed, "mysql: with --synced, a donor will do");
  command->add_option("--command", check.command, "command: program and arguments; file: its path")->type_name("TEXT");
  command->add_flag("--weight", check.weight_from_result, "command, file: the result is a weight");
}

}  // namespace

void add_probe_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("probe", "Check a server once, now: say whether it is up, and why");
  command->add_option("TYPE", options->type, "Kind of check")->required()->check(CLI::IsMember(type_words()));
  command->add_option("SERVER", options->server, "Its address, with a port where the usual one is not meant")
      ->required()
      ->type_name("ADDRESS[:PORT]");
  add_connection_options(command, *options);
  add_request_options(command, *options);
  add_login_options(command, *options);
  add_tls_options(command, *options);
  command->add_flag("--json", options->as_json, "Print JSON");
  command->callback([options, &exit_status] { exit_status = run(*options); });
}

}  // namespace ballast::cli

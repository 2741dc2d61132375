// The keys of a check, one table for reading and writing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <span>

#include "config/edit_distance.h"
#include "config/health.h"
#include "config/scalars.h"
#include "health/checks/sound.h"
#include "process/words.h"

namespace ballast::config {
namespace {

using cluster::CheckTls;
using cluster::CheckType;
using cluster::DatabaseRole;
using cluster::HealthCheck;
using cluster::HttpRequest;
using cluster::HttpVersion;
using std::chrono::milliseconds;

/// Types that a key is for, a bit each.
using Types = std::uint32_t;
template <typename... T>
constexpr Types only(T... types) {
  return ((Types{1} << static_cast<unsigned>(types)) | ...);
}
constexpr Types every = (Types{1} << cluster::check_types) - 1;
constexpr Types local = only(CheckType::command, CheckType::file);
constexpr Types network = every & ~local;
constexpr Types http = only(CheckType::http, CheckType::http_proxy);
constexpr Types sql = only(CheckType::mysql, CheckType::postgresql);
constexpr Types streams = network & ~only(CheckType::udp, CheckType::icmp, CheckType::radius);
constexpr Types logins = sql | only(CheckType::redis, CheckType::ftp, CheckType::imap, CheckType::pop3, CheckType::ldap,
                                    CheckType::radius, CheckType::sip);
constexpr Types matching = sql | only(CheckType::tcp, CheckType::udp, CheckType::dns, CheckType::ldap, CheckType::ftp);

bool has(Types types, CheckType type) { return (types & only(type)) != 0; }

const std::vector<std::string_view>& words_of_types() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> all;
    for (std::size_t i = 0; i < cluster::check_types; ++i) all.push_back(to_string(static_cast<CheckType>(i)));
    return all;
  }();
  return words;
}

constexpr std::array<Choice<bool>, 2> bool_words = {{{"true", true}, {"false", false}}};
constexpr std::array<Choice<HttpVersion>, 3> version_words = {
    {{"1.0", HttpVersion::http_1_0}, {"1.1", HttpVersion::http_1_1}, {"2", HttpVersion::http_2}}};
constexpr std::array<Choice<DatabaseRole::Required>, 3> role_words = {
    {{"any", DatabaseRole::Required::any},
     {"writable", DatabaseRole::Required::writable},
     {"read_only", DatabaseRole::Required::read_only}}};
constexpr std::array<Choice<cluster::CommandArguments>, 2> argument_words = {
    {{"as_written", cluster::CommandArguments::as_written}, {"addresses", cluster::CommandArguments::addresses}}};

/// A T as it is where nothing is said.
template <typename T>
const T& plain() {
  static const T value{};
  return value;
}

/// How a key is read into a T, and what is written of it: empty where it is the default.
template <typename T>
struct Setting {
  std::string_view key;
  Types types;
  void (*read)(const Value& value, T& into);
  std::string (*write)(const T& from);
};

/// A setting of text. `of` gives the member of a value.
template <typename T, auto of>
constexpr Setting<T> text(std::string_view key, Types types = every) {
  return {key, types, [](const Value& value, T& into) { std::invoke(of, into) = value.text().value_or(""); },
          [](const T& from) {
            return std::invoke(of, from) == std::invoke(of, plain<T>()) ? "" : in_quotes(std::invoke(of, from));
          }};
}

template <typename T, auto of, auto& words>
constexpr Setting<T> word(std::string_view key, Types types = every) {
  return {key, types,
          [](const Value& value, T& into) {
            std::invoke(of, into) = choose(value, words).value_or(std::invoke(of, plain<T>()));
          },
          [](const T& from) {
            return std::invoke(of, from) == std::invoke(of, plain<T>())
                       ? ""
                       : std::string(word_of(std::invoke(of, from), words));
          }};
}

template <typename T, auto of>
constexpr Setting<T> flag(std::string_view key, Types types = every) {
  return word<T, of, bool_words>(key, types);
}

template <typename T, auto of, std::uint64_t least, std::uint64_t most>
constexpr Setting<T> number(std::string_view key, Types types = every) {
  return {key, types,
          [](const Value& value, T& into) {
            using Member = std::remove_cvref_t<decltype(std::invoke(of, into))>;
            std::invoke(of, into) =
                static_cast<Member>(value.number(least, most).value_or(std::invoke(of, plain<T>())));
          },
          [](const T& from) {
            return std::invoke(of, from) == std::invoke(of, plain<T>()) ? "" : std::to_string(std::invoke(of, from));
          }};
}

template <auto of, int least>
constexpr Setting<HealthCheck> duration(std::string_view key) {
  return {key, every,
          [](const Value& value, HealthCheck& into) {
            std::invoke(of, into) =
                value.milliseconds(milliseconds(least)).value_or(std::invoke(of, plain<HealthCheck>()));
          },
          [](const HealthCheck& from) {
            return std::invoke(of, from) == std::invoke(of, plain<HealthCheck>())
                       ? ""
                       : format_fine_duration(std::invoke(of, from));
          }};
}

template <typename T>
std::vector<Key> keys_of(std::span<const Setting<T>> settings) {
  std::vector<Key> keys;
  for (const auto& setting : settings) keys.push_back({.name = setting.key});
  return keys;
}

/// Reads the keys that go with the type. False where there is none of them.
template <typename T>
bool read_settings(const Fields& fields, std::span<const Setting<T>> settings, CheckType type, T& into) {
  bool any = false;
  for (const auto& setting : settings) {
    const auto value = has(setting.types, type) ? fields.get(setting.key) : std::nullopt;
    if (!value) continue;
    setting.read(*value, into);
    any = true;
  }
  return any;
}

using Parts = std::vector<std::string>;

template <typename T>
void write_settings(const T& from, std::span<const Setting<T>> settings, CheckType type, Parts& parts) {
  for (const auto& setting : settings) {
    if (!has(setting.types, type)) continue;
    if (std::string written = setting.write(from); !written.empty()) {
      parts.push_back(fmt::format("{}: {}", setting.key, written));
    }
  }
}

std::string in_braces(const Parts& parts) { return fmt::format("{{{}}}", fmt::join(parts, ", ")); }

constexpr std::uint64_t most_32 = std::numeric_limits<std::uint32_t>::max();

constexpr std::array request_settings = {
    text<HttpRequest, &HttpRequest::path>("path", http),
    text<HttpRequest, &HttpRequest::method>("method", http),
    text<HttpRequest, &HttpRequest::host>("host", http),
    text<HttpRequest, &HttpRequest::status>("status", http),
    text<HttpRequest, &HttpRequest::expect>("expect", http),
    flag<HttpRequest, &HttpRequest::expect_match>("expect_match", http),
    text<HttpRequest, &HttpRequest::expect_digest>("expect_digest", http),
    text<HttpRequest, &HttpRequest::regex_options>("regex_options", http),
    number<HttpRequest, &HttpRequest::expect_from, 0, most_32>("expect_from", http),
    number<HttpRequest, &HttpRequest::expect_to, 0, most_32>("expect_to", http),
};

constexpr std::array tls_settings = {
    flag<CheckTls, &CheckTls::verify>("verify"),
    text<CheckTls, &CheckTls::server_name>("server_name"),
    flag<CheckTls, &CheckTls::send_server_name>("send_server_name"),
    text<CheckTls, &CheckTls::authority>("authority"),
    text<CheckTls, &CheckTls::certificate>("certificate"),
    text<CheckTls, &CheckTls::key>("key"),
    text<CheckTls, &CheckTls::key_password>("key_password"),
    flag<CheckTls, &CheckTls::start_tls>("start_tls"),
};

void read_address(const Value& value, HealthCheck& check) {
  const auto written = value.text();
  if (!written) return;
  check.address = net::Address::parse(*written);
  if (!check.address) value.problem(fmt::format("{} is not an address, as 10.0.0.1 or fd00::1", quoted(*written)));
}

void read_bind(const Value& value, HealthCheck& check) {
  const auto written = value.text();
  const auto address = written ? parse_server_address(*written) : fail("");
  if (address) {
    check.bind_to = net::Endpoint{address->address, address->port.value_or(0)};
  } else if (written) {
    value.problem(address.error().message);
  }
}

std::string write_bind(const HealthCheck& check) {
  if (!check.bind_to) return "";
  ServerAddress address{check.bind_to->address, {}};
  if (check.bind_to->port != 0) address.port = check.bind_to->port;
  return in_quotes(format_server_address(address));
}

void read_warmup(const Value& value, HealthCheck& check) { check.warmup = value.milliseconds(milliseconds(0)); }

void read_weight(const Value& value, HealthCheck& check) {
  constexpr std::int64_t most = 65535;
  const auto written = value.text();
  if (!written) return;
  const bool negative = written->starts_with('-');
  const auto number = parse_number(negative ? std::string_view(*written).substr(1) : *written);
  if (!number || *number > most) {
    return value.problem(fmt::format("{} is not a number from -65535 to 65535", quoted(*written)));
  }
  check.weight = static_cast<std::int32_t>(negative ? -static_cast<std::int64_t>(*number) : *number);
}

void read_tls(const Value& value, HealthCheck& check) {
  if (!value.is_map()) {
    if (value.boolean().value_or(false)) check.tls.emplace();
    return;
  }
  static const auto keys = keys_of<CheckTls>(tls_settings);
  if (const auto fields = value.fields(keys)) {
    read_settings<CheckTls>(*fields, tls_settings, check.type, check.tls.emplace());
  }
}

std::string write_tls(const HealthCheck& check) {
  if (!check.tls) return "";
  Parts parts;
  write_settings<CheckTls>(*check.tls, tls_settings, check.type, parts);
  return parts.empty() ? "true" : in_braces(parts);
}

void read_requests(const Value& value, HealthCheck& check) {
  static const auto keys = keys_of<HttpRequest>(request_settings);
  for (const Value& item : value.items().value_or(std::vector<Value>{})) {
    if (const auto fields = item.fields(keys)) {
      read_settings<HttpRequest>(*fields, request_settings, check.type, check.requests.emplace_back());
    }
  }
}

Parts request_parts(const HttpRequest& request) {
  Parts parts;
  write_settings<HttpRequest>(request, request_settings, CheckType::http, parts);
  if (parts.empty()) parts.push_back(fmt::format("path: {}", in_quotes(request.path)));
  return parts;
}

std::string write_requests(const HealthCheck& check) {
  if (check.requests.size() < 2) return "";
  Parts requests;
  for (const auto& request : check.requests) requests.push_back(in_braces(request_parts(request)));
  return fmt::format("[{}]", fmt::join(requests, ", "));
}

void read_lag(const Value& value, HealthCheck& check) { check.database_role.lag = value.duration(); }

void read_command(const Value& value, HealthCheck& check) {
  check.command = value.text().value_or("");
  const auto words = process::split_words(check.command);
  if (!words) value.problem(words.error().message);
}

std::string write_command(const HealthCheck& check) { return in_quotes(check.command); }

using Of = HealthCheck;
constexpr auto role_of = [](auto& check) -> auto& { return check.database_role.role; };
constexpr auto synced_of = [](auto& check) -> auto& { return check.database_role.wsrep_synced; };
constexpr auto donor_of = [](auto& check) -> auto& { return check.database_role.wsrep_donor_allowed; };

constexpr std::array settings = {
    Setting<Of>{"address", network, read_address,
                [](const Of& c) { return c.address ? in_quotes(c.address->to_string()) : ""; }},
    number<Of, &Of::port, 1, 65535>("port", network),
    Setting<Of>{"bind", network, read_bind, write_bind},
    text<Of, &Of::bind_interface>("interface", network),
    number<Of, &Of::mark, 0, most_32>("mark", network),
    flag<Of, &Of::through_service>("through_service", network & ~only(CheckType::icmp)),
    duration<&Of::interval, 10>("interval"),
    duration<&Of::changing_interval, 0>("changing_interval"),
    duration<&Of::timeout, 1>("timeout"),
    duration<&Of::connect_timeout, 0>("connect_timeout"),
    Setting<Of>{"warmup", every, read_warmup,
                [](const Of& c) { return c.warmup ? format_fine_duration(*c.warmup) : ""; }},
    number<Of, &Of::rise, 1, 1000>("rise"),
    number<Of, &Of::fall, 1, 1000>("fall"),
    flag<Of, &Of::initially_up>("initially_up"),
    Setting<Of>{"weight", every, read_weight,
                [](const Of& c) { return c.weight == 0 ? "" : std::to_string(c.weight); }},
    flag<Of, &Of::weight_from_result>("weight_from_result", local),
    flag<Of, &Of::log_all_failures>("log_all_failures"),
    Setting<Of>{"tls", streams, read_tls, write_tls},
    word<Of, &Of::http_version, version_words>("version", http),
    flag<Of, &Of::fast_recovery>("fast_recovery", http),
    Setting<Of>{"requests", http, read_requests, write_requests},
    text<Of, &Of::send>("send", only(CheckType::tcp, CheckType::udp)),
    text<Of, &Of::expect>("expect", matching),
    flag<Of, &Of::reply>("reply", only(CheckType::udp)),
    number<Of, &Of::reply_least, 0, 65535>("reply_least", only(CheckType::udp)),
    number<Of, &Of::reply_most, 0, 65535>("reply_most", only(CheckType::udp)),
    text<Of, &Of::request>("name", only(CheckType::dns)),
    text<Of, &Of::request>("base", only(CheckType::ldap)),
    text<Of, &Of::request>("query", sql),
    text<Of, &Of::request>("group", only(CheckType::nntp)),
    text<Of, &Of::request>("fetch", only(CheckType::ftp)),
    text<Of, &Of::record>("record", only(CheckType::dns)),
    flag<Of, &Of::over_tcp>("over_tcp", only(CheckType::dns, CheckType::sip)),
    text<Of, &Of::user>("user", logins),
    text<Of, &Of::password>("password", logins),
    text<Of, &Of::database>("database", sql | only(CheckType::redis)),
    text<Of, &Of::secret>("secret", only(CheckType::radius)),
    text<Of, &Of::helo>("helo", only(CheckType::smtp)),
    word<Of, role_of, role_words>("role", sql | only(CheckType::redis)),
    Setting<Of>{"max_lag", sql, read_lag,
                [](const Of& c) { return c.database_role.lag ? format_duration(*c.database_role.lag) : ""; }},
    flag<Of, synced_of>("wsrep_synced", only(CheckType::mysql)),
    flag<Of, donor_of>("wsrep_donor_allowed", only(CheckType::mysql)),
    Setting<Of>{"command", only(CheckType::command), read_command, write_command},
    text<Of, &Of::command>("file", only(CheckType::file)),
    word<Of, &Of::arguments, argument_words>("arguments", only(CheckType::command)),
    text<Of, &Of::command_user>("run_as", only(CheckType::command)),
};

/// The types that a key is for.
Types types_of(std::string_view key) {
  Types types = 0;
  for (const auto& setting : settings) types |= setting.key == key ? setting.types : 0;
  for (const auto& setting : request_settings) types |= setting.key == key ? setting.types : 0;
  return types;
}

std::vector<Key> keys_of_checks() {
  std::vector<Key> keys = keys_of<HealthCheck>(settings);
  std::ranges::move(keys_of<HttpRequest>(request_settings), std::back_inserter(keys));
  keys.push_back({.name = "type"});
  return keys;
}

void report_misplaced(const Fields& fields, CheckType type) {
  static const auto keys = keys_of_checks();
  for (const Key& key : keys) {
    const auto value = fields.get(key.name);
    const Types types = types_of(key.name);
    if (!value || types == 0 || has(types, type)) continue;
    std::vector<std::string_view> fitting;
    for (std::size_t i = 0; i < cluster::check_types; ++i) {
      const auto other = static_cast<CheckType>(i);
      if (has(types, other)) fitting.push_back(to_string(other));
    }
    value->problem(fmt::format("is for checks of type {}, not {}", fmt::join(fitting, ", "), to_string(type)));
  }
}

/// What a check of its type cannot be without.
struct Need {
  CheckType type;
  std::string_view key;
  std::string_view example;
};
constexpr std::array needs = {Need{CheckType::dns, "name", "name: example.com"},
                              Need{CheckType::radius, "secret", "secret: SHARED"},
                              Need{CheckType::command, "command", "command: \"/usr/lib/check -a\""},
                              Need{CheckType::file, "file", "file: /run/health"}};

const Need* need_of(CheckType type) {
  const auto* const found = std::ranges::find(needs, type, &Need::type);
  return found == needs.end() ? nullptr : found;
}

std::string need_text(const Need& need) {
  return fmt::format("a check of type {} needs {}; write {{type: {}, {}}}", to_string(need.type), need.key,
                     to_string(need.type), need.example);
}

void check_needs(const Fields& fields, const HealthCheck& check) {
  const auto* need = need_of(check.type);
  if (need != nullptr && !fields.has(need->key)) fields.map().problem(need_text(*need));
  if (check.weight != 0 && check.weight_from_result) {
    fields.map().problem("has weight and weight_from_result; a check has one of the two");
  }
}

std::optional<CheckType> read_type(const Value& value) {
  const auto index = value.one_of(words_of_types());
  return index ? std::optional(static_cast<CheckType>(*index)) : std::nullopt;
}

std::optional<HealthCheck> read_check(const Value& value) {
  HealthCheck check;
  if (!value.is_map()) {
    const auto type = read_type(value);
    if (!type) return {};
    check.type = *type;
    if (const auto* need = need_of(*type)) value.problem(need_text(*need));
    return check;
  }
  static const auto keys = keys_of_checks();
  const auto fields = value.fields(keys);
  if (!fields) return {};
  const auto type_value = fields->get("type");
  if (!type_value) {
    value.problem("has no type; write type: tcp (or http, icmp, command ...)");
    return {};
  }
  const auto type = read_type(*type_value);
  if (!type) return {};
  check.type = *type;
  report_misplaced(*fields, *type);
  read_settings<HealthCheck>(*fields, settings, *type, check);
  HttpRequest request;
  if (read_settings<HttpRequest>(*fields, request_settings, *type, request)) {
    if (!check.requests.empty()) value.problem("has requests and one of their keys; write all of them in requests");
    check.requests = {request};
  }
  check_needs(*fields, check);
  if (const auto problem = health::problem_of(check); problem) value.problem(*problem);
  return check;
}

std::string check_text(const HealthCheck& check) {
  Parts parts;
  write_settings<HealthCheck>(check, settings, check.type, parts);
  if (check.requests.size() == 1) std::ranges::move(request_parts(check.requests.front()), std::back_inserter(parts));
  if (parts.empty()) return std::string(to_string(check.type));
  parts.insert(parts.begin(), fmt::format("type: {}", to_string(check.type)));
  return in_braces(parts);
}

}  // namespace

std::vector<HealthCheck> read_checks(const Value& value) {
  if (value.is_word("none")) return {};
  const auto items = value.is_list() ? value.items() : std::vector{value};
  std::vector<HealthCheck> checks;
  for (const Value& item : items.value_or(std::vector<Value>{})) {
    if (auto check = read_check(item)) checks.push_back(std::move(*check));
  }
  return checks;
}

std::string checks_text(const std::vector<HealthCheck>& checks) {
  if (checks.empty()) return "none";
  if (checks.size() == 1) return check_text(checks.front());
  Parts texts;
  for (const auto& check : checks) texts.push_back(check_text(check));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace ballast::config

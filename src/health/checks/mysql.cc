// MySQL and MariaDB: greeting, login, query, role, replication lag, Galera's state.
#include "health/checks/crypto.h"
#include "health/checks/database.h"
#include "health/checks/lines.h"
#include "health/checks/mysql_packet.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

using cluster::DatabaseRole;
using mysql::Rows;

constexpr unsigned syntax_error = 1064;

/// Requests of caching_sha2_password within AuthMoreData packets.
constexpr std::string_view fast_success = "\x01\x03";
constexpr std::string_view full_login = "\x01\x04";
constexpr std::string_view ask_public_key = "\x02";

constexpr std::string_view galera_query =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state','wsrep_local_state_comment',"
    "'wsrep_cluster_status')";

/// "name: value" of a result that is a list of variables.
std::string variable(const Rows& rows, std::string_view name) {
  for (const auto& row : rows.rows) {
    if (row.size() == 2 && row[0] == name) return row[1].value_or("");
  }
  return "";
}

std::optional<Verdict> judge_galera(const DatabaseRole& wanted, const Rows& rows) {
  const std::string state = variable(rows, "wsrep_local_state");
  const std::string cluster_status = variable(rows, "wsrep_cluster_status");
  if (rows.error) return down(fmt::format("Galera's state: {}", rows.error->to_string()));
  if (state.empty()) return down("is no node of a Galera cluster");
  if (cluster_status != "Primary") {
    return down(fmt::format("Galera component is {}, wanted Primary", quotable(cluster_status)));
  }
  if (state == "4" || (state == "2" && wanted.wsrep_donor_allowed)) return std::nullopt;
  return down(fmt::format("Galera node is {} (state {}), wanted Synced",
                          quotable(variable(rows, "wsrep_local_state_comment")), quotable(state)));
}

/// What SHOW REPLICA STATUS says of the lag. A server that replicates from nobody has none.
std::optional<Verdict> judge_replica(const DatabaseRole& wanted, const Rows& rows) {
  if (rows.error) return down(fmt::format("replication status: {}", rows.error->to_string()));
  if (rows.rows.empty()) return std::nullopt;
  auto behind = rows.first("Seconds_Behind_Source");
  if (!behind) behind = rows.first("Seconds_Behind_Master");
  if (!behind) return down("replication is not running");
  return judge_lag(*wanted.lag, *behind);
}

/// @@global.read_only: 0 or OFF, else on in one of several strengths.
std::optional<Verdict> judge_read_only(const DatabaseRole& wanted, const Rows& rows) {
  if (rows.error) return down(fmt::format("read_only: {}", rows.error->to_string()));
  const std::string value = rows.first("read_only").value_or("");
  if (value.empty()) return down("the server does not tell its read_only");
  return judge_writable(wanted.role, value == "0" || value == "OFF");
}

std::string with_key(const std::string& password, const std::string& scramble) {
  std::string pad;
  while (pad.size() <= password.size()) pad += scramble;
  return exclusive_or(password + '\0', pad);
}

}  // namespace

Conversation mysql_conversation(HealthCheck check) {
  mysql::Packet packet = co_await take("the greeting", mysql::take_packet);
  const auto greeting = mysql::parse_greeting(packet);
  if (!greeting) co_return down(greeting.error().message);
  if (check.user.empty()) co_return up(fmt::format("greeting of {}", quotable(greeting->version)));

  // Login, over TLS where asked.
  mysql::Login login{.user = check.user,
                     .database = check.database,
                     .plugin = greeting->plugin,
                     .proof = "",
                     .tls = check.tls.has_value()};
  std::string scramble = greeting->scramble;
  std::uint8_t sequence = packet.sequence;
  if (login.tls) {
    if (!greeting->has_tls) co_return down("server does not offer TLS");
    co_yield mysql::encode(++sequence, mysql::tls_request(login));
    co_await start_tls();
  }
  if (!mysql::proof_of(login.plugin, "", scramble)) login.plugin = "mysql_native_password";
  login.proof = mysql::proof_of(login.plugin, check.password, scramble).value_or("");
  co_yield mysql::encode(++sequence, mysql::login_request(login));
  bool key_asked = false;
  while (true) {
    packet = co_await take("the answer to the login", mysql::take_packet);
    sequence = packet.sequence;
    const std::string_view said = packet.payload;
    if (packet.is_ok()) break;
    if (packet.is_error()) co_return down(fmt::format("login refused: {}", mysql::parse_error(packet).to_string()));
    if (said.starts_with('\xfe')) {  // another plugin, and another scramble
      login.plugin = said.substr(1, said.find('\0', 1) - 1);
      scramble = said.substr(std::min(said.size(), login.plugin.size() + 2));
      const auto proof = mysql::proof_of(login.plugin, check.password, scramble);
      if (!proof)
        co_return down(fmt::format("login needs the plugin '{}', which is not known", quotable(login.plugin)));
      co_yield mysql::encode(++sequence, *proof);
    } else if (said == full_login && login.tls) {
      co_yield mysql::encode(++sequence, check.password + '\0');
    } else if (said == full_login && !key_asked) {
      key_asked = true;
      co_yield mysql::encode(++sequence, ask_public_key);
    } else if (said.starts_with('\x01') && key_asked) {
      const std::string proof = with_key(check.password, scramble.substr(0, 20));
      const auto encrypted = rsa_oaep(said.substr(1), proof);
      if (!encrypted) co_return down(encrypted.error().message);
      co_yield mysql::encode(++sequence, *encrypted);
    } else if (said != fast_success) {
      co_return down("a login that is not understood");
    }
  }

  Verdict verdict = up(fmt::format("logged in to {}", quotable(greeting->version)));
  const DatabaseRole& wanted = check.database_role;
  if (!check.request.empty()) {
    co_yield mysql::query(check.request);
    const Rows rows = co_await take("the result of the query", mysql::take_rows);
    if (rows.error) co_return down(fmt::format("query failed: {}", rows.error->to_string()));
    verdict = judge_rows(check.expect, rows.rows);
    if (!verdict.up) co_return verdict;
  }
  if (wanted.role != DatabaseRole::Required::any) {
    co_yield mysql::query("SELECT @@global.read_only AS read_only");
    const Rows rows = co_await take("the value of read_only", mysql::take_rows);
    const auto wrong = judge_read_only(wanted, rows);
    if (wrong) co_return *wrong;
  }
  if (wanted.lag) {
    co_yield mysql::query("SHOW REPLICA STATUS");
    Rows rows = co_await take("the replication status", mysql::take_rows);
    if (rows.error && rows.error->code == syntax_error) {  // before MySQL 8.0.22 and MariaDB 10.5.1
      co_yield mysql::query("SHOW SLAVE STATUS");
      rows = co_await take("the replication status", mysql::take_rows);
    }
    const auto wrong = judge_replica(wanted, rows);
    if (wrong) co_return *wrong;
  }
  if (wanted.wsrep_synced) {
    co_yield mysql::query(galera_query);
    const Rows rows = co_await take("Galera's state", mysql::take_rows);
    const auto wrong = judge_galera(wanted, rows);
    if (wrong) co_return *wrong;
  }
  co_yield mysql::encode(0, "\x01");
  co_return verdict;
}

}  // namespace ballast::health

// PostgreSQL: startup, login, query, role, replication lag.
#include "health/checks/bytes.h"
#include "health/checks/database.h"
#include "health/checks/lines.h"
#include "health/checks/postgresql_message.h"
#include "health/checks/protocols.h"
#include "health/checks/scram.h"

namespace ballast::health {
namespace {

using cluster::DatabaseRole;
using postgresql::Message;
using postgresql::Rows;

enum Authentication : std::uint32_t { ok = 0, cleartext = 3, md5 = 5, sasl = 10, sasl_continue = 11, sasl_final = 12 };

/// Who asks where only the handshake is wanted.
constexpr std::string_view nobody = "ballast";

constexpr std::string_view role_query = "SELECT pg_is_in_recovery()";
/// A replica that has replayed all it received is not behind, however long ago that was.
constexpr std::string_view lag_query =
    "SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
    "ELSE EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()) END";

/// Refusals of a server that is able to work: whoever asks is not let in (class 28: invalid authorization), or there
/// is no such database (3D).
bool is_alive(const postgresql::ServerError& error) {
  return error.code.starts_with("28") || error.code.starts_with("3D");
}

std::string sasl_first(const Scram& scram) {
  const std::string message = scram.first_message();
  return postgresql::encode('p', std::string("SCRAM-SHA-256") + '\0' + big_endian(message.size(), 4) + message);
}

std::string first_value(const Rows& rows) {
  if (rows.rows.empty() || rows.rows[0].empty()) return "";
  return rows.rows[0][0].value_or("");
}

std::optional<Verdict> judge_role(const DatabaseRole& wanted, const Rows& rows) {
  if (rows.error) return down(fmt::format("role: {}", rows.error->to_string()));
  return judge_writable(wanted.role, first_value(rows) == "f");
}

std::optional<Verdict> judge_replica(const DatabaseRole& wanted, const Rows& rows) {
  if (rows.error) return down(fmt::format("replication lag: {}", rows.error->to_string()));
  if (first_value(rows).empty()) return down("replication is not running");
  return judge_lag(*wanted.lag, first_value(rows));
}

/// 'S' or 'N', the answer to the request for TLS.
Parsed<char> take_letter(std::string& received) {
  if (received.empty()) return std::optional<char>();
  const char letter = received[0];
  received.erase(0, 1);
  return std::optional(letter);
}

}  // namespace

Conversation postgresql_conversation(HealthCheck check, std::string nonce) {
  if (check.tls) {
    co_yield postgresql::ssl_request();
    const char letter = co_await take("the answer to the request for TLS", take_letter);
    if (letter != 'S') co_return down("server does not offer TLS");
    co_await start_tls();
  }
  const bool handshake_only = check.user.empty();
  if (handshake_only) check.user = nobody;
  co_yield postgresql::startup(check.user, check.database);
  Scram scram(check.user, check.password, nonce);
  while (true) {
    const Message message = co_await take("the answer to the login", postgresql::take_message);
    if (message.kind == 'E') {
      const auto error = postgresql::parse_error(message);
      if (handshake_only && is_alive(error)) co_return up(fmt::format("handshake ({})", error.to_string()));
      co_return down(fmt::format("login refused: {}", error.to_string()));
    }
    if (message.kind == 'Z') break;
    if (message.kind != 'R') continue;
    if (handshake_only) co_return up("handshake");
    Reader reader(message.content);
    switch (reader.big(4)) {
      case ok:
        break;
      case cleartext:
        co_yield postgresql::encode('p', check.password + '\0');
        break;
      case md5: {
        const std::string answer = postgresql::md5_password(check.user, check.password, reader.bytes(4));
        co_yield postgresql::encode('p', answer + '\0');
        break;
      }
      case sasl:
        if (message.content.find("SCRAM-SHA-256") == std::string::npos) co_return down("unknown kind of SASL login");
        co_yield sasl_first(scram);
        break;
      case sasl_continue: {
        const auto proof = scram.final_message(reader.rest());
        if (!proof) co_return down(proof.error().message);
        co_yield postgresql::encode('p', *proof);
        break;
      }
      case sasl_final:
        if (!scram.is_proven(reader.rest())) co_return down("server does not prove that it knows the password");
        break;
      default:
        co_return down("unknown kind of login");
    }
  }

  Verdict verdict = up("logged in");
  if (!check.request.empty()) {
    co_yield postgresql::query(check.request);
    const Rows rows = co_await take("the result of the query", postgresql::take_rows);
    if (rows.error) co_return down(fmt::format("query failed: {}", rows.error->to_string()));
    verdict = judge_rows(check.expect, rows.rows);
    if (!verdict.up) co_return verdict;
  }
  if (check.database_role.role != DatabaseRole::Required::any) {
    co_yield postgresql::query(role_query);
    const Rows rows = co_await take("the role", postgresql::take_rows);
    const auto wrong = judge_role(check.database_role, rows);
    if (wrong) co_return *wrong;
  }
  if (check.database_role.lag) {
    co_yield postgresql::query(lag_query);
    const Rows rows = co_await take("the replication lag", postgresql::take_rows);
    const auto wrong = judge_replica(check.database_role, rows);
    if (wrong) co_return *wrong;
  }
  co_yield postgresql::encode('X', "");
  co_return verdict;
}

}  // namespace ballast::health

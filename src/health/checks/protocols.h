// What is said to servers of each protocol, and what of their answers counts as up. Pure: nothing here knows of
// sockets. docs/checks.md tells operators the same.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "health/check_once.h"
#include "health/checks/conversation.h"

namespace ballast::health {

using cluster::HealthCheck;
using cluster::HttpRequest;

/// `send` and `expect`.
Conversation text_conversation(HealthCheck check);

/// One request. `host` is for the Host header where the request names none: "10.0.0.1:8080".
Conversation http_1_conversation(HealthCheck check, HttpRequest request, std::string host);
Conversation http_2_conversation(HealthCheck check, HttpRequest request, std::string host);

/// RFC 5321: greeting 220, HELO 250. `own_name` is said where the check names no other.
Conversation smtp_conversation(HealthCheck check, std::string own_name);
/// RFC 9051: greeting OK or PREAUTH; with `user` LOGIN.
Conversation imap_conversation(HealthCheck check);
/// RFC 1939: greeting +OK; with `user` USER and PASS.
Conversation pop3_conversation(HealthCheck check);
/// RFC 959: greeting 220; with `user` a login; with `request` a file that `expect` must match.
Conversation ftp_conversation(HealthCheck check);
/// RFC 3977: greeting 2xx; with `request` a group that exists.
Conversation nntp_conversation(HealthCheck check);
/// RFC 4511: bind, and with `request` or `expect` a base search that finds one entry, whose name `expect` must match.
Conversation ldap_conversation(HealthCheck check);
/// MySQL's protocol 10, MariaDB's too.
Conversation mysql_conversation(HealthCheck check);
/// PostgreSQL's protocol 3.0. `nonce`: random text for SCRAM (RFC 7677), printable and without a comma.
Conversation postgresql_conversation(HealthCheck check, std::string nonce);
/// RESP 2: AUTH, PING, ROLE.
Conversation redis_conversation(HealthCheck check);
/// The query over TCP (RFC 7766).
Conversation dns_conversation(HealthCheck check, std::uint16_t id);
/// OPTIONS over TCP (RFC 3261 §11). `peer`: "10.0.0.1", `local_end`: "10.0.0.2:3333".
Conversation sip_conversation(HealthCheck check, std::string peer, std::string local_end, std::string tag);

/// A datagram that asks, and what an answer to it means.
struct Question {
  std::string datagram;
  /// nullopt: not an answer to this question, a better one may come.
  std::function<std::optional<Verdict>(std::string_view)> judge;
};

Result<Question> dns_question(const HealthCheck& check, std::uint16_t id);
Result<Question> sip_question(const HealthCheck& check, const std::string& peer, const std::string& local_end,
                              const std::string& tag);
/// RFC 2865 and RFC 3579 §3.2. `authenticator`: 16 random bytes.
Result<Question> radius_question(const HealthCheck& check, std::uint8_t id, const std::string& authenticator);
/// `send`, `reply`, `reply_least`, `reply_most`, `expect`.
Result<Question> udp_question(const HealthCheck& check);

}  // namespace ballast::health

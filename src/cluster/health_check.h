// What is to be checked of a real server, and what follows from the results. Pure values: the checkers are in health/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace ballast::cluster {

enum class CheckType : std::uint8_t {
  tcp,         ///< the connection is made; with `send` or `expect`, what is said is sent and the answer is matched
  udp,         ///< `send` is sent; no "port unreachable" comes back, or with `reply` an answer that is matched
  http,        ///< one request, or several (`further_requests`); with `tls` HTTPS
  http_proxy,  ///< as http, with the whole URL in the request line
  icmp,        ///< echo request
  dns,
  smtp,
  imap,
  pop3,
  ftp,
  nntp,
  ldap,        ///< bind, and with `request` a base search
  mysql,       ///< login, query, role and lag
  postgresql,  ///< handshake, login, query
  redis,       ///< PING, AUTH, role
  sip,         ///< OPTIONS
  radius,      ///< Access-Request
  command,     ///< a program's exit status
  file,        ///< a number in a file: 0 is up; see `weight_from_result`
};

inline constexpr std::size_t check_types = static_cast<std::size_t>(CheckType::file) + 1;

/// The word of a type in configuration files and messages: "tcp", "http" ...
std::string_view to_string(CheckType type);

enum class HttpVersion : std::uint8_t { http_1_0, http_1_1, http_2 };

/// A request of an HTTP check and what its answer must be.
struct HttpRequest {
  std::string path = "/";
  std::string method = "GET";
  std::string host;               ///< Host header and SNI; empty: the server's address
  std::string status;             ///< "200", "200-299,304"; empty: 200-299
  std::string expect;             ///< a regular expression (PCRE2) that the body must match; empty: any body
  bool expect_match = true;       ///< false: the body must not match
  std::string expect_digest;      ///< MD5 of the body in hexadecimal digits; empty: any
  std::string regex_options;      ///< names of keepalived's regex_options, blank separated
  std::uint32_t expect_from = 0;  ///< bytes of the body that a match may not begin before
  std::uint32_t expect_to = 0;    ///< bytes of the body that a match may not begin behind; 0: anywhere
  friend bool operator==(const HttpRequest&, const HttpRequest&) = default;
};

struct CheckTls {
  bool verify = false;      ///< the certificate against `authority` and the host's name
  std::string server_name;  ///< SNI and the name in the certificate; empty: HttpRequest::host where it is a name
  bool send_server_name = true;
  std::string authority;    ///< a file of certificates; empty: the system's
  std::string certificate;  ///< our own, a PEM file; empty: none
  std::string key;
  std::string key_password;
  bool start_tls = false;  ///< begin in plain text and change over (SMTP, IMAP, POP3, FTP, LDAP, PostgreSQL, MySQL)
  friend bool operator==(const CheckTls&, const CheckTls&) = default;
};

/// What a database server must be to take connections.
struct DatabaseRole {
  enum class Required : std::uint8_t { any, writable, read_only };
  Required role = Required::any;
  std::optional<std::chrono::seconds> lag;  ///< the most that a replica may be behind; absent: any
  bool wsrep_synced = false;                ///< Galera: wsrep_local_state is 4 (Synced) and the component primary
  bool wsrep_donor_allowed = false;         ///< Galera: also state 2 (Donor/Desynced)
  friend bool operator==(const DatabaseRole&, const DatabaseRole&) = default;
};

/// Where a command's arguments come from: ldirectord's checkcommand is given VIP VPORT RIP RPORT, keepalived's
/// MISC_CHECK just what is written.
enum class CommandArguments : std::uint8_t { as_written, addresses };

struct HealthCheck {
  CheckType type = CheckType::tcp;
  std::optional<net::Address> address;   ///< absent: the server's
  std::uint16_t port = 0;                ///< 0: the server's, or where that has none the service's
  std::optional<net::Endpoint> bind_to;  ///< the local end; port 0: any
  std::string bind_interface;            ///< SO_BINDTODEVICE; empty: any
  std::uint32_t mark = 0;                ///< SO_MARK
  bool through_service = false;          ///< DR, TUN: ask the VIP on the real server, by the service's own way there

  std::chrono::milliseconds interval{2000};         ///< between two checks while nothing changes
  std::chrono::milliseconds changing_interval{0};   ///< between two checks while rising or falling; 0: `interval`
  std::chrono::milliseconds timeout{3000};          ///< for the whole check, each of its requests
  std::chrono::milliseconds connect_timeout{0};     ///< for connecting alone; 0: `timeout`
  std::optional<std::chrono::milliseconds> warmup;  ///< the longest random wait before the first; absent: chosen
  std::uint32_t rise = 1;                           ///< successes in a row that make a server healthy
  std::uint32_t fall = 3;                           ///< failures in a row that make it unhealthy
  bool initially_up = false;                        ///< healthy before the first result (keepalived without alpha)
  std::int32_t weight =
      0;  ///< keepalived: added to the server's weight by a result, instead of up or down; 0: up or down
  bool weight_from_result = false;  ///< command: exit status 2-255 is the weight + 2; file: its number is a difference
  bool log_all_failures = false;

  std::optional<CheckTls> tls;
  HttpVersion http_version = HttpVersion::http_1_1;
  std::vector<HttpRequest> requests;  ///< http, http_proxy: one after the other, all must succeed; empty: one default
  bool fast_recovery = false;         ///< http: after a failure, one request that succeeds is enough

  std::string send;                  ///< tcp, udp: bytes to send
  std::string expect;                ///< what the answer must match, a regular expression; empty: any answer
  bool reply = false;                ///< udp: an answer is required
  std::uint32_t reply_least = 0;     ///< udp: bytes
  std::uint32_t reply_most = 65535;  ///< udp: bytes

  std::string request;       ///< dns: the name; ldap: the base; mysql, postgresql: the query; nntp: the group
  std::string record = "A";  ///< dns: type of the record
  bool over_tcp = false;     ///< dns, sip
  std::string user;          ///< mysql, postgresql, redis, ftp, imap, pop3, ldap (bind name), radius, sip
  std::string password;
  std::string database;
  std::string secret;  ///< radius
  std::string helo;    ///< smtp: our name
  DatabaseRole database_role;

  std::string command;  ///< command: words as a shell would split them, no shell is used; file: its path
  CommandArguments arguments = CommandArguments::as_written;
  std::string command_user;  ///< "USER" or "USER:GROUP"; empty: the daemon's own
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

/// What becomes of a server that is unhealthy.
enum class OnFailure : std::uint8_t {
  remove,    ///< it is not in the service
  quiescent  ///< its weight is 0: its connections go on (ldirectord's quiescent, keepalived's inhibit_on_failure)
};

/// How a real server is watched. Where `checks` is empty, the server is always up.
struct ServerHealth {
  std::vector<HealthCheck> checks;  ///< all must succeed
  OnFailure on_failure = OnFailure::remove;
  bool disabled = false;       ///< ldirectord's checktype=off: never in the service
  std::string up_command;      ///< run when it becomes healthy
  std::string down_command;    ///< run when it becomes unhealthy
  std::string command_user{};  ///< of both: "USER" or "USER:GROUP"; empty: the daemon's own
  friend bool operator==(const ServerHealth&, const ServerHealth&) = default;
};

/// Alerts by mail.
struct MailAlert {
  std::vector<std::string> to;
  std::string from;
  std::string server;  ///< "HOST" or "HOST:PORT"; empty: the machine's sendmail
  std::string helo;
  std::chrono::seconds repeat{0};  ///< 0: once for each change
  friend bool operator==(const MailAlert&, const MailAlert&) = default;
};

/// When a service as a whole counts as up: the weights of its healthy servers together are at least `least` (plus
/// `hysteresis`, where it was down; less `hysteresis`, where it was up).
struct Quorum {
  std::uint32_t least = 1;
  std::uint32_t hysteresis = 0;
  std::string up_command;
  std::string down_command;
  std::string command_user{};  ///< as ServerHealth::command_user
  friend bool operator==(const Quorum&, const Quorum&) = default;
};

}  // namespace ballast::cluster

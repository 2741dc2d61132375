// Packets of MySQL's client protocol, as far as a check needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/checks/conversation.h"

namespace ballast::health::mysql {

struct Packet {
  std::uint8_t sequence = 0;
  std::string payload;
  [[nodiscard]] bool is_ok() const { return !payload.empty() && payload[0] == '\0'; }
  [[nodiscard]] bool is_error() const { return payload.starts_with('\xff'); }
  /// Also a switch of the authentication plugin, where one is possible.
  [[nodiscard]] bool is_end() const { return payload.starts_with('\xfe') && payload.size() < 9; }
};
Parsed<Packet> take_packet(std::string& received);
std::string encode(std::uint8_t sequence, std::string_view payload);

/// "1045 Access denied for user ..."
struct ServerError {
  unsigned code = 0;
  std::string text;
  [[nodiscard]] std::string to_string() const;
};
ServerError parse_error(const Packet& packet);

/// The greeting, protocol 10.
struct Greeting {
  std::string version;
  std::string scramble;  ///< 20 bytes
  std::string plugin;
  bool has_tls = false;
};
Result<Greeting> parse_greeting(const Packet& packet);

struct Login {
  std::string user;
  std::string database;
  std::string plugin;
  std::string proof;
  bool tls = false;
};
/// The request to change over to TLS, which the login repeats the beginning of.
std::string tls_request(const Login& login);
std::string login_request(const Login& login);

/// What a plugin sends for a password and the server's 20 random bytes; nullopt: an unknown plugin.
std::optional<std::string> proof_of(std::string_view plugin, std::string_view password, std::string_view scramble);

/// A result in text form; absent values are NULL.
struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::optional<ServerError> error;
  /// The first row's value in a column; nullopt: no row, no such column, or NULL.
  [[nodiscard]] std::optional<std::string> first(std::string_view column) const;
};
/// The whole answer to a query.
Parsed<Rows> take_rows(std::string& received);
std::string query(std::string_view text);

}  // namespace ballast::health::mysql

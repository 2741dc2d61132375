// Messages of PostgreSQL's protocol 3.0, as far as a check needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "health/checks/conversation.h"
#include "health/checks/database.h"

namespace ballast::health::postgresql {

struct Message {
  char kind = 0;
  std::string content;
};
Parsed<Message> take_message(std::string& received);
std::string encode(char kind, std::string_view content);

std::string ssl_request();
std::string startup(const std::string& user, const std::string& database);

/// An ErrorResponse.
struct ServerError {
  std::string code;  ///< SQLSTATE
  std::string text;
  [[nodiscard]] std::string to_string() const;
};
ServerError parse_error(const Message& message);

/// The whole answer to a query: all up to ReadyForQuery.
struct Rows {
  std::vector<Row> rows;
  std::optional<ServerError> error;
};
Parsed<Rows> take_rows(std::string& received);
std::string query(std::string_view text);

/// The answer to AuthenticationMD5Password.
std::string md5_password(const std::string& user, const std::string& password, std::string_view salt);

}  // namespace ballast::health::postgresql

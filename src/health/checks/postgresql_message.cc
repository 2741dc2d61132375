#include "health/checks/postgresql_message.h"

#include "health/checks/bytes.h"
#include "health/checks/crypto.h"
#include "health/checks/lines.h"

namespace ballast::health::postgresql {
namespace {

Row read_row(const Message& message) {
  Reader reader(message.content);
  const auto columns = reader.big(2);
  Row row;
  for (std::uint64_t i = 0; i < columns && reader.good(); ++i) {
    const auto length = static_cast<std::int32_t>(reader.big(4));
    if (length < 0) {
      row.emplace_back();
    } else {
      row.emplace_back(reader.bytes(static_cast<std::size_t>(length)));
    }
  }
  return row;
}

}  // namespace

Parsed<Message> take_message(std::string& received) {
  Reader reader(received);
  const char kind = static_cast<char>(reader.byte());
  const auto length = reader.big(4);
  if (!reader.good()) return std::optional<Message>();
  if (length < 4 || length > Conversation::most_unread)
    return fail(fmt::format("not PostgreSQL: '{}'", quotable(received)));
  const auto content = reader.bytes(length - 4);
  if (!reader.good()) return std::optional<Message>();
  Message message{.kind = kind, .content = std::string(content)};
  received.erase(0, 1 + length);
  return std::optional(std::move(message));
}

std::string encode(char kind, std::string_view content) {
  return kind + big_endian(content.size() + 4, 4) + std::string(content);
}

std::string ssl_request() { return big_endian(8, 4) + big_endian(80877103, 4); }

std::string startup(const std::string& user, const std::string& database) {
  constexpr std::uint32_t protocol_3_0 = 3 << 16;
  std::string content = big_endian(protocol_3_0, 4);
  const auto parameter = [&content](std::string_view name, std::string_view value) {
    content += name;
    content += '\0';
    content += value;
    content += '\0';
  };
  parameter("user", user);
  if (!database.empty()) parameter("database", database);
  parameter("application_name", "ballast");
  content += '\0';
  return big_endian(content.size() + 4, 4) + content;
}

std::string ServerError::to_string() const { return fmt::format("{} {}", quotable(code), quotable(text)); }

ServerError parse_error(const Message& message) {
  ServerError error;
  Reader reader(message.content);
  for (char field = static_cast<char>(reader.byte()); field != 0; field = static_cast<char>(reader.byte())) {
    const auto value = reader.text();
    if (field == 'C') error.code = value;
    if (field == 'M') error.text = value;
  }
  return error;
}

Parsed<Rows> take_rows(std::string& received) {
  std::string rest = received;
  Rows result;
  while (true) {
    const auto message = take_message(rest);
    if (!message) return std::unexpected(message.error());
    if (!*message) return std::optional<Rows>();
    if ((*message)->kind == 'D') result.rows.push_back(read_row(**message));
    if ((*message)->kind == 'E') result.error = parse_error(**message);
    if ((*message)->kind != 'Z') continue;
    received = std::move(rest);
    return std::optional(std::move(result));
  }
}

std::string query(std::string_view text) { return encode('Q', std::string(text) + '\0'); }

std::string md5_password(const std::string& user, const std::string& password, std::string_view salt) {
  const std::string inner = to_hex(digest(Hash::md5, password + user));
  return "md5" + to_hex(digest(Hash::md5, inner + std::string(salt)));
}

}  // namespace ballast::health::postgresql

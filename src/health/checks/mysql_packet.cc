#include "health/checks/mysql_packet.h"

#include <algorithm>

#include "health/checks/bytes.h"
#include "health/checks/crypto.h"
#include "health/checks/lines.h"

namespace ballast::health::mysql {
namespace {

enum Capability : std::uint32_t {
  long_password = 1,
  connect_with_database = 1 << 3,
  protocol_41 = 1 << 9,
  tls = 1 << 11,
  secure_connection = 1 << 15,
  plugin_names = 1 << 19,
};
constexpr std::uint32_t longest_packet = 1 << 24;
constexpr std::uint8_t utf8 = 33;
constexpr std::size_t scramble_bytes = 20;

std::string login_header(const Login& login) {
  std::uint32_t capabilities = long_password | protocol_41 | secure_connection | plugin_names;
  if (!login.database.empty()) capabilities |= connect_with_database;
  if (login.tls) capabilities |= tls;
  return little_endian(capabilities, 4) + little_endian(longest_packet, 4) + static_cast<char>(utf8) +
         std::string(23, '\0');
}

/// A length-encoded number; nullopt: NULL.
std::optional<std::uint64_t> length_encoded(Reader& reader) {
  const std::uint8_t first = reader.byte();
  switch (first) {
    case 0xfb:
      return std::nullopt;
    case 0xfc:
      return reader.little(2);
    case 0xfd:
      return reader.little(3);
    case 0xfe:
      return reader.little(8);
    default:
      return first;
  }
}

std::optional<std::string> text_value(Reader& reader) {
  const auto length = length_encoded(reader);
  if (!length) return std::nullopt;
  return std::string(reader.bytes(*length));
}

/// The name in a column's definition: behind catalog, schema, table and the table's own name.
std::string column_name(const Packet& packet) {
  Reader reader(packet.payload);
  for (int i = 0; i < 4; ++i) text_value(reader);
  return text_value(reader).value_or("");
}

}  // namespace

Parsed<Packet> take_packet(std::string& received) {
  Reader reader(received);
  const auto length = reader.little(3);
  const auto sequence = reader.byte();
  if (length > Conversation::most_unread) return fail("not MySQL: a packet that is too long");
  const auto payload = reader.bytes(length);
  if (!reader.good()) return std::optional<Packet>();
  Packet packet{.sequence = sequence, .payload = std::string(payload)};
  received.erase(0, 4 + length);
  return std::optional(std::move(packet));
}

std::string encode(std::uint8_t sequence, std::string_view payload) {
  return little_endian(payload.size(), 3) + static_cast<char>(sequence) + std::string(payload);
}

std::string ServerError::to_string() const { return fmt::format("{} {}", code, quotable(text)); }

ServerError parse_error(const Packet& packet) {
  Reader reader(packet.payload);
  reader.byte();
  ServerError error;
  error.code = static_cast<unsigned>(reader.little(2));
  std::string_view text = reader.rest();
  if (text.starts_with('#') && text.size() >= 6) text.remove_prefix(6);
  error.text = text;
  return error;
}

Result<Greeting> parse_greeting(const Packet& packet) {
  if (packet.is_error()) return fail(fmt::format("refused: {}", parse_error(packet).to_string()));
  Reader reader(packet.payload);
  if (reader.byte() != 10) return fail("not a greeting of MySQL's protocol 10");
  Greeting greeting;
  greeting.version = reader.text();
  reader.bytes(4);  // the connection's number
  greeting.scramble = reader.bytes(8);
  reader.byte();
  const auto capabilities = reader.little(2);
  greeting.has_tls = (capabilities & tls) != 0;
  reader.bytes(1 + 2 + 2 + 1 + 10);  // character set, status, upper capabilities, length of the scramble, reserved
  greeting.scramble += reader.bytes(scramble_bytes - 8);
  if (!reader.good()) return fail("a malformed greeting of MySQL");
  reader.byte();
  greeting.plugin = reader.text();
  return greeting;
}

std::string tls_request(const Login& login) { return login_header(login); }

std::string login_request(const Login& login) {
  std::string payload = login_header(login);
  payload += login.user + '\0';
  payload += static_cast<char>(login.proof.size());
  payload += login.proof;
  if (!login.database.empty()) payload += login.database + '\0';
  payload += login.plugin + '\0';
  return payload;
}

std::optional<std::string> proof_of(std::string_view plugin, std::string_view password, std::string_view scramble) {
  const bool native = plugin == "mysql_native_password";
  if (!native && plugin != "caching_sha2_password") return std::nullopt;
  if (password.empty()) return "";
  const std::string random(scramble.substr(0, scramble_bytes));
  if (native) {
    const std::string once = digest(Hash::sha1, password);
    return exclusive_or(once, digest(Hash::sha1, random + digest(Hash::sha1, once)));
  }
  const std::string once = digest(Hash::sha256, password);
  return exclusive_or(once, digest(Hash::sha256, digest(Hash::sha256, once) + random));
}

std::optional<std::string> Rows::first(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end() || rows.empty()) return std::nullopt;
  const auto index = static_cast<std::size_t>(found - columns.begin());
  return index < rows.front().size() ? rows.front()[index] : std::nullopt;
}

Parsed<Rows> take_rows(std::string& received) {
  constexpr std::uint64_t most_columns = 4096;
  std::string rest = received;
  Rows result;
  std::uint64_t width = 0;
  enum class Expects : std::uint8_t { count, columns, end_of_columns, rows } expects = Expects::count;
  while (true) {
    const auto packet = take_packet(rest);
    if (!packet) return std::unexpected(packet.error());
    if (!*packet) return std::optional<Rows>();
    Reader reader((*packet)->payload);
    const bool over = (*packet)->is_error() || (expects == Expects::count && (*packet)->is_ok()) ||
                      (expects == Expects::rows && (*packet)->is_end());
    if ((*packet)->is_error()) result.error = parse_error(**packet);
    if (over) {
      received = std::move(rest);
      return std::optional(std::move(result));
    }
    switch (expects) {
      case Expects::count:
        width = length_encoded(reader).value_or(0);
        if (width == 0 || width > most_columns) return fail("a malformed result of MySQL");
        expects = Expects::columns;
        break;
      case Expects::columns:
        result.columns.push_back(column_name(**packet));
        if (result.columns.size() == width) expects = Expects::end_of_columns;
        break;
      case Expects::end_of_columns:
        expects = Expects::rows;
        break;
      case Expects::rows:
        auto& row = result.rows.emplace_back();
        while (!reader.empty() && row.size() < width) row.push_back(text_value(reader));
        if (!reader.good()) return fail("a malformed row of MySQL");
        break;
    }
  }
}

std::string query(std::string_view text) { return encode(0, "\x03" + std::string(text)); }

}  // namespace ballast::health::mysql

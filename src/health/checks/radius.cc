// RADIUS: Access-Request (RFC 2865). As with ldirectord, only Access-Accept counts as up.
#include <memory>

#include "health/checks/bytes.h"
#include "health/checks/crypto.h"
#include "health/checks/lines.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

enum Code : std::uint8_t { access_request = 1, access_accept = 2, access_reject = 3, access_challenge = 11 };
enum Attribute : std::uint8_t { user_name = 1, user_password = 2, nas_identifier = 32, message_authenticator = 80 };

constexpr std::size_t header_bytes = 20;
constexpr std::size_t authenticator_bytes = 16;
constexpr std::size_t longest_value = 253;
constexpr std::size_t longest_password = 128;

std::string attribute(Attribute type, std::string_view value) {
  std::string encoded{static_cast<char>(type), static_cast<char>(value.size() + 2)};
  encoded += value;
  return encoded;
}

std::string message(Code code, std::uint8_t id, std::string_view authenticator, std::string_view attributes) {
  std::string encoded{static_cast<char>(code), static_cast<char>(id)};
  encoded += big_endian(header_bytes + attributes.size(), 2);
  encoded += authenticator;
  encoded += attributes;
  return encoded;
}

/// RFC 2865 §5.2.
std::string hidden_password(std::string password, const std::string& secret, const std::string& authenticator) {
  constexpr std::size_t block = 16;
  password.resize(std::max(block, (password.size() + block - 1) / block * block), '\0');
  std::string hidden;
  std::string last = authenticator;
  for (std::size_t at = 0; at < password.size(); at += block) {
    last = exclusive_or(digest(Hash::md5, fmt::format("{}{}", secret, last)), password.substr(at, block));
    hidden += last;
  }
  return hidden;
}

std::string request_of(const HealthCheck& check, std::uint8_t id, const std::string& authenticator) {
  std::string attributes = attribute(user_name, check.user);
  attributes += attribute(user_password, hidden_password(check.password, check.secret, authenticator));
  attributes += attribute(nas_identifier, "ballast");
  // RFC 3579 §3.2: the digest of the message with zeros in its place.
  const std::string unsigned_one =
      message(access_request, id, authenticator, attributes + attribute(message_authenticator, std::string(16, '\0')));
  attributes += attribute(message_authenticator, hmac(Hash::md5, check.secret, unsigned_one));
  return message(access_request, id, authenticator, attributes);
}

/// RFC 2865 §3: whether the answer was made by somebody who knows the secret.
bool is_genuine(std::string_view answer, const std::string& authenticator, const std::string& secret) {
  const std::string signed_part =
      std::string(answer.substr(0, 4)) + authenticator + std::string(answer.substr(header_bytes)) + secret;
  return digest(Hash::md5, signed_part) == answer.substr(4, authenticator_bytes);
}

std::optional<Verdict> judge(std::string_view answer, std::uint8_t id, const std::string& authenticator,
                             const std::string& secret) {
  Reader reader(answer);
  const auto code = reader.byte();
  const auto answered_id = reader.byte();
  const auto length = reader.big(2);
  if (answer.size() < header_bytes || length < header_bytes || length > answer.size()) return down("not RADIUS");
  if (answered_id != id) return std::nullopt;
  if (!is_genuine(answer.substr(0, length), authenticator, secret)) {
    return down("answer is signed with another secret");
  }
  switch (code) {
    case access_accept:
      return up("access accepted");
    case access_reject:
      return down("access rejected");
    case access_challenge:
      return down("access challenged: the user needs more than a password");
    default:
      return down(fmt::format("answer of code {}", code));
  }
}

}  // namespace

Result<Question> radius_question(const HealthCheck& check, std::uint8_t id, const std::string& authenticator) {
  if (check.user.empty() || check.user.size() > longest_value) return fail("a RADIUS check needs a user");
  if (check.password.size() > longest_password) {
    return fail(fmt::format("password is longer than {} bytes", longest_password));
  }
  const auto judge_datagram = [id, authenticator, secret = check.secret](std::string_view answer) {
    return judge(answer, id, authenticator, secret);
  };
  return Question{.datagram = request_of(check, id, authenticator), .judge = judge_datagram};
}

}  // namespace ballast::health

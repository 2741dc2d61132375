#include "health/checks/scram.h"

#include <fmt/format.h>

#include <charconv>

#include "health/checks/crypto.h"

namespace ballast::health {
namespace {

/// Iterations are the server's choice; this many take some fifty milliseconds.
constexpr int most_iterations = 100'000;

/// The value of "x=..." in a message of attributes.
std::string_view attribute(std::string_view message, char name) {
  while (!message.empty()) {
    const auto part = message.substr(0, message.find(','));
    if (part.size() > 2 && part[0] == name && part[1] == '=') return part.substr(2);
    message.remove_prefix(std::min(message.size(), part.size() + 1));
  }
  return {};
}

std::string escaped(std::string_view user) {
  std::string text;
  for (const char c : user) {
    if (c == '=') {
      text += "=3D";
    } else if (c == ',') {
      text += "=2C";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

Scram::Scram(std::string_view user, std::string password, std::string nonce)
    : password_(std::move(password)),
      nonce_(std::move(nonce)),
      bare_(fmt::format("n={},r={}", escaped(user), nonce_)) {}

Result<std::string> Scram::final_message(std::string_view server_first) {
  const auto nonce = attribute(server_first, 'r');
  const auto salt = from_base64(attribute(server_first, 's'));
  const auto count = attribute(server_first, 'i');
  int iterations = 0;
  std::from_chars(count.data(), count.data() + count.size(), iterations);
  if (!nonce.starts_with(nonce_) || !salt || iterations < 1) return fail("malformed SCRAM message of the server");
  if (iterations > most_iterations) {
    return fail(fmt::format("server wants {} iterations of SCRAM, at most {} are made", iterations, most_iterations));
  }
  const std::string salted = pbkdf2_sha256(password_, *salt, iterations);
  const std::string without_proof = fmt::format("c=biws,r={}", nonce);
  const std::string whole = fmt::format("{},{},{}", bare_, server_first, without_proof);
  const std::string client_key = hmac(Hash::sha256, salted, "Client Key");
  const std::string proof = exclusive_or(client_key, hmac(Hash::sha256, digest(Hash::sha256, client_key), whole));
  server_signature_ = hmac(Hash::sha256, hmac(Hash::sha256, salted, "Server Key"), whole);
  return fmt::format("{},p={}", without_proof, to_base64(proof));
}

bool Scram::is_proven(std::string_view server_final) const {
  return !server_signature_.empty() && from_base64(attribute(server_final, 'v')) == server_signature_;
}

}  // namespace ballast::health

// SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's side, without channel binding.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ballast::health {

class Scram {
 public:
  /// `nonce`: random, printable, without a comma.
  Scram(std::string_view user, std::string password, std::string nonce);

  [[nodiscard]] std::string first_message() const { return "n,," + bare_; }
  /// The answer to the server's first message.
  Result<std::string> final_message(std::string_view server_first);
  /// Whether the server's final message proves that it knows the password too.
  [[nodiscard]] bool is_proven(std::string_view server_final) const;

 private:
  std::string password_;
  std::string nonce_;
  std::string bare_;
  std::string server_signature_;
};

}  // namespace ballast::health

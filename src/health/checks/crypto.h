// Digests, random bytes and encodings, as strings of bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ballast::health {

enum class Hash { md5, sha1, sha256 };

std::string digest(Hash hash, std::string_view bytes);
std::string hmac(Hash hash, std::string_view key, std::string_view bytes);
/// PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), 32 bytes.
std::string pbkdf2_sha256(std::string_view password, std::string_view salt, int iterations);
/// Encrypts with an RSA public key in PEM (PKCS #1 OAEP with SHA-1).
Result<std::string> rsa_oaep(std::string_view public_key, std::string_view bytes);
std::string random_bytes(std::size_t count);

std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);
/// nullopt where it is not base64.
std::optional<std::string> from_base64(std::string_view text);

/// Both of the same length.
std::string exclusive_or(std::string_view a, std::string_view b);

}  // namespace ballast::health

#include "health/checks/crypto.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <memory>

namespace ballast::health {
namespace {

const EVP_MD* method_of(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return EVP_md5();
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      break;
  }
  return EVP_sha256();
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

}  // namespace

std::string digest(Hash hash, std::string_view bytes) {
  std::string value(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), bytes_of(value), &length, method_of(hash), nullptr);
  value.resize(length);
  return value;
}

std::string hmac(Hash hash, std::string_view key, std::string_view bytes) {
  std::string value(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  HMAC(method_of(hash), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), bytes_of(value),
       &length);
  value.resize(length);
  return value;
}

std::string pbkdf2_sha256(std::string_view password, std::string_view salt, int iterations) {
  std::string value(32, '\0');
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt), static_cast<int>(salt.size()),
                    iterations, EVP_sha256(), static_cast<int>(value.size()), bytes_of(value));
  return value;
}

Result<std::string> rsa_oaep(std::string_view public_key, std::string_view bytes) {
  const Bio source(BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size())));
  const Key key(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr));
  const KeyContext context(key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr);
  std::size_t length = 0;
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_encrypt(context.get(), nullptr, &length, bytes_of(bytes), bytes.size()) != 1) {
    return fail("the server's public key is not usable");
  }
  std::string encrypted(length, '\0');
  if (EVP_PKEY_encrypt(context.get(), bytes_of(encrypted), &length, bytes_of(bytes), bytes.size()) != 1) {
    return fail("the server's public key is not usable");
  }
  encrypted.resize(length);
  return encrypted;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  RAND_bytes(bytes_of(bytes), static_cast<int>(count));
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string exclusive_or(std::string_view a, std::string_view b) {
  std::string result(a);
  for (std::size_t i = 0; i < result.size() && i < b.size(); ++i) result[i] = static_cast<char>(result[i] ^ b[i]);
  return result;
}

}  // namespace ballast::health

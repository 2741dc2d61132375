#include "sync/frame.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "sync/bytes.h"

namespace ballast::sync {
namespace {

constexpr std::string_view magic("BLSYNC1\0", 8);
constexpr std::size_t header_bytes = 5;
constexpr std::size_t tag_bytes = 16;

FrameKey hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data) {
  FrameKey out{};
  unsigned int length = out.size();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &length);
  return out;
}

FrameKey tag_of(const FrameKey& key, std::uint64_t number, std::span<const std::uint8_t> frame) {
  Bytes numbered;
  numbered.reserve(sizeof number + frame.size());
  Writer(numbered).number(number);
  numbered.insert(numbered.end(), frame.begin(), frame.end());
  return hmac(key, numbered);
}

}  // namespace

Nonce new_nonce() {
  Nonce nonce{};
  RAND_bytes(nonce.data(), static_cast<int>(nonce.size()));
  return nonce;
}

Bytes hello(const Nonce& nonce) {
  Bytes bytes(magic.begin(), magic.end());
  bytes.insert(bytes.end(), nonce.begin(), nonce.end());
  return bytes;
}

std::optional<Nonce> read_hello(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != hello_bytes || !std::ranges::equal(bytes.first(magic.size()), magic, {}, {},
                                                         [](char c) { return static_cast<std::uint8_t>(c); })) {
    return {};
  }
  Nonce nonce{};
  std::ranges::copy(bytes.subspan(magic.size()), nonce.begin());
  return nonce;
}

FrameKey frame_key(std::string_view secret, Role speaker, const Nonce& of_caller, const Nonce& of_called) {
  Bytes seed{static_cast<std::uint8_t>(speaker)};
  seed.insert(seed.end(), of_caller.begin(), of_caller.end());
  seed.insert(seed.end(), of_called.begin(), of_called.end());
  return hmac({reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()}, seed);
}

void FrameWriter::write(FrameType type, std::span<const std::uint8_t> content, Bytes& out) {
  const std::size_t begin = out.size();
  Writer writer(out);
  writer.number(static_cast<std::uint8_t>(type));
  writer.number(static_cast<std::uint32_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  const auto tag = tag_of(key_, number_++, std::span(out).subspan(begin));
  out.insert(out.end(), tag.begin(), tag.begin() + tag_bytes);
}

std::string_view to_string(FrameError error) {
  switch (error) {
    case FrameError::too_long:
      return "a frame that is too long";
    case FrameError::wrong_tag:
      return "a frame whose tag is wrong: another key, or changed on its way";
    case FrameError::unknown_type:
      return "a frame of an unknown type";
  }
  return "?";
}

void FrameReader::add(std::span<const std::uint8_t> bytes) {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(std::exchange(begin_, 0)));
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::expected<std::optional<Frame>, FrameError> FrameReader::next() {
  const auto rest = std::span<const std::uint8_t>(bytes_).subspan(begin_);
  if (rest.size() < header_bytes) return std::nullopt;
  Reader in(rest);
  const auto type = in.number<std::uint8_t>();
  const auto length = in.number<std::uint32_t>();
  if (length > most_content_bytes) return std::unexpected(FrameError::too_long);
  if (rest.size() < header_bytes + length + tag_bytes) return std::nullopt;
  const auto frame = rest.first(header_bytes + length);
  const auto tag = tag_of(key_, number_++, frame);
  if (CRYPTO_memcmp(tag.data(), rest.data() + frame.size(), tag_bytes) != 0) {
    return std::unexpected(FrameError::wrong_tag);
  }
  if (type < static_cast<std::uint8_t>(FrameType::begin) || type > static_cast<std::uint8_t>(FrameType::again)) {
    return std::unexpected(FrameError::unknown_type);
  }
  begin_ += frame.size() + tag_bytes;
  const auto content = frame.subspan(header_bytes);
  return Frame{static_cast<FrameType>(type), Bytes(content.begin(), content.end())};
}

}  // namespace ballast::sync

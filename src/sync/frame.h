// Frames of a conversation between two directors that share a secret.
//
// Both say hello with a nonce; each direction has a key of its own, HMAC-SHA256(secret, role | both nonces).
//
//   hello   "BLSYNC1\0" (8 bytes) | nonce (32)
//   frame   type (1) | bytes of the content (4) | content | tag (16)
//
// The tag is the first half of HMAC-SHA256(key, number of the frame (8 bytes) | type | bytes | content): what is left
// out, said twice or changed on its way does not pass. Contents are not secret.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::sync {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::size_t nonce_bytes = 32;
inline constexpr std::size_t hello_bytes = 8 + nonce_bytes;
inline constexpr std::size_t most_content_bytes = 1 << 20;
using Nonce = std::array<std::uint8_t, nonce_bytes>;
using FrameKey = std::array<std::uint8_t, 32>;

Nonce new_nonce();
Bytes hello(const Nonce& nonce);
/// nullopt: it is not a director of this protocol that speaks.
std::optional<Nonce> read_hello(std::span<const std::uint8_t> bytes);

/// Who called, and who was called.
enum class Role : std::uint8_t { caller, called };
/// The key of what `speaker` says.
FrameKey frame_key(std::string_view secret, Role speaker, const Nonce& of_caller, const Nonce& of_called);

enum class FrameType : std::uint8_t {
  begin = 1,    ///< caller, first: knows the secret
  welcome = 2,  ///< called, first
  records = 3,  ///< caller: connections, see record.h
  taken = 4,    ///< called: the answer to records, how many (4 bytes)
  ping = 5,     ///< caller: is anybody there
  all = 6,      ///< caller: what was told since `begin`, or the last of these, was every connection
  again = 7,    ///< called: tell everything again: the real servers here changed
};

struct Frame {
  FrameType type{};
  Bytes content;
};

class FrameWriter {
 public:
  explicit FrameWriter(const FrameKey& key) : key_(key) {}
  /// Appends the next frame to `out`.
  void write(FrameType type, std::span<const std::uint8_t> content, Bytes& out);

 private:
  FrameKey key_;
  std::uint64_t number_ = 0;
};

enum class FrameError : std::uint8_t { too_long, wrong_tag, unknown_type };
std::string_view to_string(FrameError error);

class FrameReader {
 public:
  explicit FrameReader(const FrameKey& key) : key_(key) {}
  void add(std::span<const std::uint8_t> bytes);
  /// The next whole frame, nullopt while there is none. After an error there are no more.
  std::expected<std::optional<Frame>, FrameError> next();

 private:
  FrameKey key_;
  Bytes bytes_;
  std::size_t begin_ = 0;  ///< of what was not read yet
  std::uint64_t number_ = 0;
};

}  // namespace ballast::sync

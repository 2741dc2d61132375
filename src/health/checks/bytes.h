// Reading binary protocols: a cursor that never leaves its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ballast::health {

/// Reading behind the end gives zeros and empty strings, and makes good() false for ever.
class Reader {
 public:
  explicit Reader(std::string_view bytes, std::size_t at = 0) : bytes_(bytes), at_(at) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] bool empty() const { return left() == 0; }

  std::string_view bytes(std::size_t count) {
    if (count > left()) {
      good_ = false;
      at_ = bytes_.size();
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::string_view rest() { return bytes(left()); }
  /// Up to the next NUL, which is taken too.
  std::string_view text() {
    const auto end = bytes_.find('\0', at_);
    if (end == bytes_.npos) return bytes(left() + 1);
    const auto found = bytes(end - at_);
    ++at_;
    return found;
  }
  std::uint8_t byte() {
    const auto taken = bytes(1);
    return taken.empty() ? 0 : static_cast<std::uint8_t>(taken[0]);
  }
  /// The most significant byte first.
  std::uint64_t big(std::size_t count) {
    std::uint64_t value = 0;
    for (const char c : bytes(count)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }
  /// The least significant byte first.
  std::uint64_t little(std::size_t count) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const char c : bytes(count)) {
      value |= std::uint64_t{static_cast<std::uint8_t>(c)} << shift;
      shift += 8;
    }
    return value;
  }

 private:
  std::string_view bytes_;
  std::size_t at_;
  bool good_ = true;
};

/// A number in `count` bytes, the most significant first.
inline std::string big_endian(std::uint64_t value, std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[count - 1 - i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A number in `count` bytes, the least significant first.
inline std::string little_endian(std::uint64_t value, std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

}  // namespace ballast::health

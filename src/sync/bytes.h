// Numbers and addresses in messages, big-endian.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/address.h"

namespace ballast::sync {

class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  template <typename Number>
  void number(Number value) {
    for (std::size_t i = sizeof value; i-- > 0;) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  /// Its own 4 or 16 bytes.
  void address(const net::Address& address) {
    const auto all = address.bytes();
    bytes_.insert(bytes_.end(), all.end() - (address.family() == net::Family::ipv4 ? 4 : 16), all.end());
  }

 private:
  std::vector<std::uint8_t>& bytes_;
};

/// Reads from the front. What goes beyond the end gives zeros, and ok() is false from then on.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  template <typename Number>
  Number number() {
    const auto from = take(sizeof(Number));
    std::uint64_t value = 0;
    for (const auto byte : from) value = value << 8 | byte;
    return static_cast<Number>(value);
  }
  net::Address address(net::Family family) {
    std::array<std::uint8_t, 16> all{};
    const bool ipv4 = family == net::Family::ipv4;
    if (ipv4) all[10] = all[11] = 0xff;
    std::ranges::copy(take(ipv4 ? 4 : 16), all.begin() + (ipv4 ? 12 : 0));
    return net::Address::from_bytes(all);
  }
  std::span<const std::uint8_t> take(std::size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const auto front = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return front;
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::span<const std::uint8_t> bytes_;
  bool ok_ = true;
};

}  // namespace ballast::sync

// Addresses, prefixes, endpoints: values without I/O.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::net {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// An IPv4 or IPv6 address. Held as 16 bytes in network order; IPv4 as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), the form in
/// which the packet program holds it too.
class Address {
 public:
  /// 0.0.0.0
  constexpr Address() = default;
  /// From a 32-bit value in host byte order: 0x0a000001 is 10.0.0.1.
  static constexpr Address ipv4(std::uint32_t host_order) {
    Address a;
    for (int i = 0; i < 4; ++i) a.bytes_[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return a;
  }
  /// From 16 bytes in network order; ::ffff:0:0/96 becomes IPv4.
  static constexpr Address from_bytes(const std::array<std::uint8_t, 16>& bytes) {
    Address a;
    a.bytes_ = bytes;
    return a;
  }
  /// The unspecified address of a family: 0.0.0.0 or ::
  static constexpr Address any(Family family) {
    Address a;
    if (family == Family::ipv6) a.bytes_ = {};
    return a;
  }
  /// Reads "10.0.0.1" or "fd00::1" (as inet_pton does; no brackets, no zone). nullopt where it is neither.
  static std::optional<Address> parse(std::string_view text);

  [[nodiscard]] constexpr Family family() const {
    for (int i = 0; i < 10; ++i) {
      if (bytes_[i] != 0) return Family::ipv6;
    }
    return bytes_[10] == 0xff && bytes_[11] == 0xff ? Family::ipv4 : Family::ipv6;
  }
  [[nodiscard]] constexpr bool is_ipv4() const { return family() == Family::ipv4; }
  [[nodiscard]] constexpr const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  /// The IPv4 address in host byte order; only for IPv4.
  [[nodiscard]] constexpr std::uint32_t ipv4_value() const {
    return static_cast<std::uint32_t>(bytes_[12]) << 24 | static_cast<std::uint32_t>(bytes_[13]) << 16 |
           static_cast<std::uint32_t>(bytes_[14]) << 8 | bytes_[15];
  }
  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_unspecified() const { return *this == any(family()); }
  [[nodiscard]] bool is_multicast() const { return is_ipv4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_broadcast() const { return is_ipv4() && ipv4_value() == 0xffffffff; }

  /// "10.0.0.1", "fd00::1" (RFC 5952, as inet_ntop writes it).
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const Address&, const Address&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_ = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
};

/// An address and how many of its leading bits count: 0..32 for IPv4, 0..128 for IPv6.
struct Prefix {
  Address address;
  std::uint8_t length = 32;

  /// Reads "10.0.0.0/8"; a bare address is a host prefix.
  static std::optional<Prefix> parse(std::string_view text);
  [[nodiscard]] bool contains(const Address& other) const;
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

/// An address and a port (host byte order).
struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  /// Reads "10.0.0.1:80" or "[fd00::1]:80". The port must be there and within 0..65535.
  static std::optional<Endpoint> parse(std::string_view text);
  /// "10.0.0.1:80", "[fd00::1]:80"
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

using MacAddress = std::array<std::uint8_t, 6>;

/// Reads "02:00:00:00:00:01", two hexadecimal digits a byte.
std::optional<MacAddress> parse_mac(std::string_view text);
/// "02:00:00:00:00:01"
std::string to_string(const MacAddress& mac);

}  // namespace ballast::net

#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace ballast::net {
namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text, unsigned long max) {
  unsigned long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || value > max) return std::nullopt;
  return static_cast<T>(value);
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return ipv4(ntohl(v4.s_addr));
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return from_bytes(bytes);
  return std::nullopt;
}

bool Address::is_loopback() const {
  if (is_ipv4()) return bytes_[12] == 127;
  for (int i = 0; i < 15; ++i) {
    if (bytes_[i] != 0) return false;
  }
  return bytes_[15] == 1;
}

std::string Address::to_string() const {
  char text[INET6_ADDRSTRLEN];
  if (is_ipv4()) {
    inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::uint8_t full = address->is_ipv4() ? 32 : 128;
  if (slash == std::string_view::npos) return Prefix{*address, full};
  const auto length = parse_number<std::uint8_t>(text.substr(slash + 1), full);
  if (!length) return std::nullopt;
  return Prefix{*address, *length};
}

bool Prefix::contains(const Address& other) const {
  if (other.family() != address.family()) return false;
  const int offset = address.is_ipv4() ? 12 : 0;
  const int whole = length / 8;
  const int rest = length % 8;
  if (std::memcmp(address.bytes().data() + offset, other.bytes().data() + offset, whole) != 0) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return ((address.bytes()[offset + whole] ^ other.bytes()[offset + whole]) & mask) == 0;
}

std::string Prefix::to_string() const { return fmt::format("{}/{}", address.to_string(), length); }

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto address = Address::parse(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 65535);
  if (!address || !port || brackets != !address->is_ipv4()) return std::nullopt;
  return Endpoint{*address, *port};
}

std::string Endpoint::to_string() const {
  return address.is_ipv4() ? fmt::format("{}:{}", address.to_string(), port)
                           : fmt::format("[{}]:{}", address.to_string(), port);
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac{};
  constexpr std::size_t stride = 3;
  if (text.size() != stride * mac.size() - 1) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const std::string_view byte = text.substr(stride * i, 2);
    const auto [end, error] = std::from_chars(byte.begin(), byte.end(), mac[i], 16);
    if (error != std::errc{} || end != byte.end()) return std::nullopt;
    if (i + 1 < mac.size() && text[stride * i + 2] != ':') return std::nullopt;
  }
  return mac;
}

std::string to_string(const MacAddress& mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace ballast::net

#include "vrrp/advertisement.h"

#include <algorithm>
#include <span>

#include "net/checksum.h"

namespace ballast::vrrp {
namespace {

using cluster::V3Checksum;
using std::chrono::milliseconds;

constexpr std::size_t header_bytes = 8;
constexpr std::size_t password_bytes = 8;
constexpr std::size_t checksum_at = 6;
constexpr std::uint8_t advertisement_type = 1;
constexpr milliseconds v2_unit{1000};
constexpr milliseconds v3_unit{10};
constexpr std::uint16_t v3_interval_mask = 0x0fff;

std::uint8_t octet(net::Bytes bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }

void put_checksum(std::span<std::byte> message, std::uint16_t checksum) {
  message[checksum_at] = static_cast<std::byte>(checksum >> 8);
  message[checksum_at + 1] = static_cast<std::byte>(checksum & 0xff);
}

std::uint16_t plain_checksum(net::Bytes message) { return net::ChecksumSum().add(message).checksum(); }

std::uint16_t pseudo_checksum(net::Bytes message, const Path& path) {
  return net::ChecksumSum()
      .add_pseudo_header(path.source, path.destination, ip_protocol, static_cast<std::uint16_t>(message.size()))
      .add(message)
      .checksum();
}

std::uint16_t interval_field(const Advertisement& advertisement) {
  if (advertisement.version == 2) {
    return static_cast<std::uint16_t>(advertisement.authentication << 8 |
                                      std::clamp<std::int64_t>(advertisement.interval / v2_unit, 0, 255));
  }
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(advertisement.interval / v3_unit, 0, v3_interval_mask));
}

/// Sets the dialect where there are two; false where the checksum is wrong.
bool check(net::Bytes payload, const Path& path, Decoded& decoded) {
  if (!path.source.is_ipv4()) return pseudo_checksum(payload, path) == 0;
  const bool plain = plain_checksum(decoded.message) == 0;
  if (decoded.advertisement.version == 2) return plain;
  if (plain) decoded.dialect = V3Checksum::rfc9568;
  if (pseudo_checksum(decoded.message, path) == 0) decoded.dialect = V3Checksum::rfc5798;
  return decoded.dialect.has_value();
}

}  // namespace

std::vector<std::byte> encode(const Advertisement& advertisement, const Path& path, V3Checksum dialect) {
  const std::uint16_t interval = interval_field(advertisement);
  std::vector<std::byte> message;
  const auto put = [&](unsigned value) { message.push_back(static_cast<std::byte>(value)); };
  put(advertisement.version << 4U | advertisement_type);
  put(advertisement.router_id);
  put(advertisement.priority);
  put(static_cast<unsigned>(advertisement.addresses.size()));
  put(interval >> 8);
  put(interval & 0xff);
  put(0);
  put(0);
  for (const auto& address : advertisement.addresses) {
    const auto bytes = net::address_bytes(address);
    message.insert(message.end(), bytes.begin(), bytes.end());
  }
  if (advertisement.version == 2) {
    for (const std::uint8_t byte : advertisement.password) put(byte);
  }
  const bool pseudo = !path.source.is_ipv4() || (advertisement.version == 3 && dialect == V3Checksum::rfc5798);
  put_checksum(message, pseudo ? pseudo_checksum(message, path) : plain_checksum(message));
  return message;
}

void seal_ipv6(std::vector<std::byte>& payload, const Path& path) {
  put_checksum(payload, 0);
  put_checksum(payload, pseudo_checksum(payload, path));
}

std::expected<Decoded, Refusal> decode(net::Bytes payload, const Path& path) {
  if (payload.size() < header_bytes) return std::unexpected(Refusal::too_short);
  Decoded decoded;
  Advertisement& advertisement = decoded.advertisement;
  advertisement.version = octet(payload, 0) >> 4;
  if (advertisement.version != 2 && advertisement.version != 3) return std::unexpected(Refusal::version);
  if ((octet(payload, 0) & 0xf) != advertisement_type) return std::unexpected(Refusal::type);
  const bool v2 = advertisement.version == 2;
  const bool ipv4 = path.source.is_ipv4();
  if (v2 && !ipv4) return std::unexpected(Refusal::version);

  const std::size_t address_bytes = ipv4 ? 4 : 16;
  const std::size_t count = octet(payload, 3);
  const std::size_t length = header_bytes + count * address_bytes + (v2 ? password_bytes : 0);
  if (payload.size() < length) return std::unexpected(Refusal::too_short);
  if (payload.size() != length && payload.size() != length + trailer_bytes) return std::unexpected(Refusal::length);
  decoded.message = payload.first(length);
  decoded.trailer = payload.subspan(length);
  if (!check(payload, path, decoded)) return std::unexpected(Refusal::checksum);

  advertisement.router_id = octet(payload, 1);
  advertisement.priority = octet(payload, 2);
  if (v2) {
    advertisement.authentication = octet(payload, 4);
    advertisement.interval = octet(payload, 5) * v2_unit;
    for (std::size_t i = 0; i < password_bytes; ++i) {
      advertisement.password[i] = octet(payload, length - password_bytes + i);
    }
  } else {
    const unsigned field = static_cast<unsigned>(octet(payload, 4)) << 8 | octet(payload, 5);
    advertisement.interval = (field & v3_interval_mask) * v3_unit;
  }
  if (advertisement.interval == milliseconds::zero()) return std::unexpected(Refusal::interval);
  for (std::size_t i = 0; i < count; ++i) {
    advertisement.addresses.push_back(
        *net::read_address(payload.subspan(header_bytes + i * address_bytes, address_bytes)));
  }
  return decoded;
}

}  // namespace ballast::vrrp

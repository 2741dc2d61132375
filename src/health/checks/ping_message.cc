#include "health/checks/ping_message.h"

#include "health/checks/bytes.h"

namespace ballast::health {
namespace {

constexpr std::size_t header_bytes = 8;

/// RFC 1071.
std::uint16_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0;
  for (Reader reader(bytes); !reader.empty();) sum += reader.left() == 1 ? reader.big(1) << 8 : reader.big(2);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::string echo_request(net::Family family, std::uint16_t identifier, std::string_view payload) {
  const std::uint8_t type = family == net::Family::ipv4 ? 8 : 128;
  const auto with = [&](std::uint16_t sum) {
    return big_endian(type, 1) + '\0' + big_endian(sum, 2) + big_endian(identifier, 2) + big_endian(1, 2) +
           std::string(payload);
  };
  return with(checksum(with(0)));
}

bool is_echo_reply(net::Family family, std::string_view packet, bool has_ip_header, std::string_view payload) {
  if (has_ip_header) {
    const std::size_t header = packet.empty() ? 0 : (static_cast<unsigned char>(packet[0]) & 0xf) * 4U;
    if (packet.size() < header) return false;
    packet.remove_prefix(header);
  }
  const std::uint8_t type = family == net::Family::ipv4 ? 0 : 129;
  return packet.size() >= header_bytes && static_cast<std::uint8_t>(packet[0]) == type &&
         packet.substr(header_bytes) == payload;
}

}  // namespace ballast::health

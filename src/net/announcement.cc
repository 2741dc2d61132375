#include "net/announcement.h"

#include <array>
#include <span>

#include "net/checksum.h"
#include "net/ip_packet.h"

namespace ballast::net {
namespace {

constexpr MacAddress everybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress all_nodes_mac = {0x33, 0x33, 0, 0, 0, 1};
constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t icmpv6 = 58;

/// Bytes one after another, numbers in network order.
class Frame {
 public:
  Frame& put(Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Frame& put(const MacAddress& mac) { return put(std::as_bytes(std::span(mac))); }
  Frame& put(const Address& address) { return put(address_bytes(address)); }
  Frame& put8(unsigned value) {
    bytes_.push_back(static_cast<std::byte>(value));
    return *this;
  }
  Frame& put16(unsigned value) { return put8(value >> 8 & 0xff).put8(value & 0xff); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

std::vector<std::byte> gratuitous_arp(const Address& address, const MacAddress& mac) {
  constexpr unsigned ethernet = 1;
  constexpr unsigned ipv4 = 0x0800;
  constexpr unsigned request = 1;
  return Frame()
      .put(everybody)
      .put(mac)
      .put16(ethertype_arp)
      .put16(ethernet)
      .put16(ipv4)
      .put8(sizeof(MacAddress))
      .put8(4)
      .put16(request)
      .put(mac)
      .put(address)
      .put(everybody)
      .put(address)
      .take();
}

std::vector<std::byte> neighbour_advertisement(const Address& address, const MacAddress& mac) {
  constexpr unsigned type = 136;
  constexpr unsigned router_and_override = 0xa0;
  constexpr unsigned target_link_layer_address = 2;
  const Address all_nodes = *Address::parse("ff02::1");
  std::vector<std::byte> message = Frame()
                                       .put8(type)
                                       .put8(0)
                                       .put16(0)
                                       .put8(router_and_override)
                                       .put8(0)
                                       .put16(0)
                                       .put(address)
                                       .put8(target_link_layer_address)
                                       .put8(1)
                                       .put(mac)
                                       .take();
  const std::uint16_t checksum =
      ChecksumSum()
          .add_pseudo_header(address, all_nodes, icmpv6, static_cast<std::uint16_t>(message.size()))
          .add(message)
          .checksum();
  message[2] = static_cast<std::byte>(checksum >> 8);
  message[3] = static_cast<std::byte>(checksum & 0xff);
  const auto packet =
      ip_packet({.source = address, .destination = all_nodes, .protocol = icmpv6, .hop_limit = 255}, message);
  return Frame().put(all_nodes_mac).put(mac).put16(ethertype_ipv6).put(packet).take();
}

}  // namespace

std::vector<std::byte> announcement(const Address& address, const MacAddress& mac) {
  return address.is_ipv4() ? gratuitous_arp(address, mac) : neighbour_advertisement(address, mac);
}

}  // namespace ballast::net

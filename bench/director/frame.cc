#include "frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "bench/director/generator_abi.h"
#include "network.h"

namespace ballast::bench {
namespace {

constexpr std::size_t transport_bytes = sizeof(tcphdr);

std::uint32_t address(const char* text) { return inet_addr(text); }

tcphdr segment(Kind kind) {
  tcphdr tcp{};
  tcp.doff = sizeof tcp / 4;
  tcp.seq = htonl(1);
  tcp.window = htons(512);
  tcp.syn = kind == Kind::syn;
  tcp.ack = kind != Kind::syn;
  return tcp;
}

udphdr datagram() {
  udphdr udp{};
  udp.len = htons(transport_bytes);
  return udp;
}

/// The sum of 16-bit words as they stand in memory.
std::uint64_t sum_of(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, &bytes[i], sizeof word);
    sum += word;
  }
  return sum;
}

}  // namespace

void describe_frame(bench_order& order, Kind kind, const std::string& source, const std::string& destination) {
  order.first_client = ntohl(address(first_client));
  order.to_client = kind == Kind::reply;
  order.datagram = kind == Kind::datagram;
  ethhdr eth{};
  destination.copy(reinterpret_cast<char*>(eth.h_dest), ETH_ALEN);
  source.copy(reinterpret_cast<char*>(eth.h_source), ETH_ALEN);
  eth.h_proto = htons(ETH_P_IP);
  iphdr ip{};
  ip.version = 4;
  ip.ihl = sizeof ip / 4;
  ip.tot_len = htons(sizeof ip + transport_bytes);
  ip.frag_off = htons(0x4000);
  ip.ttl = sent_ttl;
  ip.protocol = kind == Kind::datagram ? IPPROTO_UDP : IPPROTO_TCP;
  if (kind == Kind::reply)
    ip.saddr = address(first_server);
  else
    ip.daddr = address(virtual_address);

  std::array<std::uint8_t, transport_bytes> transport{};
  const tcphdr tcp = segment(kind);
  const udphdr udp = datagram();
  if (kind == Kind::datagram)
    std::memcpy(transport.data(), &udp, sizeof udp);
  else
    std::memcpy(transport.data(), &tcp, sizeof tcp);
  // Both headers begin with the ports of source and destination.
  const std::uint16_t port = htons(kind == Kind::reply ? server_port : virtual_port);
  std::memcpy(&transport[kind == Kind::reply ? 0 : sizeof port], &port, sizeof port);

  std::array<std::uint8_t, sizeof order.frame> frame{};
  std::memcpy(frame.data(), &eth, sizeof eth);
  std::memcpy(&frame[sizeof eth], &ip, sizeof ip);
  std::memcpy(&frame[sizeof eth + sizeof ip], transport.data(), transport.size());
  std::memcpy(order.frame, frame.data(), frame.size());
  const std::span network(&frame[sizeof eth], sizeof ip);
  const std::size_t addresses = offsetof(iphdr, saddr);
  order.network_sum = sum_of(network);
  order.transport_sum =
      sum_of(network.subspan(addresses)) + sum_of(transport) + htons(ip.protocol) + htons(transport_bytes);
}

}  // namespace ballast::bench

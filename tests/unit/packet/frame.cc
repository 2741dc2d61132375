#include "frame.h"

#include <algorithm>
#include <cstdlib>

namespace ballast::packet_test {
namespace {

constexpr std::uint8_t destination_options = 60, fragment_next = 44;
constexpr std::size_t sctp_check = 8;  ///< offset of the checksum

void append16(Bytes& bytes, std::uint32_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void append32(Bytes& bytes, std::uint32_t value) {
  append16(bytes, value >> 16);
  append16(bytes, value & 0xffff);
}

void append(Bytes& bytes, std::span<const std::uint8_t> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

std::span<const std::uint8_t> wire(const Address& a) {
  const auto& bytes = a.bytes();
  return a.is_ipv4() ? std::span(bytes).subspan(12) : std::span<const std::uint8_t>(bytes);
}

void put_little32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

Bytes sctp_bytes(const Packet& p) {
  Bytes out;
  append16(out, p.source_port);
  append16(out, p.destination_port);
  append32(out, p.sequence);
  append32(out, 0);
  out.push_back(p.chunk);
  out.push_back(0);
  append16(out, static_cast<std::uint32_t>(4 + p.payload.size()));
  append(out, p.payload);
  out.resize((out.size() + 3) / 4 * 4);
  append(out, p.more_chunks);
  if (p.sctp_checksum) put_little32(out, sctp_check, crc32c(out));
  return out;
}

Bytes layer4(const Packet& p) {
  if (p.protocol == sctp) return sctp_bytes(p);
  Bytes out;
  std::size_t check = 0;
  if (p.protocol == tcp) {
    append16(out, p.source_port);
    append16(out, p.destination_port);
    append32(out, p.sequence);
    append32(out, p.flags & ack ? 0x01020304 : 0);
    out.push_back(static_cast<std::uint8_t>((20 + p.tcp_options.size()) / 4 << 4));
    out.push_back(p.flags);
    append16(out, 64240);
    append32(out, 0);
    append(out, p.tcp_options);
    check = 16;
  } else if (p.protocol == udp) {
    append16(out, p.source_port);
    append16(out, p.destination_port);
    append16(out, static_cast<std::uint32_t>(8 + p.payload.size()));
    append16(out, 0);
    check = 6;
  } else if (p.protocol == icmp4 || p.protocol == icmp6) {
    out = {p.icmp_type, p.icmp_code, 0, 0};
    append32(out, p.icmp_info);
    check = 2;
  }
  append(out, p.payload);
  if (check == 0 || (p.protocol == udp && !p.udp_checksum)) return out;
  const std::uint32_t pseudo =
      p.protocol == icmp4 ? 0 : pseudo_header_sum(p.source, p.destination, p.protocol, out.size());
  std::uint16_t value = checksum(out, pseudo);
  if (p.protocol == udp && value == 0) value = 0xffff;
  put16(out, check, value);
  return out;
}

Bytes header4(const Packet& p, std::size_t length, std::uint16_t fragment) {
  const std::size_t header = 20 + p.ip_options.size();
  Bytes out{static_cast<std::uint8_t>(0x40 | header / 4), p.tos};
  append16(out, static_cast<std::uint32_t>(header + length));
  append16(out, p.identification);
  append16(out, fragment | (p.dont_fragment ? 0x4000 : 0));
  out.push_back(p.ttl);
  out.push_back(p.protocol);
  append16(out, 0);
  append(out, wire(p.source));
  append(out, wire(p.destination));
  append(out, p.ip_options);
  put16(out, 10, checksum(out));
  return out;
}

Bytes header6(const Packet& p, std::size_t length, std::optional<std::uint16_t> fragment) {
  const bool options = !p.extension.empty();
  const std::size_t extra = (options ? p.extension.size() + 2 : 0) + (fragment ? 8 : 0);
  const std::uint8_t behind = fragment ? fragment_next : p.protocol;
  Bytes out;
  append32(out, 6u << 28 | static_cast<std::uint32_t>(p.tos) << 20);
  append16(out, static_cast<std::uint32_t>(length + extra));
  out.push_back(options ? destination_options : behind);
  out.push_back(p.ttl);
  append(out, wire(p.source));
  append(out, wire(p.destination));
  if (options) {
    out.push_back(behind);
    out.push_back(static_cast<std::uint8_t>((p.extension.size() + 2) / 8 - 1));
    append(out, p.extension);
  }
  if (fragment) {
    out.push_back(p.protocol);
    out.push_back(0);
    append16(out, *fragment);
    append32(out, p.identification);
  }
  return out;
}

Bytes with_ethernet(const Packet& p, const Bytes& packet) {
  Bytes out(p.to.begin(), p.to.end());
  append(out, p.from);
  append16(out, p.source.is_ipv4() ? 0x0800 : 0x86dd);
  append(out, packet);
  return out;
}

Address read_address(std::span<const std::uint8_t> bytes, bool ipv4) {
  std::array<std::uint8_t, 16> out{};
  if (ipv4) out[10] = out[11] = 0xff;
  std::copy_n(bytes.begin(), ipv4 ? 4 : 16, out.begin() + (ipv4 ? 12 : 0));
  return Address::from_bytes(out);
}

std::uint32_t get32(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

/// The headers behind layer 3. `whole`: all of it is there.
void dissect_layer4(Dissected& d, std::span<const std::uint8_t> l4, bool whole) {
  const auto verify = [&](std::uint8_t protocol) {
    const std::uint32_t pseudo =
        protocol == icmp4 ? 0 : pseudo_header_sum(d.source, d.destination, protocol, l4.size());
    if (whole && !d.more_fragments && checksum(l4, pseudo) != 0) d.error = "wrong layer-4 checksum";
  };
  const auto need = [&](std::size_t bytes) {
    if (l4.size() >= bytes) return true;
    if (whole) d.error = "layer-4 header cut off";
    return false;
  };
  if (d.protocol == tcp || d.protocol == udp || d.protocol == sctp) {
    if (!need(4)) return;
    d.source_port = get16(l4, 0);
    d.destination_port = get16(l4, 2);
  }
  if (d.protocol == tcp && need(20)) {
    d.flags = l4[13];
    const std::size_t header = l4[12] / 16 * 4u;
    if (header < 20 || !need(header)) return;
    d.options.assign(l4.begin() + 20, l4.begin() + static_cast<std::ptrdiff_t>(header));
    d.payload.assign(l4.begin() + static_cast<std::ptrdiff_t>(header), l4.end());
    verify(tcp);
  } else if (d.protocol == udp && need(8)) {
    d.payload.assign(l4.begin() + 8, l4.end());
    d.udp_checksum = get16(l4, 6) != 0;
    if (whole && !d.more_fragments && get16(l4, 4) != l4.size()) d.error = "wrong UDP length";
    if (d.udp_checksum) verify(udp);
  } else if (d.protocol == sctp && need(16)) {
    d.chunk = l4[12];
    d.payload.assign(l4.begin() + 16, l4.end());
    Bytes again(l4.begin(), l4.end());
    put_little32(again, sctp_check, 0);
    d.sctp_checksum = !std::equal(again.begin(), again.end(), l4.begin());
    put_little32(again, sctp_check, crc32c(again));
    const bool right = std::equal(again.begin(), again.end(), l4.begin());
    if (whole && !d.more_fragments && d.sctp_checksum && !right) d.error = "wrong SCTP checksum";
  } else if ((d.protocol == icmp4 || d.protocol == icmp6) && need(8)) {
    d.icmp_type = l4[0];
    d.icmp_code = l4[1];
    d.icmp_info = get32(l4, 4);
    d.payload.assign(l4.begin() + 8, l4.end());
    verify(d.protocol);
  } else if (d.protocol != tcp && d.protocol != udp && d.protocol != sctp) {
    d.payload.assign(l4.begin(), l4.end());
  }
}

}  // namespace

Address address(std::string_view text) {
  const auto parsed = Address::parse(text);
  if (!parsed) std::abort();
  return *parsed;
}

std::uint16_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum) {
  std::uint64_t total = sum;
  for (std::size_t i = 0; i < bytes.size(); ++i) total += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return static_cast<std::uint16_t>(~total);
}

std::uint32_t pseudo_header_sum(const Address& source, const Address& destination, std::uint8_t protocol,
                                std::size_t length) {
  Bytes header;
  append(header, wire(source));
  append(header, wire(destination));
  append32(header, static_cast<std::uint32_t>(length));
  append32(header, protocol);
  return static_cast<std::uint16_t>(~checksum(header));
}

Bytes Packet::packet() const {
  const Bytes behind = layer4(*this);
  Bytes out = source.is_ipv4() ? header4(*this, behind.size(), 0) : header6(*this, behind.size(), std::nullopt);
  append(out, behind);
  return out;
}

Bytes Packet::frame() const { return with_ethernet(*this, packet()); }

std::vector<Bytes> Packet::fragments(std::size_t size) const {
  const Bytes whole = layer4(*this);
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < whole.size(); at += size) {
    const std::size_t bytes = std::min(size, whole.size() - at);
    const bool more = at + bytes < whole.size();
    Bytes piece = source.is_ipv4() ? header4(*this, bytes, static_cast<std::uint16_t>(at / 8 | (more ? 0x2000 : 0)))
                                   : header6(*this, bytes, static_cast<std::uint16_t>(at | (more ? 1 : 0)));
    append(piece, std::span(whole).subspan(at, bytes));
    out.push_back(with_ethernet(*this, piece));
  }
  return out;
}

Packet tcp_segment(std::string_view source, std::uint16_t source_port, std::string_view destination,
                   std::uint16_t destination_port, std::uint8_t flags) {
  Packet p;
  p.source = address(source);
  p.destination = address(destination);
  p.source_port = source_port;
  p.destination_port = destination_port;
  p.flags = flags;
  return p;
}

Packet udp_datagram(std::string_view source, std::uint16_t source_port, std::string_view destination,
                    std::uint16_t destination_port, std::string_view payload) {
  Packet p = tcp_segment(source, source_port, destination, destination_port, 0);
  p.protocol = udp;
  p.payload.assign(payload.begin(), payload.end());
  return p;
}

Packet sctp_packet(std::string_view source, std::uint16_t source_port, std::string_view destination,
                   std::uint16_t destination_port, std::uint8_t chunk) {
  Packet p = tcp_segment(source, source_port, destination, destination_port, 0);
  p.protocol = sctp;
  p.chunk = chunk;
  p.payload = Bytes(16, 0x5a);
  return p;
}

Packet icmp_error(std::string_view source, std::string_view destination, std::uint8_t type, std::uint8_t code,
                  std::uint32_t info, Bytes quoted) {
  Packet p;
  p.source = address(source);
  p.destination = address(destination);
  p.protocol = p.source.is_ipv4() ? icmp4 : icmp6;
  p.icmp_type = type;
  p.icmp_code = code;
  p.icmp_info = info;
  p.payload = std::move(quoted);
  return p;
}

Dissected dissect(std::span<const std::uint8_t> packet, bool quoted) {
  Dissected d;
  if (packet.size() < 20) {
    d.error = "IP header cut off";
    return d;
  }
  const bool ipv4 = packet[0] >> 4 == 4;
  std::size_t header = 40, length = 0;
  if (ipv4) {
    header = (packet[0] & 15) * 4u;
    length = get16(packet, 2);
    d.tos = packet[1];
    d.identification = get16(packet, 4);
    d.dont_fragment = packet[6] & 0x40;
    d.more_fragments = packet[6] & 0x20;
    d.fragment_offset = static_cast<std::uint16_t>((get16(packet, 6) & 0x1fff) * 8);
    d.ttl = packet[8];
    d.protocol = packet[9];
    d.source = read_address(packet.subspan(12), true);
    d.destination = read_address(packet.subspan(16), true);
    if (header < 20 || header > packet.size()) {
      d.error = "broken IPv4 header";
      return d;
    }
    if (checksum(packet.first(header)) != 0) d.error = "wrong IPv4 header checksum";
  } else {
    if (packet[0] >> 4 != 6 || packet.size() < 40) {
      d.error = "broken IPv6 header";
      return d;
    }
    length = 40u + get16(packet, 4);
    d.tos = static_cast<std::uint8_t>(get16(packet, 0) >> 4);
    d.protocol = packet[6];
    d.ttl = packet[7];
    d.source = read_address(packet.subspan(8), false);
    d.destination = read_address(packet.subspan(24), false);
    while ((d.protocol == destination_options || d.protocol == fragment_next) && packet.size() >= header + 8) {
      const bool fragment = d.protocol == fragment_next;
      if (fragment) {
        d.identification = get16(packet, header + 6);
        d.fragment_offset = get16(packet, header + 2) & 0xfff8;
        d.more_fragments = get16(packet, header + 2) & 1;
      }
      d.protocol = packet[header];
      header += fragment ? 8 : (packet[header + 1] + 1) * 8u;
    }
  }
  d.length = static_cast<std::uint16_t>(length);
  const bool whole = length <= packet.size();
  if (!quoted && length != packet.size()) d.error = "the length in the IP header is not the packet's";
  const std::size_t begin = std::min(header, packet.size()), end = std::max(begin, std::min(length, packet.size()));
  const std::span<const std::uint8_t> behind = packet.subspan(begin, end - begin);
  if (d.fragment_offset != 0) {
    d.payload.assign(behind.begin(), behind.end());
  } else {
    dissect_layer4(d, behind, whole);
  }
  return d;
}

Dissected dissect_frame(std::span<const std::uint8_t> frame) {
  if (frame.size() < ethernet_bytes) return {.error = "no Ethernet header"};
  Dissected d = dissect(frame.subspan(ethernet_bytes));
  const bool ipv4 = get16(frame, 12) == 0x0800;
  if (d.error.empty() && (ipv4 != d.source.is_ipv4() || (!ipv4 && get16(frame, 12) != 0x86dd))) {
    d.error = "the Ethernet header names another protocol";
  }
  return d;
}

std::uint32_t crc32c(std::span<const std::uint8_t> bytes) {
  std::uint32_t remainder = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    remainder ^= byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~remainder;
}

Bytes from_hex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 2 == 0) out += ' ';
    for (const int digit : {bytes[i] >> 4, bytes[i] & 15}) out += "0123456789abcdef"[digit];
  }
  return out;
}

void put16(Bytes& bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

}  // namespace ballast::packet_test

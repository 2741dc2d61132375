// Replays the frames that ip_vs was recorded with.

#include <deque>
#include <fstream>
#include <map>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

/// The frames of one recording, by the place where they were seen.
struct Recording {
  std::vector<Bytes> outside, inside;
};

std::map<std::string, Recording> read_recordings() {
  std::ifstream file(BALLAST_TEST_DIRECTORY "/golden/packets.txt");
  std::map<std::string, Recording> out;
  std::vector<Bytes>* frames = nullptr;
  std::string line, title;
  while (std::getline(file, line)) {
    if (line.starts_with("## ")) title = line.substr(3);
    if (line == "-- at dir") frames = &out[title].outside;
    if (line == "-- at rs1") frames = &out[title].inside;
    if (frames == nullptr || line.starts_with("#")) continue;
    if (line == "frame") {
      frames->emplace_back();
    } else if (line.starts_with("\t")) {
      const Bytes more = from_hex(line);
      frames->back().insert(frames->back().end(), more.begin(), more.end());
    }
  }
  return out;
}

bool is_to(const Bytes& frame, const MacAddress& mac) { return std::equal(mac.begin(), mac.end(), frame.begin()); }
bool is_from(const Bytes& frame, const MacAddress& mac) {
  return std::equal(mac.begin(), mac.end(), frame.begin() + 6);
}

/// The packet without what is left to chance: the identification where it need not be 0 (and the checksum over it), and
/// the source port of GUE, which is anybody's hash.
std::string comparable(const Bytes& frame) {
  Bytes packet(frame.begin() + ethernet_bytes, frame.end());
  if (packet[0] >> 4 != 4) return to_hex(packet);
  const bool ours = packet[9] == icmp4 || packet[9] == gre || packet[9] == ipip;
  if (ours && (packet[6] & 0x40) == 0) {
    put16(packet, 4, 0);
    put16(packet, 10, 0);
  }
  if (packet[9] == udp && get16(packet, 22) == 6080) put16(packet, 20, 0);
  return to_hex(packet);
}

class Golden : public BothHooks {
 protected:
  void add(std::uint16_t port, std::uint8_t protocol, const ServerSpec& server, std::string_view vip = "10.0.1.100") {
    path().add_server(path().add_service({.address = vip, .port = port, .protocol = protocol}), server);
  }

  /// Sends what was sent to the director and compares with what it sent.
  void replay(const std::string& title) {
    static const auto recordings = read_recordings();
    ASSERT_TRUE(recordings.contains(title)) << title;
    const Recording& recording = recordings.at(title);
    std::deque<Bytes> outside, inside, from_inside;
    for (const Bytes& frame : recording.inside) {
      if (is_from(frame, inside_mac)) inside.push_back(frame);
      if (is_to(frame, inside_mac)) from_inside.push_back(frame);
    }
    for (const Bytes& frame : recording.outside) {
      if (is_from(frame, outside_mac)) outside.push_back(frame);
    }
    for (const Bytes& frame : recording.outside) {
      if (is_to(frame, outside_mac)) {
        const bool answered = inside.empty();
        compare(path().send(frame), answered ? outside : inside);
      } else if (!outside.empty() && !from_inside.empty()) {
        compare(path().send(from_inside.front()), outside);
        from_inside.pop_front();
      }
      if (HasFailure()) FAIL() << title << ": " << to_hex(frame);
    }
    EXPECT_TRUE(inside.empty() && outside.empty() && from_inside.empty()) << title << " was not replayed to its end";
  }

 private:
  void compare(const Answer& answer, std::deque<Bytes>& expected) {
    ASSERT_FALSE(expected.empty()) << "ip_vs sent nothing";
    EXPECT_TRUE(answer.verdict == Verdict::on || answer.verdict == Verdict::back) << path().counters();
    EXPECT_EQ(comparable(answer.frame), comparable(expected.front()));
    EXPECT_EQ(dissect_frame(answer.frame).error, dissect_frame(expected.front()).error);
    if (in_xdp()) {
      EXPECT_EQ(to_hex(std::span(answer.frame).first(14)), to_hex(std::span(expected.front()).first(14)));
    }
    expected.pop_front();
  }
};
FOR_BOTH_HOOKS(Golden);

TEST_P(Golden, NatIsThatOfIpvs) {
  add(53, udp, {.method = abi::FORWARD_NAT});
  add(80, tcp, {.method = abi::FORWARD_NAT});
  replay("UDP NAT tos 0x10 ttl 33 DF");
  replay("UDP NAT ttl 2");
  replay("TCP NAT");
}

TEST_P(Golden, DirectRoutingIsThatOfIpvs) {
  add(53, udp, {.method = abi::FORWARD_ROUTE});
  add(80, tcp, {.method = abi::FORWARD_ROUTE});
  replay("UDP DR tos 0x10 ttl 33 DF");
  replay("UDP DR ttl 1");
  replay("TCP DR");
  replay("UDP DR 4000 bytes: fragments");
}

TEST_P(Golden, IpipIsThatOfIpvs) {
  add(53, udp, {.method = abi::FORWARD_TUNNEL});
  add(80, tcp, {.method = abi::FORWARD_TUNNEL});
  replay("UDP TUN ipip tos 0x10 ttl 33 DF");
  replay("UDP TUN ipip no DF, ttl 1");
  replay("TCP TUN ipip");
  replay("UDP TUN 1472 bytes DF: does not fit");
}

TEST_P(Golden, GueIsThatOfIpvs) {
  add(53, udp, {.method = abi::FORWARD_TUNNEL, .tunnel = abi::TUNNEL_GUE});
  replay("UDP TUN gue (not decapsulated by rs1)");
}

TEST_P(Golden, GreIsThatOfIpvs) {
  add(53, udp, {.method = abi::FORWARD_TUNNEL, .tunnel = abi::TUNNEL_GRE});
  replay("UDP TUN gre");
}

TEST_P(Golden, GreWithChecksumIsThatOfIpvs) {
  add(53, udp, {.method = abi::FORWARD_TUNNEL, .tunnel = abi::TUNNEL_GRE, .tunnel_checksum = true});
  replay("UDP TUN gre csum");
}

TEST_P(Golden, AServiceWithoutServersRefusesAsIpvsDoes) {
  path().add_service();
  replay("TCP SYN to a service without servers");
}

TEST_P(Golden, Ipv6NatIsThatOfIpvs) {
  add(81, udp, {.address = "fd00:2::11"}, "fd00:1::100");
  add(81, tcp, {.address = "fd00:2::11"}, "fd00:1::100");
  replay("UDP6 NAT");
  replay("TCP6 NAT");
}

TEST_P(Golden, Ipv6TunnelsAreThoseOfIpvs) {
  add(81, udp, {.address = "fd00:2::11", .method = abi::FORWARD_TUNNEL}, "fd00:1::100");
  replay("UDP6 TUN (not decapsulated by rs1)");
}

}  // namespace
}  // namespace ballast::packet_test

// A stream of odd and broken frames, always the same one.

#include <algorithm>
#include <random>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

constexpr int frames = 100'000;
constexpr std::size_t growth_max = 52;  // IPv6, UDP and GUE around a packet

class Fuzz : public BothHooks {
 protected:
  void SetUp() override {
    BothHooks::SetUp();
    if (IsSkipped()) return;
    path().settings.icmp_per_second = 1'000'000;
    path().apply_settings();
    const auto add = [&](const ServiceSpec& service, const ServerSpec& server) {
      path().add_server(path().add_service(service), server);
    };
    add({.port = 80, .mss_clamp = 1000}, {.port = 8080});
    add({.port = 53, .protocol = udp}, {.port = 5353});
    add({.port = 81}, {.method = abi::FORWARD_ROUTE, .mtu = 1000});
    add({.port = 54, .protocol = udp},
        {.method = abi::FORWARD_TUNNEL, .tunnel = abi::TUNNEL_GUE, .tunnel_checksum = true});
    add({.port = 82},
        {.address = "fd00:2::11", .method = abi::FORWARD_TUNNEL, .tunnel = abi::TUNNEL_GRE, .tunnel_checksum = true});
    add({.address = "fd00:1::100", .port = 80}, {.port = 8080});
    add({.address = "fd00:1::100", .port = 53, .protocol = udp},
        {.address = "10.0.2.11", .method = abi::FORWARD_TUNNEL});
    add({.port = 3868, .protocol = sctp}, {.port = 9899});
    path().add_service({.port = 83});
  }

  struct Counts {
    std::int64_t of_servers = 0;
    std::int64_t of_table = 0;
    std::int64_t there = 0;
  };

  /// The connections by those who count them, and those that are there, at one moment: they expire meanwhile.
  Counts counts() {
    Counts counts;
    do {
      counts = {.of_table = path().connections_counted(), .there = static_cast<std::int64_t>(path().connections())};
      for (std::uint32_t service = 0; service < 8; ++service) {
        const auto [active, inactive] = path().active_and_inactive(service * CHUNK_MEMBERS);
        EXPECT_GE(active, 0);
        EXPECT_GE(inactive, 0);
        counts.of_servers += active + inactive;
      }
    } while (counts.of_table != path().connections_counted());
    return counts;
  }

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  bool once_in(std::uint32_t n) { return below(n) == 0; }
  Bytes bytes(std::size_t count) {
    Bytes out(count);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
  }

  /// A sound packet: from a client, from a server, or an error about one.
  Packet sound(bool may_be_error = true) {
    const bool ipv4 = !once_in(3), reply = once_in(3);
    static constexpr std::uint16_t ports[] = {80, 53, 81, 54, 82, 83, 3868, 8080, 5353, 9899, 7};
    Packet p;
    p.protocol = once_in(6) ? sctp : once_in(2) ? tcp : udp;
    const Address client =
        ipv4 ? Address::ipv4(0x0a090000 + below(16)) : address("fd00:9::" + std::to_string(1 + below(9)));
    const Address ours = address(reply ? ipv4 ? "10.0.2.11" : "fd00:2::11" : ipv4 ? "10.0.1.100" : "fd00:1::100");
    p.source = reply ? ours : client;
    p.destination = reply ? client : ours;
    p.source_port = static_cast<std::uint16_t>(1000 + below(32));
    p.destination_port = ports[below(std::size(ports))];
    if (reply) std::swap(p.source_port, p.destination_port);
    p.ttl = static_cast<std::uint8_t>(once_in(8) ? below(3) : 64);
    p.tos = static_cast<std::uint8_t>(random_());
    p.dont_fragment = once_in(2);
    p.flags = static_cast<std::uint8_t>(once_in(2) ? int{syn} : below(64));
    p.payload = bytes(once_in(8) ? below(1400) : below(60));
    if (ipv4 && once_in(6)) p.ip_options = bytes((1 + below(10)) * 4);
    if (!ipv4 && once_in(6)) p.extension = bytes(6 + 8 * below(4));
    if (p.protocol == tcp && once_in(2))
      p.tcp_options = once_in(2) ? from_hex("0204 05b4 0101 0402") : bytes((1 + below(10)) * 4);
    if (p.protocol == sctp) p.chunk = static_cast<std::uint8_t>(once_in(2) ? int{init} : below(16));
    if (p.protocol == udp && ipv4) p.udp_checksum = !once_in(4);
    if (!may_be_error || !once_in(3)) return p;
    Bytes quoted = sent_on_.empty() ? sound(false).packet() : sent_on_;
    if (once_in(2)) quoted.resize(below(static_cast<std::uint32_t>(quoted.size())) + 1);
    const Dissected d = dissect(quoted, true);
    if (d.source == Address() || d.source.is_ipv4() != d.destination.is_ipv4()) return p;
    Packet error = icmp_error(d.destination.to_string(), d.source.to_string(), 0, 0, below(2000), quoted);
    error.icmp_type = static_cast<std::uint8_t>(d.source.is_ipv4() ? once_in(2) ? 3 : 11 : 1 + below(4));
    error.icmp_code = static_cast<std::uint8_t>(below(6));
    return error;
  }

  Bytes broken(Bytes frame) {
    for (auto n = 1 + below(4); n > 0; --n)
      frame[below(static_cast<std::uint32_t>(frame.size()))] ^= static_cast<std::uint8_t>(1u << below(8));
    if (once_in(4)) frame.resize(ethernet_bytes + below(static_cast<std::uint32_t>(frame.size() - ethernet_bytes)));
    if (once_in(8)) frame.resize(frame.size() + below(20));
    return frame;
  }

  void expect_decent(const Bytes& frame, const Answer& answer) {
    ASSERT_NE(answer.verdict, Verdict::unknown);
    ASSERT_LE(answer.frame.size(), frame.size() + growth_max);
    if (answer.verdict == Verdict::pass) {
      ASSERT_EQ(to_hex(answer.frame), to_hex(frame));
    }
    if (answer.verdict == Verdict::on || answer.verdict == Verdict::back) {
      sent_on_ = answer.packet();
      if (dissect_frame(frame).error.empty()) {
        ASSERT_EQ(dissect(answer.packet()).error, "") << to_hex(frame) << "\nbecame\n" << to_hex(answer.frame);
      }
    }
  }

 private:
  std::mt19937_64 random_{42};
  Bytes sent_on_;  ///< the last packet that a program let out: what errors are about
};
FOR_BOTH_HOOKS(Fuzz);

TEST_P(Fuzz, SoundPacketsStaySoundAndBrokenOnesDoNoHarm) {
  for (int i = 0; i < frames; ++i) {
    const Packet p = sound();
    std::vector<Bytes> sent{p.frame()};
    if (once_in(8)) sent = p.fragments(8 * (1 + below(40)));
    if (sent.size() > 4) sent.resize(4);
    for (Bytes& frame : sent) {
      if (once_in(2)) frame = broken(std::move(frame));
      expect_decent(frame, path().send(frame));
      if (HasFailure()) FAIL() << "frame " << i << ": " << to_hex(frame);
    }
  }
  for (const char* name : {"malformed", "forwarded_nat", "forwarded_route", "forwarded_tunnel", "replies_nat",
                           "no_server", "ttl_exceeded", "too_big", "icmp_relayed_to_server", "icmp_relayed_to_client",
                           "icmp_relayed_tunnel", "mss_clamped", "fragment_without_first"}) {
    EXPECT_GT(path().counter(name), 0u) << name << " did not happen: the frames are too tame";
  }
  const auto [of_servers, of_table, there] = counts();
  EXPECT_EQ(of_servers, there);
  EXPECT_EQ(of_table, there);
}

}  // namespace
}  // namespace ballast::packet_test

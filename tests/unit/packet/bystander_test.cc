// What is nobody's business passes byte for byte.

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Bystanders : public BothHooks {
 protected:
  void SetUp() override {
    BothHooks::SetUp();
    if (IsSkipped()) return;
    path().add_server(path().add_service());
    path().add_server(path().add_service({.address = "fd00:1::100"}), {});
    path().add_server(path().add_service({.port = 53, .protocol = udp}));
  }
};
FOR_BOTH_HOOKS(Bystanders);

TEST_P(Bystanders, OtherAddressesPortsAndProtocolsPassUntouched) {
  expect_untouched(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 81, syn).frame());
  expect_untouched(tcp_segment("10.9.0.1", 2000, "10.0.1.101", 80, syn).frame());
  expect_untouched(tcp_segment("fd00:9::1", 2000, "fd00:1::101", 80, syn).frame());
  expect_untouched(udp_datagram("10.9.0.1", 2000, "10.0.1.100", 80).frame());
  for (const int protocol : {0, 2, 4, 41, 47, 50, 132, 255}) {
    Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn);
    p.protocol = static_cast<std::uint8_t>(protocol);
    p.payload = Bytes(40);
    expect_untouched(p.frame());
  }
  EXPECT_EQ(path().counters(), "");
}

TEST_P(Bystanders, PingsArpAndVlansPassUntouched) {
  expect_untouched(icmp_error("10.9.0.1", "10.0.1.100", 8, 0, 0x10001, Bytes(56, 'p')).frame());
  expect_untouched(icmp_error("fd00:9::1", "fd00:1::100", 128, 0, 0x10001, Bytes(56, 'p')).frame());
  expect_untouched(icmp_error("fd00:1::2", "ff02::1:ff00:100", 135, 0, 0, Bytes(24, 'n')).frame());
  Bytes arp = from_hex("ffff ffff ffff 0200 0000 0102 0806 0001 0800 0604 0001 0200 0000 0102 0a00 0102");
  arp.resize(60);
  expect_untouched(arp);
  Bytes tagged = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn).frame();
  const Bytes tag = from_hex("8100 0005");
  tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
  expect_untouched(tagged);
  EXPECT_EQ(path().counters(), "");
}

TEST_P(Bystanders, BrokenPacketsPassUntouchedAndAreCounted) {
  const Bytes whole = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn).frame();
  const auto changed = [&](std::size_t at, int value) {
    Bytes frame = whole;
    frame[at] = static_cast<std::uint8_t>(value);
    return frame;
  };
  std::uint64_t broken = 0;
  const auto expect_broken = [&](const Bytes& frame) {
    expect_untouched(frame);
    EXPECT_EQ(path().counter("malformed"), ++broken) << to_hex(frame);
  };
  expect_broken(changed(14, 0x44));  // header of 16 bytes
  expect_broken(changed(14, 0x65));  // version 6
  expect_broken(changed(16, 0x10));  // longer than the frame
  expect_broken(changed(17, 19));    // shorter than its header
  expect_broken(changed(14, 0x4f));  // options up to the frame's end
  expect_broken({whole.begin(), whole.begin() + 14 + 20 + 19});
  for (std::size_t cut = 14 + 20; cut < whole.size(); ++cut) expect_broken({whole.begin(), whole.begin() + cut});
  const Bytes whole6 = tcp_segment("fd00:9::1", 2000, "fd00:1::100", 80, syn).frame();
  for (std::size_t cut = 14 + 40; cut < whole6.size(); ++cut) expect_broken({whole6.begin(), whole6.begin() + cut});
  EXPECT_EQ(path().connections(), 0u);
}

/// A link address as the daemon tells it to the programs, for lo, where the bench's frames come in.
std::uint64_t own_mac_of_lo(const MacAddress& mac) {
  std::uint64_t value = 0;
  std::uint8_t* bytes = reinterpret_cast<std::uint8_t*>(&value);
  bytes[0] = 1;  // the interface's index
  for (const std::size_t half : {0u, 1u, 2u}) std::copy_n(&mac[2 * half], 2, &bytes[6 - 2 * half]);
  return value;
}

TEST_P(Bystanders, FramesForAnotherMachinePassUntouched) {
  const auto frame_to = [](const MacAddress& to) {
    Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn);
    p.to = to;
    return p.frame();
  };
  constexpr MacAddress other{2, 0, 0, 0, 1, 9};
  EXPECT_EQ(path().send(frame_to(other)).verdict, Verdict::on) << "nothing is known of the interface";
  path().settings.own_macs[1] = own_mac_of_lo(outside_mac);
  path().apply_settings();
  expect_untouched(frame_to(other));
  expect_untouched(frame_to({2, 0, 0, 0, 0, 1}));
  EXPECT_EQ(path().send(frame_to(outside_mac)).verdict, Verdict::on);
  EXPECT_EQ(path().send(frame_to({0, 0, 0x5e, 0, 1, 51})).verdict, Verdict::on) << "a virtual router's, IPv4";
  EXPECT_EQ(path().send(frame_to({0, 0, 0x5e, 0, 2, 51})).verdict, Verdict::on) << "a virtual router's, IPv6";
  EXPECT_EQ(path().send(frame_to({1, 0, 0x5e, 0, 0, 1})).verdict, Verdict::on) << "multicast";
  EXPECT_EQ(path().counter("forwarded_nat"), 5u);
  path().settings.own_macs[1] += 256;  // that of another interface, which shares the place
  path().apply_settings();
  EXPECT_EQ(path().send(frame_to(other)).verdict, Verdict::on);
}

TEST_P(Bystanders, AnInterfaceWhoseLinkAddressHasJustChangedTakesFramesForTheNewOne) {
  path().settings.own_macs[1] = own_mac_of_lo(outside_mac);
  path().apply_settings();
  Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn);
  p.to = {};  // that of lo
  if (in_xdp()) {
    expect_untouched(p.frame());  // the TC program gets it
  } else {
    EXPECT_EQ(path().send(p).verdict, Verdict::on);
  }
}

TEST_P(Bystanders, RepliesAreNotLookedForWithoutNat) {
  path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn));
  path().settings.flags = 0;
  path().apply_settings();
  expect_untouched(tcp_segment("10.0.2.11", 80, "10.9.0.1", 2000, syn | ack).frame());
}

}  // namespace
}  // namespace ballast::packet_test

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Mss : public BothHooks {
 protected:
  void SetUp() override {
    BothHooks::SetUp();
    if (IsSkipped()) return;
    const auto service = path().add_service({.mss_clamp = 1400});
    path().add_server(service);
  }
  static Packet with_options(std::uint8_t flags, Bytes options) {
    Packet p = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, flags);
    p.tcp_options = std::move(options);
    return p;
  }
  /// The options of what the server gets of a client's segment; the packet must be sound.
  std::string arriving(std::uint8_t flags, Bytes options) {
    const Dissected d = dissect(path().send(with_options(flags, std::move(options))).packet());
    EXPECT_EQ(d.error, "");
    return to_hex(d.options);
  }
};
FOR_BOTH_HOOKS(Mss);

TEST_P(Mss, IsLoweredInTheSynWhereverTheOptionStands) {
  EXPECT_EQ(arriving(syn, from_hex("0204 05b4")), "0204 0578");
  EXPECT_EQ(arriving(syn, from_hex("0101 0204 05b4 0101")), "0101 0204 0578 0101");
  EXPECT_EQ(arriving(syn, from_hex("01 0204 05b4 010101")), "0102 0405 7801 0101");  // across two words
  EXPECT_EQ(arriving(syn, from_hex("0402 080a 00000000 00000000 0204 05b4 0103 0306")),
            "0402 080a 0000 0000 0000 0000 0204 0578 0103 0306");
  EXPECT_EQ(arriving(syn, from_hex("fe24 0000000000000000000000000000000000000000000000000000000000000000"
                                   "0000 0204 05b4")),
            "fe24 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0204 0578");
  EXPECT_EQ(path().counter("mss_clamped"), 5u);
}

TEST_P(Mss, IsLoweredInTheSynAckOfANatedServer) {
  path().send(with_options(syn, {}));
  Packet p = tcp_segment("10.0.2.11", 80, "10.9.0.1", 2000, syn | ack);
  p.tcp_options = from_hex("0204 05b4");
  const Dissected d = dissect(path().send(p).packet());
  EXPECT_EQ(d.error, "");
  EXPECT_EQ(to_hex(d.options), "0204 0578");
}

TEST_P(Mss, IsNeverRaised) {
  EXPECT_EQ(arriving(syn, from_hex("0204 0578")), "0204 0578");
  EXPECT_EQ(arriving(syn, from_hex("0204 0218")), "0204 0218");
  EXPECT_EQ(path().counter("mss_clamped"), 0u);
}

TEST_P(Mss, IsLeftAloneInOtherSegmentsAndWhereOptionsAreAbsentOrBroken) {
  arriving(syn, {});
  EXPECT_EQ(arriving(ack, from_hex("0204 05b4")), "0204 05b4");
  for (const std::string_view options : {"0104 05b4", "0004 05b4 0204 05b4", "0203 05b4", "0300 0204 05b4 0000",
                                         "0301 0204 05b4 0000", "05ff 0204 05b4 0000", "0101 0102", "0101 0204"}) {
    const std::string same = to_hex(from_hex(options));
    EXPECT_EQ(arriving(syn, from_hex(options)), same);
  }
  EXPECT_EQ(path().counter("mss_clamped"), 0u);
}

TEST_P(Mss, IsLeftAloneWithoutTheSetting) {
  auto service = path().service(0);
  service.mss_clamp = 0;
  path().set_service(0, service);
  EXPECT_EQ(arriving(syn, from_hex("0204 ffff")), "0204 ffff");
}

}  // namespace
}  // namespace ballast::packet_test

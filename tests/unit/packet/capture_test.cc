#include "packet_path.h"

namespace ballast::packet_test {
namespace {

constexpr std::int64_t hours_2 = 7'200'000'000'000;

/// Nobody has buffers here: a packet that a capture wants is counted as lost.
class Capture : public BothHooks {
 protected:
  void SetUp() override {
    BothHooks::SetUp();
    if (IsSkipped()) return;
    path().add_server(path().add_service());
    orders_.filter.protocol = -1;
    orders_.snap_length = CAPTURE_BYTES_MAX;
    let_lease_last(true);
  }
  void let_lease_last(bool lasts) {
    path().settings.capture_lease = lasts ? path().settings.lease : path().settings.lease - abi::ticks(hours_2);
    path().apply_settings();
  }
  /// How many of a request and its reply are wanted. They must go their way as ever.
  std::uint64_t wanted() {
    path().set_capture_orders(orders_);
    const auto request = tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, syn);
    const auto reply = tcp_segment("10.0.2.11", 80, "10.9.0.1", 2000, syn | ack);
    EXPECT_EQ(path().send(request).verdict, Verdict::on);
    EXPECT_EQ(path().send(reply).verdict, Verdict::on);
    return path().capture_orders().lost;
  }
  static abi::capture_place place(std::string_view text, std::uint32_t port) {
    abi::capture_place made{.address = abi::to_abi(address(text)), .mask = {}, .port = port, .used = 1};
    for (auto& half : made.mask.half) half = ~0ull;
    return made;
  }
  abi::capture_orders orders_{};
};
FOR_BOTH_HOOKS(Capture);

TEST_P(Capture, TakesEveryPacketWhileItsLeaseLasts) {
  EXPECT_EQ(wanted(), 2u);
  EXPECT_EQ(path().capture_lease(), path().settings.capture_lease);
}

TEST_P(Capture, TakesNothingWithoutALease) {
  path().settings.capture_lease = 0;
  path().apply_settings();
  EXPECT_EQ(wanted(), 0u);
}

TEST_P(Capture, ALeaseThatIsOverIsEndedByTheNextPacket) {
  let_lease_last(false);
  EXPECT_EQ(wanted(), 0u);
  EXPECT_EQ(path().capture_lease(), 0u);
}

TEST_P(Capture, FindsATranslatedPacketByEitherSide) {
  orders_.filter.virtual_address = place("10.0.1.100", 80);
  EXPECT_EQ(wanted(), 2u);
  orders_.filter.server = place("10.0.2.11", 80);
  EXPECT_EQ(wanted(), 2u);
}

TEST_P(Capture, LeavesOutWhatTheFilterDoesNotMean) {
  orders_.filter.client = place("10.9.0.2", 0);
  EXPECT_EQ(wanted(), 0u);
  orders_.filter.client = place("10.9.0.1", 2001);
  EXPECT_EQ(wanted(), 0u);
  orders_.filter.client = {};
  orders_.filter.protocol = udp;
  EXPECT_EQ(wanted(), 0u);
}

}  // namespace
}  // namespace ballast::packet_test

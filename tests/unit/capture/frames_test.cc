#include "frames.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#include "bpf/counters.h"

namespace ballast::capture {
namespace {

const Bytes came = ipv4_frame(IPPROTO_TCP, "10.0.0.2:4000", "10.0.1.100:80", 1000);
const Bytes translated = ipv4_frame(IPPROTO_TCP, "10.0.0.2:4000", "10.0.2.11:8080", 1000);

TEST(Frames, AForwardedPacketIsShownAsItCameAndAsItWasSent) {
  auto run = run_of(came, translated, abi::CAPTURE_XDP, XDP_REDIRECT);
  run.record.counters = 1ULL << COUNTER_forwarded_nat | 1ULL << COUNTER_connections_created;
  const auto frames = frames_of(run, CAPTURE_BYTES_MAX);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_FALSE(frames[0].out);
  EXPECT_EQ(frames[0].bytes, came);
  EXPECT_EQ(frames[0].monotonic, 1000u);
  EXPECT_TRUE(frames[1].out);
  EXPECT_EQ(frames[1].bytes, translated);
  EXPECT_EQ(frames[1].monotonic, 1500u);
  for (const auto& frame : frames) {
    EXPECT_EQ(frame.fate, "forwarded, XDP_REDIRECT (forwarded_nat, connections_created)");
    EXPECT_EQ(frame.interface_index, 7u);
  }
}

TEST(Frames, APacketInATunnelCameWithoutTheOuterHeader) {
  Bytes wrapped(came.begin(), came.begin() + 14);
  wrapped.resize(14 + 20);
  wrapped.insert(wrapped.end(), came.begin() + 14, came.end());
  EXPECT_EQ(frames_of(run_of(came, wrapped, abi::CAPTURE_TC_INGRESS, TC_ACT_REDIRECT), CAPTURE_BYTES_MAX)[0].bytes,
            came);
}

TEST(Frames, ADroppedPacketIsShownOnce) {
  auto run = run_of(came, came, abi::CAPTURE_TC_INGRESS, TC_ACT_SHOT);
  run.record.counters = 1ULL << COUNTER_server_gone;
  const auto frames = frames_of(run, CAPTURE_BYTES_MAX);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].fate, "dropped, TC_ACT_SHOT (server_gone)");
  EXPECT_EQ(frames[0].bytes, came);
}

TEST(Frames, APacketThatPassesIsShownTwiceOnlyIfItWasChanged) {
  const auto untouched = frames_of(run_of(came, came, abi::CAPTURE_XDP, XDP_PASS), CAPTURE_BYTES_MAX);
  ASSERT_EQ(untouched.size(), 1u);
  EXPECT_EQ(untouched[0].fate, "passed to the kernel, XDP_PASS");
  const auto changed = frames_of(run_of(came, translated, abi::CAPTURE_TC_EGRESS, TC_ACT_UNSPEC), CAPTURE_BYTES_MAX);
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[1].fate, "changed and passed to the kernel, TC_ACT_UNSPEC");
}

TEST(Frames, OfAPacketThatWasAnsweredOnlyTheHeadIsKnown) {
  const Bytes error = ipv4_frame(IPPROTO_ICMP, "10.0.1.100:0", "10.0.0.2:0", 1028);
  const auto frames = frames_of(run_of(came, error, abi::CAPTURE_XDP, XDP_TX), CAPTURE_BYTES_MAX);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].fate, "answered, XDP_TX");
  EXPECT_EQ(frames[0].bytes, Bytes(came.begin(), came.begin() + CAPTURE_HEAD));
  EXPECT_EQ(frames[0].length, came.size());
  EXPECT_EQ(frames[1].bytes, error);
}

TEST(Frames, NoMoreThanTheSnapLengthIsKept) {
  for (const std::uint32_t snap : {1u, 60u, 256u, 300u}) {
    const auto frames = frames_of(run_of(came, translated, abi::CAPTURE_XDP, XDP_TX, snap), snap);
    EXPECT_EQ(frames[0].bytes, Bytes(came.begin(), came.begin() + snap));
    EXPECT_EQ(frames[1].bytes, Bytes(translated.begin(), translated.begin() + snap));
    EXPECT_EQ(frames[0].length, came.size());
  }
}

TEST(Frames, ARecordOfAShortFrameIsTakenAsItIs) {
  const Bytes runt(3);
  EXPECT_EQ(frames_of(run_of(runt, runt, abi::CAPTURE_XDP, XDP_PASS), CAPTURE_BYTES_MAX)[0].bytes, runt);
  EXPECT_EQ(frames_of(run_of({}, {}, abi::CAPTURE_XDP, 99), CAPTURE_BYTES_MAX)[0].fate,
            "passed to the kernel, unknown verdict");
}

}  // namespace
}  // namespace ballast::capture

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "frames.h"
#include "kernel_programs.h"

namespace ballast::realserver::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr Ip outer4{"10.0.2.1", "10.0.2.11"};
constexpr Ip outer6{"fd00:2::1", "fd00:2::11"};
constexpr Ip inner4{"10.9.0.1", "10.0.0.13"};
constexpr Ip inner6{"fd00:9::1", "fd00::13"};

class Decap : public KernelPrograms {
 protected:
  void SetUp() override {
    KernelPrograms::SetUp();
    if (!IsSkipped()) prepare();
  }

  void prepare() {
    add_local("10.0.2.11");
    add_local("fd00:2::11");
    add_vip("10.0.0.13", {1, 0});
    add_vip("fd00::13", {1, 0});
  }

  void expect_unwrapped(const Bytes& tunnelled, const Bytes& inner) {
    const auto outcome = unwrap(frame(tunnelled));
    EXPECT_EQ(outcome.verdict, pass);
    EXPECT_EQ(outcome.frame, frame(inner));
  }

  void expect_untouched(const Bytes& tunnelled, const char* counter) {
    const auto outcome = unwrap(frame(tunnelled));
    EXPECT_EQ(outcome.verdict, pass);
    EXPECT_EQ(outcome.frame, frame(tunnelled));
    EXPECT_THAT(counters(), ElementsAre(Pair(counter, 1)));
  }

  void expect_all_combinations() {
    for (const Ip& outer : {outer4, outer6}) {
      for (const Ip& header : {inner4, inner6}) {
        SCOPED_TRACE(std::string(header.destination) + " in " + outer.destination);
        const Bytes inner = ip(header, 17, udp(5000, 53, Bytes(100, 'x')));
        expect_unwrapped(ipip(outer, inner), inner);
        expect_unwrapped(gue(outer, inner), inner);
        expect_unwrapped(gue_bare(outer, inner), inner);
        expect_unwrapped(gre(outer, inner), inner);
        expect_unwrapped(gre_checksum(outer, inner), inner);
      }
    }
    EXPECT_THAT(counters(),
                ElementsAre(Pair("decapsulated_gre", 8), Pair("decapsulated_gue", 8), Pair("decapsulated_ipip", 4)));
  }
};

Bytes question(const Ip& header = inner4) { return ip(header, 17, udp(5000, 53, {'h', 'i'})); }

TEST_F(Decap, UnwrapsEveryTunnelInEveryCombinationOfFamilies) { expect_all_combinations(); }

TEST_F(Decap, UnwrapsTheSameOnKernelsWithoutDecapsulationFlags) {
  load(true);
  prepare();
  expect_all_combinations();
}

TEST_F(Decap, LeavesEthernetPaddingBehindThePacket) {
  const auto padding = Bytes(6, 0);
  const auto outcome = unwrap(frame(ipip(outer4, question())) + padding);
  EXPECT_EQ(outcome.frame, frame(question()) + padding);
}

TEST_F(Decap, StepsOverOuterOptions) {
  Ip with_options = outer4;
  with_options.options = {1, 1, 1, 0};
  expect_unwrapped(ipip(with_options, question()), question());
  const Bytes encapsulation_limit = {4, 0, 4, 1, 4, 1, 0, 0};
  expect_unwrapped(ip(outer6, 60, encapsulation_limit + question()), question());
}

TEST_F(Decap, FillsInTheChecksumThatRemoteOffloadLeft) {
  for (const std::size_t size : {1UZ, 2UZ, 247UZ, 248UZ, 249UZ, 255UZ, 256UZ, 1300UZ}) {
    Bytes payload;
    for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<std::uint8_t>(i * 7 + 1));
    const Bytes datagram = udp(5000, 53, payload);
    const Bytes pseudo = address_bytes(inner4.source) + address_bytes(inner4.destination) + Bytes{0, 17} +
                         be16(static_cast<unsigned>(datagram.size()));
    const Bytes unfinished = with_checksum(datagram, 6, ~checksum(pseudo) & 0xffff);
    const Bytes finished = with_checksum(datagram, 6, checksum(pseudo + datagram));
    const Bytes header = {2, 4, 0, 1, 0x80, 0, 0, 0, 0, 20, 0, 26};
    const Bytes tunnelled = ip(outer4, 17, udp(40000, 6080, header + ip(inner4, 17, unfinished)));
    expect_unwrapped(tunnelled, ip(inner4, 17, finished));
  }
}

TEST_F(Decap, PropagatesCongestionMarksAsRfc6040Says) {
  // Rows: inner Not-ECT, ECT(1), ECT(0), CE; columns: the same of the outer header; -1: drop.
  constexpr int expected[4][4] = {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
  for (const bool ipv6 : {false, true}) {
    for (std::uint8_t inner = 0; inner < 4; ++inner) {
      for (std::uint8_t mark = 0; mark < 4; ++mark) {
        SCOPED_TRACE(testing::Message() << "inner " << +inner << " outer " << +mark << " ipv6 " << ipv6);
        Ip outer = ipv6 ? outer6 : outer4;
        Ip header = ipv6 ? inner6 : inner4;
        outer.traffic_class = 0xb8 | mark;
        header.traffic_class = static_cast<std::uint8_t>(0x28 | inner);
        const auto outcome = unwrap(frame(ipip(outer, question(header))));
        const int after = expected[inner][mark];
        EXPECT_EQ(outcome.verdict, after < 0 ? drop : pass);
        if (after < 0) continue;
        header.traffic_class = static_cast<std::uint8_t>(0x28 | after);
        EXPECT_EQ(outcome.frame, frame(question(header)));
      }
    }
  }
  EXPECT_EQ(counters()["dropped_ecn"], 2);
}

TEST_F(Decap, LeavesPacketsForOtherInnerAddresses) {
  expect_untouched(ipip(outer4, question({"10.9.0.1", "10.0.0.14"})), "passed_not_for_vip");
}

TEST_F(Decap, LeavesPacketsForAVipThatIsNotTunnelled) {
  add_vip("10.0.0.13", {0, 1400});
  expect_untouched(ipip(outer4, question()), "passed_not_for_vip");
}

TEST_F(Decap, LeavesTunnelsThatEndElsewhere) {
  expect_untouched(ipip({"10.0.2.1", "10.0.2.12"}, question()), "passed_not_local");
}

TEST_F(Decap, LeavesFragmentsOfTunnelPackets) {
  Ip fragment = outer4;
  fragment.fragment = 0x2000;
  expect_untouched(ipip(fragment, question()), "passed_fragment");
}

TEST_F(Decap, LeavesIpv6FragmentsOfTunnelPackets) {
  expect_untouched(ip(outer6, 44, Bytes{4, 0, 0, 1, 0, 0, 0, 9} + question()), "passed_fragment");
}

TEST_F(Decap, LeavesAnOuterHeaderWithAWrongChecksum) {
  auto tunnelled = ipip(outer4, question());
  tunnelled[8] ^= 1;
  expect_untouched(tunnelled, "passed_malformed");
}

TEST_F(Decap, LeavesInnerPacketsThatClaimMoreThanThereIs) {
  auto inner = question();
  inner[3] += 1;
  expect_untouched(ipip(outer4, inner), "passed_malformed");
}

TEST_F(Decap, LeavesInnerPacketsOfAnotherVersionThanAnnounced) {
  expect_untouched(ip(outer4, 41, question()), "passed_malformed");
}

TEST_F(Decap, LeavesAChecksumOffsetBehindTheEnd) {
  const Bytes header = {2, 4, 0, 1, 0x80, 0, 0, 0, 0, 20, 0, 29};
  expect_untouched(ip(outer4, 17, udp(40000, 6080, header + question())), "passed_malformed");
}

TEST_F(Decap, LeavesGueControlMessages) {
  expect_untouched(ip(outer4, 17, udp(40000, 6080, Bytes{0x20, 4, 0, 0} + question())), "passed_unsupported");
}

TEST_F(Decap, LeavesGreWithAKey) {
  expect_untouched(ip(outer4, 47, Bytes{0x20, 0, 8, 0, 0, 0, 0, 1} + question()), "passed_unsupported");
}

TEST_F(Decap, LeavesEverythingElseUncounted) {
  for (const Bytes& packet : {question(outer4), question(outer6), gue(outer4, question(), 6081),
                              ip(outer4, 6, Bytes(20, 0)), ip(outer4, 17, Bytes{1})}) {
    const auto outcome = unwrap(frame(packet));
    EXPECT_EQ(outcome.verdict, pass);
    EXPECT_EQ(outcome.frame, frame(packet));
  }
  EXPECT_THAT(counters(), IsEmpty());
}

TEST_F(Decap, NeverGrowsNorInventsAVerdictWhateverArrives) {
  constexpr std::size_t shortest = 54;  // the kernel's test run takes none without a whole IP header
  std::mt19937 random(20240611);
  const std::vector<Bytes> seeds = {frame(ipip(outer4, question())), frame(ipip(outer6, question(inner6))),
                                    frame(gue(outer4, question(inner6))), frame(gre_checksum(outer6, question())),
                                    frame(gue_bare(outer6, question()))};
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = seeds[random() % seeds.size()];
    if (random() % 4 == 0) bytes.resize(shortest + random() % (bytes.size() - shortest));
    for (auto flips = random() % 4; flips > 0; --flips) bytes[12 + random() % (bytes.size() - 12)] ^= random() & 0xff;
    const auto outcome = unwrap(bytes);
    ASSERT_TRUE(outcome.verdict == pass || outcome.verdict == drop) << outcome.verdict;
    ASSERT_LE(outcome.frame.size(), bytes.size());
    if (outcome.frame.size() == bytes.size() && outcome.verdict == pass) {
      ASSERT_EQ(outcome.frame, bytes);
    }
  }
  EXPECT_EQ(counters().count("dropped_resize"), 0);
}

/// A TCP segment from the VIP with the given flags and options (a multiple of 4 bytes), checksum right.
Bytes segment(const Ip& header, std::uint8_t flags, const Bytes& options) {
  const Bytes tcp = be16(80) + be16(5000) + Bytes(8, 1) +
                    Bytes{static_cast<std::uint8_t>((20 + options.size()) / 4 << 4), flags} + be16(1024) + be16(0) +
                    be16(0) + options;
  const Bytes pseudo = address_bytes(header.source) + address_bytes(header.destination) + Bytes{0, 6} +
                       be16(static_cast<unsigned>(tcp.size()));
  return ip(header, 6, with_checksum(tcp, 16, checksum(pseudo + tcp)));
}

class Mss : public KernelPrograms {
 protected:
  void SetUp() override {
    KernelPrograms::SetUp();
    if (IsSkipped()) return;
    add_vip("10.0.0.13", {1, 1400});
    add_vip("fd00::13", {1, 1400});
    add_vip("10.0.0.14", {1, 0});
  }
};

constexpr Ip reply4{"10.0.0.13", "10.9.0.1"};
constexpr Ip reply6{"fd00::13", "fd00:9::1"};
constexpr std::uint8_t syn_ack = 0x12;

TEST_F(Mss, IsLoweredWhereverTheOptionStandsAndTheChecksumStaysRight) {
  for (const Ip& header : {reply4, reply6}) {
    EXPECT_EQ(clamp(frame(segment(header, syn_ack, {2, 4, 0x05, 0xb4}))).frame,
              frame(segment(header, syn_ack, {2, 4, 0x05, 0x78})));
    EXPECT_EQ(clamp(frame(segment(header, syn_ack, {1, 2, 4, 0x05, 0xb4, 1, 1, 0}))).frame,
              frame(segment(header, syn_ack, {1, 2, 4, 0x05, 0x78, 1, 1, 0})));
    EXPECT_EQ(clamp(frame(segment(header, syn_ack, {3, 3, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 2, 2, 4, 0x23, 0x28, 1, 1})))
                  .frame,
              frame(segment(header, syn_ack, {3, 3, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 2, 2, 4, 0x05, 0x78, 1, 1})));
  }
  EXPECT_THAT(counters(), ElementsAre(Pair("mss_clamped", 6)));
}

TEST_F(Mss, IsLeftAloneWhereItMust) {
  const Ip other{"10.0.0.99", "10.9.0.1"};
  const Ip unclamped{"10.0.0.14", "10.9.0.1"};
  for (const Bytes& packet :
       {segment(reply4, syn_ack, {2, 4, 0x05, 0x78}), segment(reply4, syn_ack, {2, 4, 0x02, 0x18}),
        segment(reply4, 0x10, {2, 4, 0x05, 0xb4}), segment(other, syn_ack, {2, 4, 0x05, 0xb4}),
        segment(unclamped, syn_ack, {2, 4, 0x05, 0xb4}), segment(reply4, syn_ack, {0, 2, 4, 5}),
        segment(reply4, syn_ack, {1, 0, 2, 4}), segment(reply4, syn_ack, {8, 1, 2, 4, 5, 0xb4, 0, 0}),
        segment(reply4, syn_ack, {2, 3, 0x05, 0xb4}), segment(reply4, syn_ack, {1, 1, 2, 4}),
        segment(reply4, syn_ack, {}), question(reply4)}) {
    EXPECT_EQ(clamp(frame(packet)).frame, frame(packet));
  }
  EXPECT_THAT(counters(), IsEmpty());
}

}  // namespace
}  // namespace ballast::realserver::test

#include "explain/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "explain/question.h"

namespace ballast::explain {
namespace {

using capture::Bytes;
using testing::ElementsAre;
using testing::IsEmpty;

Bytes frame(std::string_view from, std::string_view to, std::uint8_t ttl = 64) {
  return *frame_of({.from = *net::Endpoint::parse(from), .to = *net::Endpoint::parse(to), .ttl = ttl}, true);
}

const Bytes came = frame("1.2.3.4:5555", "10.0.0.13:80");

/// `inner` behind 20 bytes of an IPv4 header.
Bytes wrapped(const Bytes& inner) {
  Bytes out =
      *frame_of({.from = *net::Endpoint::parse("10.0.0.1:0"), .to = *net::Endpoint::parse("10.0.0.21:0")}, true);
  out.resize(34);
  out[23] = IPPROTO_IPIP;
  out.insert(out.end(), inner.begin() + 14, inner.end());
  return out;
}

TEST(Changes, OfATranslatedPacketAreItsAddressPortAndTtl) {
  EXPECT_THAT(changes_of(came, frame("1.2.3.4:5555", "10.0.0.21:8080", 63)),
              ElementsAre("destination 10.0.0.13:80 -> 10.0.0.21:8080", "TTL 64 -> 63"));
  EXPECT_THAT(changes_of(frame("10.0.0.21:8080", "1.2.3.4:5555"), frame("10.0.0.13:80", "1.2.3.4:5555", 63)),
              ElementsAre("source 10.0.0.21:8080 -> 10.0.0.13:80", "TTL 64 -> 63"));
  EXPECT_THAT(changes_of(frame("[fd00::2]:1", "[fd00::3]:2"), frame("[fd00::2]:1", "[fd00::3]:2", 63)),
              ElementsAre("hop limit 64 -> 63"));
}

TEST(Changes, OfAnUntouchedPacketAreNone) { EXPECT_THAT(changes_of(came, came), IsEmpty()); }

TEST(Changes, ALoweredMssIsOne) {
  Bytes lowered = came;
  lowered[56] = 1400 >> 8;
  lowered[57] = 1400 & 0xff;
  EXPECT_THAT(changes_of(came, lowered), ElementsAre("MSS 1460 -> 1400"));
}

TEST(Changes, AnOuterHeaderIsNamedAndThePacketInsideCompared) {
  EXPECT_THAT(changes_of(came, wrapped(frame("1.2.3.4:5555", "10.0.0.13:80", 63))),
              ElementsAre("TTL 64 -> 63", "outer header IPIP 10.0.0.1 > 10.0.0.21, 20 bytes"));
}

TEST(IcmpErrors, AreCalledByTheirNames) {
  Bytes error = *frame_of({.from = *net::Endpoint::parse("10.0.0.13:0"),
                           .to = *net::Endpoint::parse("1.2.3.4:0"),
                           .protocol = IPPROTO_ICMP},
                          true);
  error[34] = 3;
  error[35] = 3;
  EXPECT_EQ(icmp_error_words(error), "port unreachable");
  error[35] = 4;
  error[40] = 1480 >> 8;
  error[41] = 1480 & 0xff;
  EXPECT_EQ(icmp_error_words(error), "fragmentation needed, MTU 1480");
  error[34] = 11;
  error[35] = 0;
  EXPECT_EQ(icmp_error_words(error), "time exceeded");
  EXPECT_EQ(icmp_error_words(came), "");
}

}  // namespace
}  // namespace ballast::explain

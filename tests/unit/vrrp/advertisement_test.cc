#include "vrrp/advertisement.h"

#include <gtest/gtest.h>

#include "bytes.h"

namespace ballast::vrrp {
namespace {

using cluster::V3Checksum;
using std::chrono::milliseconds;

net::Address address(const char* text) { return *net::Address::parse(text); }

const Path multicast{.source = address("10.0.0.1"), .destination = address("224.0.0.18")};
const Path multicast6{.source = address("fe80::1"), .destination = address("ff02::12")};

Advertisement v3() {
  return {.router_id = 51, .priority = 150, .interval = milliseconds{1000}, .addresses = {address("10.0.0.100")}};
}

Advertisement v2() {
  Advertisement advertisement = v3();
  advertisement.version = 2;
  advertisement.authentication = 1;
  advertisement.password = {'s', 'e', 'c', 'r', 'e', 't'};
  return advertisement;
}

TEST(Advertisement, OfVersion3IsWrittenWithEitherChecksum) {
  EXPECT_EQ(encode(v3(), multicast, V3Checksum::rfc9568), hex("31 33 96 01 0064 2e03 0a000064"));
  EXPECT_EQ(encode(v3(), multicast, V3Checksum::rfc5798), hex("31 33 96 01 0064 4373 0a000064"));
}

TEST(Advertisement, OfVersion2HasItsPasswordBehindTheAddresses) {
  EXPECT_EQ(encode(v2(), multicast, V3Checksum::rfc5798), hex("21 33 96 01 0101 011a 0a000064 7365637265740000"));
}

TEST(Advertisement, IsReadWithEitherChecksum) {
  for (const V3Checksum dialect : {V3Checksum::rfc9568, V3Checksum::rfc5798}) {
    const auto bytes = encode(v3(), multicast, dialect);
    const auto decoded = decode(bytes, multicast);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->advertisement, v3());
    EXPECT_EQ(decoded->dialect, dialect);
    EXPECT_TRUE(decoded->trailer.empty());
  }
}

TEST(Advertisement, OfVersion2IsReadAsWritten) {
  const auto bytes = encode(v2(), multicast, V3Checksum::rfc5798);
  const auto decoded = decode(bytes, multicast);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->advertisement, v2());
  EXPECT_FALSE(decoded->dialect);
}

TEST(Advertisement, OverIpv6IsReadAsWritten) {
  Advertisement sent = v3();
  sent.interval = milliseconds{30};
  sent.addresses = {address("fe80::100"), address("fd00::100")};
  const auto bytes = encode(sent, multicast6, V3Checksum::rfc9568);
  EXPECT_EQ(bytes.size(), 8U + 32U);
  const auto decoded = decode(bytes, multicast6);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->advertisement, sent);
}

TEST(Advertisement, OverIpv6HasItsTrailerInTheChecksum) {
  auto bytes = encode(v3(), multicast6, V3Checksum::rfc9568);
  bytes[3] = std::byte{0};
  bytes.resize(8 + trailer_bytes);
  EXPECT_EQ(decode(bytes, multicast6).error(), Refusal::checksum);
  seal_ipv6(bytes, multicast6);
  const auto decoded = decode(bytes, multicast6);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->trailer.size(), trailer_bytes);
}

TEST(Advertisement, MayHaveATrailerBehindItsChecksumOverIpv4) {
  auto bytes = encode(v3(), multicast, V3Checksum::rfc9568);
  bytes.resize(bytes.size() + trailer_bytes, std::byte{7});
  const auto decoded = decode(bytes, multicast);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->message.size(), 12U);
  EXPECT_EQ(decoded->trailer.size(), trailer_bytes);
}

struct Wrong {
  const char* bytes;
  Refusal refusal;
};
class WrongAdvertisement : public testing::TestWithParam<Wrong> {};

TEST_P(WrongAdvertisement, IsRefusedForItsReason) {
  const auto bytes = hex(GetParam().bytes);
  const auto decoded = decode(bytes, multicast);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(name_of(decoded.error()), name_of(GetParam().refusal));
}

INSTANTIATE_TEST_SUITE_P(Each, WrongAdvertisement,
                         testing::Values(Wrong{"", Refusal::too_short},
                                         Wrong{"31 33 96 01 0064 2e", Refusal::too_short},
                                         Wrong{"31 33 96 02 0064 2e03 0a000064", Refusal::too_short},
                                         Wrong{"31 33 96 01 0064 2e03 0a000064 00", Refusal::length},
                                         Wrong{"31 33 96 00 0064 2e03 0a000064", Refusal::length},
                                         Wrong{"41 33 96 01 0064 2e03 0a000064", Refusal::version},
                                         Wrong{"32 33 96 01 0064 2e03 0a000064", Refusal::type},
                                         Wrong{"31 33 97 01 0064 2e03 0a000064", Refusal::checksum},
                                         Wrong{"31 33 96 01 0000 2e67 0a000064", Refusal::interval}));

}  // namespace
}  // namespace ballast::vrrp

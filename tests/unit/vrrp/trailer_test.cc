#include "vrrp/trailer.h"

#include <gtest/gtest.h>

#include "bytes.h"
#include "vrrp/advertisement.h"

namespace ballast::vrrp {
namespace {

using cluster::HmacMode;
using namespace std::chrono_literals;

const net::Address source = *net::Address::parse("10.0.0.1");
const std::vector<std::byte> message = hex("31 33 96 01 0064 0000 0a000064");
constexpr WallClock::time_point then{1'700'000'000'500ms};

cluster::VrrpSecurity keys(HmacMode mode = HmacMode::enforce) {
  return {.type = cluster::VrrpAuthentication::hmac,
          .password = {},
          .keys = {{7, "0123456789abcdef0123456789abcdef", ""}, {8, "another key of thirty-two bytes..", ""}},
          .mode = mode,
          .anti_replay = cluster::AntiReplay::time,
          .window = 10s};
}

std::vector<std::byte> sign(Signer& signer, const cluster::VrrpSecurity& security, WallClock::time_point now) {
  auto payload = message;
  signer.sign(security, source, now, payload);
  return payload;
}

std::expected<void, Refusal> verify(Verifier& verifier, const std::vector<std::byte>& payload,
                                    WallClock::time_point now, HmacMode mode = HmacMode::enforce) {
  const net::Bytes bytes = payload;
  return verifier.verify(keys(mode), {.source = source, .message = bytes.first(message.size())},
                         bytes.subspan(message.size()), now);
}

TEST(Trailer, IsTheBytesThatAnotherImplementationComputes) {
  Signer signer;
  const auto payload = sign(signer, keys(), then);
  EXPECT_EQ(std::vector(payload.begin() + 12, payload.end()),
            hex("01070000 6553f100 8000 0000 774a1ce1fe4f6103b0a1721c5df41c2b"));
}

TEST(Trailer, IsAcceptedOnceAndOnlyWithGrowingNumbers) {
  Signer signer;
  Verifier verifier;
  const auto first = sign(signer, keys(), then);
  const auto second = sign(signer, keys(), then);
  EXPECT_TRUE(verify(verifier, first, then));
  EXPECT_EQ(verify(verifier, first, then).error(), Refusal::trailer_replayed);
  EXPECT_TRUE(verify(verifier, second, then));
  EXPECT_EQ(verify(verifier, first, then).error(), Refusal::trailer_replayed);
}

TEST(Trailer, IsRefusedOutsideOfTheWindowOfTime) {
  Signer signer;
  Verifier verifier;
  const auto payload = sign(signer, keys(), then);
  EXPECT_EQ(verify(verifier, payload, then + 11s).error(), Refusal::trailer_stale);
  EXPECT_EQ(verify(verifier, payload, then - 12s).error(), Refusal::trailer_stale);
  EXPECT_TRUE(verify(verifier, payload, then + 9s));
}

TEST(Trailer, IsRefusedWhereAnythingUnderItWasChanged) {
  Signer signer;
  const auto good = sign(signer, keys(), then);
  for (std::size_t at = 0; at < good.size(); ++at) {
    const bool checksum = at == 6 || at == 7;
    if (checksum) continue;
    auto changed = good;
    changed[at] ^= std::byte{1};
    Verifier verifier;
    EXPECT_FALSE(verify(verifier, changed, then)) << at;
  }
  Verifier verifier;
  auto other_key = keys();
  other_key.keys.front().secret.back() = 'x';
  EXPECT_EQ(verify(verifier, sign(signer, other_key, then), then).error(), Refusal::trailer_hmac);
  auto unknown = keys();
  unknown.keys.front().id = 9;
  EXPECT_EQ(verify(verifier, sign(signer, unknown, then), then).error(), Refusal::trailer_key);
}

TEST(Trailer, MayBeMissingWhileAGroupIsBeingMovedToIt) {
  Verifier verifier;
  EXPECT_EQ(verify(verifier, message, then).error(), Refusal::trailer_missing);
  EXPECT_TRUE(verify(verifier, message, then, HmacMode::permissive));
  EXPECT_TRUE(verify(verifier, message, then, HmacMode::receive_only));
  Signer signer;
  EXPECT_EQ(sign(signer, keys(HmacMode::receive_only), then), message);
  EXPECT_EQ(sign(signer, keys(HmacMode::permissive), then).size(), message.size() + trailer_bytes);
}

TEST(Trailer, IsHeldAgainstNoClockWhereOnlyGrowingNumbersCount) {
  auto monotonic = keys();
  monotonic.anti_replay = cluster::AntiReplay::monotonic;
  const auto verified = [&](Verifier& verifier, const std::vector<std::byte>& payload, WallClock::time_point now) {
    const net::Bytes bytes = payload;
    return verifier.verify(monotonic, {.source = source, .message = bytes.first(message.size())},
                           bytes.subspan(message.size()), now);
  };
  Signer signer;
  Verifier verifier;
  const auto first = sign(signer, monotonic, then);
  EXPECT_TRUE(verified(verifier, first, then + 1000h));
  EXPECT_TRUE(verified(verifier, sign(signer, monotonic, then - 1000s), then)) << "its numbers grow all the same";
  EXPECT_EQ(verified(verifier, first, then - 1000h).error(), Refusal::trailer_replayed);
}

TEST(Trailer, GoesOnWithTheClockAfterThatWasSetBack) {
  Signer signer;
  Verifier verifier;
  EXPECT_TRUE(verify(verifier, sign(signer, keys(), then), then));
  EXPECT_TRUE(verify(verifier, sign(signer, keys(), then - 5s), then - 5s)) << "within the window numbers go on";
  const auto long_before = then - 100s;
  EXPECT_TRUE(verify(verifier, sign(signer, keys(), long_before), long_before));
}

}  // namespace
}  // namespace ballast::vrrp

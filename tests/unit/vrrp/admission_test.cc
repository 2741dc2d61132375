#include "vrrp/admission.h"

#include <gtest/gtest.h>

namespace ballast::vrrp {
namespace {

using namespace std::chrono_literals;
using cluster::VrrpInstance;

net::Address address(const char* text) { return *net::Address::parse(text); }

const net::Address own = address("10.0.0.2");
const net::Address peer = address("10.0.0.1");

VrrpInstance instance_of(std::uint8_t version) {
  VrrpInstance instance;
  instance.name = "edge";
  instance.router_id = 51;
  instance.version = version;
  instance.addresses.resize(1);
  instance.addresses[0].address = address("10.0.0.100");
  return instance;
}

/// What `here` makes of an advertisement that a router configured as `there` sends.
std::expected<Admitted, Refusal> heard(const VrrpInstance& here, const VrrpInstance& there,
                                       const net::Address& from = peer, int hop_limit = 255) {
  const Path path{.source = from, .destination = address("224.0.0.18")};
  const auto payload = encode(advertisement_of(there, 100), path, there.v3_checksum);
  const auto decoded = decode(payload, path);
  if (!decoded) return std::unexpected(decoded.error());
  Verifier verifier;
  return admit(here, own, *decoded, {.path = path, .hop_limit = hop_limit}, verifier, WallClock::now());
}

TEST(Admission, TakesWhatARouterOfTheSameKindSends) {
  for (const std::uint8_t version : {2, 3}) {
    const auto admitted = heard(instance_of(version), instance_of(version));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->heard.priority, 100);
    EXPECT_EQ(admitted->heard.interval, 1s);
    EXPECT_FALSE(admitted->other_addresses);
  }
}

TEST(Admission, RefusesTheOtherVersion) { EXPECT_EQ(heard(instance_of(2), instance_of(3)).error(), Refusal::version); }

TEST(Admission, RefusesWhatWasRoutedUnlessItIsUnicast) {
  EXPECT_EQ(heard(instance_of(3), instance_of(3), peer, 254).error(), Refusal::ttl);
  auto unicast = instance_of(3);
  unicast.peers = {{.address = peer}};
  EXPECT_TRUE(heard(unicast, instance_of(3), peer, 10));
  unicast.peers[0].least_ttl = 250;
  EXPECT_EQ(heard(unicast, instance_of(3), peer, 10).error(), Refusal::ttl);
}

TEST(Admission, RefusesStrangersWhereAsked) {
  auto unicast = instance_of(3);
  unicast.peers = {{.address = address("10.0.0.7")}};
  EXPECT_TRUE(heard(unicast, instance_of(3)));
  unicast.check_source = true;
  EXPECT_EQ(heard(unicast, instance_of(3)).error(), Refusal::unknown_peer);
}

TEST(Admission, RefusesItsOwnAddress) {
  EXPECT_EQ(heard(instance_of(3), instance_of(3), own).error(), Refusal::own_address);
}

TEST(Admission, ComparesPasswordsAndIntervalsInVersion2) {
  auto with = instance_of(2);
  with.security = {.type = cluster::VrrpAuthentication::password, .password = "secret", .keys = {}};
  auto wrong = with;
  wrong.security.password = "Secret";
  EXPECT_TRUE(heard(with, with));
  EXPECT_EQ(heard(with, wrong).error(), Refusal::password);
  EXPECT_EQ(heard(with, instance_of(2)).error(), Refusal::authentication);
  EXPECT_EQ(heard(instance_of(2), with).error(), Refusal::authentication);
  auto slow = instance_of(2);
  slow.interval = 5s;
  EXPECT_EQ(heard(instance_of(2), slow).error(), Refusal::interval);
  auto slow3 = instance_of(3);
  slow3.interval = 5s;
  EXPECT_TRUE(heard(instance_of(3), slow3)) << "version 3 learns it";
}

TEST(Admission, NoticesOtherVirtualAddresses) {
  auto other = instance_of(3);
  other.addresses[0].address = address("10.0.0.101");
  EXPECT_TRUE(heard(instance_of(3), other)->other_addresses);
}

}  // namespace
}  // namespace ballast::vrrp

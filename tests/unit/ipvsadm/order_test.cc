#include "cli/ipvsadm/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ballast::ipvsadm {
namespace {

using testing::ElementsAre;

std::vector<control::ServerView> servers(std::initializer_list<const char*> endpoints) {
  std::vector<control::ServerView> views;
  for (const auto* endpoint : endpoints) views.emplace_back().server.endpoint = *net::Endpoint::parse(endpoint);
  return views;
}

std::vector<std::string> sorted(std::vector<control::ServerView> views) {
  sort(views);
  std::vector<std::string> endpoints;
  endpoints.reserve(views.size());
  for (const auto& view : views) endpoints.push_back(view.server.endpoint.to_string());
  return endpoints;
}

TEST(Order, PutsServersByAddressAndThenPort) {
  EXPECT_THAT(sorted(servers({"10.0.2.13:8080", "10.0.2.13:80", "10.0.10.1:1", "10.0.9.1:2"})),
              ElementsAre("10.0.2.13:80", "10.0.2.13:8080", "10.0.9.1:2", "10.0.10.1:1"));
}

TEST(Order, TurnsRoundAddressesThatAreHalfTheSpaceApart) {
  EXPECT_THAT(sorted(servers({"10.0.0.1:80", "192.168.0.1:80"})), ElementsAre("192.168.0.1:80", "10.0.0.1:80"));
  EXPECT_THAT(sorted(servers({"192.168.0.1:80", "172.16.0.1:80"})), ElementsAre("172.16.0.1:80", "192.168.0.1:80"));
}

// Kernel order and result are those of the real command.
TEST(Order, ResolvesCyclesAsTheRealCommandDoes) {
  EXPECT_THAT(sorted(servers({"100.1.1.1:80", "[2001:db8::1]:80", "200.1.1.1:80", "8.8.8.8:80", "172.16.1.1:80",
                              "127.0.0.1:80", "10.1.1.1:80", "192.168.1.1:80"})),
              ElementsAre("127.0.0.1:80", "172.16.1.1:80", "192.168.1.1:80", "200.1.1.1:80", "8.8.8.8:80",
                          "10.1.1.1:80", "[2001:db8::1]:80", "100.1.1.1:80"));
}

TEST(Order, PutsServicesByMarkFamilyProtocolAndAddress) {
  using cluster::AddressKey;
  using cluster::MarkKey;
  using cluster::Protocol;
  const std::vector<cluster::ServiceKey> expected = {
      MarkKey{0xffffffff, net::Family::ipv4},
      AddressKey{Protocol::tcp, *net::Endpoint::parse("10.0.0.1:80")},
      AddressKey{Protocol::tcp, *net::Endpoint::parse("10.0.0.1:443")},
      AddressKey{Protocol::udp, *net::Endpoint::parse("10.0.0.1:53")},
      AddressKey{Protocol::sctp, *net::Endpoint::parse("10.0.0.1:1")},
      AddressKey{Protocol::tcp, *net::Endpoint::parse("[fd00::1]:80")},
      MarkKey{7, net::Family::ipv4},
      MarkKey{7, net::Family::ipv6},
  };
  auto keys = expected;
  for (int turn = 0; turn < 8; ++turn) {
    std::ranges::rotate(keys, keys.begin() + 1);
    std::vector<control::ServiceView> views;
    for (const auto& key : keys) views.emplace_back().service.key = key;
    sort(views);
    std::vector<cluster::ServiceKey> result;
    result.reserve(views.size());
    for (const auto& view : views) result.push_back(view.service.key);
    EXPECT_EQ(result, expected) << turn;
  }
}

TEST(Order, SortsNothing) {
  std::vector<control::ServerView> none;
  sort(none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace ballast::ipvsadm

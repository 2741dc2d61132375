#include <gtest/gtest.h>

#include "cluster/edit.h"

namespace ballast::cluster {
namespace {

const ServiceKey ipv4 = AddressKey{Protocol::tcp, *net::Endpoint::parse("10.0.0.1:80")};
const ServiceKey ipv6 = AddressKey{Protocol::tcp, *net::Endpoint::parse("[fd00::1]:80")};
const ServiceKey missing = AddressKey{Protocol::tcp, *net::Endpoint::parse("10.0.0.9:80")};

int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }

RealServer server(std::string_view endpoint, ForwardingMethod forward = ForwardingMethod::nat) {
  RealServer made;
  made.endpoint = *net::Endpoint::parse(endpoint);
  made.forward = forward;
  return made;
}

class EditServer : public testing::Test {
 protected:
  EditServer() {
    for (const auto& key : {ipv4, ipv6}) {
      VirtualService service;
      service.key = key;
      EXPECT_TRUE(add_service(cluster, service));
    }
  }
  const std::vector<RealServer>& servers() { return find_service(cluster, ipv4)->servers; }

  Cluster cluster;
};

TEST_F(EditServer, KeepsServersInTheOrderOfAdding) {
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.2:80")));
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.1:80")));
  EXPECT_EQ(servers(), (std::vector{server("10.0.1.2:80"), server("10.0.1.1:80")}));
}

TEST_F(EditServer, TakesTheSameMachineWithAnotherPort) {
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.1:80")));
  EXPECT_TRUE(add_server(cluster, ipv4, server("10.0.1.1:8080")));
  EXPECT_EQ(code_of(add_server(cluster, ipv4, server("10.0.1.1:80", ForwardingMethod::route))), EEXIST);
}

TEST_F(EditServer, NeedsAService) {
  EXPECT_EQ(code_of(add_server(cluster, missing, server("10.0.1.1:80"))), ESRCH);
  EXPECT_EQ(code_of(edit_server(cluster, missing, server("10.0.1.1:80"))), ESRCH);
  EXPECT_EQ(code_of(delete_server(cluster, missing, server("10.0.1.1:80").endpoint)), ESRCH);
  EXPECT_EQ(code_of(add_server(cluster, missing, server("224.0.0.1:80"))), ESRCH);
}

TEST_F(EditServer, TakesUnicastAddressesOnly) {
  for (const auto* wrong : {"224.0.0.1:80", "239.1.2.3:80", "255.255.255.255:80", "0.0.0.0:80", "127.255.255.255:80"}) {
    EXPECT_EQ(code_of(add_server(cluster, ipv4, server(wrong))), EINVAL) << wrong;
  }
  for (const auto* right : {"0.1.2.3:80", "240.1.2.3:80", "127.0.0.9:80", "169.254.1.1:80"}) {
    EXPECT_TRUE(add_server(cluster, ipv4, server(right))) << right;
  }
  for (const auto* wrong : {"[fe80::1]:80", "[ff02::1]:80", "[::]:80"}) {
    EXPECT_EQ(code_of(add_server(cluster, ipv6, server(wrong))), EINVAL) << wrong;
  }
  for (const auto* right : {"[::1]:80", "[fec0::1]:80", "[100::1]:80", "[::a01:101]:80"}) {
    EXPECT_TRUE(add_server(cluster, ipv6, server(right))) << right;
  }
}

TEST_F(EditServer, LooksAtThresholdsBeforeTheAddress) {
  auto made = server("224.0.0.1:80");
  made.upper_threshold = 1;
  made.lower_threshold = 2;
  EXPECT_EQ(code_of(add_server(cluster, ipv4, made)), ERANGE);
  EXPECT_EQ(code_of(edit_server(cluster, ipv4, made)), ERANGE);
}

TEST_F(EditServer, LeavesItsHealthAlone) {
  auto made = server("10.0.1.1:80");
  made.health.checks.emplace_back();
  ASSERT_TRUE(add_server(cluster, ipv4, made));
  auto edited = server("10.0.1.1:80");
  edited.weight = 7;
  ASSERT_TRUE(edit_server(cluster, ipv4, edited));
  made.weight = 7;
  EXPECT_EQ(find_service(cluster, ipv4)->servers.back(), made);
}

TEST_F(EditServer, RefusesALowerThresholdAboveTheUpper) {
  auto made = server("10.0.1.1:80");
  made.lower_threshold = 5;
  EXPECT_EQ(code_of(add_server(cluster, ipv4, made)), ERANGE);
  made.upper_threshold = 5;
  EXPECT_TRUE(add_server(cluster, ipv4, made));
}

TEST_F(EditServer, RefusesWeightsAboveThirtyOneBits) {
  auto made = server("10.0.1.1:80");
  made.weight = 0x80000000;
  EXPECT_EQ(code_of(add_server(cluster, ipv4, made)), ERANGE);
  made.weight = 0x7fffffff;
  EXPECT_TRUE(add_server(cluster, ipv4, made));
}

TEST_F(EditServer, LetsOnlyTunnelsLeadToAnotherFamily) {
  EXPECT_EQ(code_of(add_server(cluster, ipv4, server("[fd00::2]:80"))), EINVAL);
  EXPECT_EQ(code_of(add_server(cluster, ipv6, server("10.0.1.1:80", ForwardingMethod::route))), EINVAL);
  EXPECT_TRUE(add_server(cluster, ipv4, server("[fd00::2]:80", ForwardingMethod::tunnel)));
  EXPECT_TRUE(add_server(cluster, ipv6, server("10.0.1.1:80", ForwardingMethod::tunnel)));
  EXPECT_EQ(code_of(edit_server(cluster, ipv4, server("[fd00::2]:80"))), EINVAL);
  EXPECT_TRUE(delete_server(cluster, ipv4, server("[fd00::2]:80").endpoint));
}

TEST_F(EditServer, WantsAPortForGueAndRemoteChecksumsForGueOnly) {
  auto made = server("10.0.1.1:80", ForwardingMethod::tunnel);
  made.tunnel.type = TunnelType::gue;
  EXPECT_EQ(code_of(add_server(cluster, ipv4, made)), EINVAL);
  made.tunnel = {TunnelType::gre, 0, TunnelChecksum::remote};
  EXPECT_EQ(code_of(add_server(cluster, ipv4, made)), EINVAL);
  made.tunnel = {TunnelType::gue, 6080, TunnelChecksum::remote};
  EXPECT_TRUE(add_server(cluster, ipv4, made));
}

TEST_F(EditServer, ReplacesAllOfAServerInItsPlace) {
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.1:80")));
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.2:80")));
  auto changed = server("10.0.1.1:80", ForwardingMethod::route);
  changed.weight = 9;
  changed.upper_threshold = 3;
  ASSERT_TRUE(edit_server(cluster, ipv4, changed));
  EXPECT_EQ(servers(), (std::vector{changed, server("10.0.1.2:80")}));
  EXPECT_EQ(code_of(edit_server(cluster, ipv4, server("10.0.1.3:80"))), ENOENT);
}

TEST_F(EditServer, DeletesTheNamedServerOnly) {
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.1:80")));
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.2:80")));
  ASSERT_TRUE(delete_server(cluster, ipv4, server("10.0.1.1:80").endpoint));
  EXPECT_EQ(servers(), std::vector{server("10.0.1.2:80")});
  EXPECT_EQ(code_of(delete_server(cluster, ipv4, server("10.0.1.1:80").endpoint)), ENOENT);
}

TEST_F(EditServer, ARefusedChangeLeavesTheClusterAsItWas) {
  ASSERT_TRUE(add_server(cluster, ipv4, server("10.0.1.1:80")));
  const auto before = cluster;
  auto wrong = server("10.0.1.1:80");
  wrong.lower_threshold = 1;
  EXPECT_FALSE(edit_server(cluster, ipv4, wrong));
  EXPECT_FALSE(add_server(cluster, ipv4, server("224.0.0.1:80")));
  EXPECT_EQ(cluster, before);
}

}  // namespace
}  // namespace ballast::cluster

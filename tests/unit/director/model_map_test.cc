#include "director/model_map.h"

#include <gtest/gtest.h>

namespace ballast::director {
namespace {

TEST(ModelMap, KnowsEverySchedulerThatTheModelOffers) {
  for (const auto& name : cluster::scheduler_names()) EXPECT_NE(scheduler_id(name), abi::SCHEDULER_NONE) << name;
  EXPECT_EQ(scheduler_id("nosuch"), abi::SCHEDULER_NONE);
}

TEST(ModelMap, ReadsBackTheKeyOfAService) {
  const cluster::ServiceKey keys[] = {
      cluster::AddressKey{cluster::Protocol::tcp, *net::Endpoint::parse("10.0.1.100:80")},
      cluster::AddressKey{cluster::Protocol::udp, *net::Endpoint::parse("[fd00::1]:53")},
      cluster::MarkKey{7, net::Family::ipv4},
      cluster::MarkKey{7, net::Family::ipv6},
  };
  for (const auto& key : keys) {
    const auto entry = map_key(key);
    abi::service service{};
    service.address = entry.address;
    service.port = entry.port;
    service.protocol = entry.protocol;
    service.mark = entry.mark;
    EXPECT_EQ(service_key_of(service), key) << cluster::to_string(key);
  }
}

TEST(ModelMap, ReadsBackWhatIsConfiguredOfAServer) {
  cluster::RealServer server;
  server.endpoint = *net::Endpoint::parse("[fd00::2]:8080");
  server.forward = cluster::ForwardingMethod::tunnel;
  server.tunnel = {cluster::TunnelType::gue, 6080, cluster::TunnelChecksum::full};
  server.weight = 7;
  server.upper_threshold = 100;
  server.lower_threshold = 50;
  abi::server entry{};
  entry.address = abi::to_abi(server.endpoint.address);
  entry.port = abi::port_to_abi(server.endpoint.port);
  EXPECT_TRUE(configure(entry, server));
  EXPECT_FALSE(configure(entry, server));
  EXPECT_EQ(configured(entry, 7), server);
}

}  // namespace
}  // namespace ballast::director

#include "director/model_map.h"

#include <gtest/gtest.h>

namespace ballast::director {
namespace {

TEST(ModelMap, KnowsEverySchedulerThatTheModelOffers) {
  for (const auto& name : cluster::scheduler_names()) EXPECT_NE(scheduler_id(name), abi::SCHEDULER_NONE) << name;
  EXPECT_EQ(scheduler_id("nosuch"), abi::SCHEDULER_NONE);
}

TEST(ModelMap, GivesEveryBehaviourItsBits) {
  using cluster::Behaviour;
  using cluster::ConnectionReuse;
  using cluster::Defence;
  const std::uint32_t usual = behaviour_bits({});
  EXPECT_EQ(usual, BEHAVIOUR_REUSE_CLOSED | BEHAVIOUR_PATH_MTU) << "the defaults of ip_vs";
  const std::pair<Behaviour, std::uint32_t> changed[] = {
      {{.expire_connections_of_removed_servers = true}, usual | BEHAVIOUR_EXPIRE_REMOVED},
      {{.expire_persistence_of_quiescent_servers = true}, usual | BEHAVIOUR_EXPIRE_QUIESCENT},
      {{.connection_reuse = ConnectionReuse::never}, BEHAVIOUR_PATH_MTU},
      {{.connection_reuse = ConnectionReuse::after_fin}, usual | BEHAVIOUR_REUSE_FIN_WAIT},
      {{.pick_up_tcp = true}, usual | BEHAVIOUR_PICK_UP_TCP},
      {{.pick_up_sctp = true}, usual | BEHAVIOUR_PICK_UP_SCTP},
      {{.bypass_without_server = true}, usual | BEHAVIOUR_BYPASS},
      {{.drop_half_open = Defence::when_filled}, usual | BEHAVIOUR_DROP_HALF_OPEN_FILLED},
      {{.drop_half_open = Defence::always}, usual | BEHAVIOUR_DROP_HALF_OPEN},
      {{.drop_packets = Defence::when_filled}, usual | BEHAVIOUR_DROP_PACKETS_FILLED},
      {{.drop_packets = Defence::always}, usual | BEHAVIOUR_DROP_PACKETS},
      {{.secure_tcp = Defence::when_filled}, usual | BEHAVIOUR_SECURE_TCP_FILLED},
      {{.secure_tcp = Defence::always}, usual | BEHAVIOUR_SECURE_TCP},
      {{.schedule_icmp = true}, usual | BEHAVIOUR_SCHEDULE_ICMP},
      {{.refuse_unknown_replies = true}, usual | BEHAVIOUR_REFUSE_REPLIES},
      {{.path_mtu_discovery = false}, BEHAVIOUR_REUSE_CLOSED},
  };
  for (const auto& [behaviour, bits] : changed) EXPECT_EQ(behaviour_bits(behaviour), bits);
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

TEST(ModelMap, ReadsBackWhatIsConfiguredOfAService) {
  cluster::VirtualService service;
  service.key = cluster::AddressKey{cluster::Protocol::tcp, *net::Endpoint::parse("10.0.0.13:80")};
  service.scheduler = "sh";
  service.scheduler_flags = cluster::scheduler_flag_2;
  service.persistence = cluster::Persistence{.timeout = std::chrono::seconds(360), .netmask = 0xffffff00};
  service.one_packet = true;
  abi::service entry{};
  const auto key = map_key(service.key);
  entry.address = key.address;
  entry.port = key.port;
  entry.protocol = key.protocol;
  entry.scheduler = scheduler_id(service.scheduler);
  entry.flags = service_flags(service);
  entry.persistence = abi::ticks(360'000'000'000);
  entry.netmask = 0xffffff00;
  EXPECT_EQ(configured(entry), service);
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

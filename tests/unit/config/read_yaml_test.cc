#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"

namespace ballast::config {
namespace {

using namespace std::chrono_literals;
using cluster::ForwardingMethod;
using cluster::RealServer;
using testing::ElementsAre;
using testing::SizeIs;

cluster::Cluster read(std::string_view text) {
  auto cluster = read_yaml(text, "f.yaml");
  EXPECT_TRUE(cluster) << cluster.error().message;
  return cluster.value_or(cluster::Cluster{});
}

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

RealServer server(std::string_view text, ForwardingMethod forward, const cluster::Tunnel& tunnel = {}) {
  RealServer server;
  server.endpoint = endpoint(text);
  server.forward = forward;
  server.tunnel = tunnel;
  return server;
}

TEST(ReadYaml, GivesTheDefaultsForAnEmptyText) {
  EXPECT_EQ(read(""), cluster::Cluster{});
  EXPECT_EQ(read("# nothing yet\n"), cluster::Cluster{});
  EXPECT_EQ(read("director:\npools:\nservices:\n"), cluster::Cluster{});
}

TEST(ReadYaml, ReadsTheDirectorsSettings) {
  const auto director = read(R"(
director:
  interfaces: [eth0, "eth1.100"]
  hook: xdp-generic
  connections: 4096
  services: 16
  servers: 64
  timeouts: {tcp: 15m, tcp_fin: 30s, udp: 60}
)")
                            .director;
  EXPECT_THAT(director.interfaces, ElementsAre("eth0", "eth1.100"));
  EXPECT_EQ(director.hook, cluster::Hook::xdp_generic);
  EXPECT_EQ(director.connections, 4096U);
  EXPECT_EQ(director.services, 16U);
  EXPECT_EQ(director.servers, 64U);
  EXPECT_EQ(director.timeouts, (cluster::Timeouts{.tcp = 900s, .tcp_fin = 30s, .udp = 60s}));
}

TEST(ReadYaml, LeavesTimeoutsThatAreNotNamedAtTheirDefaults) {
  const auto timeouts = read("director: {timeouts: {udp: 1m}}").director.timeouts;
  EXPECT_EQ(timeouts, (cluster::Timeouts{.tcp = 900s, .tcp_fin = 120s, .udp = 60s}));
}

TEST(ReadYaml, ReadsTheBehaviourOverItsDefaults) {
  const auto behaviour = read(R"(
director:
  behaviour:
    connection_reuse: after_fin
    pick_up_tcp: true
    drop_packets: auto
    secure_tcp: always
    drop_rate: 3
    path_mtu_discovery: false
)")
                             .director.behaviour;
  EXPECT_EQ(behaviour, (cluster::Behaviour{.connection_reuse = cluster::ConnectionReuse::after_fin,
                                           .pick_up_tcp = true,
                                           .drop_packets = cluster::Defence::when_filled,
                                           .secure_tcp = cluster::Defence::always,
                                           .drop_rate = 3,
                                           .path_mtu_discovery = false}));
}

TEST(ReadYaml, ResolvesAPoolIntoItsService) {
  const auto cluster = read(R"(
pools:
  web:
    scheduler: wrr
    servers:
      - {address: "192.168.1.10:80", weight: 1}
      - {address: "192.168.1.20:80", weight: 3, upper_threshold: 100, lower_threshold: 50}
services:
  www:
    listen: "172.16.3.100:80/tcp"
    forward: nat
    pool: web
    persistence: {timeout: 600s}
)");
  ASSERT_THAT(cluster.services, SizeIs(1));
  const auto& service = cluster.services[0];
  EXPECT_EQ(service.name, "www");
  EXPECT_EQ(service.pool, "web");
  EXPECT_EQ(service.origin, cluster::Origin::file);
  EXPECT_EQ(cluster::to_string(service.key), "tcp 172.16.3.100:80");
  EXPECT_EQ(service.scheduler, "wrr");
  EXPECT_EQ(service.persistence, (cluster::Persistence{.timeout = 600s, .netmask = 0xffffffff}));
  RealServer second = server("192.168.1.20:80", ForwardingMethod::nat);
  second.weight = 3;
  second.upper_threshold = 100;
  second.lower_threshold = 50;
  EXPECT_THAT(service.servers, ElementsAre(server("192.168.1.10:80", ForwardingMethod::nat), second));
}

TEST(ReadYaml, HasTheDefaultsOfIpVs) {
  const auto service = read(R"(services: {www: {listen: "10.0.0.1:80/tcp", servers: ["10.0.0.2"]}})").services.at(0);
  EXPECT_EQ(service.scheduler, "wlc");
  EXPECT_EQ(service.scheduler_flags, 0U);
  EXPECT_EQ(service.persistence, std::nullopt);
  EXPECT_FALSE(service.one_packet);
  EXPECT_EQ(service.mss_clamp, 0);
  EXPECT_EQ(service.pool, "");
  EXPECT_THAT(service.servers, ElementsAre(server("10.0.0.2:80", ForwardingMethod::route)));
}

TEST(ReadYaml, GivesServersWithoutAPortThePortOfTheirService) {
  const auto cluster = read(R"(
pools: {web: {servers: ["10.0.0.2", "10.0.0.3"]}}
services:
  http: {listen: "10.0.0.1:80/tcp", forward: nat, pool: web}
  https: {listen: "10.0.0.1:443/tcp", forward: nat, pool: web}
  mark: {fwmark: 7, pool: web}
)");
  ASSERT_THAT(cluster.services, SizeIs(3));
  EXPECT_EQ(cluster.services[0].servers[1].endpoint, endpoint("10.0.0.3:80"));
  EXPECT_EQ(cluster.services[1].servers[1].endpoint, endpoint("10.0.0.3:443"));
  EXPECT_EQ(cluster.services[2].servers[1].endpoint, endpoint("10.0.0.3:0"));
}

TEST(ReadYaml, GroupsAddressesWhoseServersKeepThePacketsPorts) {
  const auto service = read(R"(
services:
  shop: {listen: ["10.0.0.1:80/tcp", "10.0.0.1:443/tcp"], forward: nat, servers: ["10.0.0.2", "10.0.0.3:8080"]}
)")
                           .services.at(0);
  EXPECT_EQ(cluster::to_string(service.key), "tcp 10.0.0.1:80");
  ASSERT_THAT(service.further_addresses, SizeIs(1));
  EXPECT_EQ(cluster::to_string(service.further_addresses[0]), "tcp 10.0.0.1:443");
  EXPECT_EQ(service.servers[0].endpoint, endpoint("10.0.0.2:0"));
  EXPECT_EQ(service.servers[1].endpoint, endpoint("10.0.0.3:8080"));
}

TEST(ReadYaml, ReadsAListOfOneAddressAsThatAddress) {
  const auto service = read(R"(services: {a: {listen: ["10.0.0.1:80/tcp"], servers: ["10.0.0.2"]}})").services.at(0);
  EXPECT_TRUE(service.further_addresses.empty());
  EXPECT_EQ(service.servers[0].endpoint, endpoint("10.0.0.2:80"));
}

TEST(ReadYaml, MapsPortsByNat) {
  const auto service =
      read(R"(services: {www: {listen: "10.0.0.1:80/tcp", forward: nat, servers: ["10.0.0.2:8080"]}})").services.at(0);
  EXPECT_EQ(service.servers[0].endpoint, endpoint("10.0.0.2:8080"));
}

TEST(ReadYaml, LetsAServerDifferFromItsServiceInForwardingAndTunnel) {
  const auto service = read(R"(
services:
  www:
    listen: "10.0.0.1:80/tcp"
    forward: tunnel
    tunnel: {type: gue, port: 6080, checksum: remote}
    servers:
      - "10.0.1.1"
      - {address: 10.0.1.2, tunnel: {type: gre, checksum: full}}
      - {address: "10.0.1.3:8080", forward: nat}
      - {address: "[fd00::4]"}
)")
                           .services.at(0);
  using cluster::Tunnel;
  const Tunnel gue{.type = cluster::TunnelType::gue, .port = 6080, .checksum = cluster::TunnelChecksum::remote};
  const Tunnel gre{.type = cluster::TunnelType::gre, .port = 0, .checksum = cluster::TunnelChecksum::full};
  EXPECT_THAT(service.servers, ElementsAre(server("10.0.1.1:80", ForwardingMethod::tunnel, gue),
                                           server("10.0.1.2:80", ForwardingMethod::tunnel, gre),
                                           server("10.0.1.3:8080", ForwardingMethod::nat),
                                           server("[fd00::4]:80", ForwardingMethod::tunnel, gue)));
}

TEST(ReadYaml, ReadsFirewallMarkServices) {
  const auto cluster =
      read("services: {a: {fwmark: 4294967295, servers: []}, b: {fwmark: 7, family: ipv6, servers: []}}");
  EXPECT_EQ(cluster::to_string(cluster.services.at(0).key), "fwmark 4294967295");
  EXPECT_EQ(cluster::to_string(cluster.services.at(1).key), "fwmark 7 ipv6");
}

TEST(ReadYaml, LetsAServicesSchedulerReplaceThePoolsTogetherWithItsFlags) {
  const auto cluster = read(R"(
pools: {p: {scheduler: sh, flags: [sh-fallback, sh-port], servers: []}}
services:
  as-pool: {listen: "10.0.0.1:80/tcp", pool: p}
  other: {listen: "10.0.0.1:81/tcp", pool: p, scheduler: rr}
  other-flags: {listen: "10.0.0.1:82/tcp", pool: p, flags: [sh-port]}
)");
  EXPECT_EQ(cluster.services[0].scheduler, "sh");
  EXPECT_EQ(cluster.services[0].scheduler_flags, cluster::scheduler_flag_1 | cluster::scheduler_flag_2);
  EXPECT_EQ(cluster.services[1].scheduler, "rr");
  EXPECT_EQ(cluster.services[1].scheduler_flags, 0U);
  EXPECT_EQ(cluster.services[2].scheduler, "sh");
  EXPECT_EQ(cluster.services[2].scheduler_flags, std::uint32_t{cluster::scheduler_flag_2});
}

TEST(ReadYaml, ReadsPersistenceWithTheDefaultsOfIpvsadm) {
  const auto cluster = read(R"(
services:
  v4: {listen: "10.0.0.1:0/tcp", persistence: {}, servers: []}
  v6: {listen: "[fd00::1]:80/tcp", persistence: {timeout: 31d}, servers: []}
  masked: {listen: "10.0.0.1:80/tcp", persistence: {netmask: 255.255.255.0}, servers: []}
  prefix: {listen: "[fd00::1]:81/tcp", persistence: {netmask: 64}, servers: []}
)");
  EXPECT_EQ(cluster.services[0].persistence, (cluster::Persistence{.timeout = 360s, .netmask = 0xffffffff}));
  EXPECT_EQ(cluster.services[1].persistence, (cluster::Persistence{.timeout = 2678400s, .netmask = 128}));
  EXPECT_EQ(cluster.services[2].persistence, (cluster::Persistence{.timeout = 360s, .netmask = 0xffffff00}));
  EXPECT_EQ(cluster.services[3].persistence, (cluster::Persistence{.timeout = 360s, .netmask = 64}));
}

TEST(ReadYaml, ReadsOnePacketAndMssClamp) {
  const auto cluster = read(R"(
services:
  dns: {listen: "10.0.0.1:53/udp", one_packet: true, servers: []}
  web: {listen: "10.0.0.1:80/tcp", one_packet: false, mss_clamp: 1400, servers: []}
  off: {listen: "10.0.0.1:81/tcp", mss_clamp: 0, servers: []}
)");
  EXPECT_TRUE(cluster.services[0].one_packet);
  EXPECT_FALSE(cluster.services[1].one_packet);
  EXPECT_EQ(cluster.services[1].mss_clamp, 1400);
  EXPECT_EQ(cluster.services[2].mss_clamp, 0);
}

TEST(ReadYaml, KeepsTheOrderOfServicesAndServers) {
  const auto cluster = read(R"(
services:
  z: {listen: "10.0.0.1:80/tcp", servers: ["10.0.0.9", "10.0.0.2", "10.0.0.5"]}
  a: {listen: "10.0.0.1:81/tcp", servers: []}
)");
  EXPECT_EQ(cluster.services[0].name, "z");
  EXPECT_EQ(cluster.services[1].name, "a");
  EXPECT_EQ(cluster.services[0].servers[2].endpoint.address.to_string(), "10.0.0.5");
}

TEST(ReadYaml, TakesAnchorsAndAliases) {
  const auto cluster = read(R"(
services:
  a: {listen: "10.0.0.1:80/tcp", servers: &s ["10.0.0.2"]}
  b: {listen: "10.0.0.1:81/tcp", servers: *s}
)");
  EXPECT_EQ(cluster.services[1].servers[0].endpoint, endpoint("10.0.0.2:81"));
}

TEST(ReadYaml, ReadsALargeFileInReasonableTime) {
  std::string text = "director: {services: 20000}\nservices:\n";
  for (int i = 0; i < 20000; ++i) {
    const auto vip = net::Address::ipv4(0x0a000001U + static_cast<std::uint32_t>(i)).to_string();
    text +=
        "  s" + std::to_string(i) + ": {listen: \"" + vip + ":80/tcp\", servers: [\"192.168.0.1\", \"192.168.0.2\"]}\n";
  }
  EXPECT_THAT(read(text).services, SizeIs(20000));
}

TEST(ReadYaml, SkipsAByteOrderMark) {
  EXPECT_THAT(read("\xef\xbb\xbfservices: {s: {listen: \"10.0.0.1:80/tcp\", servers: []}}").services, SizeIs(1));
}

TEST(ReadYaml, SaysWhichFileItCannotOpen) {
  const auto missing = read_yaml_file("/nonexistent/ballast.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "/nonexistent/ballast.yaml: No such file or directory");
  EXPECT_EQ(missing.error().code, ENOENT);
  const auto directory = read_yaml_file("/");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code, EISDIR);
}

TEST(ReadYaml, StopsReadingAnEndlessFile) {
  const auto endless = read_yaml_file("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, EFBIG);
}

}  // namespace
}  // namespace ballast::config

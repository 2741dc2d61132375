#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "config/yaml.h"

namespace ballast::config {
namespace {

using cluster::ForwardingMethod;
using cluster::RealServer;

cluster::Cluster reread(const cluster::Cluster& cluster) {
  const std::string text = write_yaml(cluster);
  auto again = read_yaml(text, "f");
  EXPECT_TRUE(again) << again.error().message << "\n" << text;
  return again.value_or(cluster::Cluster{});
}

cluster::Cluster read(std::string_view text) {
  auto cluster = read_yaml(text, "f");
  EXPECT_TRUE(cluster) << cluster.error().message;
  return cluster.value_or(cluster::Cluster{});
}

cluster::VirtualService service_of(const cluster::ServiceKey& key) {
  cluster::VirtualService service;
  service.key = key;
  return service;
}

TEST(WriteYaml, WritesTheDefaultsThatReadBack) { EXPECT_EQ(reread({}), cluster::Cluster{}); }

TEST(WriteYaml, LooksAsAPersonWouldWriteIt) {
  const auto cluster = read(R"(
director: {interfaces: [eth0], hook: tc}
pools: {web: {scheduler: wrr, servers: ["192.168.1.10:80", {address: "192.168.1.20:80", weight: 3}]}}
services: {www: {listen: "172.16.3.100:80/tcp", forward: nat, pool: web, persistence: {timeout: 600s}}}
)");
  EXPECT_EQ(write_yaml(cluster), R"(director:
  interfaces: ["eth0"]
  hook: tc
  connections: 1048576
  services: 4096
  servers: 65536
  mh_services: 256
  timeouts: {tcp: 15m, tcp_fin: 2m, udp: 5m}

pools:
  web:
    servers:
      - {address: "192.168.1.10:80", weight: 1}
      - {address: "192.168.1.20:80", weight: 3}

services:
  www:
    listen: "172.16.3.100:80/tcp"
    scheduler: wrr
    persistence: {timeout: 10m}
    forward: nat
    pool: web
)");
}

TEST(WriteYaml, WritesOfTheBehaviourWhatIsNotTheDefault) {
  cluster::Cluster cluster;
  EXPECT_THAT(write_yaml(cluster), testing::Not(testing::HasSubstr("behaviour")));
  cluster.director.behaviour.drop_half_open = cluster::Defence::always;
  cluster.director.behaviour.path_mtu_discovery = false;
  EXPECT_THAT(write_yaml(cluster), testing::HasSubstr("udp: 5m}\n"
                                                      "  behaviour:\n"
                                                      "    drop_half_open: always\n"
                                                      "    path_mtu_discovery: false\n"));
}

TEST(WriteYaml, ReadsBackEverySetting) {
  const auto cluster = read(R"(
director:
  interfaces: ["eth0", 'null', 'a"b\c']
  hook: xdp
  connections: 77
  services: 78
  servers: 79
  timeouts: {tcp: 1s, tcp_fin: 90s, udp: 2h}
  behaviour:
    expire_connections_of_removed_servers: true
    expire_persistence_of_quiescent_servers: true
    connection_reuse: after_fin
    pick_up_tcp: true
    pick_up_sctp: true
    bypass_without_server: true
    drop_half_open: auto
    drop_packets: always
    secure_tcp: auto
    drop_rate: 5
    drop_when_filled: 75
    schedule_icmp: true
    refuse_unknown_replies: true
    path_mtu_discovery: false
pools:
  shared: {servers: ["10.1.0.1", {address: 10.1.0.2, weight: 0}]}
  null-ish: {servers: []}
services:
  http: {listen: "10.0.0.1:80/tcp", forward: nat, pool: shared}
  https: {listen: "10.0.0.1:443/tcp", forward: nat, pool: shared, scheduler: sh, flags: [sh-port, flag-3]}
  "-dash": {listen: "10.0.0.1:81/tcp", pool: null-ish}
  "null": {fwmark: 9, family: ipv6, servers: ["[fd00::1]", {address: "[fd00::2]:99", forward: nat}]}
  group: {listen: ["10.0.0.3:80/tcp", "10.0.0.3:443/tcp", "10.0.0.4:53/udp"], servers: ["10.1.0.1", "10.1.0.2:0"]}
  any: {listen: "[fd00::9]:0/udp", one_packet: true, persistence: {timeout: 7s, netmask: 64}, servers: ["[fd00::1]"]}
  tun:
    listen: "10.0.0.2:80/tcp"
    mss_clamp: 1400
    persistence: {netmask: 255.0.255.0}
    forward: tunnel
    tunnel: {type: gue, port: 6080, checksum: remote}
    servers:
      - {address: 10.1.0.1, upper_threshold: 9, lower_threshold: 3}
      - {address: 10.1.0.2, tunnel: {type: gre, checksum: full}}
      - {address: "[fd00::3]", tunnel: {type: ipip}}
      - {address: "10.1.0.4:0", forward: nat}
      - {address: 10.1.0.5, forward: route}
)");
  EXPECT_EQ(reread(cluster), cluster);
}

TEST(WriteYaml, ReadsBackEverythingAboutHealth) {
  const auto cluster = read(R"(
pools:
  web:
    check: [tcp, {type: http, path: /up, expect: "a\"b\\d", status: "200-299,304", interval: 500ms, tls: true}]
    on_failure: quiescent
    up_command: "/bin/up now"
    down_command: "/bin/down 'a b'"
    run_as: nobody:nogroup
    fallback: "127.0.0.1"
    fallback_command: /bin/page
    quorum: {least: 3, hysteresis: 1, up_command: gained, down_command: lost, run_as: nobody}
    alerts: [ops@example.com, {to: [a@b, c@d], from: lb@b, server: "mail:25", helo: lb, repeat: 5m}]
    maintenance_directory: /etc/maintenance
    servers:
      - 10.1.0.1
      - {address: 10.1.0.2, check: none}
      - {address: 10.1.0.3, disabled: true}
      - {address: 10.1.0.4, check: icmp, on_failure: remove, up_command: "", run_as: daemon}
services:
  http: {listen: "10.0.0.1:80/tcp", pool: web}
  https: {listen: "10.0.0.1:443/tcp", pool: web, check: {type: tcp, rise: 2, fall: 5}, quorum: 1}
  nat: {listen: "10.0.0.2:80/tcp", forward: nat, fallback: "10.1.0.9:81", servers: ["10.1.0.1:82"]}
  inhibited:
    listen: "10.0.0.2:81/tcp"
    servers: []
    fallback: {address: "10.1.0.9:81", forward: tunnel, on_failure: quiescent, weight: 5}
  all:
    listen: "10.0.0.3:80/tcp"
    check:
      - {type: tcp, address: 10.2.0.1, port: 81, bind: "10.2.0.2:7", interface: eth1, mark: 5, through_service: true}
      - {type: tcp, changing_interval: 100ms, timeout: 900ms, connect_timeout: 1s, warmup: 0, initially_up: true}
      - {type: tcp, weight: -5, log_all_failures: true, send: "QUIT\r\n\x01", expect: "^221"}
      - {type: http, version: "2", method: HEAD, host: h, expect_match: false, expect_digest: d41d8cd98f00b204e9800998ecf8427e, fast_recovery: true}
      - {type: http, path: "/"}
      - {type: http_proxy, requests: [{path: /a, regex_options: caseless, expect_from: 1, expect_to: 2}, {path: /b}]}
      - {type: smtp, helo: lb, tls: {verify: true, server_name: n, send_server_name: false, authority: ca, certificate: c,
         key: k, key_password: p, start_tls: true}}
      - {type: udp, send: ping, reply: true, reply_least: 1, reply_most: 9}
      - {type: dns, name: example.com, record: AAAA, over_tcp: true}
      - {type: mysql, user: u, password: p, database: d, query: "SELECT 1", role: writable, max_lag: 5s,
         wsrep_synced: true, wsrep_donor_allowed: true}
      - {type: ldap, base: "dc=example", tls: {start_tls: true}}
      - {type: nntp, group: comp.lang}
      - {type: ftp, fetch: file, expect: x}
      - {type: radius, user: u, password: p, secret: s}
      - {type: command, command: "/bin/check -a 'b c'", arguments: addresses, run_as: "nobody:nogroup"}
      - {type: file, file: /run/health, weight_from_result: true}
    servers: [10.1.0.1]
)");
  const auto text = write_yaml(cluster);
  EXPECT_EQ(reread(cluster), cluster) << text;
  const auto& server = cluster.services.at(0).servers.at(0);
  EXPECT_EQ(server.health.checks.size(), 2U);
  EXPECT_EQ(server.health.checks.at(1).interval, std::chrono::milliseconds(500));
  EXPECT_EQ(cluster.services.at(0).servers.at(1).health.checks.size(), 0U);
  EXPECT_EQ(cluster.services.at(0).fallback->forward, ForwardingMethod::route);
  EXPECT_EQ(cluster.services.at(0).fallback->endpoint.port, 0);
  EXPECT_EQ(cluster.services.at(1).servers.at(0).health.on_failure, cluster::OnFailure::quiescent);
  EXPECT_EQ(cluster.services.at(1).quorum.least, 1U);
  EXPECT_EQ(cluster.services.at(2).fallback->forward, ForwardingMethod::nat);
}

TEST(WriteYaml, NamesServicesThatHaveNoNameByTheirKeys) {
  cluster::Cluster cluster;
  cluster.services.push_back(service_of(
      cluster::AddressKey{.protocol = cluster::Protocol::udp, .endpoint = *net::Endpoint::parse("[fd00::1]:53")}));
  cluster.services.push_back(service_of(cluster::MarkKey{.mark = 7, .family = net::Family::ipv6}));
  const auto again = reread(cluster);
  ASSERT_EQ(again.services.size(), 2U);
  EXPECT_EQ(again.services[0].name, "udp-fd00--1-53");
  EXPECT_EQ(again.services[1].name, "fwmark-7-ipv6");
  EXPECT_EQ(again.services[1].origin, cluster::Origin::file);
}

TEST(WriteYaml, MakesEveryNameANameAndUnique) {
  cluster::Cluster cluster;
  for (std::uint32_t mark = 1; mark <= 4; ++mark)
    cluster.services.push_back(service_of(cluster::MarkKey{.mark = mark}));
  cluster.services[0].name = "a b";
  cluster.services[1].name = "a-b";
  cluster.services[2].name = std::string(200, 'x');
  cluster.services[3].name = std::string(201, 'x');
  const auto again = reread(cluster);
  ASSERT_EQ(again.services.size(), 4U);
  EXPECT_EQ(again.services[0].name, "a-b");
  EXPECT_EQ(again.services[1].name, "a-b-2");
}

TEST(WriteYaml, GivesAServiceThatLeftItsPoolServersOfItsOwn) {
  auto cluster = read(R"(
pools: {web: {servers: [10.1.0.1]}}
services:
  a: {listen: "10.0.0.1:80/tcp", pool: web}
  b: {listen: "10.0.0.1:81/tcp", pool: web}
)");
  cluster.services[1].servers[0].weight = 5;
  auto expected = cluster;
  expected.services[1].pool.clear();
  EXPECT_EQ(reread(cluster), expected);
}

TEST(WriteYaml, WritesThePortOfTheServiceForServersThatCannotHaveAnother) {
  auto cluster = read(R"(services: {a: {listen: "10.0.0.1:80/tcp", servers: ["10.1.0.1"]}})");
  cluster.services[0].servers[0].endpoint.port = 8080;
  EXPECT_EQ(reread(cluster).services[0].servers[0].endpoint.port, 80);
}

/// A Cluster that the rules allow, from a generator of random numbers.
class RandomCluster {
 public:
  explicit RandomCluster(unsigned seed) : random_(seed) {}

  cluster::Cluster make() {
    cluster::Cluster cluster;
    cluster.director.hook = static_cast<cluster::Hook>(below(4));
    cluster.director.timeouts.tcp = std::chrono::seconds(1 + below(100000));
    for (std::uint32_t i = 0; i < 6; ++i) cluster.services.push_back(service(i));
    return cluster;
  }

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

  net::Address address(net::Family family, std::uint32_t number) {
    if (family == net::Family::ipv4) return net::Address::ipv4(0x0a000001U + number);
    std::array<std::uint8_t, 16> bytes{0xfd, 0, static_cast<std::uint8_t>(1 + below(255))};
    bytes[15] = static_cast<std::uint8_t>(1 + number);
    return net::Address::from_bytes(bytes);
  }

  cluster::VirtualService service(std::uint32_t index) {
    cluster::VirtualService service;
    const auto family = below(2) == 0 ? net::Family::ipv4 : net::Family::ipv6;
    const auto port = static_cast<std::uint16_t>(1 + below(65535));
    if (below(4) == 0) {
      service.key = cluster::MarkKey{.mark = index + 1, .family = family};
    } else {
      service.key = cluster::AddressKey{.protocol = below(2) == 0 ? cluster::Protocol::tcp : cluster::Protocol::udp,
                                        .endpoint = {.address = address(family, index), .port = port}};
    }
    service.name = "s" + std::to_string(index);
    service.origin = cluster::Origin::file;
    service.scheduler = cluster::scheduler_names()[below(7)];
    service.scheduler_flags = below(8) * cluster::scheduler_flag_1;
    if (below(2) == 0) {
      const std::uint32_t netmask = family == net::Family::ipv4 ? below(0xffffffffU) : 1 + below(128);
      service.persistence =
          cluster::Persistence{.timeout = std::chrono::seconds(1 + below(2678400)), .netmask = netmask};
    }
    for (std::uint32_t i = below(5); i > 0; --i) service.servers.push_back(server(service.key, i));
    return service;
  }

  RealServer server(const cluster::ServiceKey& key, std::uint32_t index) {
    RealServer server;
    server.forward = std::array{ForwardingMethod::nat, ForwardingMethod::route, ForwardingMethod::tunnel}[below(3)];
    server.endpoint.address = address(cluster::family_of(key), 100 + index);
    if (server.forward == ForwardingMethod::tunnel) {
      server.tunnel.type = static_cast<cluster::TunnelType>(below(3));
      if (server.tunnel.type == cluster::TunnelType::gue)
        server.tunnel.port = static_cast<std::uint16_t>(1 + below(65535));
      if (server.tunnel.type != cluster::TunnelType::ipip) {
        server.tunnel.checksum = static_cast<cluster::TunnelChecksum>(below(2));
      }
    }
    const auto* service = std::get_if<cluster::AddressKey>(&key);
    server.endpoint.port = service != nullptr && server.forward != ForwardingMethod::nat
                               ? service->endpoint.port
                               : static_cast<std::uint16_t>(below(65536));
    server.weight = below(0x80000000U);
    server.upper_threshold = below(0x80000000U);
    server.lower_threshold = below(server.upper_threshold + 1);
    return server;
  }

  std::mt19937 random_;
};

TEST(WriteYaml, ReadsBackAnyCluster) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const auto cluster = RandomCluster(seed).make();
    ASSERT_EQ(reread(cluster), cluster) << "seed " << seed << "\n" << write_yaml(cluster);
  }
}

}  // namespace
}  // namespace ballast::config

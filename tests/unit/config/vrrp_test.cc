#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"

namespace ballast::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

cluster::VrrpSettings read(std::string_view text) {
  const auto cluster = read_yaml(text, "f");
  EXPECT_TRUE(cluster) << cluster.error().message;
  return cluster ? cluster->vrrp : cluster::VrrpSettings{};
}

/// The problems of an instance with these settings beside its essentials.
std::vector<std::string> problems(const std::string& more) {
  const auto cluster =
      check_yaml("vrrp: {edge: {interface: eth0, router_id: 51, addresses: [10.0.0.100/24], " + more + "}}", "f");
  std::vector<std::string> lines;
  if (cluster) return lines;
  for (const auto& problem : cluster.error()) lines.push_back(problem.message);
  return lines;
}

constexpr std::string_view everything = R"(
services:
  www: {listen: "10.0.0.100:80/tcp", servers: [10.1.0.1]}
vrrp:
  edge:
    interface: eth0
    router_id: 51
    version: 3
    priority: 150
    interval: 30ms
    missed_advertisements: 4
    preempt: false
    accept: false
    preempt_delay: 5s
    source: 10.0.0.1
    peers: [10.0.0.2, {address: 10.0.0.3, least_ttl: 250, greatest_ttl: 254}]
    unicast_ttl: 64
    check_source: true
    track_source: true
    checksum: rfc9568
    authentication: {type: hmac, keys: [{id: 1, key: "0123456789abcdef0123456789abcdef"}], mode: permissive, anti_replay: monotonic,
                     window: 10s}
    virtual_mac: {interface: vrrp.51, mac: "02:00:00:00:00:01", advertise_from_interface: true}
    addresses:
      - 10.0.0.100/24
      - {address: 10.0.0.101/24, interface: eth1, label: "eth1:1", scope: link, broadcast: 10.0.0.255, peer: 10.0.0.9,
         track: false, no_prefix_route: true}
    excluded_addresses: [{address: "fd00::100/64", duplicate_detection: true, home: true}]
    routes: ["10.9.0.0/16 via 10.0.0.254"]
    rules: ["from 10.9.0.0/16 table 7"]
    track:
      - {interface: eth1}
      - {script: web, weight: -20, reverse: true}
      - {file: number}
      - {process: nginx}
      - {check: www}
      - {director: alive}
    notify: {master: "/bin/master \"a b\"", backup: /b, fault: /f, stop: /s, lower_priority: /l, any: /any, deleted: /d,
             user: "nobody:nogroup", mail: true, priority_changes: true}
    announce: {repeat: 2, delay: 1s, delayed_repeat: 3, refresh: 60s, refresh_repeat: 2, gap: 500us, neighbour_gap: 2ms,
               lower_priority_repeat: 0, lower_priority_delay: 0}
    lease: 3s
    lower_priority_no_advertisement: true
    higher_priority_send_advertisement: false
    start_delay: 10s
  inside: {interface: eth1, router_id: 52, version: 2, addresses: [10.1.0.1/16], authentication: {type: password, password: x}}
  groups:
    both: {instances: [edge, inside], track: [{interface: eth2}], notify: {any: /any}, track_with_weights: true}
  scripts:
    web: {command: "curl -sf http://127.0.0.1/", user: nobody, interval: 500ms, timeout: 2s, weight: 5, reverse: true,
          rise: 2, fall: 3, initially_failed: true}
  files:
    number: {path: /run/number, weight: 2, reverse: true, initial: -5, overwrite: true}
  processes:
    nginx: {process: nginx, arguments: ["-g"], whole_command: true, arguments_may_go_on: true, weight: 10, reverse: true,
            least: 2, most: 3, up_delay: 1s, down_delay: 2s}
  static:
    addresses: [{address: 10.5.0.1/24, interface: eth0}]
    routes: ["10.6.0.0/16 dev eth0"]
    rules: ["from 10.6.0.0/16 table 8"]
  notify_fifo: {path: /run/fifo, command: /bin/reader}
)";

TEST(VrrpSection, IsReadWithEverythingInIt) {
  const auto vrrp = read(everything);
  ASSERT_EQ(vrrp.instances.size(), 2U);
  const auto& edge = vrrp.instances[0];
  EXPECT_EQ(edge.name, "edge");
  EXPECT_EQ(edge.interval, 30ms);
  EXPECT_EQ(edge.peers[1].least_ttl, 250);
  EXPECT_EQ(edge.security.keys[0].id, 1);
  EXPECT_EQ(edge.addresses[1].interface, "eth1");
  EXPECT_FALSE(edge.excluded_addresses[0].skip_duplicate_detection);
  EXPECT_EQ(edge.tracks[1].weight, -20);
  EXPECT_EQ(edge.tracks[5].kind, cluster::Track::Kind::director);
  EXPECT_EQ(edge.notify.master, "/bin/master \"a b\"");
  EXPECT_EQ(edge.announce.gap, 500us);
  EXPECT_EQ(edge.announce.lower_priority_delay, 0ms);
  EXPECT_EQ(vrrp.groups[0].instances, (std::vector<std::string>{"edge", "inside"}));
  EXPECT_EQ(vrrp.scripts[0].interval, 500ms);
  EXPECT_EQ(vrrp.files[0].initial, -5);
  EXPECT_EQ(vrrp.processes[0].most, 3U);
  EXPECT_EQ(vrrp.fixed.addresses[0].interface, "eth0");
  EXPECT_EQ(vrrp.notify_fifo_command, "/bin/reader");
}

TEST(VrrpSection, IsWrittenSoThatItReadsBack) {
  const auto cluster = read_yaml(everything, "f");
  ASSERT_TRUE(cluster) << cluster.error().message;
  const std::string text = write_yaml(*cluster);
  const auto again = read_yaml(text, "f");
  ASSERT_TRUE(again) << again.error().message << "\n" << text;
  EXPECT_EQ(again->vrrp, cluster->vrrp) << text;
}

TEST(VrrpSection, TracksChecksOfServicesThatAreThere) {
  const auto cluster = check_yaml(
      "services:\n  web: {listen: \"10.0.0.100:80/tcp\", servers: [10.1.0.1]}\n"
      "vrrp: {edge: {interface: eth0, router_id: 51, addresses: [10.0.0.100/24], track: [{check: wbe}]}}",
      "f");
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().at(0).message,
            "vrrp: edge tracks the checks of the service 'wbe', which is not there; did "
            "you mean web?");
}

TEST(VrrpSection, NeedsLittle) {
  const auto vrrp = read("vrrp: {edge: {interface: eth0, router_id: 51, addresses: [\"fe80::1/64\"]}}");
  EXPECT_EQ(vrrp.instances[0].family, net::Family::ipv6);
  EXPECT_EQ(vrrp.instances[0].version, 3);
  EXPECT_EQ(vrrp.instances[0].interval, 1s);
  EXPECT_EQ(vrrp.instances[0].lease, 2s);
}

struct Wrong {
  const char* setting;
  const char* message;
};
class WrongVrrp : public testing::TestWithParam<Wrong> {};

TEST_P(WrongVrrp, IsRefusedWithARemedy) { EXPECT_THAT(problems(GetParam().setting), ElementsAre(GetParam().message)); }

INSTANTIATE_TEST_SUITE_P(
    Each, WrongVrrp,
    testing::Values(
        Wrong{"prioritty: 5", "vrrp.edge: unknown key 'prioritty'; did you mean 'priority'?"},
        Wrong{"priority: 300", "vrrp.edge.priority: '300' is not a number from 1 to 255"},
        Wrong{"interval: 33ms", "vrrp.edge.interval: VRRPv3 counts in steps of 10ms"},
        Wrong{"interval: 30x", "vrrp.edge.interval: '30x' is not a duration; write 30ms, 1s, 5m, 2h, or seconds alone"},
        Wrong{"interval: 5ms", "vrrp.edge.interval: '5ms' is not from 10ms to 255s"},
        Wrong{"version: 2, interval: 100ms",
              "vrrp.edge.interval: VRRPv2 counts in whole seconds; version 3 has shorter intervals"},
        Wrong{"authentication: {type: ah}",
              "vrrp.edge.authentication.type: AH is gone from VRRP since RFC 3768 and not spoken here; use hmac, or "
              "password"},
        Wrong{"authentication: {type: password, password: x}",
              "vrrp.edge.authentication.type: passwords are of version 2; write version: 2, or use hmac"},
        Wrong{"version: 2, authentication: {type: password, password: \"123456789\"}",
              "vrrp.edge.authentication.password: a password has at most 8 bytes: what is longer is no part of the "
              "protocol"},
        Wrong{"authentication: {type: hmac, keys: [{key: short}]}",
              "vrrp.edge.authentication.keys[0].key: a key has 32 to 64 bytes, this one has 5"},
        Wrong{"track: [{script: web}]", "vrrp.edge: tracks the script 'web', which vrrp.scripts does not have"},
        Wrong{"track: [{weight: 5}]",
              "vrrp.edge.track[0]: names one of interface, script, file, process, check, director"},
        Wrong{"routes: [\"10.9.0.0/16\"]", "vrrp.edge.routes[0]: the route has neither 'via' nor 'dev'"},
        Wrong{"peers: [\"fd00::1\"]", "vrrp.edge.peers[0]: 'fd00::1' is not an address of the instance's family, ipv4"},
        Wrong{"virtual_mac: {mac: x}", "vrrp.edge.virtual_mac.mac: is not a MAC address such as 02:00:00:00:00:01"}));

TEST(VrrpSection, RefusesTwoInstancesOfTheSameRouter) {
  const auto cluster = check_yaml(R"(
vrrp:
  a: {interface: eth0, router_id: 51, addresses: [10.0.0.100/24]}
  b: {interface: eth0, router_id: 51, addresses: [10.0.0.101/24]}
  groups: {g: {instances: [a, c]}}
)",
                                  "f");
  ASSERT_FALSE(cluster);
  std::vector<std::string> lines;
  for (const auto& problem : cluster.error()) lines.push_back(to_string(problem));
  EXPECT_THAT(lines, testing::UnorderedElementsAre(
                         testing::EndsWith("vrrp.b: has the interface, family and router_id of a"),
                         testing::EndsWith("vrrp: group g names the instance 'c', which is not there")));
}

TEST(VrrpSection, RefusesAnAddressThatTwoInstancesHaveOnOneInterface) {
  const auto cluster = check_yaml(R"(
vrrp:
  a: {interface: eth0, router_id: 1, addresses: [10.0.0.1/24]}
  b: {interface: eth0, router_id: 2, addresses: [10.0.0.2/24], excluded_addresses: [10.0.0.1/24]}
  c: {interface: eth1, router_id: 3, addresses: [10.0.0.1/24]}
)",
                                  "f");
  ASSERT_FALSE(cluster);
  ASSERT_EQ(cluster.error().size(), 1U);
  EXPECT_THAT(to_string(cluster.error().front()), testing::EndsWith("vrrp.b: has 10.0.0.1 on eth0, as a has"));
}

}  // namespace
}  // namespace ballast::config

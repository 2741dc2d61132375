#include "control/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

cluster::RealServer server(std::string_view endpoint, std::uint32_t weight = 1) {
  cluster::RealServer made;
  made.endpoint = net::Endpoint::parse(endpoint).value();
  made.forward = cluster::ForwardingMethod::nat;
  made.weight = weight;
  return made;
}

cluster::VirtualService service(std::string_view endpoint, std::vector<cluster::RealServer> servers = {}) {
  cluster::VirtualService made;
  made.key = cluster::AddressKey{cluster::Protocol::tcp, net::Endpoint::parse(endpoint).value()};
  made.servers = std::move(servers);
  return made;
}

TEST(Difference, IsEmptyWhereNothingChanges) {
  const cluster::Cluster same{.director = {}, .services = {service("10.0.0.1:80", {server("10.0.1.1:80")})}};
  EXPECT_THAT(difference(same, same), IsEmpty());
}

TEST(Difference, ShowsServicesThatComeAndGo) {
  const cluster::Cluster before{.director = {}, .services = {service("10.0.0.1:80", {server("10.0.1.1:80")})}};
  cluster::Cluster after{.director = {}, .services = {service("10.0.0.2:80", {server("10.0.1.1:8080", 0)})}};
  after.services[0].persistence = cluster::Persistence{.netmask = 0xffffff00};
  EXPECT_THAT(difference(before, after),
              ElementsAre("- tcp 10.0.0.1:80  with 1 real server",
                          "+ tcp 10.0.0.2:80  scheduler wlc, persistence 360 s netmask 255.255.255.0",
                          "  + 10.0.1.1:8080  forward nat, weight 0"));
}

TEST(Difference, ShowsWhatChangesFromWhatToWhat) {
  cluster::Cluster before{
      .director = {},
      .services = {service("10.0.0.1:80", {server("10.0.1.1:80"), server("10.0.1.2:80"), server("10.0.1.3:80")})}};
  cluster::Cluster after = before;
  after.director.timeouts.udp = std::chrono::seconds(30);
  after.services[0].scheduler = "sh";
  after.services[0].scheduler_flags = cluster::scheduler_flag_2;
  after.services[0].servers = {server("10.0.1.3:80"), server("10.0.1.1:80", 7), server("10.0.1.4:80")};
  after.services[0].servers[1].forward = cluster::ForwardingMethod::tunnel;
  after.services[0].servers[1].tunnel = {cluster::TunnelType::gue, 6080, cluster::TunnelChecksum::full};
  EXPECT_THAT(difference(before, after),
              ElementsAre("~ timeouts  udp 300 s -> 30 s",
                          "~ tcp 10.0.0.1:80  scheduler wlc -> sh, flags none -> sh-port", "  - 10.0.1.2:80",
                          "  ~ 10.0.1.1:80  forward nat -> tunnel, tunnel none -> gue port 6080 checksum full, "
                          "weight 1 -> 7",
                          "  + 10.0.1.4:80  forward nat, weight 1", "  ~ order of the real servers"));
}

TEST(Difference, ShowsWhatOnlyHealthVrrpAndSynchronizationAreAbout) {
  cluster::Cluster before{.director = {}, .services = {service("10.0.0.1:80", {server("10.0.1.1:80")})}};
  cluster::Cluster after = before;
  after.services[0].servers[0].health.checks.emplace_back();
  after.services[0].quorum.least = 2;
  cluster::VrrpInstance instance;
  instance.name = "edge";
  before.vrrp.instances = {instance};
  instance.priority = 150;
  after.vrrp.instances = {instance};
  cluster::PeerSync peers;
  peers.key = "a secret of 18 bytes";
  before.sync.peers = peers;
  peers.key = "another secret of 24 bytes";
  after.sync.peers = peers;
  EXPECT_THAT(difference(before, after),
              ElementsAre("~ vrrp edge", "  - priority: 100", "  + priority: 150", "~ sync", "  another key",
                          "~ tcp 10.0.0.1:80", "  + quorum: {least: 2}", "  ~ 10.0.1.1:80", "    + check: tcp"));
}

}  // namespace
}  // namespace ballast::control

#include <gtest/gtest.h>

#include "cli/metrics_text.h"
#include "cli/vrrp_command.h"

namespace ballast::cli {
namespace {

control::VrrpStatus status() {
  control::VrrpView edge{.name = "edge",
                         .group = "both",
                         .interface = "eth0",
                         .family = "ipv4",
                         .router_id = 51,
                         .state = "active",
                         .in_state_ms = 65'000,
                         .why = "10.0.0.2 is silent",
                         .resigned = true,
                         .configured_priority = 150,
                         .priority = 130,
                         .because = {"script web -20"},
                         .address = *net::Address::parse("10.0.0.1"),
                         .active_router = {},
                         .interval_ms = 30,
                         .addresses = {"10.0.0.100/24", "10.0.0.101/24"},
                         .tracks = {{.kind = "script", .name = "web", .good = false, .weight = -20},
                                    {.kind = "director", .name = "", .reverse = true}},
                         .counters = {{"sent", 7}, {"received", 0}},
                         .refused = {{"checksum", 3}}};
  control::VrrpView inside = edge;
  inside.name = "inside";
  inside.state = "backup";
  inside.because.clear();
  inside.active_router = net::Address::parse("10.0.0.2");
  inside.active_priority = 200;
  return {.instances = {edge, inside}, .refused = {{"unknown_router", 5}}};
}

TEST(VrrpText, IsATableOfInstances) {
  EXPECT_EQ(
      vrrp_text(status()),
      R"(Instance  State   Since   Interface  Router id  Priority                      Active router            Why
edge      active  1m 05s  eth0              51  130 (150 and script web -20)  this one                 10.0.0.2 is silent
inside    backup  1m 05s  eth0              51  130                           10.0.0.2 (priority 200)  10.0.0.2 is silent
)");
}

TEST(VrrpText, SaysEverythingAboutOne) {
  EXPECT_EQ(vrrp_text(status().instances[0]), R"(Instance       edge, of group both
State          active for 1m 05s: 10.0.0.2 is silent
               resigned: does not preempt until 'ballast vrrp edge --reclaim'
Protocol       VRRPv3 over ipv4, router id 51, every 30 ms
Interface      eth0, from 10.0.0.1
Priority       130 (150 and script web -20)
Active router  this one
Addresses      10.0.0.100/24
               10.0.0.101/24
Tracks         script web: down, weight -20
               director: up, a fault when it fails, reversed
Counted        sent 7
Refused        checksum 3
)");
}

TEST(VrrpText, IsInTheMetrics) {
  Observed observed;
  observed.vrrp = status();
  const std::string text = metrics_text(observed);
  for (const char* line :
       {"ballast_vrrp_state{vrrp=\"edge\",state=\"active\"} 1\n",
        "ballast_vrrp_state{vrrp=\"inside\",state=\"active\"} 0\n", "ballast_vrrp_priority{vrrp=\"edge\"} 130\n",
        "ballast_vrrp_refused_total{vrrp=\"edge\",reason=\"checksum\"} 3\n",
        "ballast_vrrp_refused_total{vrrp=\"\",reason=\"unknown_router\"} 5\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace ballast::cli

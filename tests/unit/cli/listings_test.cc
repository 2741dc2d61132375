#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/checks_command.h"
#include "cli/connections_command.h"
#include "cli/counters_command.h"
#include "cli/services_command.h"
#include "cli/status_command.h"

namespace ballast::cli {
namespace {

using testing::HasSubstr;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

control::ServerView server(std::string_view at, cluster::ForwardingMethod forward) {
  control::ServerView view;
  view.server.endpoint = endpoint(at);
  view.server.forward = forward;
  view.active = 12;
  view.inactive = 3456;
  view.rates = {1, 20, 30, 4000, 50000};
  return view;
}

TEST(Listings, ServicesStandOverTheirServers) {
  control::ServiceView view;
  view.service.key = cluster::AddressKey{cluster::Protocol::tcp, endpoint("172.16.3.100:80")};
  view.service.name = "www";
  view.service.origin = cluster::Origin::file;
  view.service.scheduler = "wrr";
  view.servers = {server("192.168.1.20:80", cluster::ForwardingMethod::nat),
                  server("192.168.1.10:80", cluster::ForwardingMethod::route)};
  EXPECT_EQ(services_text({view}),
            "Prot LocalAddress:Port, Scheduler, Flags\n"
            "  -> RemoteAddress:Port  Forward  Weight  ActiveConn  InActConn  CPS  InPPS  OutPPS  InBPS  OutBPS\n"
            "TCP  172.16.3.100:80     wrr  [www]\n"
            "  -> 192.168.1.20:80     Masq          1          12       3456    1     20      30   4000   50000\n"
            "  -> 192.168.1.10:80     Route         1          12       3456    1     20      30   4000   50000\n");
}

TEST(Listings, EveryAddressOfAGroupStandsOverItsServers) {
  control::ServiceView view;
  view.service.key = cluster::AddressKey{cluster::Protocol::tcp, endpoint("10.0.0.1:80")};
  view.service.further_addresses = {{cluster::Protocol::tcp, endpoint("10.0.0.1:443")}};
  view.service.scheduler = "rr";
  view.servers = {server("192.168.1.20:0", cluster::ForwardingMethod::nat)};
  EXPECT_THAT(services_text({view}), HasSubstr("TCP  10.0.0.1:80         rr\n"
                                               "TCP  10.0.0.1:443\n"
                                               "  -> 192.168.1.20:0      Masq "));
}

TEST(Listings, NoServicesAreSaidInWords) { EXPECT_EQ(services_text({}), "no virtual services\n"); }

TEST(Listings, ConnectionsOfLaterPagesAreAlignedWithTheFirst) {
  control::ConnectionView view;
  view.protocol = 6;
  view.client = endpoint("10.9.0.1:35000");
  view.virtual_address = endpoint("10.0.1.100:80");
  view.server = endpoint("10.0.2.11:80");
  view.state = "ESTABLISHED";
  view.expires_seconds = 899;
  const std::string first = connections_text({view}, true);
  view.state = "NONE";
  view.client = endpoint("1.1.1.1:1");
  const std::string second = connections_text({view}, false);
  EXPECT_EQ(first,
            "Prot  Expire  State        Source                 Virtual                Destination            Forward\n"
            "TCP    14:59  ESTABLISHED  10.9.0.1:35000         10.0.1.100:80          10.0.2.11:80           Route\n");
  EXPECT_EQ(second,
            "TCP    14:59  NONE         1.1.1.1:1              10.0.1.100:80          10.0.2.11:80           Route\n");
}

TEST(Listings, CountersAtZeroAreHiddenUnlessAskedFor) {
  const std::vector<control::CounterView> counters = {{"forwarded", "packets forwarded", 12},
                                                      {"bad", "bad packets", 0}};
  EXPECT_EQ(counters_text(counters, false),
            "Counter    Value  Meaning\n"
            "forwarded     12  packets forwarded\n");
  EXPECT_THAT(counters_text(counters, true), HasSubstr("bad            0  bad packets\n"));
  EXPECT_THAT(counters_text({counters[1]}, false), HasSubstr("every counter is 0"));
}

TEST(Listings, StatusNamesEveryInterfaceAndWhyItsHook) {
  control::Status status;
  status.version = "0.1.0";
  status.instance = "lab";
  status.pid = 7;
  status.uptime_seconds = 61;
  status.adopted = true;
  status.interfaces = {{"eth0", "xdp", "native"}, {"eth1", "tc", "no native XDP"}};
  status.connections = 1;
  status.connections_max = 1048576;
  EXPECT_EQ(status_text(status),
            "Instance       lab, process 7, up 1m 01s\n"
            "Version        0.1.0\n"
            "Configuration  none\n"
            "Packet path    taken over from an earlier daemon\n"
            "Services       0, with 0 real servers\n"
            "Connections    1 of 1048576\n"
            "Interfaces     eth0: xdp (native)\n"
            "               eth1: tc (no native XDP)\n");
}

TEST(Listings, StatusTellsHowFarATableThatGrowsIs) {
  control::Status status;
  status.connections = 1000;
  status.connections_max = 4096;
  status.connections_growing_to = 8192;
  status.connections_moved_percent = 12;
  EXPECT_THAT(status_text(status), HasSubstr("Connections    1000 of 4096\n"
                                             "               growing to 8192, 12 % moved\n"));
}

TEST(Listings, StatusTellsWhatIsDown) {
  control::Status status;
  status.checks = 3;
  status.servers_down = 1;
  EXPECT_THAT(status_text(status), HasSubstr("Health checks  3; down: 1 real server, 0 services\n"));
}

control::HealthView some_health() {
  const cluster::ServiceKey key =
      cluster::AddressKey{cluster::Protocol::tcp, net::Endpoint::parse("10.0.0.1:80").value()};
  const auto first = net::Endpoint::parse("10.0.1.1:80").value();
  const auto second = net::Endpoint::parse("10.0.1.2:80").value();
  control::HealthView view;
  view.services = {{.key = key,
                    .name = "www",
                    .up = true,
                    .fallback = false,
                    .servers = {{first, false, 1, ""}, {second, true, 1, ""}}}};
  view.checks.resize(2);
  view.checks[0] = {.servers = {{key, first}},
                    .check = "tcp 10.0.1.1:80",
                    .state = "down",
                    .assumed_up = false,
                    .since = 940,
                    .last_at = 998,
                    .last_success = false,
                    .last_reason = "connection refused",
                    .last_latency_microseconds = 90,
                    .in_a_row = 3,
                    .successes = 1,
                    .failures = 3,
                    .history = {{.at = 900, .state = "up", .reason = "connected"},
                                {.at = 940, .state = "down", .reason = "refused"}}};
  view.checks[1].servers = {{key, second}};
  view.checks[1].check = "icmp 10.0.1.2";
  view.checks[1].state = "untested";
  view.checks[1].assumed_up = true;
  view.checks[1].since = 999;
  return view;
}

TEST(Listings, ChecksStandBelowTheirServers) {
  EXPECT_EQ(checks_text(some_health(), false, 1000),
            "Prot LocalAddress:Port, State\n"
            "  -> RemoteAddress:Port  State                    Since   Took  Last result\n"
            "TCP  10.0.0.1:80         up\n"
            "  -> 10.0.1.1:80         down\n"
            "       tcp 10.0.1.1:80   down                    1m 00s  90 us  connection refused\n"
            "  -> 10.0.1.2:80         up\n"
            "       icmp 10.0.1.2     untested, taken for up      1s      -  -\n");
}

TEST(Listings, ChecksTellTheirHistoryWhereAsked) {
  const std::string text = checks_text(some_health(), true, 1000);
  EXPECT_THAT(text, HasSubstr("before"));
  EXPECT_LT(text.find("refused\n", text.find("before")), text.find("connected"));
}

TEST(Listings, WithoutHealthThereIsNothingToList) {
  EXPECT_EQ(checks_text({}, false, 0), "no service has health checks or a fallback\n");
}

}  // namespace
}  // namespace ballast::cli

// Against recordings of the kernel's files.
#include "cli/proc_text.h"

#include <gtest/gtest.h>

namespace ballast::cli {
namespace {

using control::ServerView;
using control::ServiceView;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

ServiceView service(const cluster::ServiceKey& key, std::string scheduler) {
  ServiceView view;
  view.service.key = key;
  view.service.scheduler = std::move(scheduler);
  return view;
}

ServiceView service(cluster::Protocol protocol, std::string_view at, std::string scheduler) {
  return service(cluster::AddressKey{protocol, endpoint(at)}, std::move(scheduler));
}

ServerView server(std::string_view at, cluster::ForwardingMethod forward, std::uint32_t weight) {
  ServerView view;
  view.server.endpoint = endpoint(at);
  view.server.forward = forward;
  view.server.weight = weight;
  return view;
}

TEST(Proc, ShowsServicesAsTheKernelDoes) {
  using cluster::ForwardingMethod;
  using cluster::Persistence;
  using cluster::Protocol;
  using std::chrono::seconds;
  std::vector<ServiceView> services = {
      service(Protocol::tcp, "10.0.1.100:80", "wlc"),         service(Protocol::tcp, "[fd00:1::100]:81", "rr"),
      service(Protocol::tcp, "[fd00:1::100]:80", "wlc"),      service(Protocol::udp, "10.0.1.100:53", "rr"),
      service(Protocol::tcp, "10.0.1.100:22", "wlc"),         service(Protocol::sctp, "10.0.1.100:9899", "rr"),
      service(cluster::MarkKey{7, net::Family::ipv4}, "wrr"), service(cluster::MarkKey{8, net::Family::ipv4}, "rr"),
      service(cluster::MarkKey{9, net::Family::ipv6}, "rr"),
  };
  services[0].servers = {server("10.0.2.18:80", ForwardingMethod::tunnel, 1),
                         server("10.0.2.14:8080", ForwardingMethod::nat, 65535)};
  services[1].service.persistence = Persistence{seconds(300), 64};
  services[2].servers = {server("[fd00:2::11]:81", ForwardingMethod::nat, 1)};
  services[3].service.one_packet = true;
  services[4].service.persistence = Persistence{seconds(600), 0xffffff00};
  services[6].servers = {server("10.0.2.11:0", ForwardingMethod::route, 1)};
  services[7].service.persistence = Persistence{seconds(30), 0xffff0000};
  services[8].service.persistence = Persistence{seconds(30), 64};
  services[0].servers[0].active = 12;
  services[0].servers[0].inactive = 345;
  EXPECT_EQ(proc_services(services),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
            "TCP  0A000164:0050 wlc  \n"
            "  -> 0A000212:0050      Tunnel  1      12         345       \n"
            "  -> 0A00020E:1F90      Masq    65535  0          0         \n"
            "TCP  [fd00:0001:0000:0000:0000:0000:0000:0100]:0051 rr persistent 75000 40000000\n"
            "TCP  [fd00:0001:0000:0000:0000:0000:0000:0100]:0050 wlc \n"
            "  -> [fd00:0002:0000:0000:0000:0000:0000:0011]:0051      Masq    1      0          0         \n"
            "UDP  0A000164:0035 rr ops  \n"
            "TCP  0A000164:0016 wlc  persistent 150000 FFFFFF00\n"
            "SCTP  0A000164:26AB rr  \n"
            "FWM  00000007 wrr \n"
            "  -> 0A00020B:0000      Route   1      0          0         \n"
            "FWM  00000008 rr persistent 7500 FFFF0000\n"
            "FWM  00000009 rr persistent 7500 40000000\n");
}

TEST(Proc, ShowsConnectionsAsTheKernelDoes) {
  EXPECT_EQ(proc_connections_title(),
            "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n");
  EXPECT_EQ(proc_connection({.protocol = 6,
                             .client = endpoint("10.9.0.10:30009"),
                             .virtual_address = endpoint("10.0.1.100:80"),
                             .server = endpoint("10.0.2.13:80"),
                             .state = "ESTABLISHED",
                             .expires_seconds = 895}),
            "TCP 0A09000A 7539 0A000164 0050 0A00020D 0050 ESTABLISHED     895\n");
  EXPECT_EQ(proc_connection({.protocol = 17,
                             .client = endpoint("[fd00:9::1]:5353"),
                             .virtual_address = endpoint("[fd00:1::100]:53"),
                             .server = endpoint("10.0.2.13:53"),
                             .state = "UDP",
                             .expires_seconds = 7}),
            "UDP fd00:0009:0000:0000:0000:0000:0000:0001 14E9 fd00:0001:0000:0000:0000:0000:0000:0100 0035 "
            "0A00020D 0035 UDP               7\n");
}

TEST(Proc, ShowsStatisticsAsTheKernelDoes) {
  EXPECT_EQ(proc_stats({{0x81, 0x236, 0x161, 0x7576, 0x4be4}, {5, 0x19, 0xf, 0x533, 0x353}}),
            "   Total Incoming Outgoing         Incoming         Outgoing\n"
            "   Conns  Packets  Packets            Bytes            Bytes\n"
            "      81      236      161             7576             4BE4\n"
            "\n"
            " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
            "       5       19        F              533              353\n");
}

}  // namespace
}  // namespace ballast::cli

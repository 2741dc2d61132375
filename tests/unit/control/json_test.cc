#include "control/json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace ballast::control {
namespace {

using namespace std::chrono_literals;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

cluster::RealServer plain_server(std::string_view at) {
  cluster::RealServer server;
  server.endpoint = endpoint(at);
  return server;
}

cluster::RealServer tunnelled_server() {
  return {.endpoint = endpoint("[fd00::11]:8080"),
          .forward = cluster::ForwardingMethod::tunnel,
          .tunnel = {.type = cluster::TunnelType::gue, .port = 6080, .checksum = cluster::TunnelChecksum::remote},
          .weight = 2147483647,
          .upper_threshold = 100,
          .lower_threshold = 70};
}

cluster::VirtualService full_service() {
  return {.key = cluster::AddressKey{cluster::Protocol::udp, endpoint("[fd00:1::100]:53")},
          .further_addresses = {{cluster::Protocol::tcp, endpoint("[fd00:1::100]:53")}},
          .name = "dns",
          .scheduler = "sh",
          .scheduler_flags = 0x18,
          .persistence = cluster::Persistence{20s, 64},
          .one_packet = true,
          .persistence_engine = "sip",
          .mss_clamp = 1440,
          .servers = {tunnelled_server(), plain_server("10.0.0.2:0")},
          .pool = "resolvers",
          .origin = cluster::Origin::file};
}

/// Everything that can be said of a check is not what goes without saying.
cluster::HealthCheck full_check() {
  cluster::HealthCheck check;
  check.type = cluster::CheckType::http;
  check.address = net::Address::parse("10.0.0.3");
  check.port = 8443;
  check.bind_to = endpoint("10.0.0.4:99");
  check.bind_interface = "eth7";
  check.mark = 5;
  check.through_service = check.initially_up = check.weight_from_result = check.log_all_failures = true;
  check.fast_recovery = check.reply = check.over_tcp = true;
  check.interval = 700ms;
  check.changing_interval = 150ms;
  check.timeout = 900ms;
  check.connect_timeout = 800ms;
  check.warmup = 0ms;
  check.rise = 7;
  check.fall = 8;
  check.weight = -9;
  check.tls = cluster::CheckTls{true, "name", false, "ca.pem", "own.pem", "own.key", "secret", true};
  check.http_version = cluster::HttpVersion::http_2;
  check.requests = {{"/a", "HEAD", "host", "200", "body", false, "d41d", "caseless", 3, 4}, {}};
  check.send = "send";
  check.expect = "expect";
  check.reply_least = 1;
  check.reply_most = 2;
  check.request = "example.com";
  check.record = "AAAA";
  check.user = "user";
  check.password = "password";
  check.database = "database";
  check.secret = "shared";
  check.helo = "helo";
  check.database_role = {cluster::DatabaseRole::Required::writable, 3s, true, true};
  check.command = "/bin/check -a";
  check.arguments = cluster::CommandArguments::addresses;
  check.command_user = "nobody:nogroup";
  return check;
}

cluster::VirtualService watched_service() {
  cluster::VirtualService service = full_service();
  service.servers[0].health = {{full_check(), {}}, cluster::OnFailure::quiescent, true, "up", "down", "nobody"};
  service.fallback = plain_server("127.0.0.1:0");
  service.fallback_command = "page";
  service.quorum = {3, 1, "gained", "lost", "nobody:nogroup"};
  service.alerts = {{{"a@example.com", "b@example.com"}, "lb@example.com", "mail:25", "lb", 60s}};
  service.maintenance_directory = "/etc/maintenance";
  return service;
}

constexpr Stats some_stats{18446744073709551615ULL, 2, 3, 4, 5};

/// Through text and back.
template <typename T>
Result<T> round_trip(const T& value) {
  return from_json<T>(boost::json::parse(boost::json::serialize(to_json(value))));
}

template <typename T>
std::string error_of(std::string_view text) {
  const auto read = from_json<T>(boost::json::parse(text));
  return read ? "" : read.error().message;
}

TEST(Json, CarriesKeysOfAddressesAndMarks) {
  for (const cluster::ServiceKey& key :
       {cluster::ServiceKey(cluster::AddressKey{cluster::Protocol::sctp, endpoint("10.0.0.1:0")}),
        cluster::ServiceKey(cluster::AddressKey{cluster::Protocol::tcp, endpoint("[::1]:65535")}),
        cluster::ServiceKey(cluster::MarkKey{4294967295, net::Family::ipv6})}) {
    EXPECT_EQ(round_trip(key), key) << to_string(key);
  }
}

TEST(Json, CarriesEveryMemberOfAService) { EXPECT_EQ(round_trip(full_service()), full_service()); }

TEST(Json, CarriesAServiceOfDefaults) {
  const cluster::VirtualService service;
  EXPECT_EQ(round_trip(service), service);
}

TEST(Json, CarriesACluster) {
  cluster::Cluster cluster;
  cluster.director = {.interfaces = {"eth0", "eth1"},
                      .hook = cluster::Hook::xdp_generic,
                      .connections = 5,
                      .services = 6,
                      .servers = 7,
                      .timeouts = {1s, 2s, 3s},
                      .behaviour = {.connection_reuse = cluster::ConnectionReuse::never,
                                    .pick_up_sctp = true,
                                    .drop_packets = cluster::Defence::when_filled,
                                    .drop_rate = 4}};
  cluster.services = {full_service(), watched_service()};
  EXPECT_EQ(round_trip(cluster), cluster);
}

TEST(Json, CarriesServiceViews) {
  ServiceView view{.service = full_service(), .servers = {}, .stats = some_stats, .rates = {1, 0, 0, 0, 0}};
  view.servers.push_back({.server = tunnelled_server(),
                          .active = 4294967295,
                          .inactive = 1,
                          .persistent = 2,
                          .stats = some_stats,
                          .rates = {0, 1, 0, 0, 0}});
  EXPECT_EQ(round_trip(std::vector{view, view}), (std::vector{view, view}));
}

TEST(Json, CarriesConnectionsOfEveryProtocol) {
  std::vector<ConnectionView> views;
  for (const std::uint8_t protocol : {0, 6, 17, 132, 51}) {
    views.push_back({.protocol = protocol,
                     .client = endpoint("10.9.0.1:35000"),
                     .virtual_address = endpoint("10.0.1.100:80"),
                     .server = endpoint("[fd00::11]:80"),
                     .state = "ESTABLISHED",
                     .expires_seconds = 899,
                     .forward = cluster::ForwardingMethod::nat});
  }
  EXPECT_EQ(round_trip(views), views);
}

TEST(Json, NamesProtocolsOfConnections) {
  ConnectionView view;
  view.protocol = 6;
  EXPECT_EQ(to_json(view).at("protocol"), "tcp");
}

TEST(Json, CarriesWhichConditionsAFilterHas) {
  const ConnectionFilter filter{.protocol = 17,
                                .client = net::Prefix::parse("10.9.0.0/16"),
                                .client_port = 0,
                                .virtual_address = {},
                                .virtual_port = 80,
                                .server = net::Address::parse("fd00::1"),
                                .server_port = {},
                                .state = "UDP"};
  const auto read = round_trip(filter);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->protocol, filter.protocol);
  EXPECT_EQ(read->client, filter.client);
  EXPECT_EQ(read->client_port, filter.client_port);
  EXPECT_EQ(read->virtual_address, std::nullopt);
  EXPECT_EQ(read->virtual_port, filter.virtual_port);
  EXPECT_EQ(read->server, filter.server);
  EXPECT_EQ(read->server_port, std::nullopt);
  EXPECT_EQ(read->state, "UDP");
}

TEST(Json, CarriesStatusAndCounters) {
  const Status status{.version = "1",
                      .instance = "lab",
                      .pid = 7,
                      .configuration = "/etc/b.yaml",
                      .uptime_seconds = 3,
                      .adopted = true,
                      .interfaces = {{"eth0", "xdp", "native"}},
                      .connections = 1,
                      .connections_max = 2,
                      .connections_growing_to = 5,
                      .connections_moved_percent = 6,
                      .services = 3,
                      .servers = 4};
  EXPECT_EQ(to_json(round_trip(status).value()), to_json(status));
  const std::vector<CounterView> counters = {{"table_full", "help", 18446744073709551615ULL}};
  EXPECT_EQ(to_json(round_trip(counters).value()), to_json(counters));
}

TEST(Json, TakesDefaultsForWhatARequestLeavesOut) {
  const auto server = from_json<cluster::RealServer>(boost::json::parse(R"({"endpoint": "10.0.0.2:80"})"));
  ASSERT_TRUE(server.has_value()) << server.error().message;
  EXPECT_EQ(*server, plain_server("10.0.0.2:80"));
}

TEST(Json, SaysWhereAMemberIsMissing) {
  EXPECT_EQ(error_of<cluster::VirtualService>(R"({"key": {"protocol": "tcp"}})"), "service.key.endpoint: is missing");
}

TEST(Json, SaysWhichElementOfAnArrayDoesNotFit) {
  EXPECT_EQ(error_of<cluster::VirtualService>(R"({"key": {"mark": 1},
      "servers": [{"endpoint": "10.0.0.1:1"}, {"endpoint": "10.0.0.2:1", "weight": 5000000000}]})"),
            "service.servers[1].weight: 5000000000 does not fit, 0 to 4294967295 does");
}

TEST(Json, SaysWhichWordsAnEnumerationHas) {
  EXPECT_EQ(error_of<cluster::RealServer>(R"({"endpoint": "10.0.0.1:1", "forward": "masq"})"),
            "server.forward: must be one of nat, tunnel, route");
}

TEST(Json, RefusesWrongTypes) {
  EXPECT_EQ(error_of<cluster::ServiceKey>("7"), "key: must be an object");
  EXPECT_EQ(error_of<cluster::ServiceKey>(R"({"mark": "7"})"), "key.mark: must be an integer from 0 to 4294967295");
  EXPECT_EQ(error_of<cluster::ServiceKey>(R"({"mark": -1})"), "key.mark: -1 does not fit, 0 to 4294967295 does");
  EXPECT_EQ(error_of<cluster::Timeouts>(R"({"tcp": -1, "tcp_fin": 0, "udp": 0})"),
            "timeouts.tcp: must be a number of seconds from 0 to 2147483647");
  EXPECT_EQ(error_of<net::Endpoint>(R"("10.0.0.1")"),
            "endpoint: must be an address and a port, as \"10.0.0.1:80\" or \"[fd00::1]:80\"");
  EXPECT_EQ(error_of<cluster::VirtualService>(R"({"key": {"mark": 1}, "one_packet": 1})"),
            "service.one_packet: must be true or false");
  EXPECT_EQ(error_of<std::vector<ServiceView>>("{}"), "services: must be an array");
}

}  // namespace
}  // namespace ballast::control

#include "control/statistics.h"

#include <gtest/gtest.h>

namespace ballast::control {
namespace {

const cluster::ServiceKey first = cluster::MarkKey{1, net::Family::ipv4};
const cluster::ServiceKey second = cluster::MarkKey{2, net::Family::ipv4};

director::ServerLoad server_load(std::uint16_t port, std::uint64_t connections) {
  director::ServerLoad load;
  load.server.endpoint = {net::Address::ipv4(0x0a000001), port};
  load.stats.connections = connections;
  return load;
}

director::ServiceLoad service_load(const cluster::ServiceKey& key, std::vector<director::ServerLoad> servers,
                                   std::uint64_t connections) {
  director::ServiceLoad load{.key = key, .servers = std::move(servers), .stats = {}};
  load.stats.connections = connections;
  return load;
}

cluster::Cluster cluster_of(std::vector<cluster::ServiceKey> keys) {
  cluster::Cluster made;
  for (const auto& key : keys) made.services.emplace_back().key = key;
  return made;
}

TEST(Statistics, ListsServicesInTheOrderOfTheCluster) {
  const auto views =
      Statistics().views(cluster_of({second, first}), {service_load(first, {}, 1), service_load(second, {}, 2)});
  ASSERT_EQ(views.size(), 2);
  EXPECT_EQ(views[0].service.key, second);
  EXPECT_EQ(views[0].stats.connections, 2);
  EXPECT_EQ(views[1].stats.connections, 1);
}

TEST(Statistics, ZeroOfOneServiceLeavesTheOthers) {
  Statistics statistics;
  const std::vector before = {service_load(first, {server_load(1, 3)}, 3), service_load(second, {}, 4)};
  statistics.zero(before, first);
  const auto views = statistics.views(cluster_of({first, second}),
                                      {service_load(first, {server_load(1, 5)}, 5), service_load(second, {}, 4)});
  EXPECT_EQ(views[0].stats.connections, 2);
  EXPECT_EQ(views[0].servers.at(0).stats.connections, 2);
  EXPECT_EQ(views[1].stats.connections, 4);
}

TEST(Statistics, ZeroClearsRates) {
  Statistics statistics;
  statistics.track({service_load(first, {}, 0)});
  statistics.step({service_load(first, {}, 1000)});
  EXPECT_EQ(statistics.views(cluster_of({first}), {service_load(first, {}, 1000)})[0].rates.connections, 125);
  statistics.zero({service_load(first, {}, 1000)}, std::nullopt);
  EXPECT_EQ(statistics.views(cluster_of({first}), {service_load(first, {}, 1000)})[0].rates.connections, 0);
}

TEST(Statistics, AServerThatComesBackWithItsCountersKeepsItsZero) {
  Statistics statistics;
  statistics.zero({service_load(first, {server_load(1, 3)}, 3)}, std::nullopt);
  statistics.retain(cluster_of({first}));
  statistics.track({service_load(first, {}, 3)});
  const auto views = statistics.views(cluster_of({first}), {service_load(first, {server_load(1, 4)}, 4)});
  EXPECT_EQ(views[0].servers.at(0).stats.connections, 1);
}

TEST(Statistics, AServiceThatIsMadeAnewCountsFromItsOwnZero) {
  Statistics statistics;
  statistics.zero({service_load(first, {}, 3)}, std::nullopt);
  statistics.retain(cluster_of({second}));
  EXPECT_TRUE(statistics.baselines().empty());
}

TEST(Statistics, CountersThatBeganAnewAreShownWhole) {
  Statistics statistics;
  statistics.zero({service_load(first, {}, 300)}, std::nullopt);
  EXPECT_EQ(statistics.views(cluster_of({first}), {service_load(first, {}, 5)})[0].stats.connections, 5);
  statistics.step({service_load(first, {}, 5)});
  EXPECT_EQ(statistics.views(cluster_of({first}), {service_load(first, {}, 400)})[0].stats.connections, 400);
}

TEST(Statistics, TotalsKeepWhatServicesCountedThatAreGone) {
  Statistics statistics;
  statistics.track({service_load(first, {}, 3), service_load(second, {}, 4)});
  EXPECT_EQ(statistics.totals({service_load(first, {}, 3), service_load(second, {}, 4)}).stats.connections, 7);
  statistics.step({service_load(first, {}, 5), service_load(second, {}, 4)});
  statistics.track({service_load(second, {}, 4)});
  EXPECT_EQ(statistics.totals({service_load(second, {}, 10)}).stats.connections, 15);
  statistics.track({service_load(first, {}, 5), service_load(second, {}, 10)});
  EXPECT_EQ(statistics.totals({service_load(first, {}, 5), service_load(second, {}, 10)}).stats.connections, 15)
      << "a service that comes back with its counters is not counted twice";
}

TEST(Statistics, TotalsHaveRatesOfTheirOwn) {
  Statistics statistics;
  statistics.track({service_load(first, {}, 100), service_load(second, {}, 0)});
  statistics.step({service_load(first, {}, 105), service_load(second, {}, 5)});
  EXPECT_EQ(statistics.totals({}).rates.connections, 1);
}

TEST(Statistics, ZeroOfAllServicesIsAlsoThatOfTheTotals) {
  Statistics statistics;
  statistics.track({service_load(first, {}, 3)});
  statistics.zero({service_load(first, {}, 5)}, first);
  EXPECT_EQ(statistics.totals({service_load(first, {}, 5)}).stats.connections, 5);
  statistics.zero({service_load(first, {}, 6)}, std::nullopt);
  EXPECT_EQ(statistics.totals({service_load(first, {}, 8)}).stats.connections, 2);
}

}  // namespace
}  // namespace ballast::control

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "schedule/hash_buckets.h"
#include "schedule/weighted_round_robin.h"

namespace ballast::schedule {
namespace {

TEST(SourceHash, GivesEveryServerAsManyBucketsInARowAsItsWeight) {
  const std::vector<WeightedServer> servers = {{7, 1}, {8, 3}};
  const auto table = source_hash_table(servers);
  EXPECT_EQ(std::vector(table.begin(), table.begin() + 6), (std::vector<std::uint32_t>{7, 8, 8, 8, 7, 8}));
  EXPECT_EQ(std::ranges::count(table, 7U), 64);
}

TEST(SourceHash, GivesAServerOfWeightZeroOneBucketSoThatItsClientsAreRefused) {
  const std::vector<WeightedServer> servers = {{1, 0}, {2, 1}};
  const auto table = source_hash_table(servers);
  EXPECT_EQ(std::ranges::count(table, 1U), 128);
}

TEST(SourceHash, IsEmptyWithoutServers) {
  const auto table = source_hash_table({});
  EXPECT_EQ(std::ranges::count(table, no_server), 256);
}

TEST(WeightedRoundRobin, TakesStepAndTopFromTheWeightsAboveZero) {
  const std::vector<std::uint32_t> weights = {10, 20, 0, 40};
  EXPECT_EQ(round_robin_weights(weights), (RoundRobinWeights{.step = 10, .top = 31}));
  EXPECT_EQ(round_robin_weights(std::vector<std::uint32_t>{0, 0}), (RoundRobinWeights{.step = 1, .top = 0}));
}

TEST(WeightedRoundRobin, KeepsTheRoundItIsInWhenAWeightChanges) {
  EXPECT_EQ(adjusted_weight(0, {.step = 1, .top = 4}), 4);
  EXPECT_EQ(adjusted_weight(9, {.step = 1, .top = 4}), 4);
  EXPECT_EQ(adjusted_weight(3, {.step = 1, .top = 4}), 3);
  EXPECT_EQ(adjusted_weight(25, {.step = 10, .top = 31}), 21);
}

}  // namespace
}  // namespace ballast::schedule

#include "schedule/maglev.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "bpf/schedule/maglev_hash.h"

namespace ballast::schedule {
namespace {

std::vector<MaglevServer> servers_with_weights(const std::vector<std::uint32_t>& weights) {
  std::vector<MaglevServer> servers;
  for (std::uint32_t i = 0; i < weights.size(); ++i) servers.push_back({i, 0x0a00020b + i + 80, weights[i]});
  return servers;
}

std::int64_t share(const std::vector<std::uint32_t>& table, std::uint32_t server) {
  return std::ranges::count(table, server);
}

TEST(MaglevHash, IsTheLowerHalfOfSipHashWithOneAndThreeRounds) {
  // SipHash-1-3 of 01 02 03 04 with a key of 16 times ff, from an independent implementation.
  EXPECT_EQ(maglev_hash(0x04030201, ~0ULL), 0xdf1c0e65U);
}

TEST(Maglev, GivesEveryServerItsShareOfAllSlots) {
  const auto table = maglev_table(servers_with_weights({1, 1, 1}));
  ASSERT_EQ(table.size(), maglev_slots);
  for (std::uint32_t server = 0; server < 3; ++server) EXPECT_NEAR(share(table, server), maglev_slots / 3.0, 1);
}

TEST(Maglev, SharesByWeight) {
  const auto table = maglev_table(servers_with_weights({10, 20, 30}));
  EXPECT_NEAR(share(table, 0), maglev_slots / 6.0, 3);
  EXPECT_NEAR(share(table, 1), maglev_slots / 3.0, 3);
  EXPECT_NEAR(share(table, 2), maglev_slots / 2.0, 3);
}

TEST(Maglev, ScalesGreatWeightsDownAndLeavesEveryServerASlot) {
  const auto table = maglev_table(servers_with_weights({1, 65535}));
  EXPECT_NEAR(share(table, 0), maglev_slots / 64.0, 1);
}

TEST(Maglev, GivesNoSlotToAServerThatNeverHadAWeight) {
  const auto table = maglev_table(servers_with_weights({0, 1}));
  EXPECT_EQ(share(table, 1), maglev_slots);
  EXPECT_TRUE(maglev_table(servers_with_weights({0, 0})).empty());
  EXPECT_TRUE(maglev_table({}).empty());
}

TEST(Maglev, MovesFewSlotsBetweenServersThatStay) {
  const auto all = servers_with_weights({1, 1, 1, 1, 1, 1, 1, 1});
  const auto before = maglev_table(all);
  const auto after = maglev_table(std::span(all).first(7));
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) moved += before[i] != 7 && before[i] != after[i] ? 1 : 0;
  EXPECT_LT(moved, static_cast<int>(maglev_slots / 10));
}

TEST(Maglev, HoldsTheFirstServersWhereTheyAreMoreThanTheSlots) {
  const auto table = maglev_table(servers_with_weights(std::vector<std::uint32_t>(maglev_slots + 5, 1)));
  auto sorted = table;
  std::ranges::sort(sorted);
  std::vector<std::uint32_t> first(maglev_slots);
  std::iota(first.begin(), first.end(), 0);
  EXPECT_EQ(sorted, first);
}

}  // namespace
}  // namespace ballast::schedule

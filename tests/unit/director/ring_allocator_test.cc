#include "director/ring_allocator.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace ballast::director {
namespace {

TEST(RingAllocator, HandsOutTheFirstRunThatFits) {
  RingAllocator lines(10);
  EXPECT_EQ(lines.take(4), 0U);
  EXPECT_EQ(lines.take(4), 4U);
  EXPECT_EQ(lines.take(4), std::nullopt);
  EXPECT_EQ(lines.take(2), 8U);
}

TEST(RingAllocator, KeepsBackWhatWasReturnedUntilItSettles) {
  RingAllocator lines(4);
  EXPECT_EQ(lines.take(4), 0U);
  lines.give_back(0, 4);
  EXPECT_EQ(lines.take(1), std::nullopt);
  lines.settle();
  EXPECT_EQ(lines.take(4), 0U);
}

TEST(RingAllocator, LeavesOutWhatAnEarlierProcessHandedOut) {
  RingAllocator lines(10);
  lines.claim(2, 3);
  EXPECT_EQ(lines.take(3), 5U);
  EXPECT_EQ(lines.take(2), 0U);
}

TEST(RingAllocator, NeverHandsOutALineTwiceAndLosesNone) {
  constexpr std::uint32_t size = 256;
  RingAllocator lines(size);
  std::mt19937 random(7);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> taken;
  std::set<std::uint32_t> used;
  for (int step = 0; step < 20000; ++step) {
    const std::uint32_t length = random() % 20 + 1;
    if (random() % 2 == 0) {
      const auto first = lines.take(length);
      if (!first) continue;
      for (std::uint32_t i = 0; i < length; ++i) ASSERT_TRUE(used.insert(*first + i).second);
      taken.emplace_back(*first, length);
    } else if (!taken.empty()) {
      const auto [first, count] = taken.back();
      taken.pop_back();
      lines.give_back(first, count);
      lines.settle();
      for (std::uint32_t i = 0; i < count; ++i) used.erase(first + i);
    }
  }
  for (const auto& [first, count] : taken) lines.give_back(first, count);
  lines.settle();
  EXPECT_EQ(lines.take(size), 0U);
}

}  // namespace
}  // namespace ballast::director

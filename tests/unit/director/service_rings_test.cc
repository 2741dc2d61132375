#include "director/service_rings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ballast::director {
namespace {

using Word = SchedulerStep::Word;
constexpr std::uint64_t buckets = 7ull << 32 | 256;

/// The hash ring that programs find when a scheduler has just been published.
std::uint64_t ring_under(std::uint8_t scheduler, std::uint64_t before, std::uint64_t after) {
  std::uint64_t ring = before;
  for (const auto& step : steps_to_scheduler(scheduler, after)) {
    if (step.word == Word::scheduler) return ring;
    ring = step.value;
  }
  return ring;
}

TEST(SchedulerSteps, ASchedulerByHashComesAfterItsBuckets) {
  EXPECT_EQ(ring_under(abi::SCHEDULER_SH, 0, buckets), buckets);
  EXPECT_EQ(ring_under(abi::SCHEDULER_DH, 0, buckets), buckets);
}

TEST(SchedulerSteps, BucketsGoAfterTheSchedulerThatNeedsThem) {
  EXPECT_EQ(ring_under(abi::SCHEDULER_LC, buckets, 0), buckets);
}

TEST(SchedulerSteps, BothEndAsTheyAreToBe) {
  for (const std::uint64_t ring : {std::uint64_t{0}, buckets}) {
    const auto steps = steps_to_scheduler(abi::SCHEDULER_MH, ring);
    EXPECT_NE(std::ranges::find(steps, SchedulerStep{Word::scheduler, abi::SCHEDULER_MH}), steps.end());
    EXPECT_NE(std::ranges::find(steps, SchedulerStep{Word::ring_of_hash, ring}), steps.end());
  }
}

}  // namespace
}  // namespace ballast::director

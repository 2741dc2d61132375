#include "health/schedule.h"

#include <gtest/gtest.h>

#include "tests/unit/health/values.h"

namespace ballast::health {
namespace {

using namespace std::chrono_literals;

TEST(Schedule, GivesWhatIsDueInOrder) {
  Schedule schedule;
  schedule.set(1, at(3).steady);
  schedule.set(2, at(1).steady);
  schedule.set(3, at(2).steady);
  EXPECT_EQ(schedule.next(), at(1).steady);
  EXPECT_EQ(schedule.take(at(0).steady), std::nullopt);
  EXPECT_EQ(schedule.take(at(2).steady), 2U);
  EXPECT_EQ(schedule.take(at(2).steady), 3U);
  EXPECT_EQ(schedule.take(at(2).steady), std::nullopt);
  EXPECT_EQ(schedule.size(), 1U);
}

TEST(Schedule, ACheckIsDueOnce) {
  Schedule schedule;
  schedule.set(1, at(3).steady);
  schedule.set(1, at(1).steady);
  EXPECT_EQ(schedule.take(at(5).steady), 1U);
  EXPECT_EQ(schedule.next(), std::nullopt);
  schedule.set(1, at(3).steady);
  schedule.remove(1);
  EXPECT_EQ(schedule.take(at(5).steady), std::nullopt);
}

TEST(FirstWait, SpreadsNewChecksByAMillisecondEach) {
  EXPECT_EQ(first_wait({}, 1, 1.0), 1ms);
  EXPECT_EQ(first_wait({}, 1000, 0.5), 500ms);
  EXPECT_EQ(first_wait({}, 100000, 1.0), 2s) << "at most the interval";
}

TEST(FirstWait, IsWithinTheWarmupWhereThereIsOne) {
  cluster::HealthCheck check;
  check.warmup = 30s;
  EXPECT_EQ(first_wait(check, 1, 0.5), 15s);
  check.warmup = 0s;
  EXPECT_EQ(first_wait(check, 100000, 1.0), 0s);
}

TEST(NextWait, IsTheIntervalMoreOrLess) {
  const cluster::HealthCheck check;
  EXPECT_EQ(next_wait(check, false, 0), 1900ms);
  EXPECT_EQ(next_wait(check, true, 0.5), 2000ms);
  EXPECT_EQ(next_wait(check, false, 1), 2100ms);
}

TEST(NextWait, IsShorterWhileSomethingChanges) {
  cluster::HealthCheck check;
  check.changing_interval = 200ms;
  EXPECT_EQ(next_wait(check, true, 0.5), 200ms);
  EXPECT_EQ(next_wait(check, false, 0.5), 2s);
}

}  // namespace
}  // namespace ballast::health

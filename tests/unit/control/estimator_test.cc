#include "control/estimator.h"

#include <gtest/gtest.h>

namespace ballast::control {
namespace {

// The numbers are those of a recorded `ipvsadm --rate` of ip_vs.

TEST(Estimator, ShowsAQuarterOfTheRateAfterOneStep) {
  Estimator estimator;
  estimator.step({10, 50, 30, 2680, 1680});
  EXPECT_EQ(estimator.rates(), (Stats{1, 6, 4, 335, 210}));
}

TEST(Estimator, LosesAQuarterWithEveryIdleStep) {
  Estimator estimator;
  estimator.step({989, 1000, 1000, 428000, 32000});
  estimator.step({989, 1000, 1000, 428000, 32000});
  EXPECT_EQ(estimator.rates(), (Stats{93, 94, 94, 40125, 3000}));
}

TEST(Estimator, ComesToASteadyRateAndBackToZero) {
  Estimator estimator;
  Stats counted;
  for (int i = 0; i < 200; ++i) {
    counted.connections += 2000;
    counted.bytes_in += 20'000'000'000;
    estimator.step(counted);
  }
  EXPECT_EQ(estimator.rates().connections, 1000);
  EXPECT_EQ(estimator.rates().bytes_in, 10'000'000'000);
  for (int i = 0; i < 200; ++i) estimator.step(counted);
  EXPECT_EQ(estimator.rates(), Stats{});
}

TEST(Estimator, CountsFromTheStatsItIsGiven) {
  Estimator estimator(Stats{1000, 1000, 1000, 1000, 1000});
  estimator.step({1000, 1000, 1000, 1000, 1000});
  EXPECT_EQ(estimator.rates(), Stats{});
}

TEST(Estimator, ForgetsItsRatesWhenCleared) {
  Estimator estimator;
  estimator.step({10, 50, 30, 2680, 1680});
  estimator.clear({10, 50, 30, 2680, 1680});
  EXPECT_EQ(estimator.rates(), Stats{});
  estimator.step({20, 50, 30, 2680, 1680});
  EXPECT_EQ(estimator.rates().connections, 1);
}

TEST(Estimator, TakesACounterThatFellAsOneThatBeganAnew) {
  Estimator estimator(Stats{1'000'000, 0, 0, 0, 0});
  estimator.step({10, 0, 0, 0, 0});
  EXPECT_EQ(estimator.rates().connections, 1);
}

}  // namespace
}  // namespace ballast::control

#include "health/check_state.h"

#include <gtest/gtest.h>

#include "tests/unit/health/values.h"

namespace ballast::health {
namespace {

class CheckStateTest : public testing::Test {
 protected:
  CheckStateTest() {
    check_.rise = 2;
    check_.fall = 3;
  }
  void begin(bool assumed_up = false) { state_.emplace(check_, assumed_up, at(0).wall); }
  bool see(const CheckResult& result) { return state_->observe(check_, result, at(++time_).wall); }

  cluster::HealthCheck check_ = check();
  std::optional<CheckState> state_;
  double time_ = 0;
};

TEST_F(CheckStateTest, AServerIsNotUpBeforeItsFirstSuccess) {
  begin();
  EXPECT_FALSE(state_->up());
  EXPECT_TRUE(state_->changing());
  EXPECT_TRUE(see(success()));
  EXPECT_TRUE(state_->up());
  EXPECT_FALSE(state_->changing());
}

TEST_F(CheckStateTest, TheFirstFailureIsKnownAtOnce) {
  begin();
  EXPECT_FALSE(see(failure()));
  EXPECT_EQ(state_->standing(), Standing::down);
  EXPECT_FALSE(state_->changing());
}

TEST_F(CheckStateTest, FallFailuresInARowTakeItDown) {
  begin();
  see(success());
  EXPECT_FALSE(see(failure()));
  EXPECT_TRUE(state_->changing());
  EXPECT_FALSE(see(failure()));
  EXPECT_FALSE(see(success())) << "a success begins the count anew";
  EXPECT_FALSE(see(failure()));
  EXPECT_FALSE(see(failure()));
  EXPECT_TRUE(see(failure("HTTP status 503")));
  EXPECT_FALSE(state_->up());
  EXPECT_EQ(state_->since(), at(7).wall);
  EXPECT_EQ(state_->history().back().reason, "HTTP status 503");
}

TEST_F(CheckStateTest, RiseSuccessesInARowBringItUpAgain) {
  begin();
  see(failure());
  EXPECT_FALSE(see(success()));
  EXPECT_TRUE(state_->changing());
  EXPECT_TRUE(see(success()));
  EXPECT_TRUE(state_->up());
}

TEST_F(CheckStateTest, OneThatIsAssumedUpStaysSoUntilFallFailures) {
  begin(true);
  EXPECT_TRUE(state_->up());
  EXPECT_EQ(state_->standing(), Standing::untested);
  see(failure());
  see(failure());
  EXPECT_TRUE(state_->up());
  EXPECT_TRUE(see(failure()));
  EXPECT_FALSE(state_->up());
}

TEST_F(CheckStateTest, OneThatIsAssumedUpIsUpByItsFirstSuccess) {
  begin(true);
  EXPECT_FALSE(see(success())) << "nothing changes for its server";
  EXPECT_EQ(state_->standing(), Standing::up);
}

TEST_F(CheckStateTest, ACheckWithAWeightNeverTakesAServerDown) {
  check_.weight = -10;
  check_.fall = 1;
  begin();
  EXPECT_TRUE(state_->up());
  see(success());
  EXPECT_EQ(state_->weight_difference(), 0);
  EXPECT_TRUE(see(failure()));
  EXPECT_TRUE(state_->up());
  EXPECT_EQ(state_->weight_difference(), -10);
}

TEST_F(CheckStateTest, APositiveWeightIsAddedWhileItSucceeds) {
  check_.weight = 5;
  check_.fall = 1;
  begin();
  EXPECT_TRUE(see(success()));
  EXPECT_EQ(state_->weight_difference(), 5);
  EXPECT_TRUE(see(failure()));
  EXPECT_EQ(state_->weight_difference(), 0);
}

TEST_F(CheckStateTest, ACommandsResultIsTheWeight) {
  check_.type = cluster::CheckType::command;
  check_.weight_from_result = true;
  begin();
  see(success());
  EXPECT_EQ(state_->weight(), std::nullopt);
  CheckResult result = success();
  result.weight = 40;
  EXPECT_TRUE(see(result));
  EXPECT_EQ(state_->weight(), 40U);
  EXPECT_FALSE(see(result));
  EXPECT_TRUE(see(success()));
  EXPECT_EQ(state_->weight(), std::nullopt);
}

TEST_F(CheckStateTest, AFilesNumberIsADifference) {
  check_.type = cluster::CheckType::file;
  check_.weight_from_result = true;
  begin();
  CheckResult result = success();
  result.weight = -3;
  see(result);
  EXPECT_EQ(state_->weight_difference(), -3);
  EXPECT_EQ(state_->weight(), std::nullopt);
}

TEST_F(CheckStateTest, TheHistoryIsShort) {
  check_.rise = check_.fall = 1;
  begin();
  for (int i = 0; i < 30; ++i) see(i % 2 == 0 ? success() : failure());
  EXPECT_EQ(state_->history().size(), CheckState::history_most);
  EXPECT_EQ(state_->history().back().at, at(30).wall);
  EXPECT_EQ(state_->successes(), 15U);
  EXPECT_EQ(state_->failures(), 15U);
}

}  // namespace
}  // namespace ballast::health

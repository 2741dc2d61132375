#include "control/instance_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/instance.h"
#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

class InstanceLockTest : public testing::Test {
 protected:
  InstanceLockTest() { ::setenv("BALLAST_RUNTIME_DIRECTORY", directory_.path().c_str(), 1); }
  ~InstanceLockTest() override { ::unsetenv("BALLAST_RUNTIME_DIRECTORY"); }
  TemporaryDirectory directory_;
};

TEST_F(InstanceLockTest, RefusesASecondHolderAndNamesTheFirst) {
  const auto first = InstanceLock::take("lab");
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto second = InstanceLock::take("lab");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, EBUSY);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
}

TEST_F(InstanceLockTest, InstancesDoNotDisturbEachOther) {
  const auto first = InstanceLock::take("lab");
  EXPECT_TRUE(InstanceLock::take("other").has_value());
}

TEST_F(InstanceLockTest, LeavesNothingBehindWhenItIsRemoved) {
  const auto first = InstanceLock::take("lab");
  first->remove();
  EXPECT_FALSE(std::filesystem::exists(runtime_directory("lab")));
  const auto second = InstanceLock::take("lab");
  ASSERT_TRUE(second.has_value()) << "the removed lock locks nobody out";
  EXPECT_FALSE(InstanceLock::take("lab").has_value());
}

TEST_F(InstanceLockTest, KeepsADirectoryThatSomethingElseIsIn) {
  const auto lock = InstanceLock::take("lab");
  std::ofstream(runtime_directory("lab") + "/record.json") << "{}";
  lock->remove();
  EXPECT_TRUE(std::filesystem::exists(runtime_directory("lab") + "/record.json"));
}

TEST_F(InstanceLockTest, IsFreeWhenTheHolderEnds) {
  {
    const auto first = InstanceLock::take("lab");
  }
  EXPECT_TRUE(InstanceLock::take("lab").has_value());
}

}  // namespace
}  // namespace ballast::control

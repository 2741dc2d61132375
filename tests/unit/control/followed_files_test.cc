#include "control/followed_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FollowedFilesTest : public testing::Test {
 protected:
  void write(const std::string& text) {
    // By another inode, so that the time of the file system does not matter.
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "a.cf";
};

TEST_F(FollowedFilesTest, ChangeWhenTheirContentDoes) {
  write("one");
  FollowedFiles files({path_});
  EXPECT_THAT(files.changed(), IsEmpty());
  write("two");
  EXPECT_THAT(files.changed(), IsEmpty()) << "it may be half of it";
  EXPECT_THAT(files.changed(), ElementsAre(path_));
  EXPECT_THAT(files.changed(), IsEmpty());
}

TEST_F(FollowedFilesTest, AreNotReadWhileSomebodyWritesThem) {
  write("one");
  FollowedFiles files({path_});
  write("");
  EXPECT_THAT(files.changed(), IsEmpty());
  EXPECT_THAT(files.changed(), IsEmpty());
  write("t");
  EXPECT_THAT(files.changed(), IsEmpty());
  write("two");
  EXPECT_THAT(files.changed(), IsEmpty());
  EXPECT_THAT(files.changed(), ElementsAre(path_));
}

TEST_F(FollowedFilesTest, DoNotChangeWhenTheyAreWrittenAsTheyWere) {
  write("one");
  FollowedFiles files({path_});
  write("one");
  EXPECT_THAT(files.changed(), IsEmpty());
  EXPECT_THAT(files.changed(), IsEmpty());
}

TEST_F(FollowedFilesTest, MayBeAwayForAMoment) {
  write("one");
  FollowedFiles files({path_});
  std::filesystem::remove(path_);
  EXPECT_THAT(files.changed(), IsEmpty());
  write("one");
  EXPECT_THAT(files.changed(), IsEmpty());
  write("two");
  EXPECT_THAT(files.changed(), IsEmpty());
  EXPECT_THAT(files.changed(), ElementsAre(path_));
}

}  // namespace
}  // namespace ballast::control

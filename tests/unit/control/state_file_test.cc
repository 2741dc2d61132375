#include "control/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

using namespace std::chrono_literals;

SavedState some_state() {
  SavedState state;
  state.commands.services.emplace_back().key = cluster::MarkKey{7, net::Family::ipv6};
  state.commands.timeouts = {30s, 0s, 60s};
  state.baselines = {{{cluster::MarkKey{7, net::Family::ipv6}, std::nullopt}, {1, 2, 3, 4, 5}},
                     {{cluster::MarkKey{7, net::Family::ipv6}, net::Endpoint::parse("[fd00::1]:80")}, {5, 4, 3, 2, 1}}};
  return state;
}

TEST(StateFile, IsEmptyWhereThereIsNone) {
  const TemporaryDirectory directory;
  EXPECT_EQ(load_state(directory / "state.json"), SavedState{});
}

TEST(StateFile, GivesBackWhatWasSaved) {
  const TemporaryDirectory directory;
  const std::string path = directory / "state.json";
  ASSERT_TRUE(save_state(path, {}));
  ASSERT_TRUE(save_state(path, some_state()));
  EXPECT_EQ(load_state(path), some_state());
}

TEST(StateFile, IsForItsOwnerOnly) {
  const TemporaryDirectory directory;
  const std::string path = directory / "state.json";
  ASSERT_TRUE(save_state(path, some_state()));
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
}

TEST(StateFile, KeepsTheOldStateWhereTheNewOneCannotBeWritten) {
  const TemporaryDirectory directory;
  const std::string path = directory / "state.json";
  ASSERT_TRUE(save_state(path, some_state()));
  std::filesystem::create_directory(path + ".next");
  EXPECT_FALSE(save_state(path, {}).has_value());
  EXPECT_EQ(load_state(path), some_state());
}

TEST(StateFile, SaysWhichMemberIsWrongAndWhatToDo) {
  const TemporaryDirectory directory;
  const std::string path = directory / "state.json";
  std::ofstream(path) << R"({"services": [{"key": {"mark": "x"}}], "timeouts": {}, "baselines": []})";
  const auto state = load_state(path);
  ASSERT_FALSE(state.has_value());
  EXPECT_EQ(state.error().message,
            path +
                ": services[0].key.mark: must be an integer from 0 to 4294967295: remove the file "
                "to go on without the services that commands made");
}

}  // namespace
}  // namespace ballast::control

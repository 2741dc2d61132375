#include "realserver/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "machine.h"

namespace ballast::realserver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Record full_record() {
  const InterfaceName lo{1, "lo"};
  const InterfaceName eth0{2, "eth0"};
  return {"0123456789abcdef",
          {SetLink{lo, true}, SetSysctl{"net.ipv4.conf.all.arp_ignore", "0", "1"}, ChangeHook{eth0, true},
           ChangeProgram{eth0, Direction::ingress, ProgramChange::attach},
           ChangeProgram{eth0, Direction::egress, ProgramChange::attach},
           ChangeAddress{lo, prefix("10.0.0.13/32"), true}, ChangeAddress{lo, prefix("fd00::80/128"), true}}};
}

TEST(Record, ReadsWhatItWrote) {
  const auto read = read_record(write_record(full_record(), "boot/7"), "boot/7");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, full_record());
}

TEST(Record, OfANamespaceThatIsGoneCountsForNothing) {
  const auto read = read_record(write_record(full_record(), "boot/7"), "boot/8");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, Record{});
}

TEST(Record, RefusesWhatIsNoRecord) {
  for (const char* text :
       {"", "[]", "{}", R"({"version":2,"network_namespace":"a","done":[]})",
        R"({"version":1,"network_namespace":"a"})",
        R"({"version":1,"network_namespace":"a","done":[{"kind":"sysctl","name":"x"}]})",
        R"({"version":1,"network_namespace":"a","done":[{"kind":"address","interface":"lo","index":1,)"
        R"("address":"ten","add":true}]})"}) {
    const auto read = read_record(text, "a");
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("not a record of this version"));
  }
}

TEST(Record, IsSavedLoadedAndRemovedWhenEmpty) {
  const auto directory = std::filesystem::temp_directory_path() / ("ballast-record-" + std::to_string(::getpid()));
  const std::string file = directory / "realserver-x.json";
  ASSERT_TRUE(save_record(file, full_record()));
  const auto read = load_record(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, full_record());
  ASSERT_TRUE(save_record(file, Record{}));
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(load_record(file).value(), Record{});
  std::filesystem::remove_all(directory);
}

TEST(Merge, AParameterChangedTwiceKeepsItsFirstOldValue) {
  const std::vector<Step> done = {SetSysctl{"a", "0", "1"}};
  EXPECT_THAT(merge(done, {SetSysctl{"a", "3", "2"}}), ElementsAre(Step{SetSysctl{"a", "0", "2"}}));
}

TEST(Merge, ListsNothingTwiceAndLeavesOutWhatDoesNotLast) {
  const Step address = ChangeAddress{{1, "lo"}, prefix("10.0.0.13/32"), true};
  const Step replaced = ChangeProgram{{2, "eth0"}, Direction::ingress, ProgramChange::replace};
  EXPECT_THAT(merge({address}, {Configure{}, replaced, address}), ElementsAre(address));
}

TEST(Inverse, TwiceIsTheStepItself) {
  for (const Step& step : full_record().done) EXPECT_EQ(inverse(inverse(step)), step);
}

}  // namespace
}  // namespace ballast::realserver

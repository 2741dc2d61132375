#include "control/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::control {
namespace {

using cluster::Origin;
using testing::ElementsAre;

cluster::VirtualService service(std::uint32_t mark, std::string scheduler, Origin origin = Origin::command) {
  cluster::VirtualService made;
  made.key = cluster::MarkKey{.mark = mark};
  made.scheduler = std::move(scheduler);
  made.origin = origin;
  return made;
}

std::vector<std::string> told(const Draft& draft) {
  std::vector<std::string> all;
  for (const auto& one : draft.cluster.services) {
    all.push_back(to_string(one.key) + " " + one.scheduler + (one.origin == Origin::file ? " file" : " command"));
  }
  return all;
}

TEST(Draft, ReplacesTheServicesOfCommandsAndLeavesThoseOfTheFile) {
  Draft draft;
  draft.cluster.services = {service(1, "rr", Origin::file), service(2, "rr"), service(3, "rr")};
  ASSERT_TRUE(replace_services(draft, {service(4, "lc", Origin::file), service(3, "sed")}));
  EXPECT_THAT(told(draft), ElementsAre("fwmark 1 rr file", "fwmark 4 lc command", "fwmark 3 sed command"));
}

TEST(Draft, ReplacesAServiceOfTheFileThatIsNamed) {
  Draft draft;
  draft.cluster.services = {service(1, "rr", Origin::file), service(2, "rr", Origin::file)};
  ASSERT_TRUE(replace_services(draft, {service(2, "lc")}));
  EXPECT_THAT(told(draft), ElementsAre("fwmark 1 rr file", "fwmark 2 lc file"));
}

}  // namespace
}  // namespace ballast::control

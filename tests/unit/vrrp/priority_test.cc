#include "vrrp/priority.h"

#include <gtest/gtest.h>

namespace ballast::vrrp {
namespace {

using Kind = cluster::Track::Kind;

Tracked script(std::int32_t weight, bool good, bool reverse = false) {
  return {.kind = Kind::script, .name = "web", .weight = weight, .reverse = reverse, .observation = {.good = good}};
}
Tracked file(std::int32_t weight, std::int32_t value) {
  return {.kind = Kind::file, .name = "f", .weight = weight, .observation = {.good = true, .value = value}};
}

struct Case {
  std::uint8_t base;
  std::vector<Tracked> tracked;
  std::uint8_t priority;
  const char* fault;
};
class StandingOf : public testing::TestWithParam<Case> {};

TEST_P(StandingOf, FollowsWeights) {
  const auto got = standing(GetParam().base, GetParam().tracked);
  EXPECT_EQ(got.priority, GetParam().priority);
  EXPECT_EQ(got.fault, GetParam().fault);
}

INSTANTIATE_TEST_SUITE_P(
    Each, StandingOf,
    testing::Values(Case{100, {}, 100, ""}, Case{100, {script(20, true)}, 120, ""},
                    Case{100, {script(20, false)}, 100, ""}, Case{100, {script(-20, true)}, 100, ""},
                    Case{100, {script(-20, false)}, 80, ""}, Case{100, {script(0, false)}, 100, "script web is down"},
                    Case{100, {script(0, true)}, 100, ""}, Case{100, {script(0, true, true)}, 100, "script web is up"},
                    Case{100, {script(20, true, true)}, 100, ""}, Case{100, {script(-20, true, true)}, 80, ""},
                    Case{100, {script(-200, false)}, 1, ""}, Case{100, {script(200, true)}, 254, ""},
                    Case{255, {script(-20, false)}, 255, ""}, Case{255, {script(0, false)}, 255, "script web is down"},
                    Case{100, {script(-10, false), script(30, true)}, 120, ""}, Case{100, {file(2, -15)}, 70, ""},
                    Case{100, {file(0, 1)}, 100, "file f is down"}, Case{100, {file(0, 0)}, 100, ""},
                    Case{100, {file(1, -300)}, 100, "file f is down"}));

TEST(Standing, SaysWhatChangesThePriority) {
  EXPECT_EQ(standing(100, std::vector{script(-20, false), script(5, true)}).because,
            (std::vector<std::string>{"script web -20", "script web +5"}));
}

}  // namespace
}  // namespace ballast::vrrp

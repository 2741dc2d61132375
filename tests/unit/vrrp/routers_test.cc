#include "vrrp/routers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ballast::vrrp {
namespace {

using namespace std::chrono_literals;

const net::Address own = *net::Address::parse("10.0.0.2");
const net::Address other = *net::Address::parse("10.0.0.3");

class SyncGroup : public testing::Test {
 protected:
  SyncGroup() {
    for (const char* name : {"inside", "outside"}) {
      cluster::VrrpInstance settings;
      settings.name = name;
      settings.lease = 0ms;
      routers.add(settings, own);
    }
    routers.set_groups({{.name = "both", .instances = {"inside", "outside"}, .tracks = {}, .notify = {}}});
    routers.start("inside", now, actions);
    routers.start("outside", now, actions);
  }

  void run_for(Clock::duration time) {
    const Time until = now + time;
    while (routers.next() <= until) {
      now = std::max(now, routers.next());
      routers.run(now, actions);
    }
    now = until;
  }
  State state(const char* name) { return routers.find(name)->state(); }
  std::vector<State> group_states() {
    std::vector<State> states;
    for (const Action& action : actions) {
      if (action.of_group) states.push_back(action.step.to);
    }
    return states;
  }

  Time now{};
  Actions actions;
  Routers routers;
};

TEST_F(SyncGroup, TakesOverTogether) {
  for (int i = 0; i < 3; ++i) {
    run_for(1s);
    routers.hear("inside", {.source = other, .priority = 150}, now, actions);
  }
  EXPECT_EQ(state("inside"), State::backup);
  run_for(700ms);
  EXPECT_EQ(state("inside"), State::active) << "outside heard nobody, and inside goes with it";
  EXPECT_EQ(state("outside"), State::active);
}

TEST_F(SyncGroup, StepsDownTogether) {
  run_for(4s);
  routers.hear("inside", {.source = other, .priority = 150}, now, actions);
  EXPECT_EQ(state("inside"), State::backup);
  EXPECT_EQ(state("outside"), State::backup);
  EXPECT_EQ(group_states(), (std::vector{State::backup, State::active, State::backup}));
}

TEST_F(SyncGroup, IsFaultyTogether) {
  run_for(4s);
  routers.set_fault("inside", "interface eth1 is down", now, actions);
  EXPECT_EQ(state("inside"), State::fault);
  EXPECT_EQ(state("outside"), State::fault);
  EXPECT_EQ(routers.find("outside")->why(), "inside of its group is at fault");
  routers.set_fault("inside", "", now, actions);
  EXPECT_EQ(state("outside"), State::backup);
  EXPECT_EQ(group_states().back(), State::backup);
}

TEST_F(SyncGroup, HasFaultsOfItsOwn) {
  routers.set_group_fault("both", "script web is down", now, actions);
  EXPECT_EQ(state("inside"), State::fault);
  EXPECT_EQ(state("outside"), State::fault);
}

TEST_F(SyncGroup, ResignsTogether) {
  run_for(4s);
  routers.resign("inside", "asked to", now, actions);
  EXPECT_EQ(state("outside"), State::active) << "until somebody takes over";
  routers.hear("inside", {.source = *net::Address::parse("10.0.0.9"), .priority = 50}, now, actions);
  EXPECT_EQ(state("inside"), State::backup);
  EXPECT_EQ(state("outside"), State::backup);
  EXPECT_TRUE(routers.find("outside")->resigned());
  EXPECT_EQ(std::ranges::count_if(
                actions, [](const Action& a) { return a.step.kind == Step::Kind::advertise && a.step.priority == 0; }),
            2);
}

}  // namespace
}  // namespace ballast::vrrp

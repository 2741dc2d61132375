#include "vrrp/tracking.h"

#include <gtest/gtest.h>

#include "vrrp/processes.h"
#include "vrrp/rise_and_fall.h"

namespace ballast::vrrp {
namespace {

using namespace std::chrono_literals;
using Kind = cluster::Track::Kind;

TEST(Tracking, TakesTheWeightOfTheThingUnlessTheInstanceNamesOne) {
  cluster::VrrpSettings settings;
  settings.scripts = {{.name = "web", .command = "true", .user = "", .weight = -20, .reverse = true}};
  Observations observations;
  observations.set(Kind::script, "web", {.good = true});
  const auto tracked = resolve({{.kind = Kind::script, .name = "web", .weight = {}},
                                {.kind = Kind::script, .name = "web", .weight = 5, .reverse = true}},
                               settings, observations);
  EXPECT_EQ(tracked[0].weight, -20);
  EXPECT_TRUE(tracked[0].reverse);
  EXPECT_EQ(tracked[1].weight, 5);
  EXPECT_FALSE(tracked[1].reverse) << "twice reversed is not at all";
}

TEST(Tracking, IsOfFaultsOnlyInASyncGroupWithoutWeights) {
  cluster::VrrpSettings settings;
  cluster::VrrpInstance instance;
  instance.name = "edge";
  instance.tracks = {{.kind = Kind::interface, .name = "eth1", .weight = 20}};
  cluster::VrrpSyncGroup group{.name = "g", .instances = {"edge"}, .tracks = {}, .notify = {}};
  EXPECT_EQ(tracked_by(instance, &group, settings, {})[0].weight, 0);
  group.track_with_weights = true;
  EXPECT_EQ(tracked_by(instance, &group, settings, {})[0].weight, 20);
  EXPECT_EQ(tracked_by(instance, nullptr, settings, {})[0].weight, 20);
}

TEST(Tracking, TakesAScriptThatHasNotAnsweredForBad) {
  const Observations observations;
  EXPECT_FALSE(observations.get(Kind::script, "web").good);
  EXPECT_TRUE(observations.get(Kind::check, "web").good);
  EXPECT_TRUE(observations.get(Kind::director, "").good);
}

TEST(RiseAndFall, ChangesAfterResultsInARow) {
  RiseAndFall state(2, 3, {});
  EXPECT_TRUE(state.add(true)) << "the first result holds";
  EXPECT_TRUE(state.add(false));
  EXPECT_TRUE(state.add(false));
  EXPECT_TRUE(state.add(true)) << "begins anew";
  EXPECT_TRUE(state.add(false));
  EXPECT_TRUE(state.add(false));
  EXPECT_FALSE(state.add(false));
  EXPECT_FALSE(state.add(true));
  EXPECT_TRUE(state.add(true));
  EXPECT_FALSE(RiseAndFall(2, 1, false).add(true)) << "believed to be bad at first";
}

TEST(Processes, AreMatchedByNameOrPathAndArguments) {
  const RunningProcess nginx{.name = "nginx", .words = {"/usr/sbin/nginx", "-g", "daemon off;"}};
  cluster::TrackProcess wanted{.name = "web", .process = "nginx", .arguments = {}};
  EXPECT_TRUE(matches(wanted, nginx));
  wanted.process = "/usr/sbin/nginx";
  EXPECT_TRUE(matches(wanted, nginx));
  wanted.arguments = {"-g"};
  EXPECT_FALSE(matches(wanted, nginx));
  wanted.arguments_may_go_on = true;
  EXPECT_TRUE(matches(wanted, nginx));
  wanted.process = "a-process-with-a-long-name";
  EXPECT_FALSE(matches(wanted, nginx));
  EXPECT_TRUE(matches({.name = "l", .process = "a-process-with-a-long-name", .arguments = {}},
                      {.name = "a-process-with-", .words = {}}));
}

TEST(Processes, AreGoodOrBadAfterADelay) {
  const cluster::TrackProcess wanted{
      .name = "web", .process = "nginx", .arguments = {}, .most = 2, .up_delay = 100ms, .down_delay = 200ms};
  ProcessState state;
  EXPECT_TRUE(state.add(wanted, 1, 100ms)) << "the first look holds";
  EXPECT_TRUE(state.add(wanted, 0, 100ms));
  EXPECT_FALSE(state.add(wanted, 0, 100ms));
  EXPECT_TRUE(state.add(wanted, 2, 100ms));
  EXPECT_TRUE(state.add(wanted, 3, 100ms));
  EXPECT_FALSE(state.add(wanted, 3, 100ms)) << "too many";
}

}  // namespace
}  // namespace ballast::vrrp

#include "vrrp/router.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::vrrp {
namespace {

using namespace std::chrono_literals;
using Kind = Step::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

const net::Address own = *net::Address::parse("10.0.0.2");
const net::Address lower_address = *net::Address::parse("10.0.0.1");
const net::Address higher_address = *net::Address::parse("10.0.0.3");
constexpr Time zero{};

constexpr Clock::duration share(Clock::duration whole, int parts) { return whole * parts / 256; }

std::string text(const Step& step) {
  switch (step.kind) {
    case Kind::advertise:
      return fmt::format("advertise {}", step.priority);
    case Kind::take:
      return "take";
    case Kind::release:
      return "release";
    case Kind::renew:
      return "renew";
    case Kind::announce:
      return fmt::format("announce {}", step.count);
    case Kind::changed:
      return std::string(to_string(step.to));
    case Kind::priority_changed:
      return fmt::format("priority {}", step.priority);
    case Kind::lower_priority:
      return "lower";
  }
  return "?";
}

std::vector<std::string> texts(const Steps& steps) {
  std::vector<std::string> all;
  for (const Step& step : steps) all.push_back(text(step));
  return all;
}

/// A router under test with its clock.
struct Bench {
  explicit Bench(cluster::VrrpInstance settings = {}) : router(with_names(std::move(settings)), own) {
    router.start("", now, steps);
  }
  static cluster::VrrpInstance with_names(cluster::VrrpInstance settings) {
    settings.name = "edge";
    settings.interface = "eth0";
    settings.router_id = 51;
    return settings;
  }

  std::vector<std::string> take() { return texts(std::exchange(steps, {})); }
  std::vector<std::string> hear(std::uint8_t priority, const net::Address& from = higher_address,
                                std::chrono::milliseconds interval = 1s) {
    router.hear({.source = from, .priority = priority, .interval = interval}, now, steps);
    return take();
  }
  /// Runs whatever is due until `until` after the beginning.
  std::vector<std::string> run(Clock::duration until) {
    while (router.next() <= zero + until) {
      now = std::max(now, router.next());
      router.run(now, steps);
    }
    now = zero + until;
    return take();
  }
  void become_active() {
    run(4s);
    ASSERT_EQ(router.state(), State::active);
  }

  Time now = zero;
  Steps steps;
  Router router;
};

cluster::VrrpInstance quiet() {
  cluster::VrrpInstance settings;
  settings.lease = 0ms;
  settings.announce.delay = 0ms;
  settings.higher_priority_send_advertisement = false;
  return settings;
}

TEST(Router, TakesOverAfterThreeIntervalsAndTheSkew) {
  Bench bench(quiet());
  EXPECT_THAT(bench.take(), ElementsAre("backup"));
  EXPECT_EQ(bench.router.next(), zero + 3s + share(1s, 156));
  EXPECT_THAT(bench.run(3s), IsEmpty());
  EXPECT_THAT(bench.run(3700ms), ElementsAre("advertise 100", "take", "announce 5", "active"));
  EXPECT_THAT(bench.run(5700ms), ElementsAre("advertise 100", "advertise 100"));
}

TEST(Router, OfVersion2HasASkewOfPartsOfASecond) {
  EXPECT_EQ(skew(2, 100, 10s), share(1s, 156));
  EXPECT_EQ(skew(3, 100, 10s), share(10s, 156));
  EXPECT_EQ(skew(3, 255, 256ms), 1ms);
}

TEST(Router, ThatOwnsItsAddressIsActiveAtOnce) {
  auto settings = quiet();
  settings.priority = 255;
  Bench bench(settings);
  EXPECT_THAT(bench.take(), ElementsAre("advertise 255", "take", "announce 5", "active"));
}

TEST(Router, ThatIsAtFaultFromTheBeginningTakesNothing) {
  auto settings = quiet();
  settings.priority = 255;
  Router router(Bench::with_names(settings), own);
  Steps steps;
  router.start("script web is down", zero, steps);
  EXPECT_THAT(texts(steps), ElementsAre("fault"));
}

TEST(Router, StaysBackupWhileAHigherOneAdvertises) {
  Bench bench(quiet());
  bench.take();
  for (int second = 1; second <= 20; ++second) {
    EXPECT_THAT(bench.run(std::chrono::seconds(second)), IsEmpty());
    EXPECT_THAT(bench.hear(101), IsEmpty());
  }
  EXPECT_EQ(bench.router.active_router()->priority, 101);
}

TEST(Router, LearnsTheIntervalOfVersion3) {
  Bench bench(quiet());
  bench.hear(150, higher_address, 30ms);
  EXPECT_EQ(bench.router.next(), zero + 90ms + share(30ms, 156));
}

TEST(Router, TakesOverFromALowerOneUnlessToldNotTo) {
  Bench bench(quiet());
  const Time before = bench.router.next();
  bench.run(1s);
  bench.hear(50);
  EXPECT_EQ(bench.router.next(), before) << "an advertisement of lower priority is passed over";

  auto settings = quiet();
  settings.preempt = false;
  Bench patient(settings);
  patient.run(1s);
  patient.hear(50);
  EXPECT_EQ(patient.router.next(), before + 1s);
}

TEST(Router, WaitsBeforeItPreempts) {
  auto settings = quiet();
  settings.preempt_delay = 10s;
  Bench bench(settings);
  bench.take();
  for (int second = 0; second < 10; ++second) {
    EXPECT_THAT(bench.run(std::chrono::seconds(second)), IsEmpty());
    bench.hear(50);
  }
  bench.run(10s);
  bench.hear(50);
  bench.run(11s);
  bench.hear(50);
  bench.run(12s);
  bench.hear(50);
  bench.run(13s);
  EXPECT_EQ(bench.router.state(), State::active);
}

TEST(Router, FollowsALeavingOneAfterTheSkewAlone) {
  Bench bench(quiet());
  bench.hear(150);
  bench.hear(0);
  EXPECT_EQ(bench.router.next(), zero + share(1s, 156));
}

TEST(Router, FollowsItsOnlyPeerAtOnce) {
  auto settings = quiet();
  settings.peers = {{.address = higher_address}};
  Bench bench(settings);
  bench.hear(150);
  bench.hear(0);
  EXPECT_EQ(bench.router.next(), zero);
}

TEST(Router, GivesWayToAHigherOne) {
  Bench bench(quiet());
  bench.become_active();
  bench.take();
  EXPECT_THAT(bench.hear(101), ElementsAre("release", "backup"));
  EXPECT_EQ(bench.router.active_router()->source, higher_address);
}

TEST(Router, GivesWayAmongEqualsToTheHigherAddress) {
  Bench bench(quiet());
  bench.become_active();
  bench.run(5s);
  EXPECT_THAT(bench.hear(100, lower_address), ElementsAre("advertise 100", "announce 5", "lower"));
  EXPECT_THAT(bench.hear(100, higher_address), ElementsAre("release", "backup"));
}

TEST(Router, TellsAHigherOneThatItWasThereWhereAsked) {
  auto settings = quiet();
  settings.higher_priority_send_advertisement = true;
  Bench bench(settings);
  bench.become_active();
  EXPECT_THAT(bench.hear(101), ElementsAre("advertise 100", "release", "backup"));
}

TEST(Router, KeepsQuietAboutLowerOnesWhereAsked) {
  auto settings = quiet();
  settings.lower_priority_no_advertisement = true;
  settings.announce.lower_priority_repeat = 0;
  Bench bench(settings);
  bench.become_active();
  bench.run(5s);
  EXPECT_THAT(bench.hear(50), ElementsAre("lower"));
}

TEST(Router, TakesALowerOneThatIsHeardAfterATakeoverForTheOneThatWasThere) {
  Bench bench(quiet());
  bench.become_active();
  EXPECT_THAT(bench.hear(50), ElementsAre("advertise 100"));
}

TEST(Router, RenewsALeaseThatItIsGivenWhileActiveAndLosesNoneThatItHadBefore) {
  Bench bench(quiet());
  bench.become_active();
  auto leased = Bench::with_names(quiet());
  leased.lease = 2s;
  bench.router.configure(leased, bench.now);
  EXPECT_THAT(bench.run(bench.now - zero + 250ms), testing::Contains("renew"));
  bench.router.configure(Bench::with_names(quiet()), bench.now);
  EXPECT_THAT(bench.run(bench.now - zero + 10s), testing::Not(testing::Contains("release")));
}

TEST(Router, AnswersALeavingOne) {
  Bench bench(quiet());
  bench.become_active();
  EXPECT_THAT(bench.hear(0), ElementsAre("advertise 100"));
}

TEST(Router, LeavesInOrder) {
  Bench bench(quiet());
  bench.become_active();
  bench.router.stop(bench.now, "the daemon ends", bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("release", "advertise 0", "initialize"));
  EXPECT_EQ(bench.router.next(), Time::max());
}

TEST(Router, LetsGoAtAFaultAndBeginsAnewAfterIt) {
  Bench bench(quiet());
  bench.become_active();
  bench.router.set_fault("interface eth0 is down", bench.now, bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("release", "advertise 0", "fault"));
  EXPECT_THAT(bench.hear(50), IsEmpty());
  EXPECT_EQ(bench.router.next(), Time::max());
  bench.router.set_fault("", bench.now, bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("backup"));
  EXPECT_EQ(bench.router.next(), bench.now + 3s + share(1s, 156));
}

TEST(Router, RenewsItsLeaseEightTimes) {
  cluster::VrrpInstance settings;
  settings.interval = 10s;
  settings.missed_advertisements = 1;
  settings.announce.delay = 0ms;
  settings.priority = 255;
  Bench bench(settings);
  bench.take();
  EXPECT_THAT(bench.run(2s), testing::AllOf(testing::SizeIs(8), testing::Each("renew")));
}

TEST(Router, IsNotActiveAnyMoreAfterItStoodStillForLongerThanItsLease) {
  cluster::VrrpInstance settings;
  Bench bench(settings);
  bench.become_active();
  bench.now += 2600ms;
  bench.router.run(bench.now, bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("release", "backup"));

  Bench woken(settings);
  woken.become_active();
  woken.now += 2600ms;
  EXPECT_THAT(woken.hear(50), ElementsAre("release", "backup")) << "whichever comes first";
}

TEST(Router, AnnouncesAgainAndRefreshes) {
  auto settings = quiet();
  settings.priority = 255;
  settings.interval = 100s;
  settings.announce = {.repeat = 2, .delay = 5s, .delayed_repeat = 3, .refresh = 10s, .refresh_repeat = 1};
  Bench bench(settings);
  EXPECT_THAT(bench.take(), ElementsAre("advertise 255", "take", "announce 2", "active"));
  EXPECT_THAT(bench.run(21s), ElementsAre("announce 3", "announce 1", "announce 1"));
}

TEST(Router, ThatLeavesKeepsItsAddressesUntilAnotherOneTookOver) {
  Bench bench(quiet());
  bench.become_active();
  bench.take();
  bench.router.leave(bench.now, "the daemon ends", bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("advertise 0"));
  EXPECT_EQ(bench.router.state(), State::active);
  EXPECT_THAT(bench.hear(0), IsEmpty()) << "it leaves, too";
  EXPECT_THAT(bench.hear(50), ElementsAre("release", "initialize"));
}

TEST(Router, ThatLeavesWaitsNoLongerForAnotherOneThanThatMayTake) {
  Bench bench(quiet());
  bench.become_active();
  bench.take();
  bench.router.leave(bench.now, "the daemon ends", bench.steps);
  bench.router.leave(bench.now, "the daemon ends", bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("advertise 0"));
  EXPECT_EQ(bench.router.next(), bench.now + 1s);
  EXPECT_THAT(bench.run(bench.now - zero + 1s), ElementsAre("release", "initialize"));
}

TEST(Router, ThatLeavesAndIsAtFaultLetsGoAtOnce) {
  Bench bench(quiet());
  bench.become_active();
  bench.take();
  bench.router.leave(bench.now, "the daemon ends", bench.steps);
  bench.router.set_fault("interface eth0 is down", bench.now, bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("advertise 0", "release", "advertise 0", "fault"));
  EXPECT_EQ(bench.router.next(), Time::max());
}

TEST(Router, ThatResignedDoesNotTakeBackWhatItGave) {
  Bench bench(quiet());
  bench.become_active();
  bench.router.resign(bench.now, "asked to", bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("advertise 0"));
  EXPECT_THAT(bench.hear(50), ElementsAre("release", "backup"));
  for (int second = 5; second < 20; ++second) {
    bench.hear(50);
    EXPECT_THAT(bench.run(std::chrono::seconds(second)), IsEmpty());
  }
  bench.router.reclaim();
  for (int second = 20; second < 24; ++second) {
    bench.hear(50);
    bench.run(std::chrono::seconds(second));
  }
  EXPECT_EQ(bench.router.state(), State::active);
}

TEST(Router, SaysThatItsPriorityChanged) {
  Bench bench(quiet());
  bench.take();
  bench.router.set_priority(80, bench.steps);
  bench.router.set_priority(80, bench.steps);
  EXPECT_THAT(bench.take(), ElementsAre("priority 80"));
}

TEST(Router, KeepsTheRhythmOfItsAdvertisements) {
  Bench bench(quiet());
  bench.become_active();
  const Time first = bench.router.next();
  bench.now = first + 300ms;
  bench.router.run(bench.now, bench.steps);
  EXPECT_EQ(bench.router.next(), first + 1s);
}

}  // namespace
}  // namespace ballast::vrrp

// Many routers on one link that loses packets, with breakdowns: seeds replay.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "vrrp/router.h"

namespace ballast::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr auto interval = 100ms;

struct Node {
  Router router;
  bool alive = true;
  bool holds = false;
};

struct InFlight {
  Time at;
  std::size_t from;
  std::uint8_t priority;
};

class Link {
 public:
  Link(unsigned seed, int count, double loss) : random_(seed), loss_(loss) {
    for (int i = 0; i < count; ++i) {
      cluster::VrrpInstance settings;
      settings.name = "edge";
      settings.priority = static_cast<std::uint8_t>(50 + random_() % 8 * 20);
      settings.interval = interval;
      settings.preempt = true;
      settings.announce.delay = 0ms;
      nodes_.push_back({.router = Router(settings, net::Address::ipv4(0x0a000001 + static_cast<unsigned>(i)))});
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      work(i, [&](Router& router, Steps& steps) { router.start("", now_, steps); });
  }

  void run_for(Clock::duration time) {
    const Time until = now_ + time;
    for (;;) {
      Time next = in_flight_.empty() ? Time::max() : in_flight_.front().at;
      for (const Node& node : nodes_) {
        if (node.alive) next = std::min(next, node.router.next());
      }
      if (next > until) break;
      now_ = std::max(now_, next);
      deliver();
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i].router.next() <= now_) work(i, [&](Router& router, Steps& steps) { router.run(now_, steps); });
      }
    }
    now_ = until;
  }

  void set_loss(double loss) { loss_ = loss; }
  void kill(std::size_t i) {
    nodes_[i].alive = false;
    nodes_[i].holds = false;
  }
  void hang_and_wake(std::size_t i, Clock::duration time) {
    nodes_[i].alive = false;
    run_for(time);
    nodes_[i].alive = true;
  }
  std::size_t random_node() { return random_() % nodes_.size(); }
  std::vector<std::size_t> holders() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].alive && nodes_[i].holds) all.push_back(i);
    }
    return all;
  }
  std::uint8_t priority_of(std::size_t i) const { return nodes_[i].router.priority(); }
  std::size_t best() const {
    std::size_t best = nodes_.size();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].alive) continue;
      const auto rank = [&](std::size_t n) {
        return std::pair(nodes_[n].router.priority(), nodes_[n].router.address());
      };
      if (best == nodes_.size() || rank(i) > rank(best)) best = i;
    }
    return best;
  }

 private:
  template <typename Work>
  void work(std::size_t i, Work&& what) {
    if (!nodes_[i].alive) return;
    Steps steps;
    what(nodes_[i].router, steps);
    for (const Step& step : steps) {
      if (step.kind == Step::Kind::take) nodes_[i].holds = true;
      if (step.kind == Step::Kind::release) nodes_[i].holds = false;
      if (step.kind == Step::Kind::advertise) in_flight_.push_back({now_ + 1ms, i, step.priority});
      if (step.kind == Step::Kind::changed) {
        EXPECT_EQ(nodes_[i].holds, nodes_[i].router.state() == State::active);
      }
    }
  }

  void deliver() {
    while (!in_flight_.empty() && in_flight_.front().at <= now_) {
      const InFlight packet = in_flight_.front();
      in_flight_.pop_front();
      const Heard heard{
          .source = nodes_[packet.from].router.address(), .priority = packet.priority, .interval = interval};
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (i == packet.from || std::uniform_real_distribution<>{}(random_) < loss_) continue;
        work(i, [&](Router& router, Steps& steps) { router.hear(heard, now_, steps); });
      }
    }
  }

  std::mt19937 random_;
  double loss_;
  std::vector<Node> nodes_;
  std::deque<InFlight> in_flight_;
  Time now_{};
};

class Simulation : public testing::TestWithParam<unsigned> {};

TEST_P(Simulation, EndsWithOneRouterOfTheBestPriority) {
  Link link(GetParam(), 2 + static_cast<int>(GetParam() % 7), 0.2);
  for (int breakdown = 0; breakdown < 5; ++breakdown) {
    link.run_for(3s);
    link.hang_and_wake(link.random_node(), std::chrono::milliseconds(GetParam() * 37 % 4000));
    link.run_for(500ms);
  }
  if (GetParam() % 2 == 0) link.kill(link.best());
  link.set_loss(0);
  link.run_for(3s);
  ASSERT_EQ(link.holders().size(), 1U);
  EXPECT_EQ(link.priority_of(link.holders().front()), link.priority_of(link.best()))
      << "among equals the one that is active stays it";
}

TEST_P(Simulation, HasExactlyOneHolderWhileNothingIsLost) {
  Link link(GetParam(), 5, 0);
  link.run_for(1s);
  for (int i = 0; i < 200; ++i) {
    link.run_for(7ms);
    EXPECT_EQ(link.holders(), std::vector{link.best()});
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, testing::Range(0U, 60U));

}  // namespace
}  // namespace ballast::vrrp

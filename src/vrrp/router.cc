#include "vrrp/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ballast::vrrp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint8_t owner_priority = 255;
constexpr int renewals_per_lease = 8;
/// How long a router that leaves waits at most for another one to take over.
constexpr std::chrono::seconds most_patience{2};

Time later(Time now, milliseconds delay) { return delay > milliseconds::zero() ? now + delay : Time::max(); }

}  // namespace

std::string_view to_string(State state) {
  static constexpr std::array<std::string_view, 4> names = {"initialize", "backup", "active", "fault"};
  return names[static_cast<std::size_t>(state)];
}

Clock::duration skew(std::uint8_t version, std::uint8_t priority, milliseconds active_interval) {
  const Clock::duration base = version == 2 ? milliseconds{1000} : active_interval;
  return base * (256 - priority) / 256;
}

Clock::duration Router::down_interval() const {
  return active_interval_ * settings_.missed_advertisements + skew(settings_.version, priority_, active_interval_);
}

bool Router::wins_against(const Heard& heard) const {
  return priority_ != heard.priority ? priority_ > heard.priority : address_ > heard.source;
}

void Router::change(State to, std::string_view why, Time now, Steps& steps) {
  steps.push_back(
      {.kind = Step::Kind::changed, .priority = priority_, .from = state_, .to = to, .why = std::string(why)});
  state_ = to;
  since_ = now;
  why_ = why;
}

void Router::advertise(Time now, Steps& steps) {
  steps.push_back({.kind = Step::Kind::advertise, .priority = priority_, .why = {}});
  advertise_at_ = now + settings_.interval;
}

void Router::plan_announcements(Time now) {
  announce_again_at_ = later(now, settings_.announce.delay);
  refresh_at_ = later(now, settings_.announce.refresh);
  lower_announce_at_ = Time::max();
}

/// The addresses have just been put in place, for a lease.
void Router::plan_renewals(Time now) {
  renew_at_ = later(now, settings_.lease / renewals_per_lease);
  lease_until_ = later(now, settings_.lease);
}

void Router::become_active(Time now, std::string_view why, Steps& steps) {
  // The advertisement goes first: an active router that is still there lets go before hosts hear of the new one.
  advertise(now, steps);
  steps.push_back({.kind = Step::Kind::take, .why = {}});
  if (settings_.announce.repeat > 0) {
    steps.push_back({.kind = Step::Kind::announce, .count = settings_.announce.repeat, .why = {}});
  }
  change(State::active, why, now, steps);
  plan_announcements(now);
  plan_renewals(now);
  resigned_ = false;
  active_router_.reset();
  preempt_at_.reset();
  down_at_ = Time::max();
}

void Router::become_backup(Time now, std::string_view why, Steps& steps) {
  change(State::backup, why, now, steps);
  down_at_ = now + down_interval();
  down_reason_ = "no active router was heard";
  preempt_at_.reset();
}

/// Lets go of the addresses, in whatever direction.
void Router::let_go(Steps& steps) {
  hand_over_.reset();
  steps.push_back({.kind = Step::Kind::release, .why = {}});
  advertise_at_ = renew_at_ = lease_until_ = announce_again_at_ = refresh_at_ = lower_announce_at_ = Time::max();
}

/// Tells the others that one of them may take over. The addresses stay here meanwhile, so that packets to them are
/// always answered; then this one is in the state `next`.
void Router::hand_over(State next, Time now, std::string_view why, Steps& steps) {
  if (state_ != State::active) return;
  if (hand_over_) {
    hand_over_->next = next;
    return;
  }
  steps.push_back({.kind = Step::Kind::advertise, .priority = 0, .why = {}});
  advertise_at_ = Time::max();
  // Backups wait for their skew.
  const auto patience = std::min<Clock::duration>(skew(settings_.version, 0, settings_.interval), most_patience);
  hand_over_ = HandOver{.next = next, .until = now + patience, .why = std::string(why)};
}

void Router::end_hand_over(Time now, Steps& steps) {
  const HandOver ended = *std::exchange(hand_over_, std::nullopt);
  let_go(steps);
  if (ended.next == State::initialize) return change(State::initialize, ended.why, now, steps);
  active_interval_ = settings_.interval;
  become_backup(now, ended.why, steps);
}

void Router::start(std::string_view fault, Time now, Steps& steps) {
  if (state_ != State::initialize) return;
  if (!fault.empty()) return change(State::fault, fault, now, steps);
  active_interval_ = settings_.interval;
  if (priority_ == owner_priority) return become_active(now, "it owns the address", steps);
  become_backup(now, "it starts", steps);
}

void Router::leave(Time now, std::string_view why, Steps& steps) {
  if (state_ != State::active) return stop(now, why, steps);
  hand_over(State::initialize, now, why, steps);
}

void Router::stop(Time now, std::string_view why, Steps& steps) {
  if (state_ == State::active) {
    let_go(steps);
    steps.push_back({.kind = Step::Kind::advertise, .priority = 0, .why = {}});
  }
  if (state_ != State::initialize) change(State::initialize, why, now, steps);
  down_at_ = Time::max();
}

void Router::set_fault(std::string_view fault, Time now, Steps& steps) {
  if (state_ == State::initialize) return;
  if (fault.empty()) {
    if (state_ != State::fault) return;
    active_interval_ = settings_.interval;
    if (priority_ == owner_priority)
      return become_active(now, "nothing is wrong any more and it owns the address", steps);
    return become_backup(now, "nothing is wrong any more", steps);
  }
  if (state_ == State::fault) {
    why_ = fault;
    return;
  }
  if (state_ == State::active) {
    let_go(steps);
    steps.push_back({.kind = Step::Kind::advertise, .priority = 0, .why = {}});
  }
  change(State::fault, fault, now, steps);
  active_router_.reset();
  down_at_ = Time::max();
}

void Router::set_priority(std::uint8_t priority, Steps& steps) {
  if (priority == priority_) return;
  priority_ = priority;
  steps.push_back({.kind = Step::Kind::priority_changed, .priority = priority, .why = {}});
}

void Router::resign(Time now, std::string_view why, Steps& steps) {
  resigned_ = true;
  hand_over(State::backup, now, why, steps);
}

void Router::take_over(Time now, std::string_view why, Steps& steps) {
  if (state_ == State::backup) become_active(now, why, steps);
}

void Router::step_down(Time now, std::string_view why, Steps& steps) {
  if (state_ != State::active) return;
  if (hand_over_) return end_hand_over(now, steps);
  let_go(steps);
  steps.push_back({.kind = Step::Kind::advertise, .priority = 0, .why = {}});
  active_interval_ = settings_.interval;
  become_backup(now, why, steps);
}

bool Router::accepts(const Heard& heard, Time now) {
  if (!settings_.preempt || resigned_) return true;
  if (heard.priority >= priority_) {
    preempt_at_.reset();
    return true;
  }
  if (settings_.preempt_delay == milliseconds::zero()) return false;
  if (!preempt_at_) preempt_at_ = now + settings_.preempt_delay;
  return now < *preempt_at_;
}

void Router::hear_in_backup(const Heard& heard, Time now, Steps&) {
  if (heard.priority == 0) {
    // RFC 9568 §6.4.2. The skew lets a backup of higher priority go first; an only peer leaves nobody to wait for.
    const bool nobody_else = settings_.peers.size() == 1;
    down_at_ = nobody_else ? now : now + skew(settings_.version, priority_, active_interval_);
    down_reason_ = fmt::format("{} left", heard.source.to_string());
    return;
  }
  const bool accepted = accepts(heard, now);
  active_router_ = heard;
  if (!accepted) {
    down_reason_ = fmt::format("{} has only priority {}", heard.source.to_string(), heard.priority);
    return;
  }
  if (settings_.version == 3) active_interval_ = heard.interval;
  down_at_ = now + down_interval();
  down_reason_ = fmt::format("{} is silent", heard.source.to_string());
}

void Router::hear_while_active(const Heard& heard, Time now, Steps& steps) {
  if (hand_over_) {
    if (heard.priority > 0) end_hand_over(now, steps);
    if (state_ == State::backup) hear_in_backup(heard, now, steps);
    return;
  }
  if (heard.priority == 0) return advertise(now, steps);
  if (!wins_against(heard)) {
    if (settings_.higher_priority_send_advertisement) advertise(now, steps);
    let_go(steps);
    active_interval_ = settings_.version == 3 ? heard.interval : settings_.interval;
    become_backup(now,
                  heard.priority > priority_
                      ? fmt::format("{} has priority {}", heard.source.to_string(), heard.priority)
                      : fmt::format("{} has the same priority and the higher address", heard.source.to_string()),
                  steps);
    active_router_ = heard;
    down_reason_ = fmt::format("{} is silent", heard.source.to_string());
    return;
  }
  if (!settings_.lower_priority_no_advertisement) advertise(now, steps);
  // The last word of the router that was active before this one: hosts have just been told.
  if (now - since_ < settings_.interval) return;
  const auto& announce = settings_.announce;
  if (announce.lower_priority_repeat > 0) {
    steps.push_back({.kind = Step::Kind::announce, .count = announce.lower_priority_repeat, .why = {}});
    lower_announce_at_ = later(now, announce.lower_priority_delay);
  }
  steps.push_back({.kind = Step::Kind::lower_priority, .priority = heard.priority, .why = heard.source.to_string()});
}

/// The daemon stood still for longer than its addresses live without it: they are gone, and somebody else's by now.
bool Router::lost_lease(Time now, Steps& steps) {
  if (state_ != State::active || now <= lease_until_) return false;
  let_go(steps);
  active_interval_ = settings_.interval;
  become_backup(now, "the daemon did not run for longer than the lease of its addresses", steps);
  return true;
}

void Router::hear(const Heard& heard, Time now, Steps& steps) {
  lost_lease(now, steps);
  if (state_ == State::backup) hear_in_backup(heard, now, steps);
  if (state_ == State::active) hear_while_active(heard, now, steps);
}

void Router::run_active(Time now, Steps& steps) {
  if (lost_lease(now, steps)) return;
  if (hand_over_ && now >= hand_over_->until) return end_hand_over(now, steps);
  if (now >= advertise_at_) {
    const Time due = advertise_at_;
    advertise(now, steps);
    advertise_at_ = std::max(due + settings_.interval, now);
  }
  if (now >= renew_at_) {
    steps.push_back({.kind = Step::Kind::renew, .why = {}});
    plan_renewals(now);
  }
  const auto announce = [&](Time& at, std::uint32_t count, milliseconds again) {
    if (now < at) return;
    if (count > 0) steps.push_back({.kind = Step::Kind::announce, .count = count, .why = {}});
    at = later(now, again);
  };
  announce(announce_again_at_, settings_.announce.delayed_repeat, {});
  announce(lower_announce_at_, settings_.announce.lower_priority_repeat, {});
  announce(refresh_at_, settings_.announce.refresh_repeat, settings_.announce.refresh);
}

void Router::run(Time now, Steps& steps) {
  if (state_ == State::active) return run_active(now, steps);
  if (state_ == State::backup && now >= down_at_) become_active(now, std::string(down_reason_), steps);
}

Time Router::next() const {
  if (state_ == State::backup) return down_at_;
  if (state_ != State::active) return Time::max();
  const Time give_up_at = hand_over_ ? hand_over_->until : Time::max();
  return std::min({advertise_at_, give_up_at, renew_at_, announce_again_at_, refresh_at_, lower_announce_at_});
}

void Router::configure(cluster::VrrpInstance settings, Time now) {
  settings_ = std::move(settings);
  if (state_ != State::active) return;
  plan_renewals(now);
  refresh_at_ = later(now, settings_.announce.refresh);
  if (!hand_over_) advertise_at_ = std::min(advertise_at_, now + settings_.interval);
}

}  // namespace ballast::vrrp

// One virtual router: the state machine of RFC 9568 §6 with keepalived's policies. A pure value: events and the time go
// in, steps to be done come out, in their order.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/vrrp.h"
#include "net/address.h"

namespace ballast::vrrp {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

enum class State : std::uint8_t { initialize, backup, active, fault };
/// "initialize", "backup", "active", "fault"
std::string_view to_string(State state);

/// An advertisement of another router that was found good.
struct Heard {
  net::Address source;
  std::uint8_t priority = 0;
  std::chrono::milliseconds interval{1000};
};

/// Something to do.
struct Step {
  enum class Kind : std::uint8_t {
    advertise,         ///< send an advertisement with `priority`
    take,              ///< the addresses, routes and rules are this router's now
    release,           ///< ... are not any more
    renew,             ///< keep the addresses for another lease
    announce,          ///< `count` gratuitous ARPs or neighbour advertisements for each address
    changed,           ///< the state went `from` `to`, and `why`
    priority_changed,  ///< to `priority`
    lower_priority,    ///< while active, a router of lower priority was heard
  };
  Kind kind;
  std::uint8_t priority = 0;
  std::uint32_t count = 0;
  State from = State::initialize;
  State to = State::initialize;
  std::string why;
};
using Steps = std::vector<Step>;

/// (256 - priority) / 256 of a second (RFC 3768 §6.1) or of the active router's interval (RFC 9568 §6.1).
Clock::duration skew(std::uint8_t version, std::uint8_t priority, std::chrono::milliseconds active_interval);

class Router {
 public:
  /// `address` is what its advertisements come from: it decides between equal priorities.
  Router(cluster::VrrpInstance settings, const net::Address& address)
      : settings_(std::move(settings)), address_(address), priority_(settings_.priority) {}

  /// Begins, at fault where `fault` says what is wrong. Does nothing in any other state than initialize.
  void start(std::string_view fault, Time now, Steps& steps);
  /// Ends in order: an active router goes on answering until another one is heard to have taken over, or none did in
  /// the time that it may take (at most 2 s). Others end at once.
  void leave(Time now, std::string_view why, Steps& steps);
  /// Ends at once: an active router lets go of its addresses and says so, others end silently.
  void stop(Time now, std::string_view why, Steps& steps);

  void hear(const Heard& heard, Time now, Steps& steps);
  /// Does what is due.
  void run(Time now, Steps& steps);
  /// When run() has something to do next; Time::max(): never.
  [[nodiscard]] Time next() const;

  /// What it tracks has failed; empty: all is well.
  void set_fault(std::string_view fault, Time now, Steps& steps);
  /// The priority with what it tracks.
  void set_priority(std::uint8_t priority, Steps& steps);
  /// Hands over to the others as leave() does, and does not take back from them what they hold.
  void resign(Time now, std::string_view why, Steps& steps);
  /// Does not take from others what they hold, as after resign().
  void refrain() { resigned_ = true; }
  /// Takes part again as configured.
  void reclaim() { resigned_ = false; }
  /// For sync groups: goes where its group goes.
  void take_over(Time now, std::string_view why, Steps& steps);
  void step_down(Time now, std::string_view why, Steps& steps);

  /// Other settings for the same virtual router, in force from now on.
  void configure(cluster::VrrpInstance settings, Time now);
  void set_address(const net::Address& address) { address_ = address; }

  [[nodiscard]] const cluster::VrrpInstance& settings() const { return settings_; }
  [[nodiscard]] const net::Address& address() const { return address_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Time since() const { return since_; }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::uint8_t priority() const { return priority_; }
  [[nodiscard]] bool resigned() const { return resigned_; }
  /// The router that was heard last as the active one; nullopt: none, or it is this one.
  [[nodiscard]] const std::optional<Heard>& active_router() const { return active_router_; }

 private:
  /// It told others that it leaves, and waits for one of them to take over.
  struct HandOver {
    State next;  ///< the state that it goes to
    Time until;  ///< no longer than until then
    std::string why;
  };
  void change(State to, std::string_view why, Time now, Steps& steps);
  void become_active(Time now, std::string_view why, Steps& steps);
  void become_backup(Time now, std::string_view why, Steps& steps);
  void advertise(Time now, Steps& steps);
  void let_go(Steps& steps);
  void hand_over(State next, Time now, std::string_view why, Steps& steps);
  void end_hand_over(Time now, Steps& steps);
  void hear_in_backup(const Heard& heard, Time now, Steps& steps);
  void hear_while_active(const Heard& heard, Time now, Steps& steps);
  void run_active(Time now, Steps& steps);
  bool lost_lease(Time now, Steps& steps);
  void plan_announcements(Time now);
  void plan_renewals(Time now);
  [[nodiscard]] bool accepts(const Heard& heard, Time now);
  [[nodiscard]] Clock::duration down_interval() const;
  [[nodiscard]] bool wins_against(const Heard& heard) const;

  cluster::VrrpInstance settings_;
  net::Address address_;
  State state_ = State::initialize;
  Time since_{};
  std::string why_;
  std::uint8_t priority_;
  bool resigned_ = false;
  std::optional<Heard> active_router_;
  std::chrono::milliseconds active_interval_{0};  ///< v3: learned from the active router
  std::string down_reason_;                       ///< why down_at_ is when it is
  Time down_at_ = Time::max();
  std::optional<Time> preempt_at_;  ///< not before, where it waits to preempt
  std::optional<HandOver> hand_over_;
  Time advertise_at_ = Time::max();
  Time renew_at_ = Time::max();
  Time lease_until_ = Time::max();
  Time announce_again_at_ = Time::max();
  Time refresh_at_ = Time::max();
  Time lower_announce_at_ = Time::max();
};

}  // namespace ballast::vrrp

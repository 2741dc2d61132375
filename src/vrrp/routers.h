// All virtual routers of this machine and their sync groups: what happens to one happens to its group. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/vrrp.h"
#include "vrrp/router.h"

namespace ballast::vrrp {

/// A step of an instance; or of a group, then of kind changed.
struct Action {
  std::string name;
  bool of_group = false;
  Step step;
};
using Actions = std::vector<Action>;

class Routers {
 public:
  /// A new router, which waits for start(). The name must be new.
  void add(const cluster::VrrpInstance& settings, const net::Address& address);
  /// Forgets a router; stop() it before.
  void remove(std::string_view name);
  /// Members that are not there are passed over until they are.
  void set_groups(const std::vector<cluster::VrrpSyncGroup>& groups);

  void start(std::string_view name, Time now, Actions& actions);
  void leave(std::string_view name, std::string_view why, Time now, Actions& actions);
  void stop(std::string_view name, std::string_view why, Time now, Actions& actions);
  void hear(std::string_view name, const Heard& heard, Time now, Actions& actions);
  void run(Time now, Actions& actions);
  [[nodiscard]] Time next() const;

  void set_fault(std::string_view name, const std::string& fault, Time now, Actions& actions);
  void set_group_fault(std::string_view group, const std::string& fault, Time now, Actions& actions);
  void set_priority(std::string_view name, std::uint8_t priority, Actions& actions);
  /// The instance, with its group.
  void resign(std::string_view name, std::string_view why, Time now, Actions& actions);
  void reclaim(std::string_view name);

  [[nodiscard]] const Router* find(std::string_view name) const;
  [[nodiscard]] Router* find(std::string_view name);
  /// The group that an instance is in; empty: none.
  [[nodiscard]] std::string_view group_of(std::string_view name) const;

 private:
  struct Entry {
    Router router;
    std::string fault;  ///< its own
    std::string group;
  };
  struct Group {
    std::vector<std::string> members;
    std::string fault;
    State state = State::initialize;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  /// Has `work` done to a router, and what follows from it to its group.
  template <typename Work>
  void with(std::string_view name, Time now, Actions& actions, Work&& work);
  void follow(const std::string& name, State before, Time now, Actions& actions);
  void spread_faults(const Group& group, Time now, Actions& actions);
  void note_group_state(const std::string& name, Actions& actions);
  [[nodiscard]] std::string fault_of(const std::string& name, const Entry& entry) const;

  Entries routers_;
  std::map<std::string, Group, std::less<>> groups_;
};

}  // namespace ballast::vrrp

#include "vrrp/routers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ballast::vrrp {
namespace {

void append(const std::string& name, Steps& steps, Actions& actions) {
  for (Step& step : steps) actions.push_back({.name = name, .of_group = false, .step = std::move(step)});
  steps.clear();
}

}  // namespace

void Routers::add(const cluster::VrrpInstance& settings, const net::Address& address) {
  routers_.emplace(settings.name, Entry{.router = Router(settings, address), .fault = {}, .group = {}});
}

void Routers::remove(std::string_view name) {
  const auto entry = routers_.find(name);
  if (entry != routers_.end()) routers_.erase(entry);
}

void Routers::set_groups(const std::vector<cluster::VrrpSyncGroup>& groups) {
  std::map<std::string, Group, std::less<>> next;
  for (auto& [name, entry] : routers_) entry.group.clear();
  for (const auto& group : groups) {
    const auto before = groups_.find(group.name);
    Group made = before == groups_.end() ? Group{} : before->second;
    made.members = group.instances;
    for (const auto& member : group.instances) {
      const auto entry = routers_.find(member);
      if (entry != routers_.end()) entry->second.group = group.name;
    }
    next.emplace(group.name, std::move(made));
  }
  groups_ = std::move(next);
}

std::string Routers::fault_of(const std::string& name, const Entry& entry) const {
  if (!entry.fault.empty()) return entry.fault;
  const auto group = groups_.find(entry.group);
  if (group == groups_.end()) return {};
  if (!group->second.fault.empty()) return group->second.fault;
  for (const auto& member : group->second.members) {
    const auto other = routers_.find(member);
    if (member != name && other != routers_.end() && !other->second.fault.empty()) {
      return fmt::format("{} of its group is at fault", member);
    }
  }
  return {};
}

void Routers::spread_faults(const Group& group, Time now, Actions& actions) {
  Steps steps;
  for (const auto& member : group.members) {
    const auto entry = routers_.find(member);
    if (entry == routers_.end()) continue;
    entry->second.router.set_fault(fault_of(member, entry->second), now, steps);
    append(member, steps, actions);
  }
}

void Routers::note_group_state(const std::string& name, Actions& actions) {
  Group& group = groups_.find(name)->second;
  std::size_t active = 0;
  std::size_t faulty = 0;
  std::size_t idle = 0;
  std::size_t members = 0;
  for (const auto& member : group.members) {
    const auto entry = routers_.find(member);
    if (entry == routers_.end()) continue;
    ++members;
    active += entry->second.router.state() == State::active ? 1 : 0;
    faulty += entry->second.router.state() == State::fault ? 1 : 0;
    idle += entry->second.router.state() == State::initialize ? 1 : 0;
  }
  State state = State::backup;
  if (faulty > 0) state = State::fault;
  if (active == members) state = State::active;
  if (idle > 0 || members == 0) state = State::initialize;
  if (state == group.state) return;
  actions.push_back(
      {.name = name,
       .of_group = true,
       .step = {.kind = Step::Kind::changed, .from = group.state, .to = state, .why = "its instances did"}});
  group.state = state;
}

void Routers::follow(const std::string& name, State before, Time now, Actions& actions) {
  const Entry& changed = routers_.find(name)->second;
  const State state = changed.router.state();
  if (changed.group.empty() || state == before) return;
  const std::string group_name = changed.group;
  for (const auto& member : groups_.find(group_name)->second.members) {
    const auto entry = routers_.find(member);
    if (member == name || entry == routers_.end()) continue;
    Steps steps;
    const std::string why = fmt::format("{} of its group did", name);
    if (state == State::active) entry->second.router.take_over(now, why, steps);
    if (state == State::backup && before == State::active) entry->second.router.step_down(now, why, steps);
    append(member, steps, actions);
  }
  note_group_state(group_name, actions);
}

template <typename Work>
void Routers::with(std::string_view name, Time now, Actions& actions, Work&& work) {
  const auto entry = routers_.find(name);
  if (entry == routers_.end()) return;
  const State before = entry->second.router.state();
  Steps steps;
  work(entry->second, steps);
  append(entry->first, steps, actions);
  follow(entry->first, before, now, actions);
}

void Routers::start(std::string_view name, Time now, Actions& actions) {
  with(name, now, actions, [&](Entry& entry, Steps& steps) {
    entry.router.start(fault_of(entry.router.settings().name, entry), now, steps);
  });
}

void Routers::stop(std::string_view name, std::string_view why, Time now, Actions& actions) {
  with(name, now, actions, [&](Entry& entry, Steps& steps) { entry.router.stop(now, why, steps); });
}

void Routers::leave(std::string_view name, std::string_view why, Time now, Actions& actions) {
  with(name, now, actions, [&](Entry& entry, Steps& steps) { entry.router.leave(now, why, steps); });
}

void Routers::hear(std::string_view name, const Heard& heard, Time now, Actions& actions) {
  with(name, now, actions, [&](Entry& entry, Steps& steps) { entry.router.hear(heard, now, steps); });
}

void Routers::run(Time now, Actions& actions) {
  for (auto& [name, entry] : routers_) {
    if (entry.router.next() > now) continue;
    with(name, now, actions, [&](Entry& due, Steps& steps) { due.router.run(now, steps); });
  }
}

Time Routers::next() const {
  Time next = Time::max();
  for (const auto& [name, entry] : routers_) next = std::min(next, entry.router.next());
  return next;
}

void Routers::set_fault(std::string_view name, const std::string& fault, Time now, Actions& actions) {
  const auto entry = routers_.find(name);
  if (entry == routers_.end() || entry->second.fault == fault) return;
  entry->second.fault = fault;
  const auto group = groups_.find(entry->second.group);
  if (group == groups_.end()) {
    return with(name, now, actions, [&](Entry& own, Steps& steps) {
      own.router.set_fault(fault_of(own.router.settings().name, own), now, steps);
    });
  }
  spread_faults(group->second, now, actions);
  note_group_state(group->first, actions);
}

void Routers::set_group_fault(std::string_view name, const std::string& fault, Time now, Actions& actions) {
  const auto group = groups_.find(name);
  if (group == groups_.end() || group->second.fault == fault) return;
  group->second.fault = fault;
  spread_faults(group->second, now, actions);
  note_group_state(group->first, actions);
}

void Routers::set_priority(std::string_view name, std::uint8_t priority, Actions& actions) {
  const auto entry = routers_.find(name);
  if (entry == routers_.end()) return;
  Steps steps;
  entry->second.router.set_priority(priority, steps);
  append(entry->first, steps, actions);
}

void Routers::resign(std::string_view name, std::string_view why, Time now, Actions& actions) {
  const auto entry = routers_.find(name);
  if (entry == routers_.end()) return;
  const auto group = groups_.find(entry->second.group);
  const std::vector<std::string> members = group == groups_.end() ? std::vector{entry->first} : group->second.members;
  for (const auto& member : members) {
    with(member, now, actions, [&](Entry& own, Steps& steps) { own.router.resign(now, why, steps); });
  }
}

void Routers::reclaim(std::string_view name) {
  const auto entry = routers_.find(name);
  if (entry == routers_.end()) return;
  const auto group = groups_.find(entry->second.group);
  if (group == groups_.end()) return entry->second.router.reclaim();
  for (const auto& member : group->second.members) {
    if (Router* router = find(member)) router->reclaim();
  }
}

const Router* Routers::find(std::string_view name) const {
  const auto entry = routers_.find(name);
  return entry == routers_.end() ? nullptr : &entry->second.router;
}

Router* Routers::find(std::string_view name) {
  const auto entry = routers_.find(name);
  return entry == routers_.end() ? nullptr : &entry->second.router;
}

std::string_view Routers::group_of(std::string_view name) const {
  const auto entry = routers_.find(name);
  return entry == routers_.end() ? std::string_view{} : std::string_view(entry->second.group);
}

}  // namespace ballast::vrrp

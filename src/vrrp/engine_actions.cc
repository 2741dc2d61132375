// What the engine does of what the routers decide.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "net/announcement.h"
#include "vrrp/engine.h"

namespace ballast::vrrp {

void Engine::execute(const Actions& actions) {
  for (const Action& action : actions) {
    if (action.of_group) {
      tell_group_change(action);
      continue;
    }
    const auto instance = instances_.find(action.name);
    if (instance != instances_.end()) execute(instance->second, action.step);
  }
  wait_for_next();
  if (left_) finish_leaving();
}

void Engine::execute(Instance& instance, const Step& step) {
  switch (step.kind) {
    case Step::Kind::advertise:
      return advertise(instance, step.priority);
    case Step::Kind::take:
      return take_addresses(instance);
    case Step::Kind::renew:
      return renew_belongings(instance);
    case Step::Kind::release:
      for (const auto& problem : release(socket_, instance.belongings)) {
        log::warning("VRRP instance {}: {}", instance.settings.name, problem);
      }
      return;
    case Step::Kind::announce:
      return announce(instance, step.count);
    case Step::Kind::changed:
      return tell_change(instance, step);
    case Step::Kind::priority_changed:
      log::info(
          "VRRP instance {}: priority {}{}", instance.settings.name, step.priority,
          instance.standing.because.empty() ? "" : fmt::format(" ({})", fmt::join(instance.standing.because, ", ")));
      return notify_({.kind = Event::Kind::priority,
                      .name = instance.settings.name,
                      .state = routers_.find(instance.settings.name)->state(),
                      .priority = step.priority,
                      .notify = instance.settings.notify});
    case Step::Kind::lower_priority:
      return hear_lower(instance, step);
  }
}

/// Eight times in a lease: what goes wrong is said once.
void Engine::renew_belongings(Instance& instance) {
  auto problems = renew(socket_, instance.belongings);
  if (problems == instance.problems) return;
  for (const auto& problem : problems) log::warning("VRRP instance {}: {}", instance.settings.name, problem);
  instance.problems = std::move(problems);
}

void Engine::advertise(Instance& instance, std::uint8_t priority) {
  if (!instance.outlet) return;
  const net::Address& source = routers_.find(instance.settings.name)->address();
  const auto sent = instance.outlet->advertise(instance.settings, source, priority, WallClock::now());
  ++instance.counters.sent;
  if (priority == 0) ++instance.counters.leaving_sent;
  const bool failed_before = std::exchange(instance.send_failed, !sent);
  if (!sent && !failed_before) log::warning("VRRP instance {}: {}", instance.settings.name, sent.error().message);
}

void Engine::take_addresses(Instance& instance) {
  const auto& settings = instance.settings;
  instance.belongings =
      belongings_of(settings, instance.device_index, [this](const auto& name) { return index_of(name); });
  if (settings.priority == 255) {
    // An owner's addresses may be those that the machine has anyway: these stay as they are.
    std::erase_if(instance.belongings.addresses, [&](const net::AddressSettings& address) {
      return std::ranges::any_of(addresses_, [&](const net::InterfaceAddress& known) {
        return known.permanent && known.interface_index == address.interface_index && known.prefix == address.prefix;
      });
    });
  }
  auto problems = instance.belongings.problems;
  std::ranges::move(take(socket_, instance.belongings), std::back_inserter(problems));
  for (const auto& problem : problems) log::error("VRRP instance {}: {}", settings.name, problem);
}

void Engine::announce(const Instance& instance, std::uint32_t count) {
  const auto& policy = instance.settings.announce;
  const auto own =
      belongings_of(instance.settings, instance.device_index, [this](const auto& name) { return index_of(name); });
  for (std::uint32_t i = 0; i < count; ++i) {
    for (const auto& address : own.addresses) {
      const net::Link* link = net::find_link(links_, address.interface_index);
      if (link == nullptr || !link->has_ethernet_header || link->loopback) continue;
      const auto gap = address.prefix.address.is_ipv4() ? policy.gap : policy.neighbour_gap;
      announcer_.send(link->index, net::announcement(address.prefix.address, link->mac), gap);
    }
  }
}

void Engine::tell_change(Instance& instance, const Step& step) {
  const auto& name = instance.settings.name;
  log::notice("VRRP instance {}: {} ({}), it was {}; priority {}", name, to_string(step.to), step.why,
              to_string(step.from), step.priority);
  if (step.to == State::active) ++instance.counters.became_active;
  notify_({.kind = step.to == State::initialize ? Event::Kind::stopped : Event::Kind::state,
           .name = name,
           .state = step.to,
           .priority = step.priority,
           .notify = instance.settings.notify});
}

void Engine::tell_group_change(const Action& action) {
  const auto group = std::ranges::find(settings_.groups, action.name, &cluster::VrrpSyncGroup::name);
  if (group == settings_.groups.end()) return;
  log::notice("VRRP group {}: {}", action.name, to_string(action.step.to));
  notify_({.kind = action.step.to == State::initialize ? Event::Kind::stopped : Event::Kind::state,
           .of_group = true,
           .name = action.name,
           .state = action.step.to,
           .notify = group->notify});
}

void Engine::hear_lower(const Instance& instance, const Step& step) {
  const auto& name = instance.settings.name;
  log::info("VRRP instance {}: {} advertises with the lower priority {}", name, step.why, step.priority);
  notify_({.kind = Event::Kind::lower_priority,
           .name = name,
           .state = State::active,
           .priority = routers_.find(name)->priority(),
           .notify = instance.settings.notify});
  // Somebody believed to be active: hosts may believe it of the group's other addresses, too, whose instances step down
  // there without a word to here.
  const auto* group = group_with(settings_, name);
  if (group == nullptr) return;
  for (const auto& member : group->instances) {
    const auto other = instances_.find(member);
    if (member == name || other == instances_.end() || routers_.find(member)->state() != State::active) continue;
    announce(other->second, other->second.settings.announce.lower_priority_repeat);
  }
}

}  // namespace ballast::vrrp

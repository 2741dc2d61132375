#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "realserver/plan.h"

namespace ballast::realserver {
namespace {

constexpr const char* reason = "an earlier run changed it";

/// Puts the way back of one recorded change into the plan where it still stands as it was left.
class Undo {
 public:
  Undo(const Observed& observed, Plan& plan) : observed_(observed), plan_(plan) {}

  void operator()(const SetLink& step) {
    const auto* interface = find_interface(observed_, step.interface.name);
    if (interface != nullptr && interface->up == step.up) back(step);
  }
  void operator()(const SetSysctl& step) {
    const auto now = parameter(step.name);
    if (!now) return;
    if (*now == step.to) {
      back(step);
    } else if (*now != step.from) {
      plan_.notes.push_back(fmt::format("{} is {} now, neither what was set ({}) nor what was before ({}): left alone",
                                        step.name, *now, step.to, step.from));
    }
  }
  void operator()(const ChangeAddress& step) {
    const auto* interface = find_interface(observed_, step.interface.name);
    if (interface == nullptr) return;
    const auto& addresses = interface->addresses;
    if (std::ranges::find(addresses, step.address) != addresses.end()) back(step);
  }
  void operator()(const ChangeHook& step) {
    const auto* interface = same_interface(step.interface);
    if (interface == nullptr || interface->hook != Hook::clsact) return;
    if (interface->other_filters > 0) {
      plan_.notes.push_back(fmt::format("the clsact qdisc of {} stays: others have filters there", interface->id.name));
      return;
    }
    back(step);
  }
  void operator()(const ChangeProgram&) {}  // detached below, recorded or not
  void operator()(const Configure&) {}

  /// All of our programs.
  void programs() {
    for (const auto& interface : observed_.interfaces) {
      for (const auto direction : {Direction::ingress, Direction::egress}) {
        const Place& place = direction == Direction::ingress ? interface.ingress : interface.egress;
        if (place.program_id == 0 || place.foreign) continue;
        plan_.steps.push_back({ChangeProgram{interface.id, direction, ProgramChange::detach}, reason});
      }
    }
  }

 private:
  void back(const Step& step) { plan_.steps.push_back({inverse(step), reason}); }

  const InterfaceState* same_interface(const InterfaceName& id) const {
    const auto* interface = find_interface(observed_, id.name);
    return interface != nullptr && interface->id == id ? interface : nullptr;
  }

  /// The value now of one of the parameters that a set-up changes: net.ipv4.conf.INTERFACE.NAME
  std::optional<std::string> parameter(const std::string& name) const {
    constexpr std::string_view prefix = "net.ipv4.conf.";
    const auto dot = name.rfind('.');
    if (!name.starts_with(prefix) || dot < prefix.size()) return std::nullopt;
    std::string interface = name.substr(prefix.size(), dot - prefix.size());
    std::ranges::replace(interface, '/', '.');
    const Ipv4Parameters* parameters = nullptr;
    if (interface == "all") {
      parameters = &observed_.all;
    } else if (const auto* state = find_interface(observed_, interface)) {
      parameters = &state->parameters;
    }
    if (parameters == nullptr) return std::nullopt;
    const std::string_view last = std::string_view(name).substr(dot + 1);
    if (last == "arp_ignore") return std::to_string(parameters->arp_ignore);
    if (last == "arp_announce") return std::to_string(parameters->arp_announce);
    if (last == "rp_filter") return std::to_string(parameters->rp_filter);
    return std::nullopt;
  }

  const Observed& observed_;
  Plan& plan_;
};

}  // namespace

Plan plan_undo(const Observed& observed) {
  Plan plan;
  Undo undo(observed, plan);
  const auto newest_first = observed.done | std::views::reverse;
  for (const Step& step : newest_first) {
    if (std::holds_alternative<ChangeAddress>(step)) std::visit(undo, step);
  }
  undo.programs();
  for (const Step& step : newest_first) {
    if (!std::holds_alternative<ChangeAddress>(step)) std::visit(undo, step);
  }
  return plan;
}

}  // namespace ballast::realserver

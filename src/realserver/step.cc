#include "realserver/step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ballast::realserver {
namespace {

struct Inverse {
  Step operator()(SetLink step) const {
    step.up = !step.up;
    return step;
  }
  Step operator()(SetSysctl step) const {
    std::swap(step.from, step.to);
    return step;
  }
  Step operator()(ChangeAddress step) const {
    step.add = !step.add;
    return step;
  }
  Step operator()(ChangeHook step) const {
    step.add = !step.add;
    return step;
  }
  Step operator()(ChangeProgram step) const {
    if (step.change == ProgramChange::attach) {
      step.change = ProgramChange::detach;
    } else if (step.change == ProgramChange::detach) {
      step.change = ProgramChange::attach;
    }
    return step;
  }
  Step operator()(Configure step) const {
    std::swap(step.from, step.to);
    return step;
  }
};

std::string vip_list(const ProgramSettings& settings) {
  std::vector<std::string> parts;
  for (const auto& [address, vip] : settings.vips) {
    std::string part = address.to_string();
    if (vip.unwrap) part += " unwrap";
    if (vip.mss != 0) part += fmt::format(" mss {}", vip.mss);
    parts.push_back(std::move(part));
  }
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string address_list(const std::set<net::Address>& addresses) {
  std::vector<std::string> parts;
  parts.reserve(addresses.size());
  for (const auto& address : addresses) parts.push_back(address.to_string());
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

struct Command {
  std::string operator()(const SetLink& step) const {
    return fmt::format("ip link set {} {}", step.interface.name, step.up ? "up" : "down");
  }
  std::string operator()(const SetSysctl& step) const { return fmt::format("sysctl -w {}={}", step.name, step.to); }
  std::string operator()(const ChangeAddress& step) const {
    const char* qualifier = "";
    if (step.add) qualifier = step.address.address.is_ipv4() ? " scope host" : " nodad";
    return fmt::format("ip addr {} {} dev {}{}", step.add ? "add" : "del", step.address.to_string(),
                       step.interface.name, qualifier);
  }
  std::string operator()(const ChangeHook& step) const {
    return fmt::format("tc qdisc {} dev {} clsact", step.add ? "add" : "del", step.interface.name);
  }
  std::string operator()(const ChangeProgram& step) const {
    const char* verb = step.change == ProgramChange::attach    ? "attach"
                       : step.change == ProgramChange::replace ? "replace"
                                                               : "detach";
    const bool ingress = step.direction == Direction::ingress;
    return fmt::format("# {} the eBPF program {} at {} of {}", verb, ingress ? "ballast_decap" : "ballast_mss",
                       ingress ? "ingress" : "egress", step.interface.name);
  }
  std::string operator()(const Configure& step) const {
    return fmt::format("# tell the eBPF programs: VIPs {}; tunnels end at {}; GUE port {}", vip_list(step.to),
                       address_list(step.to.local), step.to.gue_port);
  }
};

bool lasting(const Step& step) {
  if (const auto* program = std::get_if<ChangeProgram>(&step)) return program->change == ProgramChange::attach;
  return !std::holds_alternative<Configure>(step);
}

}  // namespace

Step inverse(const Step& step) { return std::visit(Inverse{}, step); }

std::string command_of(const Step& step) { return std::visit(Command{}, step); }

std::vector<Step> merge(std::vector<Step> done, const std::vector<Step>& more) {
  for (const Step& step : more) {
    if (!lasting(step)) continue;
    if (const auto* sysctl = std::get_if<SetSysctl>(&step)) {
      const auto earlier = std::ranges::find_if(done, [&](const Step& other) {
        const auto* parameter = std::get_if<SetSysctl>(&other);
        return parameter != nullptr && parameter->name == sysctl->name;
      });
      if (earlier != done.end()) {
        std::get<SetSysctl>(*earlier).to = sysctl->to;
        continue;
      }
    }
    if (std::ranges::find(done, step) == done.end()) done.push_back(step);
  }
  return done;
}

}  // namespace ballast::realserver

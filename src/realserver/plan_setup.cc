#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "realserver/plan.h"

namespace ballast::realserver {
namespace {

using Interfaces = std::vector<const InterfaceState*>;

Result<void> check_vip(const net::Address& vip, const Observed& observed) {
  if (vip.is_unspecified() || vip.is_multicast() || vip.is_loopback() || vip.is_broadcast()) {
    return fail(fmt::format("{} cannot be a VIP: give the unicast address that clients connect to", vip.to_string()));
  }
  if (!vip.is_ipv4() && observed.ipv6_off_on_lo) {
    return fail(fmt::format("VIP {} needs IPv6, which is off on lo: sysctl -w net.ipv6.conf.lo.disable_ipv6=0",
                            vip.to_string()));
  }
  for (const auto& interface : observed.interfaces) {
    for (const auto& prefix : interface.addresses) {
      if (prefix.address != vip || interface.loopback) continue;
      return fail(
          fmt::format("VIP {} is on {}, where it would answer ARP; a real server has it on lo only: "
                      "ip addr del {} dev {}",
                      vip.to_string(), interface.id.name, prefix.to_string(), interface.id.name));
    }
  }
  return {};
}

Result<Interfaces> named_interfaces(const Options& options, const Observed& observed) {
  Interfaces chosen;
  for (const auto& name : options.interfaces) {
    const auto* interface = find_interface(observed, name);
    if (interface == nullptr) {
      std::vector<std::string> known;
      known.reserve(observed.interfaces.size());
      for (const auto& other : observed.interfaces) known.push_back(other.id.name);
      return fail(fmt::format("there is no interface {}; there are {}", name, fmt::join(known, ", ")));
    }
    if (interface->loopback) return fail("--interface lo: name the interface on which the director's packets arrive");
    if (std::ranges::find(chosen, interface) == chosen.end()) chosen.push_back(interface);
  }
  return chosen;
}

/// Those with a default route, else all that are up.
Interfaces default_interfaces(const Observed& observed) {
  Interfaces routed;
  Interfaces up;
  for (const auto& interface : observed.interfaces) {
    if (interface.loopback || !interface.up) continue;
    up.push_back(&interface);
    if (interface.default_route_ipv4 || interface.default_route_ipv6) routed.push_back(&interface);
  }
  return routed.empty() ? up : routed;
}

Result<Interfaces> choose_interfaces(const Options& options, const Observed& observed) {
  if (!options.interfaces.empty()) return named_interfaces(options, observed);
  Interfaces chosen = default_interfaces(observed);
  if (chosen.empty()) return fail("no interface is up: name the one on which packets arrive with --interface");
  return chosen;
}

Result<void> check_place(const InterfaceState& interface, Direction direction) {
  const bool ingress = direction == Direction::ingress;
  const char* side = ingress ? "ingress" : "egress";
  const auto& name = interface.id.name;
  if (!interface.ethernet) {
    return fail(fmt::format("interface {} is not Ethernet: name the Ethernet interface that carries the tunnel", name));
  }
  if ((ingress ? interface.ingress : interface.egress).foreign) {
    return fail(
        fmt::format("another filter has our place (priority 10, handle 0xba11) at {} of {}: see "
                    "tc filter show dev {} {}, and move or remove it",
                    side, name, name, side));
  }
  if (interface.hook == Hook::ingress && !ingress) {
    return fail(
        fmt::format("{} has an ingress qdisc, which knows no egress filters, so --mss cannot work: replace it "
                    "by clsact (tc qdisc del dev {} ingress; tc qdisc add dev {} clsact)",
                    name, name, name));
  }
  return {};
}

std::string parameter_name(const std::string& interface, const char* parameter) {
  std::string part = interface;
  std::ranges::replace(part, '.', '/');
  return fmt::format("net.ipv4.conf.{}.{}", part, parameter);
}

/// Gathers the steps of one plan.
class Builder {
 public:
  Builder(const Options& options, const Observed& observed, const Interfaces& interfaces)
      : options_(options), observed_(observed), interfaces_(interfaces) {}

  Result<Plan> build() {
    lo_up();
    arp();
    reverse_path();
    if (auto done = programs(); !done) return std::unexpected(done.error());
    addresses();
    notes();
    return std::move(plan_);
  }

 private:
  void add(Step step, std::string reason) { plan_.steps.push_back({std::move(step), std::move(reason)}); }

  bool any_vip(bool ipv4) const {
    return std::ranges::any_of(options_.vips, [&](const net::Address& vip) { return vip.is_ipv4() == ipv4; });
  }

  void lo_up() {
    const auto* lo = find_loopback(observed_);
    if (lo == nullptr || lo->up) return;
    // The kernel adds this address when lo comes up; as a step of ours it is undone too.
    const net::Prefix own{net::Address::ipv4(0x7f000001), 8};
    if (std::ranges::find(lo->addresses, own) == lo->addresses.end()) {
      add(ChangeAddress{lo->id, own, true}, "lo is down and has no address of its own");
    }
    add(SetLink{lo->id, true}, "addresses of an interface that is down are not reachable");
  }

  void parameter(const std::string& interface, const char* name, int is, int wanted, const char* reason) {
    if (is == wanted) return;
    add(SetSysctl{parameter_name(interface, name), std::to_string(is), std::to_string(wanted)}, reason);
  }

  void arp_of(const std::string& interface, const Ipv4Parameters& parameters) {
    // 2 and 8 keep quiet about the VIP as well; 3 answers for addresses of global scope.
    const int ignore = parameters.arp_ignore == 2 || parameters.arp_ignore == 8 ? parameters.arp_ignore : 1;
    parameter(interface, "arp_ignore", parameters.arp_ignore, ignore, "only the director may answer ARP for the VIP");
    parameter(interface, "arp_announce", parameters.arp_announce, 2, "ARP requests must not carry the VIP as sender");
  }

  void arp() {
    if (!any_vip(true)) return;
    arp_of("all", observed_.all);
    if (const auto* lo = find_loopback(observed_)) arp_of(lo->id.name, lo->parameters);
    for (const auto* interface : interfaces_) arp_of(interface->id.name, interface->parameters);
  }

  void reverse_path() {
    if (!any_vip(true)) return;
    for (const auto* interface : interfaces_) {
      if (std::max(observed_.all.rp_filter, interface->parameters.rp_filter) != 1) continue;
      if (interface->default_route_ipv4) {
        plan_.notes.push_back(fmt::format(
            "rp_filter is strict on {}; left so, since the default route leaves there: clients must be reached by {}",
            interface->id.name, interface->id.name));
        continue;
      }
      parameter(interface->id.name, "rp_filter", interface->parameters.rp_filter, 2,
                "strict reverse-path filtering would drop clients that are reached by another interface");
    }
  }

  ProgramSettings wanted_settings() const {
    ProgramSettings wanted = observed_.settings;
    for (const auto& vip : options_.vips) {
      const VipSettings settings{options_.method == Method::tunnel, options_.mss};
      if (settings == VipSettings{}) {
        wanted.vips.erase(vip);
      } else {
        wanted.vips[vip] = settings;
      }
    }
    if (options_.method == Method::tunnel) {
      wanted.gue_port = options_.gue_port;
      wanted.local = tunnel_ends(wanted);
    }
    return wanted;
  }

  std::set<net::Address> tunnel_ends(const ProgramSettings& wanted) const {
    std::set<net::Address> ends;
    for (const auto& interface : observed_.interfaces) {
      for (const auto& prefix : interface.addresses) {
        const auto& address = prefix.address;
        if (!address.is_loopback() && !wanted.vips.contains(address) && !recorded(address)) ends.insert(address);
      }
    }
    return ends;
  }

  /// Whether an earlier run put that address onto lo: it is a VIP then.
  bool recorded(const net::Address& address) const {
    return std::ranges::any_of(observed_.done, [&](const Step& step) {
      const auto* change = std::get_if<ChangeAddress>(&step);
      return change != nullptr && change->address.address == address;
    });
  }

  Result<void> program(const InterfaceState& interface, Direction direction, std::string reason, bool& hooked) {
    if (auto usable = check_place(interface, direction); !usable) return usable;
    const Place& place = direction == Direction::ingress ? interface.ingress : interface.egress;
    if (place.program_id != 0) return {};
    if (interface.hook == Hook::none && !hooked)
      add(ChangeHook{interface.id, true}, "packet programs are attached there");
    hooked = true;
    add(ChangeProgram{interface.id, direction, ProgramChange::attach}, std::move(reason));
    return {};
  }

  /// Programs of another version, on whatever interface, make way for this one's: all of them share their maps.
  void replace_old_programs() {
    if (observed_.programs_current) return;
    for (const auto& interface : observed_.interfaces) {
      for (const auto direction : {Direction::ingress, Direction::egress}) {
        const Place& place = direction == Direction::ingress ? interface.ingress : interface.egress;
        if (place.program_id == 0 || place.foreign) continue;
        add(ChangeProgram{interface.id, direction, ProgramChange::replace}, "the one attached is of another version");
      }
    }
  }

  bool any_attached() const {
    return std::ranges::any_of(observed_.interfaces, [](const InterfaceState& interface) {
      return (interface.ingress.program_id != 0 && !interface.ingress.foreign) ||
             (interface.egress.program_id != 0 && !interface.egress.foreign);
    });
  }

  Result<void> programs() {
    const bool tunnel = options_.method == Method::tunnel;
    if (!tunnel && options_.mss == 0 && !any_attached()) return {};
    const ProgramSettings wanted = wanted_settings();
    if (tunnel && wanted.local.empty()) {
      return fail("this server has no address at which a tunnel could end: give its interface an address first");
    }
    const std::size_t before = plan_.steps.size();
    replace_old_programs();
    for (const auto* interface : interfaces_) {
      bool hooked = false;
      Result<void> done;
      if (tunnel) {
        done = program(*interface, Direction::ingress, "unwraps IPIP, GUE and GRE for the VIPs", hooked);
      }
      if (done && options_.mss != 0) {
        done = program(*interface, Direction::egress, "lowers the MSS that the VIPs announce", hooked);
      }
      if (!done) return done;
    }
    if (plan_.steps.size() != before || wanted != observed_.settings) {
      // Before they are attached, so that none ever runs without knowing what to do.
      plan_.steps.insert(plan_.steps.begin() + static_cast<std::ptrdiff_t>(before),
                         PlannedStep{Configure{observed_.settings, wanted}, "which packets are meant"});
    }
    return {};
  }

  void addresses() {
    const auto* lo = find_loopback(observed_);
    if (lo == nullptr) return;
    std::set<net::Address> there;
    for (const auto& prefix : lo->addresses) there.insert(prefix.address);
    for (const auto& vip : options_.vips) {
      if (!there.insert(vip).second) continue;
      const std::uint8_t length = vip.is_ipv4() ? 32 : 128;
      add(ChangeAddress{lo->id, net::Prefix{vip, length}, true}, "the server must take packets for the VIP as its own");
    }
  }

  void notes() {
    if (any_vip(false)) {
      plan_.notes.emplace_back(
          "IPv6 needs no counterpart of arp_ignore: Linux answers neighbour solicitations only for addresses of the "
          "interface that is asked, and the VIP is on lo");
    }
    for (const auto* interface : interfaces_) {
      if (!interface->up) plan_.notes.push_back(fmt::format("interface {} is down", interface->id.name));
    }
  }

  const Options& options_;
  const Observed& observed_;
  const Interfaces& interfaces_;
  Plan plan_;
};

}  // namespace

Result<Plan> plan_setup(const Options& options, const Observed& observed) {
  if (options.vips.empty()) return fail("no VIP given: --vip ADDRESS, once for each");
  for (const auto& vip : options.vips) {
    if (auto usable = check_vip(vip, observed); !usable) return std::unexpected(usable.error());
  }
  const auto interfaces = choose_interfaces(options, observed);
  if (!interfaces) return std::unexpected(interfaces.error());
  return Builder(options, observed, *interfaces).build();
}

}  // namespace ballast::realserver

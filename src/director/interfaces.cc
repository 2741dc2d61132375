#include "director/interfaces.h"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "director/attachment.h"
#include "director/hook_choice.h"
#include "net/interface_address.h"
#include "net/interface_features.h"
#include "net/link.h"

namespace ballast::director {
namespace {

struct Candidate {
  AttachTarget target;
  InterfaceFacts facts;
};

std::string_view hook_name(cluster::Hook hook) {
  switch (hook) {
    case cluster::Hook::xdp:
      return "xdp";
    case cluster::Hook::xdp_generic:
      return "xdp-generic";
    default:
      return "tc";
  }
}

/// The interfaces to attach to: by name, or all that carry Ethernet frames to and from an address of this machine.
Result<std::vector<net::Link>> wanted_links(const cluster::DirectorSettings& settings) {
  auto links = net::links();
  if (!links) return links;
  std::vector<net::Link> wanted;
  for (const auto& name : settings.interfaces) {
    const net::Link* link = net::find_link(*links, name);
    if (link == nullptr) {
      std::string known;
      for (const auto& other : *links) known += (known.empty() ? "" : ", ") + other.name;
      return fail(fmt::format("director.interfaces: there is no interface '{}' (there are: {})", name, known), ENODEV);
    }
    if (!link->has_ethernet_header) {
      return fail(fmt::format("director.interfaces: {} carries no Ethernet frames", name), EINVAL);
    }
    wanted.push_back(*link);
  }
  if (!settings.interfaces.empty()) return wanted;
  const auto addresses = net::interface_addresses();
  if (!addresses) return std::unexpected(addresses.error());
  std::set<std::uint32_t> with_address;
  for (const auto& address : *addresses) with_address.insert(address.interface_index);
  for (const auto& link : *links) {
    if (link.up && !link.loopback && link.has_ethernet_header && with_address.contains(link.index))
      wanted.push_back(link);
  }
  return wanted;
}

std::vector<Candidate> candidates(const std::vector<net::Link>& links, const std::string& directory) {
  std::vector<Candidate> all;
  for (const auto& link : links) {
    Candidate candidate;
    candidate.target = {link.name, link.index};
    candidate.facts.name = link.name;
    candidate.facts.kind = link.kind;
    if (const auto features = net::interface_features(link.name)) {
      candidate.facts.driver = features->driver;
      candidate.facts.xdp_features = features->xdp;
    }
    if (link.xdp_program_id != 0 && !xdp_is_ours(candidate.target, directory)) {
      candidate.facts.foreign_xdp = link.xdp_program_id;
    }
    all.push_back(std::move(candidate));
  }
  for (auto& candidate : all) {
    candidate.facts.alone = all.size() == 1;
    candidate.facts.others_take_frames = std::ranges::all_of(
        all, [&](const Candidate& other) { return &other == &candidate || takes_redirected_frames(other.facts); });
  }
  return all;
}

/// As the packet programs compute it: see own_mac() in bpf/director.bpf.c.
__u64 own_mac(const net::Link& link) {
  __u16 halves[3];
  static_assert(sizeof halves == sizeof link.mac);
  std::memcpy(halves, link.mac.data(), sizeof halves);
  return __u64{halves[0]} << 48 | __u64{halves[1]} << 32 | __u64{halves[2]} << 16 | (link.index & 0xffff);
}

/// Whether frames for other addresses of this machine than its own come in by an interface, and no program of ours sees
/// them later: a bridge's or bond's by those that belong to it, a macvlan's by the one below.
bool takes_frames_for_others(const net::Link& link, const std::vector<net::Link>& links,
                             const std::function<bool(const net::Link&)>& attached) {
  if (!link.has_ethernet_header) return true;
  const net::Link* master = net::find_link(links, link.master_index);
  if (link.master_index != 0 && (master == nullptr || master->kind != "vrf")) return true;
  return std::ranges::any_of(links, [&](const net::Link& above) {
    return above.kind == "macvlan" && above.lower_index == link.index && !above.lower_elsewhere && !attached(above);
  });
}

}  // namespace

Result<void> Interfaces::apply(const cluster::DirectorSettings& settings) {
  const auto links = wanted_links(settings);
  if (!links) return std::unexpected(links.error());
  const auto before = attached_interfaces(directory_);
  const std::set<std::string> had(before.begin(), before.end());
  std::vector<AttachedInterface> attached;
  std::vector<std::string> added;
  bool veth_with_xdp = false;
  const auto undo = [&] {
    for (const auto& name : added) {
      detach(name, directory_);
    }
  };
  for (const auto& [target, facts] : candidates(*links, directory_)) {
    const HookChoice choice = choose_hook(settings.hook, facts);
    if (!had.contains(target.name)) added.push_back(target.name);
    auto done = attach_tc(target, TcPoint::ingress, path_.tc_program(), directory_);
    if (done && choice.hook != cluster::Hook::tc) {
      const bool generic = choice.hook == cluster::Hook::xdp_generic;
      done = attach_xdp(target, path_.xdp_program(), generic, directory_);
    } else if (done) {
      detach_xdp(target.name, directory_);
    }
    if (!done) {
      undo();
      return done;
    }
    const bool takes_frames = takes_redirected_frames(facts);
    note_xdp_target(target.index, takes_frames);
    if (choice.hook == cluster::Hook::xdp && facts.kind == "veth") {
      veth_with_xdp = true;
      if (!takes_frames) {
        log::warning(
            "{}: XDP cannot send frames there, the TC hook does: its veth peer has no NAPI (ethtool -K PEER gro on)",
            target.name);
      } else if (!facts.xdp_features) {
        log::warning(
            "{}: frames that XDP sends there are lost if its veth peer has no NAPI, which this kernel does not "
            "tell (ethtool -K PEER gro on)",
            target.name);
      }
    }
    attached.push_back({target.name, std::string(hook_name(choice.hook)), choice.reason});
  }
  __u32& flags = path_.settings[0].flags;
  publish(flags, veth_with_xdp ? flags | SETTING_REDIRECT_BACK : flags & ~SETTING_REDIRECT_BACK);
  for (const auto& name : had) {
    if (std::ranges::find(attached, name, &AttachedInterface::name) != attached.end()) continue;
    detach(name, directory_);
    log::info("{}: detached", name);
  }
  for (const auto& interface : attached) {
    const auto known = std::ranges::find(attached_, interface.name, &AttachedInterface::name);
    if (known != attached_.end() && known->hook == interface.hook) continue;
    log::info("{}: hook {} ({})", interface.name, interface.hook, interface.reason);
  }
  attached_ = std::move(attached);
  note_own_macs();
  return watch_leaving(leaving_);
}

void Interfaces::note_own_macs() {
  std::array<__u64, OWN_MACS> macs{};
  std::array<bool, OWN_MACS> taken{};
  const auto links = net::links().value_or(std::vector<net::Link>{});
  const auto attached = [&](const net::Link& link) {
    return std::ranges::find(attached_, link.name, &AttachedInterface::name) != attached_.end();
  };
  for (const auto& link : links) {
    if (!attached(link)) continue;
    const std::size_t place = link.index % OWN_MACS;
    const bool known = !takes_frames_for_others(link, links, attached) && !taken[place];
    macs[place] = known ? own_mac(link) : 0;
    taken[place] = true;
  }
  for (std::size_t i = 0; i < macs.size(); ++i) publish(path_.settings[0].own_macs[i], macs[i]);
}

void Interfaces::note_xdp_target(std::uint32_t index, bool takes_frames) {
  if (index >= 4096) return;
  __u64& word = path_.settings[0].xdp_targets[index / 64];
  const __u64 bit = __u64{1} << (index % 64);
  publish(word, takes_frames ? word | bit : word & ~bit);
}

std::optional<std::string> Interfaces::defect() const {
  if (attached_.empty()) return "no interface carries the packet programs";
  for (const auto& interface : attached_) {
    const AttachTarget target{interface.name, if_nametoindex(interface.name.c_str())};
    if (target.index == 0) return fmt::format("interface {} is gone", target.name);
    const bool here = interface.hook == hook_name(cluster::Hook::tc) ? is_at_tc(target, TcPoint::ingress, directory_)
                                                                     : xdp_is_ours(target, directory_);
    if (!here) return fmt::format("somebody took the packet program from interface {}", target.name);
  }
  return std::nullopt;
}

Result<void> Interfaces::watch_leaving(bool wanted) {
  leaving_ = wanted;
  for (const auto& interface : attached_) {
    const std::uint32_t index = if_nametoindex(interface.name.c_str());
    if (!wanted) {
      detach_tc(interface.name, TcPoint::egress, directory_);
    } else if (auto done = attach_tc({interface.name, index}, TcPoint::egress, path_.leaving_program(), directory_);
               !done) {
      return done;
    }
  }
  return {};
}

void detach_all(const std::string& directory) {
  for (const auto& name : attached_interfaces(directory)) detach(name, directory);
  const auto links = net::links();
  if (!links) return;
  for (const auto& link : *links) {
    if (!link.loopback) detach(link.name, directory);
  }
}

}  // namespace ballast::director

// The engine's view of the network: interfaces, the address that it advertises from, what others do to its addresses.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "net/veth.h"
#include "vrrp/engine.h"
#include "vrrp/virtual_mac.h"

namespace ballast::vrrp {
namespace {

bool is_link_local(const net::Address& address) {
  return !address.is_ipv4() && address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
}

}  // namespace

std::uint32_t Engine::index_of(const std::string& interface) const {
  const net::Link* link = net::find_link(links_, std::string_view(interface));
  return link == nullptr ? 0 : link->index;
}

bool Engine::is_virtual(const net::Address& address) const {
  const auto has = [&](const std::vector<cluster::VirtualAddress>& all) {
    return std::ranges::find(all, address, &cluster::VirtualAddress::address) != all.end();
  };
  return std::ranges::any_of(settings_.instances, [&](const cluster::VrrpInstance& instance) {
    return instance.priority != 255 && (has(instance.addresses) || has(instance.excluded_addresses));
  });
}

void Engine::look_at_network() {
  if (auto links = net::links()) {
    links_ = std::move(*links);
  } else {
    log::error("VRRP: {}", links.error().message);
  }
  if (auto addresses = net::interface_addresses()) {
    addresses_ = std::move(*addresses);
  } else {
    log::error("VRRP: {}", addresses.error().message);
  }
  for (const auto& link : links_) {
    observations_.set(cluster::Track::Kind::interface, link.name, {.good = link.up && link.carrier});
  }
}

void Engine::network_changed(const NetworkChange& change) {
  for (const auto& removed : change.removed) mend(removed);
  const bool others =
      std::ranges::any_of(change.added, [&](const auto& one) { return !is_virtual(one.prefix.address); }) ||
      std::ranges::any_of(change.removed, [&](const auto& one) { return !is_virtual(one.prefix.address); });
  if (!change.links && !others && !change.lost) return;
  std::vector<std::string> names;
  for (const auto& link : links_) names.push_back(link.name);
  look_at_network();
  for (const auto& name : names) {
    if (index_of(name) == 0) observations_.set(cluster::Track::Kind::interface, name, {.good = false});
  }
  for (auto& [name, instance] : instances_) attach(instance);
  evaluate();
}

/// Puts an address back that somebody else took from an active router.
void Engine::mend(const net::InterfaceAddress& removed) {
  for (auto& [name, instance] : instances_) {
    if (routers_.find(name)->state() != State::active) continue;
    for (const auto& address : instance.belongings.addresses) {
      if (address.interface_index != removed.interface_index || address.prefix != removed.prefix) continue;
      Belongings one;
      one.addresses = {address};
      const auto problems = renew(socket_, one);
      ++instance.counters.mended;
      log::warning("VRRP instance {}: somebody removed {}: {}", name, address.prefix.to_string(),
                   problems.empty() ? "put back" : problems.front());
    }
  }
}

std::optional<net::Address> Engine::source_of(const cluster::VrrpInstance& settings,
                                              std::uint32_t interface_index) const {
  if (settings.source) return settings.source;
  for (const auto& address : addresses_) {
    const net::Address& candidate = address.prefix.address;
    if (address.interface_index != interface_index || !address.usable || candidate.family() != settings.family)
      continue;
    if (settings.family == net::Family::ipv6 && !is_link_local(candidate) && settings.peers.empty()) continue;
    if (!is_virtual(candidate)) return candidate;
  }
  return std::nullopt;
}

Result<void> Engine::open_port(Instance& instance) {
  const auto& settings = instance.settings;
  const auto group = settings.peers.empty() ? std::optional(group_of(settings)) : std::nullopt;
  if (auto listening = receivers_.listen(settings.interface, instance.interface_index, settings.family, group);
      !listening) {
    return listening;
  }
  instance.device_index = instance.interface_index;
  std::string from = settings.interface;
  if (settings.virtual_mac) {
    if (auto made = make_virtual_mac_interface(settings, instance.interface_index); !made) return made;
    if (auto links = net::links()) links_ = std::move(*links);
    instance.device_index = index_of(virtual_mac_interface(settings));
    if (!settings.advertise_from_interface) from = virtual_mac_interface(settings);
  }
  auto outlet = Outlet::open(settings, from, index_of(from));
  if (!outlet) return std::unexpected(outlet.error());
  instance.outlet = std::move(*outlet);
  // What an earlier daemon, or another program in this one's place, may have left: this router is not active now.
  if (settings.priority == 255) return {};
  instance.belongings =
      belongings_of(settings, instance.device_index, [this](const auto& name) { return index_of(name); });
  std::size_t removed = 0;
  release(socket_, instance.belongings, &removed);
  if (removed > 0) {
    log::notice("VRRP instance {}: removed {} of its addresses that were here without it", settings.name, removed);
  }
  return {};
}

/// The one with the virtual MAC address, where there is one.
void Engine::remove_device(const Instance& instance) {
  if (instance.settings.virtual_mac) std::ignore = net::remove_link(virtual_mac_interface(instance.settings));
}

/// Opens the instance's sockets where its interface is new, and finds the address that it advertises from.
void Engine::attach(Instance& instance) {
  const std::uint32_t index = index_of(instance.settings.interface);
  const bool device_gone = instance.settings.virtual_mac && instance.outlet && index == instance.interface_index &&
                           index_of(virtual_mac_interface(instance.settings)) != instance.device_index;
  if (index != instance.interface_index || device_gone || (index != 0 && !instance.outlet)) {
    if (index != instance.interface_index && instance.interface_index != 0) receivers_.close(instance.interface_index);
    if (device_gone) {
      log::warning("VRRP instance {}: somebody removed {}: made again", instance.settings.name,
                   virtual_mac_interface(instance.settings));
    }
    instance.interface_index = index;
    instance.outlet.reset();
    instance.port_problem.clear();
    if (index != 0) {
      if (auto opened = open_port(instance); !opened) {
        instance.port_problem = opened.error().message;
        log::error("VRRP instance {}: {}", instance.settings.name, instance.port_problem);
      } else if (device_gone && routers_.find(instance.settings.name)->state() == State::active) {
        take_addresses(instance);
      }
    }
  }
  if (const auto source = source_of(instance.settings, index))
    routers_.find(instance.settings.name)->set_address(*source);
}

std::string Engine::network_fault(const Instance& instance) const {
  const auto& settings = instance.settings;
  const net::Link* link = net::find_link(links_, std::string_view(settings.interface));
  if (link == nullptr) return fmt::format("there is no interface {}", settings.interface);
  if (!link->up || !link->carrier) return fmt::format("interface {} is down", settings.interface);
  if (!instance.port_problem.empty()) return instance.port_problem;
  if (!source_of(settings, link->index)) {
    return fmt::format("interface {} has no {} address to advertise from", settings.interface,
                       settings.family == net::Family::ipv4 ? "IPv4" : "link-local IPv6");
  }
  if (settings.track_source && settings.source &&
      std::ranges::none_of(addresses_, [&](const auto& one) { return one.prefix.address == *settings.source; })) {
    return fmt::format("the address {} that it advertises from is not there", settings.source->to_string());
  }
  return {};
}

}  // namespace ballast::vrrp

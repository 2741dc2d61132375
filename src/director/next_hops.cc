#include "director/next_hops.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "net/route.h"

namespace ballast::director {
namespace {

constexpr std::chrono::seconds full_refresh_period{10};
/// How long a path MTU counts that the programs learned from an ICMP error (net.ipv4.route.mtu_expires of Linux).
constexpr std::chrono::minutes learned_mtu_kept{10};

template <std::size_t N>
void copy_mac(__u8 (&to)[N], const net::MacAddress& from) {
  static_assert(N == 6);
  std::memcpy(to, from.data(), N);
}

}  // namespace

Result<void> NextHops::open() {
  auto monitor = net::Monitor::open();
  if (!monitor) return std::unexpected(monitor.error());
  monitor_.emplace(std::move(*monitor));
  return {};
}

void NextHops::read_neighbours() {
  neighbours_.clear();
  const auto all = net::neighbours();
  if (!all) {
    log::warning("cannot read the neighbour table: {}", all.error().message);
    return;
  }
  for (const auto& neighbour : *all) {
    if (neighbour.usable() && neighbour.mac) {
      neighbours_[{neighbour.interface_index, neighbour.address}] = *neighbour.mac;
    }
  }
}

NextHops::Way NextHops::find_way(const net::Address& destination) {
  const auto route = net::route_to(destination);
  if (!route || (route->kind != net::RouteKind::forward && route->kind != net::RouteKind::local)) {
    if (told_.insert(destination).second) {
      log::warning("no way to real server {}: {}", destination.to_string(),
                   route ? net::to_string(route->kind) : std::string_view(route.error().message));
    }
    return {};
  }
  told_.erase(destination);
  Way way;
  way.local = route->kind == net::RouteKind::local;
  way.interface_index = route->interface_index;
  way.gateway = route->next_hop;
  way.source = route->preferred_source.value_or(net::Address::any(destination.family()));
  const net::Link* link = net::find_link(links_, way.interface_index);
  way.mtu = route->mtu != 0 ? route->mtu : (link != nullptr ? link->mtu : 0);
  const auto neighbour = std::pair(way.interface_index, way.gateway);
  if (!way.local && kept_.insert(neighbour).second) {
    if (const auto kept = net::keep_neighbour(way.interface_index, way.gateway); !kept) {
      log::debug("cannot have the kernel keep neighbour {}: {}", way.gateway.to_string(), kept.error().message);
    }
  }
  return way;
}

void NextHops::resolve(const std::vector<std::uint32_t>& servers) {
  if (auto links = net::links()) links_ = std::move(*links);
  std::map<net::Address, Way> ways;
  for (const std::uint32_t server : servers) {
    const net::Address destination = abi::from_abi(path_.servers[server].address);
    if (!ways.contains(destination)) ways[destination] = find_way(destination);
  }
  read_neighbours();
  for (const std::uint32_t server : servers) write(server, ways[abi::from_abi(path_.servers[server].address)]);
}

bool NextHops::takes_xdp(std::uint32_t interface_index) const {
  return interface_index < 4096 &&
         (path_.settings[0].xdp_targets[interface_index / 64] >> (interface_index % 64) & 1) != 0;
}

__u16 NextHops::mtu_of_way(std::uint32_t server, const Way& way) {
  const abi::server& entry = path_.servers[server];
  const auto mtu = static_cast<__u16>(std::min<std::uint32_t>(way.mtu, 0xffff));
  const bool same_way = (entry.flags & SERVER_ROUTED) != 0 && entry.ifindex == way.interface_index &&
                        abi::from_abi(entry.gateway) == way.gateway;
  const __u16 current = observe(entry.mtu);
  if (!same_way || current == 0 || current >= mtu) {
    learned_mtu_.erase(server);
    return mtu;
  }
  const auto learned = learned_mtu_.try_emplace(server, Clock::now()).first;
  if (Clock::now() - learned->second < learned_mtu_kept) return current;
  learned_mtu_.erase(learned);
  return mtu;
}

void NextHops::write(std::uint32_t server, const Way& way) {
  abi::server& entry = path_.servers[server];
  const auto neighbour = neighbours_.find({way.interface_index, way.gateway});
  const net::Link* link = net::find_link(links_, way.interface_index);
  auto flags = static_cast<__u8>(entry.flags & ~(SERVER_LOCAL | SERVER_ROUTED | SERVER_HOP | SERVER_HOP_XDP));
  if (way.local) {
    publish(entry.flags, static_cast<__u8>(flags | SERVER_LOCAL));
    return;
  }
  abi::server next = entry;
  if (way.interface_index != 0 && link != nullptr) {
    flags |= SERVER_ROUTED;
    next.ifindex = way.interface_index;
    next.gateway = abi::to_abi(way.gateway);
    next.tunnel_source = abi::to_abi(way.source);
    next.mtu = mtu_of_way(server, way);
    if (neighbour != neighbours_.end()) {
      flags |= SERVER_HOP;
      copy_mac(next.hop_mac, neighbour->second);
      copy_mac(next.own_mac, link->mac);
      if (takes_xdp(way.interface_index)) flags |= SERVER_HOP_XDP;
    }
  }
  next.flags = flags;
  if (std::memcmp(&next, &entry, sizeof next) == 0) return;
  // Programs must not see a half-written next hop: it is withdrawn while it changes.
  publish(entry.flags, static_cast<__u8>(flags & ~(SERVER_ROUTED | SERVER_HOP | SERVER_HOP_XDP)));
  entry.ifindex = next.ifindex;
  entry.gateway = next.gateway;
  entry.tunnel_source = next.tunnel_source;
  entry.mtu = next.mtu;
  std::memcpy(entry.hop_mac, next.hop_mac, sizeof entry.hop_mac);
  std::memcpy(entry.own_mac, next.own_mac, sizeof entry.own_mac);
  publish(entry.flags, flags);
}

bool NextHops::refresh(const std::vector<std::uint32_t>& servers, Clock::time_point now) {
  if (!monitor_) return false;
  const net::Changes changes = monitor_->read();
  const bool due = now - last_full_ >= full_refresh_period;
  if (changes.empty() && !due) return false;
  const bool links_changed = (changes.kinds & (net::change_links | net::change_addresses)) != 0;
  if (links_changed || due) kept_.clear();
  if (due) last_full_ = now;
  bool concerned = due || changes.affects_routes() || changes.overflow;
  for (const auto& change : changes.neighbours) {
    concerned |= kept_.contains({change.neighbour.interface_index, change.neighbour.address});
  }
  if (concerned) resolve(servers);
  return links_changed;
}

}  // namespace ballast::director

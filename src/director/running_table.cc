#include "director/running_table.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "director/model_map.h"
#include "director/traffic.h"

namespace ballast::director {
namespace {

/// ip_vs keeps a removed server that long after its last connection (IP_VS_DEST_TRASH_PERIOD).
constexpr std::chrono::seconds removed_server_kept{120};

constexpr std::uint16_t ftp_port = 21;
constexpr std::uint16_t every_port = 0;

bool has_tcp_port(const std::set<cluster::ServiceKey>& keys, std::uint16_t port) {
  return std::ranges::any_of(keys, [&](const cluster::ServiceKey& key) {
    const auto* address = std::get_if<cluster::AddressKey>(&key);
    return address != nullptr && address->protocol == cluster::Protocol::tcp && address->endpoint.port == port;
  });
}

/// With new thresholds an overload begins or ends as it would with a connection that comes or goes: this is what ip_vs
/// of Linux 6.1.0-56 does with an edit. Between the thresholds it stays as it is.
void renew_overload(abi::member& load, const cluster::RealServer& wanted) {
  const std::uint64_t connections = observe(load.active) + observe(load.inactive);
  const std::uint64_t upper = wanted.upper_threshold;
  const std::uint64_t lower = wanted.lower_threshold;
  if (upper != 0 && connections >= upper) {
    __atomic_fetch_or(&load.order, MEMBER_OVERLOAD, __ATOMIC_RELEASE);
  } else if (upper == 0 || (lower != 0 ? connections < lower : connections * 4 < upper * 3)) {
    __atomic_fetch_and(&load.order, MEMBER_ORDER, __ATOMIC_RELEASE);
  }
}

}  // namespace

RunningTable::RunningTable(PacketPath& path) : path_(path), rings_(path), keys_(path), repliers_(path) {
  for (std::uint32_t i = 0; i < path.services.size(); ++i) free_services_.insert(i);
  for (std::uint32_t i = 0; i < path.chunks.size(); ++i) free_chunks_.insert(i);
  if (path.adopted()) read_services();
}

void RunningTable::read_services() {
  for (std::uint32_t index = 0; index < path_.services.size(); ++index) {
    const abi::service& entry = path_.services[index];
    if (entry.in_use == USE_FREE) continue;
    const auto key = service_key_of(entry);
    Service& service = services_[key];
    service.index = index;
    service.configured = entry.in_use == USE_CONFIGURED;
    free_services_.erase(index);
    rings_.adopt(index);
    read_servers(service);
  }
}

void RunningTable::read_servers(Service& service) {
  for (std::uint32_t number = path_.services[service.index].first_chunk; number < path_.chunks.size();
       number = path_.chunks[number].next) {
    service.chunks.push_back(number);
    free_chunks_.erase(number);
    for (std::uint32_t i = 0; i < path_.chunks[number].used; ++i) {
      const std::uint32_t index = number * CHUNK_MEMBERS + i;
      const abi::server& entry = path_.servers[index];
      if (entry.in_use == USE_FREE) continue;
      const net::Endpoint endpoint{abi::from_abi(entry.address), abi::port_from_abi(entry.port)};
      service.servers[endpoint] = {index, endpoint, entry.in_use == USE_CONFIGURED, Clock::now()};
      last_order_ = std::max(last_order_, path_.member(index).order & MEMBER_ORDER);
    }
  }
}

Result<void> RunningTable::check_room(const cluster::Cluster& wanted) const {
  std::size_t new_services = 0;
  std::size_t new_chunks = 0;
  std::size_t addresses = 0;
  for (const auto& service : wanted.services) {
    addresses += 1 + service.further_addresses.size();
    const auto running = services_.find(service.key);
    if (running == services_.end()) {
      ++new_services;
      new_chunks += (service.servers.size() + CHUNK_MEMBERS - 1) / CHUNK_MEMBERS;
      continue;
    }
    const auto added = std::ranges::count_if(
        service.servers, [&](const auto& server) { return !running->second.servers.contains(server.endpoint); });
    const std::size_t places = running->second.chunks.size() * CHUNK_MEMBERS - running->second.servers.size();
    if (static_cast<std::size_t>(added) > places) new_chunks += (added - places + CHUNK_MEMBERS - 1) / CHUNK_MEMBERS;
  }
  if (new_services > free_services_.size()) {
    return fail(
        fmt::format("no room for {} more services: the table was made for {}; raise director.services and start the "
                    "packet path anew (ballast stop)",
                    new_services, path_.services.size()),
        ENOSPC);
  }
  if (addresses > path_.services.size()) {
    return fail(
        fmt::format("no room for {} addresses of services: the table was made for {}; raise director.services and "
                    "start the packet path anew (ballast stop)",
                    addresses, path_.services.size()),
        ENOSPC);
  }
  if (new_chunks > free_chunks_.size()) {
    return fail(
        fmt::format("no room for that many real servers: the table was made for {}; raise director.servers and start "
                    "the packet path anew (ballast stop)",
                    path_.sizes().servers),
        ENOSPC);
  }
  const auto mh_services = std::ranges::count(wanted.services, "mh", &cluster::VirtualService::scheduler);
  if (mh_services > path_.sizes().mh_services) {
    return fail(fmt::format("no room for {} services with scheduler mh: there are tables for {}; raise "
                            "director.mh_services and start the packet path anew (ballast stop)",
                            mh_services, path_.sizes().mh_services),
                ENOSPC);
  }
  return {};
}

Result<void> RunningTable::apply(const cluster::Cluster& wanted, Clock::time_point now) {
  if (auto room = check_room(wanted); !room) return room;
  apply_timeouts(wanted.director.timeouts);
  apply_behaviour(wanted.director.behaviour);
  std::set<cluster::ServiceKey> stay;
  for (const auto& service : wanted.services) stay.insert(service.key);
  for (auto& [key, service] : services_) {
    if (service.configured && !stay.contains(key)) remove_service(service, now);
  }
  for (const auto& service : wanted.services) {
    Service& running = service_for(service);
    const bool servers_changed = apply_servers(running, service);
    const auto leaving = take_out(running, service);
    const std::uint8_t scheduler = scheduler_id(service.scheduler);
    const bool other_scheduler = path_.services[running.index].scheduler != scheduler;
    apply_service(service);
    if (servers_changed || !leaving.empty() || other_scheduler) {
      rings_.write(running.index, scheduler, newest_first(running));
    }
    for (Server* server : leaving) retire_server(*server, now);  // after others can be chosen in their place
    if (!running.configured) {
      running.configured = true;
      publish(path_.services[running.index].in_use, USE_CONFIGURED);
    }
    keys_.assign(running.index, cluster::keys_of(service));
  }
  keys_.withdraw_rest();
  update_flags();
  repliers_.set(wanted.director.behaviour.refuse_unknown_replies ? nat_endpoints() : Repliers::Endpoints{});
  return {};
}

void RunningTable::apply_timeouts(const cluster::Timeouts& timeouts) {
  const auto ticks_of = [](std::chrono::nanoseconds time) { return abi::ticks(time.count()); };
  using std::chrono::seconds;
  // The defaults of ip_vs; three of them can be set.
  const std::array<std::pair<int, seconds>, 25> all = {{{abi::STATE_NONE, seconds(2)},
                                                        {abi::STATE_ESTABLISHED, timeouts.tcp},
                                                        {abi::STATE_SYN_SENT, seconds(120)},
                                                        {abi::STATE_SYN_RECV, seconds(60)},
                                                        {abi::STATE_FIN_WAIT, timeouts.tcp_fin},
                                                        {abi::STATE_TIME_WAIT, seconds(120)},
                                                        {abi::STATE_CLOSE, seconds(10)},
                                                        {abi::STATE_CLOSE_WAIT, seconds(60)},
                                                        {abi::STATE_LAST_ACK, seconds(30)},
                                                        {abi::STATE_LISTEN, seconds(120)},
                                                        {abi::STATE_SYNACK, seconds(120)},
                                                        {abi::STATE_UDP, timeouts.udp},
                                                        {abi::STATE_SCTP_INIT1, seconds(4)},
                                                        {abi::STATE_SCTP_INIT, seconds(61)},
                                                        {abi::STATE_SCTP_COOKIE_SENT, seconds(61)},
                                                        {abi::STATE_SCTP_COOKIE_REPLIED, seconds(61)},
                                                        {abi::STATE_SCTP_COOKIE_WAIT, seconds(61)},
                                                        {abi::STATE_SCTP_COOKIE, seconds(61)},
                                                        {abi::STATE_SCTP_COOKIE_ECHOED, seconds(61)},
                                                        {abi::STATE_SCTP_ESTABLISHED, seconds(900)},
                                                        {abi::STATE_SCTP_SHUTDOWN_SENT, seconds(61)},
                                                        {abi::STATE_SCTP_SHUTDOWN_RECEIVED, seconds(61)},
                                                        {abi::STATE_SCTP_SHUTDOWN_ACK_SENT, seconds(61)},
                                                        {abi::STATE_SCTP_REJECTED, seconds(4)},
                                                        {abi::STATE_SCTP_CLOSED, seconds(61)}}};
  for (const auto& [state, timeout] : all) {
    publish(path_.settings[0].timeout[state], ticks_of(timeout));
  }
  publish(path_.settings[0].destination_expiry, ticks_of(std::chrono::hours(24)));
}

void RunningTable::apply_behaviour(const cluster::Behaviour& behaviour) {
  abi::settings& settings = path_.settings[0];
  const std::uint64_t filled = std::uint64_t{path_.sizes().connections} * behaviour.drop_when_filled / 100;
  publish(settings.drop_rate, behaviour.drop_rate);
  publish(settings.connections_filled, static_cast<__u32>(filled));
  publish(settings.behaviour, behaviour_bits(behaviour));
}

RunningTable::Service& RunningTable::service_for(const cluster::VirtualService& wanted) {
  const auto running = services_.find(wanted.key);
  if (running != services_.end()) return running->second;
  Service& service = services_[wanted.key];
  service.index = *free_services_.begin();
  free_services_.erase(service.index);
  abi::service entry{};
  const auto key = map_key(wanted.key);
  entry.address = key.address;
  entry.port = key.port;
  entry.protocol = key.protocol;
  entry.mark = key.mark;
  entry.first_chunk = CHUNK_NONE;
  entry.in_use = USE_REMOVED;
  path_.services[service.index] = entry;
  publish(path_.cursors[service.index].value, 0);
  path_.service_traffic[service.index] = {};
  return service;
}

void RunningTable::apply_service(const cluster::VirtualService& wanted) {
  abi::service& entry = path_.services[services_.at(wanted.key).index];
  publish(entry.flags, service_flags(wanted));
  publish(entry.mss_clamp, wanted.mss_clamp);
  const auto persistence = wanted.persistence.value_or(cluster::Persistence{});
  publish(entry.persistence, abi::ticks(std::chrono::nanoseconds(persistence.timeout).count()));
  publish(entry.netmask, persistence.netmask);
}

bool RunningTable::apply_servers(Service& service, const cluster::VirtualService& wanted) {
  bool changed = false;
  std::uint32_t newest = 0;  // order of the last server looked at: the next one is newer
  for (const auto& server : wanted.servers) {
    const auto running = service.servers.find(server.endpoint);
    Server& place = running == service.servers.end() ? add_server(service, server.endpoint) : running->second;
    std::uint32_t& order = path_.member(place.index).order;
    if (!place.configured || (order & MEMBER_ORDER) <= newest) {
      place.configured = true;
      publish(order, ++last_order_ | (order & MEMBER_OVERLOAD));
      changed = true;
    }
    newest = order & MEMBER_ORDER;
    changed |= write_server(place, service, server);
  }
  return changed;
}

std::vector<RunningTable::Server*> RunningTable::take_out(Service& service, const cluster::VirtualService& wanted) {
  std::set<net::Endpoint> keep;
  for (const auto& server : wanted.servers) keep.insert(server.endpoint);
  std::vector<Server*> leaving;
  for (auto& [endpoint, server] : service.servers) {
    if (!server.configured || keep.contains(endpoint)) continue;
    server.configured = false;
    leaving.push_back(&server);
  }
  return leaving;
}

std::uint32_t RunningTable::new_chunk(Service& service) {
  const std::uint32_t number = *free_chunks_.begin();
  free_chunks_.erase(number);
  abi::chunk empty{};
  empty.next = CHUNK_NONE;
  path_.chunks[number] = empty;
  if (service.chunks.empty()) {
    publish(path_.services[service.index].first_chunk, number);
  } else {
    publish(path_.chunks[service.chunks.back()].next, number);
  }
  service.chunks.push_back(number);
  return number;
}

RunningTable::Server& RunningTable::add_server(Service& service, const net::Endpoint& endpoint) {
  const auto free_place = [&]() -> std::uint32_t {
    for (const std::uint32_t number : service.chunks) {
      for (std::uint32_t i = 0; i < CHUNK_MEMBERS; ++i) {
        if (path_.servers[number * CHUNK_MEMBERS + i].in_use == USE_FREE) return number * CHUNK_MEMBERS + i;
      }
    }
    return new_chunk(service) * CHUNK_MEMBERS;
  };
  const std::uint32_t index = free_place();
  abi::server entry{};
  entry.address = abi::to_abi(endpoint.address);
  entry.port = abi::port_to_abi(endpoint.port);
  entry.service = service.index;
  entry.in_use = USE_REMOVED;
  path_.servers[index] = entry;
  path_.member(index) = {};
  path_.figure(index) = {};
  abi::chunk& chunk = path_.chunks[index / CHUNK_MEMBERS];
  publish(chunk.used, std::max(chunk.used, index % CHUNK_MEMBERS + 1));
  return service.servers[endpoint] = {index, endpoint, false, {}};
}

bool RunningTable::write_server(const Server& server, const Service& service, const cluster::RealServer& wanted) {
  abi::server& entry = path_.servers[server.index];
  abi::member& load = path_.member(server.index);
  bool changed = configure(entry, wanted);
  const bool tcp = path_.services[service.index].protocol == static_cast<__u8>(cluster::Protocol::tcp);
  publish(path_.figure(server.index).timed, tcp && wanted.forward == cluster::ForwardingMethod::nat ? 1 : 0);
  if (wanted.weight != 0) publish(entry.last_weight, static_cast<__s32>(wanted.weight));
  if (entry.in_use != USE_CONFIGURED) {
    entry.service = service.index;
    publish(entry.in_use, USE_CONFIGURED);
    publish(entry.flags, static_cast<__u8>(entry.flags | SERVER_AVAILABLE));
    changed = true;
  }
  if (load.weight != static_cast<__s32>(wanted.weight)) {
    publish(load.weight, static_cast<__s32>(wanted.weight));
    changed = true;
  }
  renew_overload(load, wanted);
  path_.note_change(server.index);
  return changed;
}

void RunningTable::retire_server(Server& server, Clock::time_point now) {
  abi::server& entry = path_.servers[server.index];
  publish(path_.member(server.index).weight, 0);
  path_.note_change(server.index);
  publish(entry.flags, static_cast<__u8>(entry.flags & ~SERVER_AVAILABLE));
  publish(entry.in_use, USE_REMOVED);
  server.configured = false;
  server.removed_at = now;
}

void RunningTable::remove_service(Service& service, Clock::time_point now) {
  keys_.assign(service.index, {});
  for (auto& [endpoint, server] : service.servers) {
    if (server.configured) retire_server(server, now);
    clear_traffic(path_, server.index);
  }
  rings_.clear(service.index);
  path_.service_traffic[service.index] = {};
  publish(path_.services[service.index].in_use, USE_REMOVED);
  service.configured = false;
}

void RunningTable::collect(Clock::time_point now) {
  rings_.settle();
  for (auto service = services_.begin(); service != services_.end();) {
    std::vector<Server> over;
    for (auto& [endpoint, server] : service->second.servers) {
      if (server.configured) continue;
      const abi::member& load = path_.member(server.index);
      if (observe(load.active) + observe(load.inactive) > 0 || observe(path_.servers[server.index].persistent) > 0) {
        server.removed_at = now;
      } else if (now - server.removed_at >= removed_server_kept) {
        over.push_back(server);
      }
    }
    for (const Server& server : over) forget_server(service->second, server);
    if (service->second.configured || !service->second.servers.empty()) {
      ++service;
      continue;
    }
    const std::uint32_t index = service->second.index;
    for (const std::uint32_t chunk : service->second.chunks) free_chunks_.insert(chunk);
    publish(path_.services[index].first_chunk, CHUNK_NONE);
    publish(path_.services[index].in_use, USE_FREE);
    free_services_.insert(index);
    service = services_.erase(service);
  }
}

void RunningTable::forget_server(Service& service, const Server& server) {
  if (service.configured) {
    abi::traffic& total = path_.service_traffic[service.index];
    const Stats stats = read_traffic(path_, server.index);
    total.connections += stats.connections;
    total.packets_in += stats.packets_in;
    total.packets_out += stats.packets_out;
    total.bytes_in += stats.bytes_in;
    total.bytes_out += stats.bytes_out;
  }
  clear_traffic(path_, server.index);
  path_.member(server.index) = {};
  path_.servers[server.index] = {};
  service.servers.erase(server.endpoint);
}

void RunningTable::update_flags() {
  __u32 needed = 0;
  for (const auto& [key, service] : services_) {
    const auto& keys = keys_.of(service.index);
    const bool has_ftp_port = service.configured && has_tcp_port(keys, ftp_port);
    if (has_ftp_port) needed |= SETTING_FTP;
    const auto* mark = std::get_if<cluster::MarkKey>(&key);
    if (mark != nullptr && service.configured) {
      needed |= mark->family == net::Family::ipv4 ? SETTING_MARKS_IPV4 : SETTING_MARKS_IPV6;
    }
    const bool may_get_ftp =
        has_ftp_port || (service.configured && (mark != nullptr || has_tcp_port(keys, every_port)));
    for (const auto& [endpoint, server] : service.servers) {
      abi::server& entry = path_.servers[server.index];
      const bool nat = entry.method == abi::FORWARD_NAT;
      if (nat) needed |= SETTING_NAT;
      if (nat && may_get_ftp) needed |= SETTING_FTP;
      const auto flags = static_cast<__u8>(nat && may_get_ftp ? entry.flags | SERVER_FTP : entry.flags & ~SERVER_FTP);
      if (entry.flags != flags) publish(entry.flags, flags);
    }
  }
  __u32& flags = path_.settings[0].flags;
  publish(flags, (flags & ~(SETTING_NAT | SETTING_FTP | SETTING_MARKS_IPV4 | SETTING_MARKS_IPV6)) | needed);
}

Repliers::Endpoints RunningTable::nat_endpoints() const {
  Repliers::Endpoints endpoints;
  for (const auto& [key, service] : services_) {
    const auto* address = std::get_if<cluster::AddressKey>(&key);
    if (address == nullptr) continue;
    for (const auto& [endpoint, server] : service.servers) {
      if (server.configured && path_.servers[server.index].method == abi::FORWARD_NAT)
        endpoints.insert({address->protocol, endpoint});
    }
  }
  return endpoints;
}

std::vector<std::uint32_t> RunningTable::newest_first(const Service& service) const {
  std::vector<std::uint32_t> order;
  for (const auto& [endpoint, server] : service.servers) {
    if (server.configured) order.push_back(server.index);
  }
  std::ranges::sort(order, std::greater(),
                    [&](std::uint32_t index) { return path_.member(index).order & MEMBER_ORDER; });
  return order;
}

std::size_t RunningTable::report(const ServerReport& report) {
  std::size_t told = 0;
  const std::uint32_t now = abi::now_ticks() | 1;
  for (const auto& [key, service] : services_) {
    for (const auto& [endpoint, server] : service.servers) {
      if (!server.configured || endpoint.address != report.address ||
          endpoint.port != report.port.value_or(endpoint.port))
        continue;
      abi::figure& figure = path_.figure(server.index);
      if (report.load) {
        publish(figure.load, *report.load);
        publish(figure.reported, now);
      }
      if (report.response_microseconds) {
        publish(figure.response_us, std::min(*report.response_microseconds, RESPONSE_WORST_US));
        publish(figure.measured, now);
      }
      ++told;
    }
  }
  return told;
}

std::vector<std::uint32_t> RunningTable::configured_servers() const {
  std::vector<std::uint32_t> indexes;
  for (const auto& [key, service] : services_) {
    for (const auto& [endpoint, server] : service.servers) {
      if (server.configured) indexes.push_back(server.index);
    }
  }
  return indexes;
}

/// That of its service's key; else, as packets find it, that of its virtual address, or of all ports there.
const RunningTable::Service* RunningTable::service_of(const Connection& connection) const {
  const auto by_key = [&](const cluster::ServiceKey& key) -> const Service* {
    const auto own = services_.find(key);
    if (own != services_.end()) return &own->second;
    const auto index = keys_.find(key);
    if (!index) return nullptr;
    const auto found = std::ranges::find(services_, *index, [](const auto& named) { return named.second.index; });
    return found == services_.end() ? nullptr : &found->second;
  };
  if (const auto* service = by_key(connection.service)) return service;
  cluster::AddressKey address{static_cast<cluster::Protocol>(connection.protocol), connection.virtual_address};
  if (const auto* service = by_key(address)) return service;
  address.endpoint.port = 0;
  return by_key(address);
}

std::optional<std::uint32_t> RunningTable::server_of(const Connection& connection) const {
  const Service* service = service_of(connection);
  if (service == nullptr || !service->configured) return {};
  const net::Endpoint of_all_ports{connection.server.address, 0};
  for (const auto& endpoint : {connection.configured, connection.server, of_all_ports}) {
    const auto server = service->servers.find(endpoint);
    if (server != service->servers.end() && server->second.configured) return server->second.index;
  }
  return {};
}

std::vector<cluster::ServiceKey> RunningTable::configured_services() const {
  std::vector<cluster::ServiceKey> keys;
  for (const auto& [key, service] : services_) {
    if (service.configured) keys.push_back(key);
  }
  return keys;
}

std::vector<ServiceLoad> RunningTable::loads(const std::vector<cluster::ServiceKey>& order) const {
  std::vector<ServiceLoad> all;
  for (const auto& key : order) {
    const auto found = services_.find(key);
    if (found == services_.end()) continue;
    const Service& service = found->second;
    const abi::traffic& past = path_.service_traffic[service.index];
    ServiceLoad load{.key = key,
                     .servers = {},
                     .stats = {past.connections, past.packets_in, past.packets_out, past.bytes_in, past.bytes_out}};
    for (const auto& [endpoint, server] : service.servers) load.stats += read_traffic(path_, server.index);
    for (const std::uint32_t index : newest_first(service)) {
      const abi::member& state = path_.member(index);
      load.servers.push_back({.server = configured(path_.servers[index], static_cast<std::uint32_t>(state.weight)),
                              .active = static_cast<std::uint32_t>(observe(state.active)),
                              .inactive = static_cast<std::uint32_t>(observe(state.inactive)),
                              .persistent = observe(path_.servers[index].persistent),
                              .stats = read_traffic(path_, index)});
    }
    all.push_back(std::move(load));
  }
  return all;
}

}  // namespace ballast::director

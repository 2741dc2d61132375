#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <span>

#include "cluster/edit.h"
#include "config/edit_distance.h"
#include "config/sections.h"

namespace ballast::config {
namespace {

using cluster::AddressKey;
using cluster::ForwardingMethod;
using cluster::MarkKey;
using cluster::ServiceKey;

constexpr std::array service_keys = {Key{"listen"},
                                     Key{"fwmark"},
                                     Key{"family"},
                                     Key{"forward"},
                                     Key{"tunnel"},
                                     Key{"pool"},
                                     Key{"servers"},
                                     Key{"scheduler"},
                                     Key{"flags"},
                                     Key{"persistence"},
                                     Key{"one_packet"},
                                     Key{"mss_clamp"},
                                     Key{"check"},
                                     Key{"on_failure"},
                                     Key{"up_command"},
                                     Key{"down_command"},
                                     Key{"run_as"},
                                     Key{"fallback"},
                                     Key{"fallback_command"},
                                     Key{"quorum"},
                                     Key{"alerts"},
                                     Key{"maintenance_directory"},
                                     not_yet("tls"),
                                     not_yet("routes")};
constexpr std::array persistence_keys = {Key{"timeout"}, Key{"netmask"}, not_yet("engine")};

constexpr std::array<Choice<net::Family>, 2> family_words = {
    {{"ipv4", net::Family::ipv4}, {"ipv6", net::Family::ipv6}}};

/// Pools that are searched for the one that was meant.
constexpr std::size_t most_suggestions = 1000;

std::string_view name(net::Family family) { return family == net::Family::ipv4 ? "IPv4" : "IPv6"; }

/// What leads to a service, each with where it is written.
struct Addresses {
  std::vector<std::pair<ServiceKey, Value>> keys;  ///< the first one names the service; more make it a group

  [[nodiscard]] const ServiceKey& first() const { return keys.front().first; }
  [[nodiscard]] bool is_group() const { return keys.size() > 1; }
  [[nodiscard]] bool has(cluster::Protocol protocol) const {
    return std::ranges::any_of(keys, [&](const auto& key) { return is_protocol(key.first, protocol); });
  }
  /// The port that servers without one of their own have; 0: the packet's.
  [[nodiscard]] std::uint16_t server_port() const {
    const auto* address = std::get_if<AddressKey>(&first());
    return is_group() || address == nullptr ? 0 : address->endpoint.port;
  }

 private:
  static bool is_protocol(const ServiceKey& key, cluster::Protocol protocol) {
    const auto* address = std::get_if<AddressKey>(&key);
    return address != nullptr && address->protocol == protocol;
  }
};

/// What a service says about its servers, and where its problems belong.
struct Service {
  Value where;
  std::string name;
  Addresses addresses;
  ForwardingMethod forward = ForwardingMethod::route;
  std::optional<cluster::Tunnel> tunnel;
  Watching watching;  ///< of its servers
};

std::optional<Addresses> read_mark(const Fields& fields, const Value& fwmark) {
  const auto mark = fwmark.number(1, std::numeric_limits<std::uint32_t>::max());
  const auto family_value = fields.get("family");
  const auto family = family_value ? choose(*family_value, family_words) : std::optional(net::Family::ipv4);
  if (!mark || !family) return {};
  return Addresses{{{MarkKey{.mark = static_cast<std::uint32_t>(*mark), .family = *family}, fwmark}}};
}

std::optional<ServiceKey> read_address(const Fields& fields, const Value& listen) {
  const auto text = listen.text();
  if (!text) return {};
  const auto key = parse_listen(*text);
  if (!key) {
    listen.problem(key.error().message);
    return {};
  }
  if (key->endpoint.port == 0 && !fields.has("persistence")) {
    listen.problem("port 0 (every port) needs persistence; write persistence: {timeout: 6m}, or a port");
    return {};
  }
  return *key;
}

std::optional<Addresses> read_listen(const Fields& fields, const Value& listen) {
  if (const auto family = fields.get("family")) family->problem("goes with fwmark only; the address says it here");
  const auto items = listen.is_list() ? listen.items() : std::vector{listen};
  if (!items) return {};
  if (items->empty()) {
    listen.problem("has no address; write \"IP:PORT/tcp\"");
    return {};
  }
  Addresses addresses;
  for (const Value& item : *items) {
    const auto key = read_address(fields, item);
    if (!key) return {};
    if (addresses.keys.empty() || cluster::family_of(*key) == cluster::family_of(addresses.first())) {
      addresses.keys.emplace_back(*key, item);
      continue;
    }
    item.problem(fmt::format("is {} beside {}; the addresses of a service are of one family",
                             name(cluster::family_of(*key)), name(cluster::family_of(addresses.first()))));
    return {};
  }
  return addresses;
}

std::optional<Addresses> read_addresses(const Fields& fields) {
  const auto listen = fields.get("listen");
  const auto fwmark = fields.get("fwmark");
  if (listen && fwmark) {
    fwmark->problem("stands beside listen; a service has one of the two");
    return {};
  }
  if (listen) return read_listen(fields, *listen);
  if (fwmark) return read_mark(fields, *fwmark);
  fields.map().problem("has no listen; write listen: \"IP:PORT/tcp\" (or fwmark: N)");
  return {};
}

std::optional<cluster::Persistence> read_persistence(const Fields& fields, net::Family family) {
  constexpr std::chrono::seconds longest{2678400};  // as ipvsadm(8) -p: 31 days
  const auto value = fields.get("persistence");
  const auto members = value ? value->fields(persistence_keys) : std::nullopt;
  if (!members) return {};
  cluster::Persistence persistence;
  if (family == net::Family::ipv6) persistence.netmask = 128;
  if (const auto timeout = members->get("timeout")) {
    persistence.timeout = timeout->duration().value_or(persistence.timeout);
    if (persistence.timeout > longest) timeout->problem("is longer than 31d");
  }
  if (const auto netmask = members->get("netmask")) {
    const auto text = netmask->text();
    const auto mask = text ? parse_netmask(*text, family) : Result<std::uint32_t>(persistence.netmask);
    if (!mask) netmask->problem(mask.error().message);
    persistence.netmask = mask.value_or(persistence.netmask);
  }
  return persistence;
}

bool read_one_packet(const Fields& fields, const Addresses& addresses) {
  const auto value = fields.get("one_packet");
  const bool one_packet = value && value->boolean().value_or(false);
  if (one_packet && (addresses.has(cluster::Protocol::tcp) || addresses.has(cluster::Protocol::sctp))) {
    value->problem("is for udp and fwmark services only; a TCP or SCTP connection is more than one packet");
  }
  return one_packet;
}

std::uint16_t read_mss_clamp(const Fields& fields, const Addresses& addresses) {
  constexpr std::uint64_t least = 88;  // what Linux takes for the smallest MSS (TCP_MIN_MSS)
  const auto value = fields.get("mss_clamp");
  if (!value || value->is_word("0")) return 0;
  const auto bytes = value->number(least, std::numeric_limits<std::uint16_t>::max());
  const bool other = addresses.has(cluster::Protocol::udp) || addresses.has(cluster::Protocol::sctp);
  if (other && !addresses.has(cluster::Protocol::tcp)) {
    value->problem("is for TCP; other protocols have no MSS");
  }
  return static_cast<std::uint16_t>(bytes.value_or(0));
}

/// What a service says about itself alone.
cluster::VirtualService read_settings(const Fields& fields, const Addresses& addresses, const Scheduling& scheduling) {
  cluster::VirtualService service;
  service.key = addresses.first();
  for (const auto& [key, unused] : std::span(addresses.keys).subspan(1)) {
    service.further_addresses.push_back(std::get<AddressKey>(key));
  }
  service.scheduler = scheduling.scheduler;
  service.scheduler_flags = scheduling.flags;
  service.persistence = read_persistence(fields, cluster::family_of(service.key));
  service.one_packet = read_one_packet(fields, addresses);
  service.mss_clamp = read_mss_clamp(fields, addresses);
  service.origin = cluster::Origin::file;
  return service;
}

/// What is wrong with the server in this service, or an empty text.
std::string misfit(const Service& service, const ServerEntry& entry, const cluster::RealServer& server) {
  const auto family = cluster::family_of(service.addresses.first());
  const bool tunnel = server.forward == ForwardingMethod::tunnel;
  const auto method = word_of(server.forward, forward_words);
  if (!tunnel && server.endpoint.address.family() != family) {
    return fmt::format("{} is {} and cannot serve the {} service '{}' by {}; only forward: tunnel may mix the two",
                       server.endpoint.address.to_string(), name(server.endpoint.address.family()), name(family),
                       service.name, method);
  }
  if (server.forward == ForwardingMethod::nat && server.endpoint.address.is_loopback()) {
    return fmt::format("nat leads no packets to the loopback address {}; write forward: route for this server",
                       server.endpoint.address.to_string());
  }
  if (!tunnel && entry.tunnel)
    return fmt::format("tunnel has no meaning with forward {} of service '{}'", method, service.name);
  const bool by_mark = std::holds_alternative<MarkKey>(service.addresses.first());
  const std::uint16_t port = service.addresses.server_port();
  if (server.forward == ForwardingMethod::nat || by_mark || server.endpoint.port == port) return {};
  return fmt::format(
      "port {} differs from {} of service '{}'; forward {} cannot change ports: leave the port out, or "
      "use forward: nat",
      server.endpoint.port, service.addresses.is_group() ? "the ports" : fmt::format("port {}", port), service.name,
      method);
}

cluster::RealServer resolve(const Service& service, const ServerEntry& entry) {
  cluster::RealServer server = entry.settings;
  server.endpoint = {.address = entry.address.address,
                     .port = entry.address.port.value_or(service.addresses.server_port())};
  server.forward = entry.forward.value_or(service.forward);
  if (server.forward == ForwardingMethod::tunnel) {
    server.tunnel = entry.tunnel.value_or(service.tunnel.value_or(cluster::Tunnel{}));
  }
  server.health = entry.watching.within(service.watching).health();
  return server;
}

/// As resolve(), of a fallback: it has the service's port by port 0, is not checked, and on this machine's loopback
/// address it gets packets as they are.
cluster::RealServer resolve_fallback(const Service& service, const ServerEntry& entry) {
  cluster::RealServer server = resolve(service, entry);
  if (!entry.address.port) server.endpoint.port = 0;
  if (!entry.forward && server.endpoint.address.is_loopback()) {
    server.forward = ForwardingMethod::route;
    server.tunnel = {};
  }
  server.health = entry.watching.health();
  return server;
}

/// The first check that has no port to go to, or nullptr.
const cluster::HealthCheck* check_without_port(const cluster::RealServer& server, std::uint16_t service_port) {
  using cluster::CheckType;
  if (server.endpoint.port != 0 || service_port != 0) return nullptr;
  const auto found = std::ranges::find_if(server.health.checks, [](const cluster::HealthCheck& check) {
    const bool needs_none =
        check.type == CheckType::icmp || check.type == CheckType::command || check.type == CheckType::file;
    return check.port == 0 && !needs_none;
  });
  return found == server.health.checks.end() ? nullptr : &*found;
}

/// Reads the section service by service. The rules of cluster/edit.h are asked with a cluster of one service and one
/// server at a time, and what must be unique is kept in sets here, so that the time grows with the size of the file
/// only.
class ServicesReader {
 public:
  ServicesReader(const Pools& pools, cluster::Cluster& cluster) : pools_(pools), cluster_(cluster) {}

  /// False where a limit is reached and reading has to end.
  bool read(const std::string& service_name, const Value& value) {
    const auto fields = value.fields(service_keys);
    if (!fields) return true;
    if (names_.size() >= cluster_.director.services) return too_many(value);
    const Pool* pool = read_pool(*fields);
    const std::vector<ServerEntry> own = read_own_servers(*fields);
    const auto forward = read_forward(*fields);
    const auto tunnel = read_tunnel(*fields);
    const Scheduling scheduling = read_scheduling(*fields, pool != nullptr ? pool->scheduling : Scheduling{});
    const auto addresses = read_addresses(*fields);
    if (!addresses) return true;
    cluster::VirtualService result = read_settings(*fields, *addresses, scheduling);
    result.name = service_name;
    if (pool != nullptr) result.pool = fields->get("pool")->text().value_or("");
    const Service service{.where = value,
                          .name = service_name,
                          .addresses = *addresses,
                          .forward = forward.value_or(ForwardingMethod::route),
                          .tunnel = tunnel,
                          .watching = read_watching(*fields).within(pool != nullptr ? pool->watching : Watching{})};
    read_care(*fields).within(pool != nullptr ? pool->care : ServiceCare{}).give_to(result);
    const auto own_fallback = fields->get("fallback");
    const auto fallback = own_fallback ? read_server(*own_fallback) : pool != nullptr ? pool->fallback : std::nullopt;
    if (fallback) add_fallback(service, *fallback, result);
    return add(service, *fields, std::move(result), pool != nullptr ? pool->servers : own);
  }

 private:
  [[nodiscard]] bool too_many(const Value& value) const {
    value.problem(fmt::format("more than {} services; raise director.services", cluster_.director.services));
    return false;
  }

  const Pool* read_pool(const Fields& fields) {
    const auto value = fields.get("pool");
    if (!value) {
      if (!fields.has("servers")) fields.map().problem("has neither pool nor servers; write pool: NAME");
      return nullptr;
    }
    if (fields.has("servers")) value->problem("stands beside servers; a service has one of the two");
    const auto wanted = value->text();
    if (!wanted) return nullptr;
    const auto found = pools_.find(*wanted);
    if (found != pools_.end()) return &found->second;
    value->problem(unknown_pool(*wanted));
    return nullptr;
  }

  [[nodiscard]] std::string unknown_pool(const std::string& wanted) const {
    std::vector<std::string_view> names;
    for (const auto& [pool, unused] : pools_) {
      if (names.size() < most_suggestions) names.push_back(pool);
    }
    const std::string_view meant = nearest(wanted, names);
    return fmt::format("there is no pool {}{}", quoted(wanted),
                       meant.empty() ? " under pools:" : fmt::format("; did you mean '{}'?", meant));
  }

  static std::vector<ServerEntry> read_own_servers(const Fields& fields) {
    const auto value = fields.get("servers");
    return value ? read_servers(*value) : std::vector<ServerEntry>{};
  }

  bool add(const Service& service, const Fields& fields, cluster::VirtualService result,
           const std::vector<ServerEntry>& entries) {
    for (const auto& [key, where] : service.addresses.keys) {
      const auto [other, is_new] = names_.try_emplace(key, service.name, where.at().line);
      if (is_new) continue;
      where.problem(fmt::format("{} is already service '{}' (line {})", cluster::to_string(key), other->second.first,
                                other->second.second));
      return true;
    }
    if (names_.size() > cluster_.director.services) return too_many(service.where);
    cluster::Cluster scratch;
    if (const auto added = cluster::add_service(scratch, result); !added) {
      service.addresses.keys.front().second.problem(added.error().message);
      return true;
    }
    if (!add_servers(service, scratch, entries, result.servers)) return false;
    check_tunnel_is_used(fields, service, result.servers);
    cluster_.services.push_back(std::move(result));
    return true;
  }

  static void add_fallback(const Service& service, const ServerEntry& entry, cluster::VirtualService& result) {
    cluster::RealServer fallback = resolve_fallback(service, entry);
    cluster::RealServer placed = fallback;
    if (placed.endpoint.port == 0) placed.endpoint.port = service.addresses.server_port();
    cluster::Cluster scratch;
    scratch.services.push_back(result);
    std::string problem = misfit(service, entry, placed);
    if (problem.empty()) problem = refusal(scratch, service.addresses.first(), placed);
    if (!fallback.health.checks.empty()) problem = "a fallback is not checked; remove its check";
    if (!problem.empty()) entry.where.problem(problem);
    result.fallback = std::move(fallback);
  }

  bool add_servers(const Service& service, cluster::Cluster& scratch, const std::vector<ServerEntry>& entries,
                   std::vector<cluster::RealServer>& servers) {
    std::set<net::Endpoint> endpoints;
    const auto* address = std::get_if<AddressKey>(&service.addresses.first());
    const std::uint16_t service_port = address == nullptr ? 0 : address->endpoint.port;
    for (const ServerEntry& entry : entries) {
      if (server_count_ >= cluster_.director.servers) {
        service.where.problem(fmt::format("more than {} servers in all services together; raise director.servers",
                                          cluster_.director.servers));
        return false;
      }
      const cluster::RealServer server = resolve(service, entry);
      std::string problem = misfit(service, entry, server);
      if (problem.empty() && !endpoints.insert(server.endpoint).second) {
        problem = fmt::format("{} is in service '{}' twice", server.endpoint.to_string(), service.name);
      }
      if (problem.empty()) problem = refusal(scratch, service.addresses.first(), server);
      if (const auto* check = check_without_port(server, service_port); problem.empty() && check != nullptr) {
        problem = fmt::format("its check ({}) has no port to go to in service '{}'; write a port in the check",
                              to_string(check->type), service.name);
      }
      if (!problem.empty()) {
        entry.where.problem(problem);
        continue;
      }
      servers.push_back(server);
      ++server_count_;
    }
    return true;
  }

  /// Why ip_vs would not take the server, or an empty text.
  static std::string refusal(cluster::Cluster& scratch, const ServiceKey& key, const cluster::RealServer& server) {
    scratch.services.front().servers.clear();
    const auto added = cluster::add_server(scratch, key, server);
    return added ? std::string() : added.error().message;
  }

  static void check_tunnel_is_used(const Fields& fields, const Service& service,
                                   const std::vector<cluster::RealServer>& servers) {
    const bool used =
        service.forward == ForwardingMethod::tunnel ||
        std::ranges::find(servers, ForwardingMethod::tunnel, &cluster::RealServer::forward) != servers.end();
    const auto tunnel = fields.get("tunnel");
    if (tunnel && !used) {
      tunnel->problem(fmt::format("has no meaning with forward {}; write forward: tunnel, or remove it",
                                  word_of(service.forward, forward_words)));
    }
  }

  const Pools& pools_;
  cluster::Cluster& cluster_;
  std::map<ServiceKey, std::pair<std::string, int>> names_;
  std::uint64_t server_count_ = 0;
};

}  // namespace

void read_services(const Value& section, const Pools& pools, cluster::Cluster& cluster) {
  ServicesReader reader(pools, cluster);
  for (const auto& [service, value] : section.named().value_or(std::vector<std::pair<std::string, Value>>{})) {
    if (value.problems().full() || !reader.read(service, value)) return;
  }
}

}  // namespace ballast::config

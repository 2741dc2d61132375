#include "cluster/model.h"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::cluster {
namespace {

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
  }
  return "?";
}

/// From the newest one on: the servers of a service are mostly added when it has just been.
template <typename C>
auto find(C& cluster, const ServiceKey& key) -> decltype(&cluster.services.front()) {
  const auto found = std::ranges::find(cluster.services.rbegin(), cluster.services.rend(), key, &VirtualService::key);
  return found == cluster.services.rend() ? nullptr : &*found;
}

}  // namespace

net::Family family_of(const ServiceKey& key) {
  if (const auto* mark = std::get_if<MarkKey>(&key)) return mark->family;
  return std::get<AddressKey>(key).endpoint.address.family();
}

std::string to_string(const ServiceKey& key) {
  if (const auto* mark = std::get_if<MarkKey>(&key)) {
    return fmt::format("fwmark {}{}", mark->mark, mark->family == net::Family::ipv6 ? " ipv6" : "");
  }
  const auto& address = std::get<AddressKey>(key);
  return fmt::format("{} {}", name(address.protocol), address.endpoint.to_string());
}

std::vector<ServiceKey> keys_of(const VirtualService& service) {
  std::vector<ServiceKey> keys{service.key};
  keys.insert(keys.end(), service.further_addresses.begin(), service.further_addresses.end());
  return keys;
}

const VirtualService* find_service(const Cluster& cluster, const ServiceKey& key) { return find(cluster, key); }
VirtualService* find_service(Cluster& cluster, const ServiceKey& key) { return find(cluster, key); }

const std::vector<std::string>& scheduler_names() {
  static const std::vector<std::string> names = {"rr",
                                                 "wrr",
                                                 "lc",
                                                 "wlc",
                                                 "lblc",
                                                 "lblcr",
                                                 "dh",
                                                 "sh",
                                                 "sed",
                                                 "nq",
                                                 "fo",
                                                 "ovf",
                                                 "mh",
                                                 "twos",
                                                 "random",
                                                 "weighted-random",
                                                 "response-time",
                                                 "capacity"};
  return names;
}

}  // namespace ballast::cluster

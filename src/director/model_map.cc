#include "director/model_map.h"

#include <array>
#include <utility>

#include "director/mapped_array.h"

namespace ballast::director {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 18> schedulers = {{
    {"rr", abi::SCHEDULER_RR},
    {"wrr", abi::SCHEDULER_WRR},
    {"lc", abi::SCHEDULER_LC},
    {"wlc", abi::SCHEDULER_WLC},
    {"sed", abi::SCHEDULER_SED},
    {"nq", abi::SCHEDULER_NQ},
    {"sh", abi::SCHEDULER_SH},
    {"dh", abi::SCHEDULER_DH},
    {"mh", abi::SCHEDULER_MH},
    {"fo", abi::SCHEDULER_FO},
    {"ovf", abi::SCHEDULER_OVF},
    {"lblc", abi::SCHEDULER_LBLC},
    {"lblcr", abi::SCHEDULER_LBLCR},
    {"twos", abi::SCHEDULER_TWOS},
    {"random", abi::SCHEDULER_RANDOM},
    {"weighted-random", abi::SCHEDULER_WEIGHTED_RANDOM},
    {"response-time", abi::SCHEDULER_RESPONSE_TIME},
    {"capacity", abi::SCHEDULER_CAPACITY},
}};

template <typename T>
bool change(T& field, T value) {
  if (field == value) return false;
  publish(field, value);
  return true;
}

}  // namespace

std::uint8_t scheduler_id(std::string_view name) {
  for (const auto& [known, id] : schedulers) {
    if (known == name) return id;
  }
  return abi::SCHEDULER_NONE;
}

std::string_view scheduler_name(std::uint8_t id) {
  for (const auto& [name, known] : schedulers) {
    if (known == id) return name;
  }
  return {};
}

abi::service_key map_key(const cluster::ServiceKey& key) {
  abi::service_key out{};
  if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) {
    out.address = abi::to_abi(net::Address::any(mark->family));
    out.mark = mark->mark;
    return out;
  }
  const auto& address = std::get<cluster::AddressKey>(key);
  out.address = abi::to_abi(address.endpoint.address);
  out.port = abi::port_to_abi(address.endpoint.port);
  out.protocol = static_cast<__u8>(address.protocol);
  return out;
}

cluster::ServiceKey service_key_of(const abi::service& service) {
  return service_key_of(abi::service_key{service.address, service.mark, service.port, service.protocol, 0});
}

cluster::ServiceKey service_key_of(const abi::service_key& key) {
  const net::Address address = abi::from_abi(key.address);
  if (key.protocol == 0) return cluster::MarkKey{key.mark, address.family()};
  return cluster::AddressKey{static_cast<cluster::Protocol>(key.protocol), {address, abi::port_from_abi(key.port)}};
}

cluster::VirtualService configured(const abi::service& entry) {
  using cluster::scheduler_flag_1, cluster::scheduler_flag_2, cluster::scheduler_flag_3;
  cluster::VirtualService service;
  service.key = service_key_of(entry);
  service.scheduler = scheduler_name(entry.scheduler);
  service.scheduler_flags = entry.flags & (scheduler_flag_1 | scheduler_flag_2 | scheduler_flag_3);
  service.one_packet = (entry.flags & SERVICE_ONE_PACKET) != 0;
  service.mss_clamp = entry.mss_clamp;
  if ((entry.flags & SERVICE_PERSISTENT) != 0) {
    service.persistence = {.timeout = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::nanoseconds(std::int64_t{entry.persistence} << TICK_SHIFT)),
                           .netmask = entry.netmask};
  }
  return service;
}

std::uint32_t service_flags(const cluster::VirtualService& service) {
  return service.scheduler_flags | (service.persistence ? SERVICE_PERSISTENT : 0) |
         (service.one_packet ? SERVICE_ONE_PACKET : 0) | (service.further_addresses.empty() ? 0 : SERVICE_GROUP);
}

std::uint32_t behaviour_bits(const cluster::Behaviour& behaviour) {
  using cluster::ConnectionReuse;
  using cluster::Defence;
  const std::pair<bool, std::uint32_t> bits[] = {
      {behaviour.expire_connections_of_removed_servers, BEHAVIOUR_EXPIRE_REMOVED},
      {behaviour.expire_persistence_of_quiescent_servers, BEHAVIOUR_EXPIRE_QUIESCENT},
      {behaviour.connection_reuse != ConnectionReuse::never, BEHAVIOUR_REUSE_CLOSED},
      {behaviour.connection_reuse == ConnectionReuse::after_fin, BEHAVIOUR_REUSE_FIN_WAIT},
      {behaviour.pick_up_tcp, BEHAVIOUR_PICK_UP_TCP},
      {behaviour.pick_up_sctp, BEHAVIOUR_PICK_UP_SCTP},
      {behaviour.bypass_without_server, BEHAVIOUR_BYPASS},
      {behaviour.schedule_icmp, BEHAVIOUR_SCHEDULE_ICMP},
      {behaviour.refuse_unknown_replies, BEHAVIOUR_REFUSE_REPLIES},
      {behaviour.path_mtu_discovery, BEHAVIOUR_PATH_MTU},
      {behaviour.drop_half_open == Defence::always, BEHAVIOUR_DROP_HALF_OPEN},
      {behaviour.drop_half_open == Defence::when_filled, BEHAVIOUR_DROP_HALF_OPEN_FILLED},
      {behaviour.drop_packets == Defence::always, BEHAVIOUR_DROP_PACKETS},
      {behaviour.drop_packets == Defence::when_filled, BEHAVIOUR_DROP_PACKETS_FILLED},
      {behaviour.secure_tcp == Defence::always, BEHAVIOUR_SECURE_TCP},
      {behaviour.secure_tcp == Defence::when_filled, BEHAVIOUR_SECURE_TCP_FILLED},
  };
  std::uint32_t all = 0;
  for (const auto& [wanted, bit] : bits) all |= wanted ? bit : 0;
  return all;
}

bool configure(abi::server& entry, const cluster::RealServer& server) {
  bool changed = false;
  changed |= change(entry.method, static_cast<__u8>(server.forward));
  changed |= change(entry.tunnel_type, static_cast<__u8>(server.tunnel.type));
  changed |= change(entry.tunnel_checksum, static_cast<__u8>(server.tunnel.checksum));
  changed |= change(entry.tunnel_port, abi::port_to_abi(server.tunnel.port));
  changed |= change(entry.upper_threshold, server.upper_threshold);
  changed |= change(entry.lower_threshold, server.lower_threshold);
  return changed;
}

cluster::RealServer configured(const abi::server& entry, std::uint32_t weight) {
  return {.endpoint = {abi::from_abi(entry.address), abi::port_from_abi(entry.port)},
          .forward = static_cast<cluster::ForwardingMethod>(entry.method),
          .tunnel = {.type = static_cast<cluster::TunnelType>(entry.tunnel_type),
                     .port = abi::port_from_abi(entry.tunnel_port),
                     .checksum = static_cast<cluster::TunnelChecksum>(entry.tunnel_checksum)},
          .weight = weight,
          .upper_threshold = entry.upper_threshold,
          .lower_threshold = entry.lower_threshold};
}

}  // namespace ballast::director

// The members of the model's values in JSON, for the files that build on them.
#pragma once

#include "cluster/model.h"
#include "control/json_fields.h"
#include "control/json_health.h"

namespace ballast::control::json {

template <>
struct Words<cluster::Protocol> {
  static constexpr std::array<std::pair<cluster::Protocol, std::string_view>, 3> names = {
      {{cluster::Protocol::tcp, "tcp"}, {cluster::Protocol::udp, "udp"}, {cluster::Protocol::sctp, "sctp"}}};
};
template <>
struct Words<net::Family> {
  static constexpr std::array<std::pair<net::Family, std::string_view>, 2> names = {
      {{net::Family::ipv4, "ipv4"}, {net::Family::ipv6, "ipv6"}}};
};
template <>
struct Words<cluster::ForwardingMethod> {
  static constexpr std::array<std::pair<cluster::ForwardingMethod, std::string_view>, 3> names = {
      {{cluster::ForwardingMethod::nat, "nat"},
       {cluster::ForwardingMethod::tunnel, "tunnel"},
       {cluster::ForwardingMethod::route, "route"}}};
};
template <>
struct Words<cluster::TunnelType> {
  static constexpr std::array<std::pair<cluster::TunnelType, std::string_view>, 3> names = {
      {{cluster::TunnelType::ipip, "ipip"}, {cluster::TunnelType::gue, "gue"}, {cluster::TunnelType::gre, "gre"}}};
};
template <>
struct Words<cluster::TunnelChecksum> {
  static constexpr std::array<std::pair<cluster::TunnelChecksum, std::string_view>, 3> names = {
      {{cluster::TunnelChecksum::none, "none"},
       {cluster::TunnelChecksum::full, "full"},
       {cluster::TunnelChecksum::remote, "remote"}}};
};
template <>
struct Words<cluster::Origin> {
  static constexpr std::array<std::pair<cluster::Origin, std::string_view>, 2> names = {
      {{cluster::Origin::file, "file"}, {cluster::Origin::command, "command"}}};
};
template <>
struct Words<cluster::Hook> {
  static constexpr std::array<std::pair<cluster::Hook, std::string_view>, 4> names = {
      {{cluster::Hook::automatic, "auto"},
       {cluster::Hook::xdp, "xdp"},
       {cluster::Hook::xdp_generic, "xdp-generic"},
       {cluster::Hook::tc, "tc"}}};
};

template <>
struct Words<cluster::Defence> {
  static constexpr std::array<std::pair<cluster::Defence, std::string_view>, 3> names = {
      {{cluster::Defence::never, "never"},
       {cluster::Defence::when_filled, "auto"},
       {cluster::Defence::always, "always"}}};
};
template <>
struct Words<cluster::ConnectionReuse> {
  static constexpr std::array<std::pair<cluster::ConnectionReuse, std::string_view>, 3> names = {
      {{cluster::ConnectionReuse::never, "never"},
       {cluster::ConnectionReuse::after_close, "after_close"},
       {cluster::ConnectionReuse::after_fin, "after_fin"}}};
};

template <typename Fields, Is<cluster::AddressKey> V>
void describe(Fields& fields, V& key) {
  fields.member("protocol", key.protocol);
  fields.member("endpoint", key.endpoint);
}

template <typename Fields, Is<cluster::MarkKey> V>
void describe(Fields& fields, V& key) {
  fields.member("mark", key.mark);
  fields.optional_member("family", key.family);
}

/// {"protocol": "tcp", "endpoint": "10.0.0.1:80"} or {"mark": 7, "family": "ipv4"}
template <>
struct Codec<cluster::ServiceKey> {
  static boost::json::value encode(const cluster::ServiceKey& key) {
    return std::visit([]<typename K>(const K& one) { return Codec<K>::encode(one); }, key);
  }
  static void decode(const boost::json::value& json, cluster::ServiceKey& key, Trail& trail) {
    const boost::json::object* object = json.if_object();
    if (object != nullptr && object->contains("mark")) {
      Codec<cluster::MarkKey>::decode(json, key.emplace<cluster::MarkKey>(), trail);
    } else {
      Codec<cluster::AddressKey>::decode(json, key.emplace<cluster::AddressKey>(), trail);
    }
  }
};

template <typename Fields, Is<cluster::Tunnel> V>
void describe(Fields& fields, V& tunnel) {
  fields.member("type", tunnel.type);
  fields.optional_member("port", tunnel.port);
  fields.optional_member("checksum", tunnel.checksum);
}

template <typename Fields, Is<cluster::RealServer> V>
void describe(Fields& fields, V& server) {
  fields.member("endpoint", server.endpoint);
  fields.optional_member("forward", server.forward);
  fields.optional_member("tunnel", server.tunnel);
  fields.optional_member("weight", server.weight);
  fields.optional_member("upper_threshold", server.upper_threshold);
  fields.optional_member("lower_threshold", server.lower_threshold);
  fields.rare_member("health", server.health);
}

template <typename Fields, Is<cluster::Persistence> V>
void describe(Fields& fields, V& persistence) {
  fields.member("timeout", persistence.timeout);
  fields.member("netmask", persistence.netmask);
}

template <typename Fields, Is<cluster::VirtualService> V>
void describe(Fields& fields, V& service) {
  fields.member("key", service.key);
  fields.optional_member("further_addresses", service.further_addresses);
  fields.optional_member("name", service.name);
  fields.optional_member("scheduler", service.scheduler);
  fields.optional_member("scheduler_flags", service.scheduler_flags);
  fields.optional_member("persistence", service.persistence);
  fields.optional_member("one_packet", service.one_packet);
  fields.optional_member("persistence_engine", service.persistence_engine);
  fields.optional_member("mss_clamp", service.mss_clamp);
  fields.optional_member("servers", service.servers);
  fields.rare_member("fallback", service.fallback);
  fields.rare_member("fallback_command", service.fallback_command);
  fields.rare_member("quorum", service.quorum);
  fields.rare_member("alerts", service.alerts);
  fields.rare_member("maintenance_directory", service.maintenance_directory);
  fields.optional_member("pool", service.pool);
  fields.optional_member("origin", service.origin);
}

template <typename Fields, Is<cluster::Timeouts> V>
void describe(Fields& fields, V& timeouts) {
  fields.member("tcp", timeouts.tcp);
  fields.member("tcp_fin", timeouts.tcp_fin);
  fields.member("udp", timeouts.udp);
}

template <typename Fields, Is<cluster::Behaviour> V>
void describe(Fields& fields, V& behaviour) {
  fields.optional_member("expire_connections_of_removed_servers", behaviour.expire_connections_of_removed_servers);
  fields.optional_member("expire_persistence_of_quiescent_servers", behaviour.expire_persistence_of_quiescent_servers);
  fields.optional_member("connection_reuse", behaviour.connection_reuse);
  fields.optional_member("pick_up_tcp", behaviour.pick_up_tcp);
  fields.optional_member("pick_up_sctp", behaviour.pick_up_sctp);
  fields.optional_member("bypass_without_server", behaviour.bypass_without_server);
  fields.optional_member("drop_half_open", behaviour.drop_half_open);
  fields.optional_member("drop_packets", behaviour.drop_packets);
  fields.optional_member("secure_tcp", behaviour.secure_tcp);
  fields.optional_member("drop_rate", behaviour.drop_rate);
  fields.optional_member("drop_when_filled", behaviour.drop_when_filled);
  fields.optional_member("schedule_icmp", behaviour.schedule_icmp);
  fields.optional_member("refuse_unknown_replies", behaviour.refuse_unknown_replies);
  fields.optional_member("path_mtu_discovery", behaviour.path_mtu_discovery);
}

template <typename Fields, Is<cluster::DirectorSettings> V>
void describe(Fields& fields, V& settings) {
  fields.member("interfaces", settings.interfaces);
  fields.member("hook", settings.hook);
  fields.member("connections", settings.connections);
  fields.member("services", settings.services);
  fields.member("servers", settings.servers);
  fields.optional_member("mh_services", settings.mh_services);
  fields.member("timeouts", settings.timeouts);
  fields.optional_member("behaviour", settings.behaviour);
}

template <typename Fields, Is<cluster::Cluster> V>
void describe(Fields& fields, V& value) {
  fields.member("director", value.director);
  fields.member("services", value.services);
}

}  // namespace ballast::control::json

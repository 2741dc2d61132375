// The members of the control interface's values in JSON.
#pragma once

#include "control/api.h"
#include "control/json_cluster.h"

namespace ballast::control::json {

/// IP protocol numbers by name where they have one here: "tcp", "udp", "sctp", "ip" (0, as persistence templates of
/// firewall marks have it); others as numbers.
struct ProtocolCodec {
  static boost::json::value encode(std::uint8_t protocol);
  static void decode(const boost::json::value& json, std::uint8_t& protocol, Trail& trail);
};

template <>
struct Codec<std::optional<std::uint8_t>> {
  static boost::json::value encode(const std::optional<std::uint8_t>& protocol) {
    return protocol ? ProtocolCodec::encode(*protocol) : boost::json::value(nullptr);
  }
  static void decode(const boost::json::value& json, std::optional<std::uint8_t>& protocol, Trail& trail) {
    protocol.reset();
    if (!json.is_null()) ProtocolCodec::decode(json, protocol.emplace(), trail);
  }
};

template <typename Fields, Is<Error> V>
void describe(Fields& fields, V& error) {
  fields.member("code", error.code);
  fields.member("message", error.message);
}

template <typename Fields, Is<Stats> V>
void describe(Fields& fields, V& stats) {
  fields.member("connections", stats.connections);
  fields.member("packets_in", stats.packets_in);
  fields.member("packets_out", stats.packets_out);
  fields.member("bytes_in", stats.bytes_in);
  fields.member("bytes_out", stats.bytes_out);
}

template <typename Fields, Is<Totals> V>
void describe(Fields& fields, V& totals) {
  fields.member("stats", totals.stats);
  fields.member("rates", totals.rates);
}

template <typename Fields, Is<ServerView> V>
void describe(Fields& fields, V& view) {
  fields.member("server", view.server);
  fields.member("active", view.active);
  fields.member("inactive", view.inactive);
  fields.member("persistent", view.persistent);
  fields.member("stats", view.stats);
  fields.member("rates", view.rates);
}

template <typename Fields, Is<ServiceView> V>
void describe(Fields& fields, V& view) {
  fields.member("service", view.service);
  fields.member("servers", view.servers);
  fields.member("stats", view.stats);
  fields.member("rates", view.rates);
}

template <typename Fields, Is<ConnectionView> V>
void describe(Fields& fields, V& view) {
  fields.template member<ProtocolCodec>("protocol", view.protocol);
  fields.member("client", view.client);
  fields.member("virtual", view.virtual_address);
  fields.member("server", view.server);
  fields.member("state", view.state);
  fields.member("expires_seconds", view.expires_seconds);
  fields.member("forward", view.forward);
}

template <typename Fields, Is<ConnectionFilter> V>
void describe(Fields& fields, V& filter) {
  fields.optional_member("protocol", filter.protocol);
  fields.optional_member("client", filter.client);
  fields.optional_member("client_port", filter.client_port);
  fields.optional_member("virtual_address", filter.virtual_address);
  fields.optional_member("virtual_port", filter.virtual_port);
  fields.optional_member("server", filter.server);
  fields.optional_member("server_port", filter.server_port);
  fields.optional_member("state", filter.state);
}

template <typename Fields, Is<CounterView> V>
void describe(Fields& fields, V& view) {
  fields.member("name", view.name);
  fields.member("help", view.help);
  fields.member("value", view.value);
  fields.optional_member("drop", view.drop);
}

template <typename Fields, Is<InterfaceView> V>
void describe(Fields& fields, V& view) {
  fields.member("name", view.name);
  fields.member("hook", view.hook);
  fields.member("reason", view.reason);
}

template <typename Fields, Is<VrrpLine> V>
void describe(Fields& fields, V& line) {
  fields.member("name", line.name);
  fields.member("state", line.state);
  fields.member("priority", line.priority);
}

template <typename Fields, Is<Status> V>
void describe(Fields& fields, V& status) {
  fields.member("version", status.version);
  fields.member("instance", status.instance);
  fields.member("pid", status.pid);
  fields.member("configuration", status.configuration);
  fields.member("uptime_seconds", status.uptime_seconds);
  fields.member("adopted", status.adopted);
  fields.member("interfaces", status.interfaces);
  fields.optional_member("vrrp", status.vrrp);
  fields.member("connections", status.connections);
  fields.member("connections_max", status.connections_max);
  fields.member("connections_growing_to", status.connections_growing_to);
  fields.member("connections_moved_percent", status.connections_moved_percent);
  fields.member("services", status.services);
  fields.member("servers", status.servers);
  fields.optional_member("checks", status.checks);
  fields.optional_member("servers_down", status.servers_down);
  fields.optional_member("services_down", status.services_down);
}

template <typename Fields, Is<CheckChange> V>
void describe(Fields& fields, V& change) {
  fields.member("at", change.at);
  fields.member("state", change.state);
  fields.member("reason", change.reason);
}

template <typename Fields, Is<PlaceView> V>
void describe(Fields& fields, V& place) {
  fields.member("service", place.key);
  fields.member("server", place.server);
}

template <typename Fields, Is<CheckView> V>
void describe(Fields& fields, V& view) {
  fields.member("servers", view.servers);
  fields.member("check", view.check);
  fields.member("state", view.state);
  fields.member("assumed_up", view.assumed_up);
  fields.member("since", view.since);
  fields.member("last_at", view.last_at);
  fields.member("last_success", view.last_success);
  fields.member("last_reason", view.last_reason);
  fields.member("last_latency_microseconds", view.last_latency_microseconds);
  fields.member("in_a_row", view.in_a_row);
  fields.member("successes", view.successes);
  fields.member("failures", view.failures);
  fields.member("history", view.history);
}

template <typename Fields, Is<ServerHealthView> V>
void describe(Fields& fields, V& view) {
  fields.member("endpoint", view.endpoint);
  fields.member("up", view.up);
  fields.member("weight", view.weight);
  fields.member("reason", view.reason);
}

template <typename Fields, Is<ServiceHealthView> V>
void describe(Fields& fields, V& view) {
  fields.member("service", view.key);
  fields.member("name", view.name);
  fields.member("up", view.up);
  fields.member("fallback", view.fallback);
  fields.member("servers", view.servers);
}

template <typename Fields, Is<HealthView> V>
void describe(Fields& fields, V& view) {
  fields.member("services", view.services);
  fields.member("checks", view.checks);
}

}  // namespace ballast::control::json

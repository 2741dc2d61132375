#include "control/json_views.h"

#include <netinet/in.h>

#include "control/json.h"

namespace ballast::control {
namespace json {
namespace {

constexpr std::array<std::pair<std::uint8_t, std::string_view>, 4> protocol_names = {
    {{IPPROTO_IP, "ip"}, {IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {IPPROTO_SCTP, "sctp"}}};

}  // namespace

boost::json::value ProtocolCodec::encode(std::uint8_t protocol) {
  for (const auto& [number, name] : protocol_names) {
    if (number == protocol) return boost::json::string(name);
  }
  return protocol;
}

void ProtocolCodec::decode(const boost::json::value& json, std::uint8_t& protocol, Trail& trail) {
  if (json.is_int64()) return Codec<std::uint8_t>::decode(json, protocol, trail);
  for (const auto& [number, name] : protocol_names) {
    if (json.is_string() && json.get_string() == name) {
      protocol = number;
      return;
    }
  }
  trail.wrong("must be \"tcp\", \"udp\", \"sctp\", \"ip\" or an IP protocol number");
}

}  // namespace json

using json::Codec;

boost::json::value to_json(const Error& error) { return Codec<Error>::encode(error); }
boost::json::value to_json(const Stats& stats) { return Codec<Stats>::encode(stats); }
boost::json::value to_json(const Totals& totals) { return Codec<Totals>::encode(totals); }
boost::json::value to_json(const ServerView& view) { return Codec<ServerView>::encode(view); }
boost::json::value to_json(const ServiceView& view) { return Codec<ServiceView>::encode(view); }
boost::json::value to_json(const ConnectionView& view) { return Codec<ConnectionView>::encode(view); }
boost::json::value to_json(const ConnectionFilter& filter) { return Codec<ConnectionFilter>::encode(filter); }
boost::json::value to_json(const CounterView& view) { return Codec<CounterView>::encode(view); }
boost::json::value to_json(const Status& status) { return Codec<Status>::encode(status); }
boost::json::value to_json(const HealthView& view) { return Codec<HealthView>::encode(view); }
boost::json::value to_json(const std::vector<ServiceView>& views) {
  return Codec<std::vector<ServiceView>>::encode(views);
}
boost::json::value to_json(const std::vector<ConnectionView>& views) {
  return Codec<std::vector<ConnectionView>>::encode(views);
}
boost::json::value to_json(const std::vector<CounterView>& views) {
  return Codec<std::vector<CounterView>>::encode(views);
}

template <>
Result<std::optional<Error>> from_json(const boost::json::value& value) {
  return json::read<std::optional<Error>>(value, "error");
}
template <>
Result<Stats> from_json(const boost::json::value& value) {
  return json::read<Stats>(value, "stats");
}
template <>
Result<Totals> from_json(const boost::json::value& value) {
  return json::read<Totals>(value, "totals");
}
template <>
Result<ServerView> from_json(const boost::json::value& value) {
  return json::read<ServerView>(value, "server");
}
template <>
Result<ServiceView> from_json(const boost::json::value& value) {
  return json::read<ServiceView>(value, "service");
}
template <>
Result<ConnectionView> from_json(const boost::json::value& value) {
  return json::read<ConnectionView>(value, "connection");
}
template <>
Result<ConnectionFilter> from_json(const boost::json::value& value) {
  return json::read<ConnectionFilter>(value, "filter");
}
template <>
Result<CounterView> from_json(const boost::json::value& value) {
  return json::read<CounterView>(value, "counter");
}
template <>
Result<Status> from_json(const boost::json::value& value) {
  return json::read<Status>(value, "status");
}
template <>
Result<HealthView> from_json(const boost::json::value& value) {
  return json::read<HealthView>(value, "health");
}
template <>
Result<std::vector<ServiceView>> from_json(const boost::json::value& value) {
  return json::read<std::vector<ServiceView>>(value, "services");
}
template <>
Result<std::vector<ConnectionView>> from_json(const boost::json::value& value) {
  return json::read<std::vector<ConnectionView>>(value, "connections");
}
template <>
Result<std::vector<CounterView>> from_json(const boost::json::value& value) {
  return json::read<std::vector<CounterView>>(value, "counters");
}

}  // namespace ballast::control

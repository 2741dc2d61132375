#include "control/json_cluster.h"

#include "control/json.h"

namespace ballast::control {

using json::Codec;

boost::json::value to_json(const net::Endpoint& endpoint) { return Codec<net::Endpoint>::encode(endpoint); }
boost::json::value to_json(const cluster::ServiceKey& key) { return Codec<cluster::ServiceKey>::encode(key); }
boost::json::value to_json(const cluster::RealServer& server) { return Codec<cluster::RealServer>::encode(server); }
boost::json::value to_json(const cluster::VirtualService& service) {
  return Codec<cluster::VirtualService>::encode(service);
}
boost::json::value to_json(const std::vector<cluster::VirtualService>& services) {
  return Codec<std::vector<cluster::VirtualService>>::encode(services);
}
boost::json::value to_json(const cluster::Timeouts& timeouts) { return Codec<cluster::Timeouts>::encode(timeouts); }
boost::json::value to_json(const cluster::Cluster& value) { return Codec<cluster::Cluster>::encode(value); }

template <>
Result<net::Endpoint> from_json(const boost::json::value& value) {
  return json::read<net::Endpoint>(value, "endpoint");
}
template <>
Result<cluster::ServiceKey> from_json(const boost::json::value& value) {
  return json::read<cluster::ServiceKey>(value, "key");
}
template <>
Result<cluster::RealServer> from_json(const boost::json::value& value) {
  return json::read<cluster::RealServer>(value, "server");
}
template <>
Result<cluster::VirtualService> from_json(const boost::json::value& value) {
  return json::read<cluster::VirtualService>(value, "service");
}
template <>
Result<std::vector<cluster::VirtualService>> from_json(const boost::json::value& value) {
  return json::read<std::vector<cluster::VirtualService>>(value, "services");
}
template <>
Result<cluster::Timeouts> from_json(const boost::json::value& value) {
  return json::read<cluster::Timeouts>(value, "timeouts");
}
template <>
Result<cluster::Cluster> from_json(const boost::json::value& value) {
  return json::read<cluster::Cluster>(value, "cluster");
}

}  // namespace ballast::control

// JSON forms of the model and of the control interface's values.
#pragma once

#include <boost/json/value.hpp>

#include <vector>

#include "base/error.h"
#include "control/api.h"

namespace ballast::control {

/// {"code": ERRNO, "message": TEXT}
boost::json::value to_json(const Error& error);
/// "10.0.0.1:80", "[fd00::1]:80"
boost::json::value to_json(const net::Endpoint& endpoint);
boost::json::value to_json(const cluster::ServiceKey& key);
boost::json::value to_json(const cluster::RealServer& server);
boost::json::value to_json(const cluster::VirtualService& service);
boost::json::value to_json(const std::vector<cluster::VirtualService>& services);
/// Seconds as integers.
boost::json::value to_json(const cluster::Timeouts& timeouts);
boost::json::value to_json(const cluster::Cluster& cluster);
boost::json::value to_json(const Stats& stats);
boost::json::value to_json(const Totals& totals);
boost::json::value to_json(const ServerView& view);
boost::json::value to_json(const ServiceView& view);
boost::json::value to_json(const ConnectionView& view);
boost::json::value to_json(const ConnectionFilter& filter);
boost::json::value to_json(const CounterView& view);
boost::json::value to_json(const Status& status);
boost::json::value to_json(const HealthView& view);
boost::json::value to_json(const std::vector<ServiceView>& views);
boost::json::value to_json(const std::vector<ConnectionView>& views);
boost::json::value to_json(const std::vector<CounterView>& views);

/// Reads what to_json wrote. The Error (EINVAL) names the member that is missing, of the wrong type or out of range, as
/// in "service.servers[2].weight: 5000000000 does not fit, 0 to 4294967295 does". Members that it does not know are
/// left alone. Defined for the types below.
template <typename T>
Result<T> from_json(const boost::json::value& value);

template <>
Result<std::optional<Error>> from_json(const boost::json::value& value);
template <>
Result<net::Endpoint> from_json(const boost::json::value& value);
template <>
Result<cluster::ServiceKey> from_json(const boost::json::value& value);
template <>
Result<cluster::RealServer> from_json(const boost::json::value& value);
template <>
Result<cluster::VirtualService> from_json(const boost::json::value& value);
template <>
Result<std::vector<cluster::VirtualService>> from_json(const boost::json::value& value);
template <>
Result<cluster::Timeouts> from_json(const boost::json::value& value);
template <>
Result<cluster::Cluster> from_json(const boost::json::value& value);
template <>
Result<Stats> from_json(const boost::json::value& value);
template <>
Result<Totals> from_json(const boost::json::value& value);
template <>
Result<ServerView> from_json(const boost::json::value& value);
template <>
Result<ServiceView> from_json(const boost::json::value& value);
template <>
Result<ConnectionView> from_json(const boost::json::value& value);
template <>
Result<ConnectionFilter> from_json(const boost::json::value& value);
template <>
Result<CounterView> from_json(const boost::json::value& value);
template <>
Result<Status> from_json(const boost::json::value& value);
template <>
Result<HealthView> from_json(const boost::json::value& value);
template <>
Result<std::vector<ServiceView>> from_json(const boost::json::value& value);
template <>
Result<std::vector<ConnectionView>> from_json(const boost::json::value& value);
template <>
Result<std::vector<CounterView>> from_json(const boost::json::value& value);

}  // namespace ballast::control

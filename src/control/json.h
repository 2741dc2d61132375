// JSON forms of the model and of the control interface's values.
#pragma once

#include <boost/json/value.hpp>

#include "base/error.h"
#include "control/api.h"

namespace ballast::control {

boost::json::value to_json(const cluster::ServiceKey& key);
boost::json::value to_json(const cluster::RealServer& server);
boost::json::value to_json(const cluster::VirtualService& service);
boost::json::value to_json(const cluster::Timeouts& timeouts);
boost::json::value to_json(const cluster::Cluster& cluster);
boost::json::value to_json(const Stats& stats);
boost::json::value to_json(const ServerView& view);
boost::json::value to_json(const ServiceView& view);
boost::json::value to_json(const ConnectionView& view);
boost::json::value to_json(const ConnectionFilter& filter);
boost::json::value to_json(const CounterView& view);
boost::json::value to_json(const Status& status);

/// Reads what to_json wrote. The Error names the member that is missing or of the wrong type.
/// Defined for every type above, and for std::vector of ServiceView, ConnectionView and CounterView.
template <typename T>
Result<T> from_json(const boost::json::value& value);

}  // namespace ballast::control

// The kinds of checks by how they reach the server. Each gives its result without the latency.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "health/checks/converse.h"

namespace ballast::health {

/// A conversation over TCP, or for HTTP one after the other, each on a connection of its own and with its own timeout.
boost::asio::awaitable<CheckResult> check_by_stream(const CheckTarget& target, Progress& progress);

}  // namespace ballast::health

// The kinds of checks by how they reach the server. Each gives its result without the latency.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "health/checks/converse.h"
#include "health/checks/own_way.h"

namespace ballast::health {

/// A conversation over TCP, or for HTTP one after the other, each on a connection of its own and with its own timeout.
boost::asio::awaitable<CheckResult> check_by_stream(const CheckTarget& target, const WaysPointer& ways,
                                                    Progress& progress);

/// A question over UDP, asked again after a third and two thirds of the timeout where it stays without an answer
/// (`udp` asks once).
boost::asio::awaitable<CheckResult> check_by_datagram(const CheckTarget& target, const WaysPointer& ways);

/// Echo requests, by a ping socket where the kernel lets us have one, else by a raw one.
boost::asio::awaitable<CheckResult> check_by_ping(const CheckTarget& target);

/// A program's exit status.
boost::asio::awaitable<CheckResult> check_by_command(const CheckTarget& target);

/// A number in a file.
CheckResult check_by_file(const cluster::HealthCheck& check);

CheckResult result_of(Verdict verdict);

}  // namespace ballast::health

// Asks by datagrams until an answer decides.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <optional>

#include "health/checks/protocols.h"

namespace ballast::health {

/// Sends the question over a connected socket, again after each `interval`, for `most` in all. nullopt: no answer
/// decided. Errors of the network, ICMP's too, decide as well.
boost::asio::awaitable<std::optional<Verdict>> ask(boost::asio::posix::stream_descriptor& socket,
                                                   const Question& question, std::chrono::milliseconds interval,
                                                   std::chrono::milliseconds most);

}  // namespace ballast::health

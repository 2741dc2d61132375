// Moves the bytes of a conversation.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>

#include "health/checks/conversation.h"
#include "health/checks/stream.h"

namespace ballast::health {

/// What a check is doing, for the case that it takes too long: "connecting", "connected, waiting for the greeting".
struct Progress {
  std::string doing = "connecting";
};

/// Drives `conversation` over a connection until its verdict. `tls` is for where it changes over to TLS.
boost::asio::awaitable<Verdict> converse(Conversation conversation, Stream& stream, const TlsWishes& tls,
                                         const CheckTarget& target, Progress& progress);

}  // namespace ballast::health

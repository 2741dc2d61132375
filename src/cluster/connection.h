// A connection as directors know it: what one shows of its table, and what one tells another.
#pragma once

#include <chrono>
#include <cstdint>

#include "cluster/model.h"

namespace ballast::cluster {

/// A connection, or a template: what persistence remembers of a client (client port 0; protocol 0 for services of
/// several ports).
struct Connection {
  bool is_template = false;
  bool assured = false;        ///< template: one of its connections was established
  bool from_template = false;  ///< its server was chosen by a template
  bool local_client = false;   ///< the client is a socket of the director itself
  std::uint8_t protocol = 0;
  net::Endpoint client;
  net::Endpoint virtual_address;
  net::Endpoint server;      ///< where its packets go
  ServiceKey service;        ///< whose connection it is
  net::Endpoint configured;  ///< the real server as it is configured: its port may be 0
  std::uint8_t state = 0;    ///< numbers of ip_vs for TCP; see STATE_* in bpf/abi.h
  std::uint32_t expires_milliseconds = 0;
  ForwardingMethod forward = ForwardingMethod::route;
  friend bool operator==(const Connection&, const Connection&) = default;
};

}  // namespace ballast::cluster

// A connection as directors know it: what one shows of its table, and what one tells another.
#pragma once

#include <chrono>
#include <cstdint>

#include "cluster/model.h"

namespace ballast::cluster {

/// States of connections. Those of TCP have the numbers of ip_vs; those of SCTP follow that of UDP in ip_vs's order.
enum ConnectionState : std::uint8_t {
  state_none = 0,
  state_established = 1,
  state_fin_wait = 4,
  state_time_wait = 5,
  state_close = 6,
  state_close_wait = 7,
  state_last_ack = 8,
  state_tcp_end = 11,
  state_udp = 16,
  state_sctp_established = 24,
  state_sctp_end = 30,
};

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
  std::uint8_t state = 0;    ///< a ConnectionState
  std::uint32_t expires_milliseconds = 0;
  ForwardingMethod forward = ForwardingMethod::route;
  friend bool operator==(const Connection&, const Connection&) = default;
};

/// Whether other directors are told of a connection: not of one that is not established yet, nor of a client on this
/// machine, which no other one has.
bool concerns_others(const Connection& connection);

}  // namespace ballast::cluster

// A virtual_server while it is read.
#pragma once

#include "config/keepalived/lvs.h"

namespace ballast::config::keepalived {

struct RealServer {
  std::optional<net::Address> address;  ///< absent: address or port is wrong
  std::uint16_t port = 0;               ///< 0: the virtual server's
  std::uint32_t weight = 1;
  std::optional<Forwarding> forwarding{};
  std::uint32_t upper_threshold = 0;
  std::uint32_t lower_threshold = 0;
  std::optional<bool> inhibit{};
  std::string up_command{};
  std::string down_command{};
  std::string command_user{};
  Timing timing{};
  std::string virtual_host{};
  std::vector<const Node*> checkers{};  ///< read when everything else is known
  Place at{};
};

struct VirtualServer {
  Timing timing;
  Forwarding forwarding;
  cluster::VirtualService service;  ///< without key and servers
  Place hysteresis_at{};
  cluster::Protocol protocol = cluster::Protocol::tcp;
  bool one_packet = false;
  bool inhibit = false;
  std::optional<std::chrono::seconds> persistence;
  std::string granularity;
  std::vector<std::string> flags;
  std::uint32_t weight = 1;
  std::string virtual_host;
  std::optional<bool> mail;
  std::optional<net::Family> family;
  std::optional<net::Endpoint> sorry;
  Place sorry_at{};
  std::optional<Forwarding> sorry_forwarding;
  std::vector<RealServer> reals;
};

/// Reads the block of a real server, of one whose address is wrong too.
void read_real_server(VirtualServer& server, const Node& block, Context& context);

}  // namespace ballast::config::keepalived

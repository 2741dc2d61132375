// Where a check goes to, and from where.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "health/check_once.h"

namespace ballast::health {

/// The check's own address and port, else the server's; a port of 0 is the service's.
net::Endpoint peer_of(const CheckTarget& target);

boost::asio::ip::address asio_address(const net::Address& address);

/// Gives a new socket the check's mark, interface and local end. `any_port`: for a further connection, which cannot
/// come from the same port.
Result<void> prepare_socket(int socket, const cluster::HealthCheck& check, bool any_port = false);

/// The local port of a socket, which gets one that no other socket has where it has none.
Result<std::uint16_t> local_port_of(int socket, net::Family family);

/// Connects a socket for protocols without a handshake.
Result<void> connect_socket(int socket, const net::Endpoint& peer);

/// A non-blocking socket of `kind` (SOCK_DGRAM ...) of the family of `peer`, with the check's mark, interface and local
/// end.
Result<Fd> prepared_socket(const net::Endpoint& peer, int kind, int protocol, const cluster::HealthCheck& check);
/// ... that is connected to `peer`.
Result<Fd> connected_socket(const net::Endpoint& peer, int kind, int protocol, const cluster::HealthCheck& check);

/// "10.0.0.2:3333", this machine's end of a connected socket; empty where it has none.
std::string local_end_of(int socket);

/// A failure of the network as a phrase: "connection refused", "no route to host".
std::string phrase_of(const boost::system::error_code& error);

/// "3 s", "1.5 s", "300 ms"
std::string phrase_of(std::chrono::milliseconds duration);

}  // namespace ballast::health

// Addresses of ours in the words of Boost.Asio.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/address.h"

namespace ballast::sync {

inline boost::asio::ip::address to_asio(const net::Address& address) {
  if (address.family() == net::Family::ipv6) return boost::asio::ip::address_v6(address.bytes());
  boost::asio::ip::address_v4::bytes_type bytes{};
  std::copy(address.bytes().end() - 4, address.bytes().end(), bytes.begin());
  return boost::asio::ip::address_v4(bytes);
}

inline boost::asio::ip::tcp::endpoint to_asio_tcp(const net::Endpoint& endpoint) {
  return {to_asio(endpoint.address), endpoint.port};
}

}  // namespace ballast::sync

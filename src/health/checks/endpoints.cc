#include "health/checks/endpoints.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cctype>
#include <cstring>
#include <optional>

namespace ballast::health {
namespace {

Result<void> set_option(int socket, int level, int name, const void* value, socklen_t length, const std::string& what) {
  if (::setsockopt(socket, level, name, value, length) == 0) return {};
  return fail_errno(what);
}

/// An endpoint as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  explicit SocketAddress(const net::Endpoint& endpoint) {
    if (endpoint.address.is_ipv4()) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      v4->sin_family = AF_INET;
      v4->sin_port = htons(endpoint.port);
      v4->sin_addr.s_addr = htonl(endpoint.address.ipv4_value());
      length = sizeof *v4;
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(endpoint.port);
      std::memcpy(&v6->sin6_addr, endpoint.address.bytes().data(), 16);
      length = sizeof *v6;
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<void> bind_to(int socket, const net::Endpoint& local) {
  const SocketAddress address(local);
  if (::bind(socket, address.get(), address.length) == 0) return {};
  return fail_errno(fmt::format("sending from {}", local.to_string()));
}

/// The local end of a socket.
std::optional<net::Endpoint> local_endpoint(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    return net::Endpoint{net::Address::ipv4(ntohl(v4->sin_addr.s_addr)), ntohs(v4->sin_port)};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  return net::Endpoint{net::Address::from_bytes(std::to_array(v6->sin6_addr.s6_addr)), ntohs(v6->sin6_port)};
}

}  // namespace

net::Endpoint peer_of(const CheckTarget& target) {
  net::Endpoint peer = target.server;
  if (target.check.address) peer.address = *target.check.address;
  if (target.check.port != 0) peer.port = target.check.port;
  if (const auto* key = std::get_if<cluster::AddressKey>(&target.service); peer.port == 0 && key != nullptr) {
    peer.port = key->endpoint.port;
  }
  return peer;
}

boost::asio::ip::address asio_address(const net::Address& address) {
  if (address.is_ipv4()) return boost::asio::ip::address_v4(address.ipv4_value());
  return boost::asio::ip::address_v6(address.bytes());
}

Result<void> prepare_socket(int socket, const cluster::HealthCheck& check, bool any_port) {
  if (check.mark != 0) {
    auto marked = set_option(socket, SOL_SOCKET, SO_MARK, &check.mark, sizeof check.mark, "setting the mark");
    if (!marked) return marked;
  }
  if (!check.bind_interface.empty()) {
    auto bound = set_option(socket, SOL_SOCKET, SO_BINDTODEVICE, check.bind_interface.data(),
                            static_cast<socklen_t>(check.bind_interface.size()),
                            fmt::format("sending out of {}", check.bind_interface));
    if (!bound) return bound;
  }
  if (!check.bind_to) return {};
  net::Endpoint local = *check.bind_to;
  if (any_port) local.port = 0;
  const int on = 1;
  auto reused = set_option(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on, "SO_REUSEADDR");
  if (!reused) return reused;
  return bind_to(socket, local);
}

Result<std::uint16_t> local_port_of(int socket, net::Family family) {
  if (const auto local = local_endpoint(socket); local && local->port != 0) return local->port;
  const net::Address any = family == net::Family::ipv4 ? net::Address::ipv4(0) : net::Address::from_bytes({});
  if (auto bound = bind_to(socket, {any, 0}); !bound) return fail("no local port is free", bound.error().code);
  const auto local = local_endpoint(socket);
  return local ? local->port : std::uint16_t{0};
}

Result<void> connect_socket(int socket, const net::Endpoint& peer) {
  const SocketAddress address(peer);
  if (::connect(socket, address.get(), address.length) == 0) return {};
  const int code = errno;
  return fail(phrase_of({code, boost::system::system_category()}), code);
}

Result<Fd> prepared_socket(const net::Endpoint& peer, int kind, int protocol, const cluster::HealthCheck& check) {
  const int family = peer.address.is_ipv4() ? AF_INET : AF_INET6;
  Fd socket(::socket(family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!socket) return fail_errno("socket");
  auto prepared = prepare_socket(socket.get(), check);
  if (!prepared) return std::unexpected(prepared.error());
  return socket;
}

Result<Fd> connected_socket(const net::Endpoint& peer, int kind, int protocol, const cluster::HealthCheck& check) {
  auto socket = prepared_socket(peer, kind, protocol, check);
  if (!socket) return socket;
  if (auto connected = connect_socket(socket->get(), peer); !connected) return std::unexpected(connected.error());
  return socket;
}

std::string local_end_of(int socket) {
  const auto local = local_endpoint(socket);
  return local ? local->to_string() : "";
}

std::string phrase_of(const boost::system::error_code& error) {
  namespace errc = boost::system::errc;
  if (error == errc::connection_reset || error == errc::broken_pipe) return "connection reset by the server";
  std::string text = error.message();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string phrase_of(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count < 1000) return fmt::format("{} ms", count);
  return fmt::format("{:g} s", static_cast<double>(count) / 1000);
}

}  // namespace ballast::health

#include "sync/record.h"

#include "sync/bytes.h"

namespace ballast::sync {
namespace {

using cluster::Connection;

enum Flag : std::uint8_t {
  is_template = 0x01,
  assured = 0x02,
  from_template = 0x04,
  client_ipv6 = 0x08,
  virtual_ipv6 = 0x10,
  server_ipv6 = 0x20,
  by_mark = 0x40,
  own_service = 0x80,  ///< the service's address follows
};

std::uint8_t when(bool condition, Flag flag) { return condition ? flag : 0; }
bool is_ipv6(const net::Endpoint& endpoint) { return endpoint.address.family() == net::Family::ipv6; }
net::Family family(std::uint8_t flags, Flag ipv6) {
  return (flags & ipv6) != 0 ? net::Family::ipv6 : net::Family::ipv4;
}

cluster::ServiceKey usual_service(const Connection& connection) {
  return cluster::AddressKey{static_cast<cluster::Protocol>(connection.protocol), connection.virtual_address};
}

/// IP protocols of services; templates of several ports have none.
bool is_protocol(std::uint8_t protocol, bool of_template) {
  return protocol == 6 || protocol == 17 || protocol == 132 || (of_template && protocol == 0);
}

bool is_state(std::uint8_t state) {
  return state < cluster::state_tcp_end || (state >= cluster::state_udp && state < cluster::state_sctp_end);
}

std::optional<Connection> read(Reader& in) {
  const auto flags = in.number<std::uint8_t>();
  Connection connection;
  connection.is_template = (flags & is_template) != 0;
  connection.assured = (flags & assured) != 0;
  connection.from_template = (flags & from_template) != 0;
  connection.protocol = in.number<std::uint8_t>();
  connection.state = in.number<std::uint8_t>();
  const auto method = in.number<std::uint8_t>();
  connection.expires_milliseconds = in.number<std::uint32_t>();
  connection.client.port = in.number<std::uint16_t>();
  connection.virtual_address.port = in.number<std::uint16_t>();
  connection.server.port = in.number<std::uint16_t>();
  connection.configured.port = in.number<std::uint16_t>();
  connection.client.address = in.address(family(flags, client_ipv6));
  connection.virtual_address.address = in.address(family(flags, virtual_ipv6));
  connection.server.address = in.address(family(flags, server_ipv6));
  connection.configured.address = connection.server.address;
  connection.service = usual_service(connection);
  if ((flags & by_mark) != 0) {
    const auto mark = in.number<std::uint32_t>();
    connection.service = cluster::MarkKey{mark, in.number<std::uint8_t>() == 6 ? net::Family::ipv6 : net::Family::ipv4};
  } else if ((flags & own_service) != 0) {
    const auto protocol = in.number<std::uint8_t>();
    const auto port = in.number<std::uint16_t>();
    if (!is_protocol(protocol, false)) return {};
    connection.service =
        cluster::AddressKey{static_cast<cluster::Protocol>(protocol), {in.address(family(flags, virtual_ipv6)), port}};
  }
  if (!in.ok() || !is_protocol(connection.protocol, connection.is_template) || !is_state(connection.state) ||
      method == 1 || method > 3) {
    return {};
  }
  connection.forward = static_cast<cluster::ForwardingMethod>(method);
  return connection;
}

}  // namespace

void write_record(std::vector<std::uint8_t>& bytes, const Connection& connection) {
  const auto* mark = std::get_if<cluster::MarkKey>(&connection.service);
  const bool usual = connection.service == usual_service(connection);
  Writer out(bytes);
  out.number<std::uint8_t>(
      when(connection.is_template, is_template) | when(connection.assured, assured) |
      when(connection.from_template, from_template) | when(is_ipv6(connection.client), client_ipv6) |
      when(is_ipv6(connection.virtual_address), virtual_ipv6) | when(is_ipv6(connection.server), server_ipv6) |
      when(mark != nullptr, by_mark) | when(mark == nullptr && !usual, own_service));
  out.number<std::uint8_t>(connection.protocol);
  out.number<std::uint8_t>(connection.state);
  out.number<std::uint8_t>(static_cast<std::uint8_t>(connection.forward));
  out.number<std::uint32_t>(connection.expires_milliseconds);
  out.number<std::uint16_t>(connection.client.port);
  out.number<std::uint16_t>(connection.virtual_address.port);
  out.number<std::uint16_t>(connection.server.port);
  out.number<std::uint16_t>(connection.configured.port);
  out.address(connection.client.address);
  out.address(connection.virtual_address.address);
  out.address(connection.server.address);
  if (mark != nullptr) {
    out.number<std::uint32_t>(mark->mark);
    out.number<std::uint8_t>(mark->family == net::Family::ipv6 ? 6 : 4);
  } else if (!usual) {
    const auto& address = std::get<cluster::AddressKey>(connection.service);
    out.number<std::uint8_t>(static_cast<std::uint8_t>(address.protocol));
    out.number<std::uint16_t>(address.endpoint.port);
    out.address(address.endpoint.address);
  }
}

std::optional<std::vector<Connection>> read_records(std::span<const std::uint8_t> bytes) {
  Reader in(bytes);
  std::vector<Connection> connections;
  while (in.left() > 0) {
    auto connection = read(in);
    if (!connection) return {};
    connections.push_back(*connection);
  }
  return connections;
}

}  // namespace ballast::sync

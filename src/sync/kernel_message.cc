#include "sync/kernel_message.h"

#include <netinet/in.h>

#include <utility>

#include "sync/bytes.h"

namespace ballast::sync {
namespace {

using cluster::Connection;
using cluster::ForwardingMethod;

constexpr std::size_t header_bytes = 8;
constexpr std::size_t ipv4_bytes = 36;
constexpr std::size_t ipv6_bytes = 72;
constexpr std::uint8_t version = 1;
constexpr std::uint8_t type_ipv6 = 1;
constexpr std::size_t most_connections = 255;

// IP_VS_CONN_F_* of linux/ip_vs.h.
constexpr std::uint32_t flag_method = 0x7;
constexpr std::uint32_t flag_no_output = 0x80;
constexpr std::uint32_t flag_inactive = 0x100;
constexpr std::uint32_t flag_template = 0x1000;
constexpr std::uint32_t method_local = 1;

/// Options: a receiver that does not know one drops its connection, unless this bit says that it need not.
constexpr std::uint8_t option_optional = 0x40;
constexpr std::uint8_t option_sequence = 1;
constexpr std::uint8_t option_engine_data = 2;
constexpr std::uint8_t option_engine_name = 3;

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; }

std::uint16_t kernel_state(const Connection& connection) {
  if (connection.is_template) return connection.assured ? 1 : 0;
  return connection.state < cluster::state_udp ? connection.state : connection.state - cluster::state_udp;
}

/// nullopt: that protocol has no such state.
std::optional<std::uint8_t> state_of(std::uint8_t protocol, std::uint16_t state) {
  switch (protocol) {
    case IPPROTO_TCP:
      if (state >= cluster::state_tcp_end) return {};
      return static_cast<std::uint8_t>(state);
    case IPPROTO_UDP:
      if (state != 0) return {};
      return cluster::state_udp;
    case IPPROTO_SCTP:
      if (state + cluster::state_udp >= cluster::state_sctp_end) return {};
      return static_cast<std::uint8_t>(state == 0 ? 0 : state + cluster::state_udp);
    default:
      return {};
  }
}

std::uint32_t flags_of(const Connection& connection) {
  auto flags = static_cast<std::uint32_t>(connection.forward);
  if (connection.is_template) return flags | flag_template | flag_inactive;
  if (connection.forward != ForwardingMethod::nat) flags |= flag_no_output;
  const bool active =
      connection.state == cluster::state_established || connection.state == cluster::state_sctp_established;
  return active ? flags : flags | flag_inactive;
}

void write(Writer out, const Connection& connection) {
  const bool ipv6 = connection.client.address.family() == net::Family::ipv6;
  const auto* mark = std::get_if<cluster::MarkKey>(&connection.service);
  out.number<std::uint8_t>(ipv6 ? type_ipv6 : 0);
  out.number<std::uint8_t>(connection.protocol);
  out.number<std::uint16_t>(ipv6 ? ipv6_bytes : ipv4_bytes);
  out.number<std::uint32_t>(flags_of(connection));
  out.number<std::uint16_t>(kernel_state(connection));
  out.number<std::uint16_t>(connection.client.port);
  out.number<std::uint16_t>(connection.virtual_address.port);
  out.number<std::uint16_t>(connection.server.port);
  out.number<std::uint32_t>(mark != nullptr ? mark->mark : 0);
  out.number<std::uint32_t>((connection.expires_milliseconds + 999) / 1000);
  out.address(connection.client.address);
  out.address(connection.virtual_address.address);
  out.address(connection.server.address);
}

/// Options are read to know that nothing is in them that must be understood.
std::optional<Refusal> check_options(Reader in) {
  while (in.left() > 0) {
    const auto type = in.number<std::uint8_t>();
    const auto length = in.number<std::uint8_t>();
    in.take(length);
    if (!in.ok()) return Refusal::bad_option;
    const auto kind = static_cast<std::uint8_t>(type & ~option_optional);
    const bool known = kind == option_sequence || kind == option_engine_data || kind == option_engine_name;
    if (!known && (type & option_optional) == 0) return Refusal::bad_option;
  }
  return {};
}

cluster::ServiceKey service_of(const Connection& connection, std::uint32_t mark) {
  if (mark != 0) return cluster::MarkKey{mark, connection.client.address.family()};
  return cluster::AddressKey{static_cast<cluster::Protocol>(connection.protocol), connection.virtual_address};
}

std::expected<Connection, Refusal> read(Reader in) {
  const auto family = (in.number<std::uint8_t>() & type_ipv6) != 0 ? net::Family::ipv6 : net::Family::ipv4;
  Connection connection;
  connection.protocol = in.number<std::uint8_t>();
  in.take(2);  // the size, which the caller knows
  const auto flags = in.number<std::uint32_t>();
  const auto state = in.number<std::uint16_t>();
  connection.client.port = in.number<std::uint16_t>();
  connection.virtual_address.port = in.number<std::uint16_t>();
  connection.server.port = in.number<std::uint16_t>();
  const auto mark = in.number<std::uint32_t>();
  const auto seconds = in.number<std::uint32_t>();
  connection.client.address = in.address(family);
  connection.virtual_address.address = in.address(family);
  connection.server.address = in.address(family);
  if (!in.ok()) return std::unexpected(Refusal::bad_record);
  if (auto refused = check_options(in)) return std::unexpected(*refused);

  const std::uint32_t method = flags & flag_method;
  if (method == static_cast<std::uint32_t>(ForwardingMethod::tunnel)) {
    connection.forward = ForwardingMethod::tunnel;
  } else if (method == static_cast<std::uint32_t>(ForwardingMethod::route)) {
    connection.forward = ForwardingMethod::route;
  } else if (method <= method_local) {
    connection.forward = ForwardingMethod::nat;
  } else {
    return std::unexpected(Refusal::bad_record);
  }
  connection.is_template = (flags & flag_template) != 0;
  connection.assured = connection.is_template && state != 0;
  const auto ours = connection.is_template ? std::optional<std::uint8_t>(0) : state_of(connection.protocol, state);
  if (!ours) return std::unexpected(Refusal::bad_record);
  connection.state = *ours;
  constexpr std::uint32_t most_seconds = 7 * 86400;
  connection.expires_milliseconds = std::min(seconds, most_seconds) * 1000;
  connection.service = service_of(connection, mark);
  connection.configured = connection.server;
  return connection;
}

}  // namespace

bool can_be_told(const Connection& connection) {
  const auto family = connection.client.address.family();
  return connection.virtual_address.address.family() == family && connection.server.address.family() == family;
}

std::optional<Bytes> KernelMessage::add(const Connection& connection) {
  const bool ipv6 = connection.client.address.family() == net::Family::ipv6;
  std::optional<Bytes> full;
  if (bytes_.size() + (ipv6 ? ipv6_bytes : ipv4_bytes) > longest_ || count_ == most_connections) full = take();
  if (bytes_.empty()) bytes_.resize(header_bytes);
  write(Writer(bytes_), connection);
  ++count_;
  return full;
}

std::optional<Bytes> KernelMessage::take() {
  if (count_ == 0) return {};
  Bytes header;
  Writer out(header);
  out.number<std::uint8_t>(0);
  out.number<std::uint8_t>(id_);
  out.number<std::uint16_t>(static_cast<std::uint16_t>(bytes_.size()));
  out.number<std::uint8_t>(count_);
  out.number<std::uint8_t>(version);
  out.number<std::uint16_t>(0);
  std::ranges::copy(header, bytes_.begin());
  count_ = 0;
  return std::exchange(bytes_, {});
}

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short:
      return "no whole header";
    case Refusal::wrong_size:
      return "the size it says is not its own";
    case Refusal::version:
      return "not version 1";
    case Refusal::other_id:
      return "another syncid";
    case Refusal::cut_off:
      return "a connection goes beyond its end";
    case Refusal::bad_record:
      return "a connection that cannot be";
    case Refusal::bad_option:
      return "an option that is not understood";
  }
  return "?";
}

std::expected<std::vector<Connection>, Refusal> read_kernel_message(std::span<const std::uint8_t> message,
                                                                    std::uint8_t id) {
  if (message.size() < header_bytes) return std::unexpected(Refusal::too_short);
  Reader in(message);
  const auto reserved = in.number<std::uint8_t>();
  const auto theirs = in.number<std::uint8_t>();
  const auto size = in.number<std::uint16_t>();
  const auto count = in.number<std::uint8_t>();
  const auto says = in.number<std::uint8_t>();
  const auto spare = in.number<std::uint16_t>();
  if (reserved != 0 || says != version || spare != 0) return std::unexpected(Refusal::version);
  if (size != message.size()) return std::unexpected(Refusal::wrong_size);
  if (id != 0 && theirs != id) return std::unexpected(Refusal::other_id);
  std::vector<Connection> connections;
  for (std::size_t i = 0; i < count; ++i) {
    Reader ahead = in;
    const bool ipv6 = (ahead.number<std::uint8_t>() & type_ipv6) != 0;
    ahead.take(1);
    const auto ver_size = ahead.number<std::uint16_t>();
    const std::size_t bytes = ver_size & 0xfff;
    if (!ahead.ok()) return std::unexpected(Refusal::cut_off);
    if (ver_size >> 12 != 0 || bytes < (ipv6 ? ipv6_bytes : ipv4_bytes)) return std::unexpected(Refusal::bad_record);
    if (bytes > in.left()) return std::unexpected(Refusal::cut_off);
    auto connection = read(Reader(in.take(bytes)));
    if (!connection) return std::unexpected(connection.error());
    connections.push_back(*connection);
    in.take(std::min(padded(bytes) - bytes, in.left()));
  }
  return connections;
}

}  // namespace ballast::sync

#include "director/connection_reader.h"

#include <bpf/bpf.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "director/model_map.h"

namespace ballast::director {
namespace {

constexpr std::uint32_t segments_per_call = 64;

}  // namespace

Connection view(const abi::connection& entry, const abi::server& server, const abi::service& service,
                std::uint32_t now) {
  const auto left = static_cast<std::int32_t>(entry.deadline - now);
  return {.is_template = (entry.meta & META_TEMPLATE) != 0,
          .assured = (entry.meta & META_ASSURED) != 0,
          .from_template = (entry.meta & META_TEMPLATE) == 0 && entry.template_hash != 0,
          .local_client = (entry.meta & META_LOCAL_CLIENT) != 0,
          .protocol = entry.protocol,
          .client = {abi::from_abi(entry.client), abi::port_from_abi(entry.client_port)},
          .virtual_address = {abi::from_abi(entry.virtual_address), abi::port_from_abi(entry.virtual_port)},
          .server = {abi::from_abi(server.address), abi::port_from_abi(entry.server_port)},
          .service = service_key_of(service),
          .configured = {abi::from_abi(server.address), abi::port_from_abi(server.port)},
          .state = static_cast<std::uint8_t>((entry.meta & META_STATE) >> META_STATE_SHIFT),
          .expires_milliseconds =
              static_cast<std::uint32_t>((static_cast<std::uint64_t>(std::max(left, 0)) << TICK_SHIFT) / 1'000'000),
          .forward = static_cast<cluster::ForwardingMethod>(server.method)};
}

std::optional<Connection> view(const PacketPath& path, const abi::connection& entry, std::uint32_t now) {
  if (entry.server >= path.servers.size()) return {};
  const abi::server& server = path.servers[entry.server];
  if (server.service >= path.services.size()) return {};
  return view(entry, server, path.services[server.service], now);
}

namespace {

/// Copies `count` segments of a table from number `first` on to `values`.
bool read_segments(int map, std::uint32_t first, std::uint32_t count, std::uint8_t* values) {
  std::vector<std::uint32_t> keys(count);
  std::uint32_t token = 0;
  // An array's batch goes on behind the key it is given.
  std::uint32_t before = first - 1;
  std::uint32_t read = count;
  const int code =
      bpf_map_lookup_batch(map, first == 0 ? nullptr : &before, &token, keys.data(), values, &read, nullptr);
  return (code == 0 || code == -ENOENT) && read == count;
}

}  // namespace

std::string_view state_name(const Connection& connection) {
  if (connection.is_template) return connection.assured && connection.protocol != 0 ? "ASSURED" : "NONE";
  if (connection.protocol == IPPROTO_UDP) return "UDP";
  switch (connection.state) {
    case abi::STATE_NONE:
      return "NONE";
    case abi::STATE_ESTABLISHED:
    case abi::STATE_SCTP_ESTABLISHED:
      return "ESTABLISHED";
    case abi::STATE_SYN_SENT:
      return "SYN_SENT";
    case abi::STATE_SYN_RECV:
      return "SYN_RECV";
    case abi::STATE_FIN_WAIT:
      return "FIN_WAIT";
    case abi::STATE_TIME_WAIT:
      return "TIME_WAIT";
    case abi::STATE_CLOSE:
      return "CLOSE";
    case abi::STATE_CLOSE_WAIT:
      return "CLOSE_WAIT";
    case abi::STATE_LAST_ACK:
      return "LAST_ACK";
    case abi::STATE_LISTEN:
      return "LISTEN";
    case abi::STATE_SYNACK:
      return "SYNACK";
    case abi::STATE_SCTP_INIT1:
      return "INIT1";
    case abi::STATE_SCTP_INIT:
      return "INIT";
    case abi::STATE_SCTP_COOKIE_SENT:
      return "C-SENT";
    case abi::STATE_SCTP_COOKIE_REPLIED:
      return "C-REPLIED";
    case abi::STATE_SCTP_COOKIE_WAIT:
      return "C-WAIT";
    case abi::STATE_SCTP_COOKIE:
      return "COOKIE";
    case abi::STATE_SCTP_COOKIE_ECHOED:
      return "C-ECHOED";
    case abi::STATE_SCTP_SHUTDOWN_SENT:
      return "S-SENT";
    case abi::STATE_SCTP_SHUTDOWN_RECEIVED:
      return "S-RECEIVED";
    case abi::STATE_SCTP_SHUTDOWN_ACK_SENT:
      return "S-ACK-SENT";
    case abi::STATE_SCTP_REJECTED:
      return "REJECTED";
    case abi::STATE_SCTP_CLOSED:
      return "CLOSED";
    default:
      return "BUG!";
  }
}

std::optional<std::uint32_t> read_connections(const PacketPath& path, std::uint32_t cursor, std::uint32_t limit,
                                              const std::function<void(const Connection&)>& visit) {
  const std::uint32_t previous = path.tables().previous;
  const std::uint32_t segments = previous + path.tables().segments;
  const std::uint32_t now = abi::now_ticks();
  std::vector<std::uint8_t> values(std::size_t{segments_per_call} * SEGMENT_BYTES);
  std::uint32_t visited = 0;
  while (cursor < segments) {
    const bool in_previous = cursor < previous;
    const std::uint32_t count = std::min(segments_per_call, (in_previous ? previous : segments) - cursor);
    const bool read = in_previous ? read_segments(path.previous_connections_map(), cursor, count, values.data())
                                  : read_segments(path.connections_map(), cursor - previous, count, values.data());
    if (!read) return std::nullopt;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint8_t* slots = values.data() + std::size_t{i} * SEGMENT_BYTES + path.live[0].slots_offset;
      for (std::uint32_t k = 0; k < SEGMENT_SLOTS; ++k) {
        abi::connection slot;
        std::memcpy(&slot, slots + k * sizeof slot, sizeof slot);
        if ((slot.meta & (META_LIVE | META_ARRIVING)) != META_LIVE) continue;
        const auto connection = view(path, slot, now);
        if (!connection) continue;
        visit(*connection);
        ++visited;
      }
      ++cursor;
      if (visited >= limit) return cursor < segments ? std::optional(cursor) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace ballast::director

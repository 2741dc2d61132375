#include "director/arrivals.h"

#include <netinet/in.h>

namespace ballast::director {
namespace {

/// Bits of an entry's meta. `table.h` and `tcp_state.h` say which states are active.
std::uint32_t meta_of(const Connection& connection) {
  std::uint32_t meta = META_LIVE | (std::uint32_t{connection.state} << META_STATE_SHIFT & META_STATE);
  if (connection.assured) meta |= META_ASSURED;
  if (connection.is_template) return META_LIVE | META_TEMPLATE | (meta & META_ASSURED);
  if (connection.forward != cluster::ForwardingMethod::nat) meta |= META_NO_OUTPUT;
  const bool active = connection.state == abi::STATE_ESTABLISHED || connection.state == abi::STATE_SCTP_ESTABLISHED;
  return active ? meta : meta | META_INACTIVE;
}

abi::connection entry_of(const Connection& connection, std::uint32_t server, std::uint32_t now) {
  abi::connection entry{};
  entry.client = abi::to_abi(connection.client.address);
  entry.virtual_address = abi::to_abi(connection.virtual_address.address);
  entry.client_port = abi::port_to_abi(connection.client.port);
  entry.virtual_port = abi::port_to_abi(connection.virtual_address.port);
  entry.server_port = abi::port_to_abi(connection.server.port);
  entry.protocol = connection.protocol;
  entry.server = server;
  entry.deadline = now + abi::ticks(std::int64_t{connection.expires_milliseconds} * 1'000'000);
  entry.meta = meta_of(connection);
  entry.template_hash = connection.from_template ? 1 : 0;
  return entry;
}

/// Has the program enter what is written down, and empties that.
void run(PacketPath& path, Admitted& sum) {
  abi::arrivals& arrivals = path.arrivals[0];
  if (arrivals.count == 0) return;
  if (run_once(path.admit_program()) == 0) {
    sum.entered += arrivals.entered;
    sum.renewed += arrivals.renewed;
    sum.refused += arrivals.refused;
  } else {
    sum.refused += arrivals.count;
  }
  arrivals.count = 0;
}

}  // namespace

Admitted admit(PacketPath& path, const RunningTable& table, std::span<const Connection> connections) {
  Admitted sum;
  abi::arrivals& arrivals = path.arrivals[0];
  arrivals.count = 0;
  const std::uint32_t now = abi::now_ticks();
  for (const auto& connection : connections) {
    const auto server = table.server_of(connection);
    if (!server) {
      ++sum.unknown;
      continue;
    }
    arrivals.entry[arrivals.count++] = entry_of(connection, *server, now);
    if (arrivals.count == ARRIVALS_MAX) run(path, sum);
  }
  run(path, sum);
  return sum;
}

}  // namespace ballast::director

// The frames that generators send.
#pragma once

#include <cstdint>
#include <string>

struct bench_order;

namespace ballast::bench {

/// What packets of a run shall look like.
enum class Kind : std::uint8_t {
  syn,       ///< of clients: opens connections
  ack,       ///< of clients: established
  reply,     ///< of real servers to clients (NAT)
  datagram,  ///< of clients, UDP
};

/// Writes a frame without payload (a datagram has 12 bytes) into `order`, from and to link addresses of six bytes, with
/// all that follows from its kind.
void describe_frame(bench_order& order, Kind kind, const std::string& source, const std::string& destination);

/// The TTL of every frame.
inline constexpr std::uint8_t sent_ttl = 64;

}  // namespace ballast::bench

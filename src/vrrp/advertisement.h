// VRRP advertisements as bytes. No I/O.
//
//   VRRPv2 (RFC 3768 §5)                             VRRPv3 (RFC 9568 §5)
//   0        8        16       24                    0        8        16       24
//   | 2 | 1  |  VRID  |priority| count  |            | 3 | 1  |  VRID  |priority| count  |
//   | auth   |interval|     checksum    |            |0 |interval, cs  |     checksum    |
//   | IPv4 addresses, 4 bytes each  ... |            | addresses, 4 or 16 bytes each ... |
//   | password, 8 bytes                 |
//
// Behind either may stand the 28 bytes of an authentication trailer (vrrp/trailer.h).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "cluster/vrrp.h"
#include "net/address.h"
#include "net/netlink_message.h"
#include "vrrp/refusal.h"

namespace ballast::vrrp {

inline constexpr std::uint8_t ip_protocol = 112;
inline constexpr std::size_t trailer_bytes = 28;

/// RFC 3768 §5.3.6 and what was before it.
enum class AuthenticationType : std::uint8_t { none = 0, password = 1, header = 2 };

struct Advertisement {
  std::uint8_t version = 3;
  std::uint8_t router_id = 0;
  std::uint8_t priority = 0;               ///< 0: it stops being active
  std::chrono::milliseconds interval{0};   ///< v2: whole seconds; v3: multiples of 10 ms
  std::uint8_t authentication = 0;         ///< v2: AuthenticationType
  std::array<std::uint8_t, 8> password{};  ///< v2
  std::vector<net::Address> addresses;
  friend bool operator==(const Advertisement&, const Advertisement&) = default;
};

/// Source and destination of the packet that carries an advertisement.
struct Path {
  net::Address source;
  net::Address destination;
};

/// What came in: the message, and what belongs to it.
struct Decoded {
  Advertisement advertisement;
  std::optional<cluster::V3Checksum> dialect;  ///< v3 over IPv4: which checksum it has
  net::Bytes message;                          ///< the message without trailer
  net::Bytes trailer;                          ///< trailer_bytes, or none
};

/// The message of an advertisement with its checksum. `dialect` matters to v3 over IPv4 only. Over IPv6 the checksum is
/// over a trailer too, which is not there yet: seal_ipv6() then.
std::vector<std::byte> encode(const Advertisement& advertisement, const Path& path, cluster::V3Checksum dialect);

/// Sets the checksum of a whole payload over IPv6, trailer included.
void seal_ipv6(std::vector<std::byte>& payload, const Path& path);

/// Takes the payload of an IP packet apart and checks what needs no configuration: version 2 or 3, type, length,
/// checksum of either dialect. The spans point into `payload`.
std::expected<Decoded, Refusal> decode(net::Bytes payload, const Path& path);

}  // namespace ballast::vrrp

// Messages of ip_vs's synchronization protocol, version 1 (net/netfilter/ipvs/ip_vs_sync.c): what `ipvsadm
// --start-daemon` of the kernel sends and takes.
//
//   message   reserved = 0 (1 byte) | syncid (1) | bytes of all (2) | number of connections (1) | version = 1 (1) |
//             spare (2), then the connections, each at a multiple of 4 bytes
//   connection  type (1; bit 0: IPv6) | protocol (1) | version 0 in 4 bits, bytes in 12 (2) | flags (4) | state (2) |
//             port of client, virtual address, server (2 each) | firewall mark (4) | timeout in seconds (4) |
//             address of client, virtual address, server (4 or 16 each) | options: type (1), length (1), data
//
// Numbers are big-endian. Not authenticated: whoever reaches the group can say what he likes.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cluster/connection.h"

namespace ballast::sync {

using Bytes = std::vector<std::uint8_t>;

/// Collects connections into messages.
class KernelMessage {
 public:
  /// `longest`: bytes of a message, at least 80.
  KernelMessage(std::uint8_t id, std::size_t longest) : id_(id), longest_(longest) {}

  /// Adds a connection. What was full before it, to be sent.
  std::optional<Bytes> add(const cluster::Connection& connection);
  /// What was collected, to be sent; nullopt: nothing.
  std::optional<Bytes> take();

 private:
  std::uint8_t id_;
  std::size_t longest_;
  Bytes bytes_;
  std::uint8_t count_ = 0;
};

/// Whether the protocol can say it: there are no messages of connections between address families.
bool can_be_told(const cluster::Connection& connection);

enum class Refusal : std::uint8_t {
  too_short,   ///< no whole header
  wrong_size,  ///< the size that it says is not its own
  version,     ///< not version 1
  other_id,    ///< another syncid: not for us
  cut_off,     ///< a connection goes beyond its end
  bad_record,  ///< a connection's size, protocol, state or flags cannot be
  bad_option,  ///< an option that must be understood and is not, or is cut off
};
std::string_view to_string(Refusal refusal);

/// The connections in a message. `id`: the syncid that is taken; 0: all.
std::expected<std::vector<cluster::Connection>, Refusal> read_kernel_message(std::span<const std::uint8_t> message,
                                                                             std::uint8_t id);

}  // namespace ballast::sync

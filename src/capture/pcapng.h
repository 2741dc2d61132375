// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order. The number of an interface is its
// place among the interface descriptions of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::capture::pcapng {

using Block = std::vector<std::uint8_t>;

/// Begins a file.
Block section_header(std::string_view application);

struct Interface {
  std::string name;
  std::string description;
  std::uint32_t snap_length = 0;  ///< bytes; the same for all, or libpcap refuses the file
};

/// An Ethernet interface, whose packets have times in nanoseconds.
Block interface_description(const Interface& interface);

enum class Direction : std::uint8_t { inbound = 1, outbound = 2 };

/// What a packet program returned.
struct Verdict {
  enum class Hook : std::uint8_t { tc = 1, xdp = 2 };
  Hook hook = Hook::tc;
  std::int32_t value = 0;
};

struct Packet {
  std::uint32_t interface = 0;
  std::uint64_t time = 0;               ///< ns since 1970
  std::uint32_t length = 0;             ///< bytes of the whole frame
  std::span<const std::uint8_t> bytes;  ///< as much of it as was captured
  Direction direction = Direction::inbound;
  Verdict verdict;
  std::uint64_t id = 0;  ///< the same for what is one packet, seen at several places
  std::string comment;
};

Block enhanced_packet(const Packet& packet);

}  // namespace ballast::capture::pcapng

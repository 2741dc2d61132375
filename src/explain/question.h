// The packet that is asked about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "capture/frames.h"
#include "net/address.h"

namespace ballast::explain {

/// The longest packet that the kernel takes for a test run of both programs, in bytes from the IP header on.
constexpr std::uint16_t length_max = 3400;

constexpr std::uint8_t flag_fin = 0x01, flag_syn = 0x02, flag_rst = 0x04, flag_psh = 0x08, flag_ack = 0x10,
                       flag_urg = 0x20;

struct Question {
  net::Endpoint from;
  net::Endpoint to;  ///< of the same family
  std::uint8_t protocol = 6;
  std::optional<std::uint8_t> tcp_flags = std::nullopt;  ///< none: as is usual for what is in the table
  std::string interface{};                               ///< where it comes in; empty: where `from` is routed to
  std::uint32_t mark = 0;
  std::uint16_t length = 0;  ///< bytes from the IP header on; 0: headers only
  std::uint8_t ttl = 64;
  bool dont_fragment = false;
};

/// The frame of a packet, without link addresses and without layer-4 checksum. `opens`: as the first one of a
/// connection (TCP: SYN with an MSS of 1460; SCTP: INIT), else as a later one (ACK; DATA); the question's flags come
/// first. EINVAL: the length has no room for the headers.
Result<capture::Bytes> frame_of(const Question& question, bool opens);

}  // namespace ballast::explain

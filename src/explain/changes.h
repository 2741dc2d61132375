// What a packet program did to a frame, in words.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "capture/frames.h"

namespace ballast::explain {

/// "destination 10.0.0.13:80 -> 10.0.0.21:8080", "TTL 64 -> 63", "MSS 1460 -> 1400", "outer header IPIP 10.0.0.1 >
/// 10.0.0.21, 20 bytes": the differences between a frame as it came and as it left, in this order. Empty where the
/// packet is the same.
std::vector<std::string> changes_of(std::span<const std::uint8_t> came, std::span<const std::uint8_t> left);

/// "port unreachable", "time exceeded", "fragmentation needed, MTU 1480": the ICMP or ICMPv6 error in a frame; empty
/// where it is none of these.
std::string icmp_error_words(std::span<const std::uint8_t> frame);

}  // namespace ballast::explain

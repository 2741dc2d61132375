// A packet's ends, read from its frame, and as text.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "capture/abi.h"

namespace ballast::capture {

using Flow = abi::capture_flow;

/// Reads the first CAPTURE_HEAD bytes of an Ethernet frame.
Flow read_flow(std::span<const std::uint8_t> frame);

/// "TCP 10.0.0.1:4000 > 10.0.0.2:80 [S.]", with what is inside where it is a tunnel by IPIP; "ARP" or the like where it
/// is not IP.
std::string describe(std::span<const std::uint8_t> frame);

}  // namespace ballast::capture

// Ethernet frames with just the header fields that a capture reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "capture/frames.h"
#include "net/address.h"

namespace ballast::capture {

inline void put_word(Bytes& frame, std::size_t at, std::uint16_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

/// An IPv4 packet of `protocol` between "ADDRESS:PORT" endpoints; its payload counts 0, 1, 2 ...
inline Bytes ipv4_frame(std::uint8_t protocol, std::string_view from, std::string_view to, std::size_t payload = 0) {
  const auto source = *net::Endpoint::parse(from), destination = *net::Endpoint::parse(to);
  Bytes frame(14 + 20 + 20);
  put_word(frame, 12, 0x0800);
  frame[14] = 0x45;
  frame[23] = protocol;
  for (std::size_t i = 0; i < 4; ++i) {
    frame[26 + i] = source.address.bytes()[12 + i];
    frame[30 + i] = destination.address.bytes()[12 + i];
  }
  put_word(frame, 34, source.port);
  put_word(frame, 36, destination.port);
  frame[47] = 0x02;  // SYN
  for (std::size_t i = 0; i < payload; ++i) frame.push_back(static_cast<std::uint8_t>(i));
  return frame;
}

/// The record of a run that took one frame and gave another.
inline Run run_of(const Bytes& came, const Bytes& left, abi::capture_hook hook, std::int32_t verdict,
                  std::uint32_t snap_length = CAPTURE_BYTES_MAX) {
  Run run;
  run.record.arrival = 1000;
  run.record.departure = 1500;
  run.record.hook = hook;
  run.record.verdict = verdict;
  run.record.interface_index = 7;
  run.record.length_in = static_cast<std::uint32_t>(came.size());
  run.record.length_out = static_cast<std::uint32_t>(left.size());
  run.record.head_length = std::min<std::uint32_t>(run.record.length_in, CAPTURE_HEAD);
  std::copy_n(came.begin(), run.record.head_length, run.record.head);
  run.left = left;
  if (run.left.size() > snap_length) run.left.resize(snap_length);
  run.record.captured = static_cast<std::uint32_t>(run.left.size());
  return run;
}

}  // namespace ballast::capture

// From the record of a packet program's run to the frames that it took and gave, and what became of them in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/abi.h"

namespace ballast::capture {

using Bytes = std::vector<std::uint8_t>;

/// One run of a packet program.
struct Run {
  abi::capture_record record{};
  Bytes left;  ///< the frame as the program left it, as far as captured
};

struct Frame {
  bool out = false;                   ///< as the program left it; else as it came
  std::uint64_t monotonic = 0;        ///< ns
  std::uint32_t interface_index = 0;  ///< where the program ran
  abi::capture_hook hook = abi::CAPTURE_XDP;
  std::int32_t verdict = 0;
  std::uint32_t length = 0;  ///< of the whole frame
  Bytes bytes;               ///< as far as captured
  /// "forwarded, XDP_REDIRECT (forwarded_nat, connections_created)": what became of it, the verdict, and the counters
  /// that it raised.
  std::string fate;
};

/// "forwarded, XDP_REDIRECT": what became of a packet, and the verdict.
std::string verdict_words(const Run& run);

/// Whether the packet, or an answer to it, was sent by the program; else it was dropped, or passed to the kernel.
bool is_sent(const Run& run);
/// Whether what was sent is an ICMP error of our own about the packet.
bool is_answered(const Run& run);
bool is_dropped(const Run& run);
/// Whether the frame as it left differs from the one that came.
bool is_changed(const Run& run);

/// The names of the counters whose bits are set, in the order of bpf/counters.h.
std::vector<std::string_view> counters_raised(std::uint64_t bits);

/// The frame as it came, at most `snap_length` bytes of it, and behind it, where the program sent it on or passed it on
/// changed, the frame as it left. What lies behind the head of a frame that came is taken from the one that left, since
/// programs change headers only; of a packet that was answered by an ICMP error or lost headers there is only the head.
std::vector<Frame> frames_of(const Run& run, std::uint32_t snap_length);

/// "xdp", "tc", "tc-out"
std::string hook_word(abi::capture_hook hook);
/// "XDP", "TC ingress", "TC egress"
std::string hook_title(abi::capture_hook hook);

}  // namespace ballast::capture

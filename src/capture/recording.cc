#include "capture/recording.h"

#include <fmt/format.h>

#include <algorithm>

#include "capture/pcapng.h"

namespace ballast::capture {

Bytes Recording::begin() { return pcapng::section_header("ballast capture"); }

std::uint32_t Recording::number_of(const std::string& interface, abi::capture_hook hook) const {
  return static_cast<std::uint32_t>(std::ranges::find(interfaces_, std::pair(interface, hook)) - interfaces_.begin());
}

Bytes Recording::describe(const std::string& interface, abi::capture_hook hook) {
  if (number_of(interface, hook) < interfaces_.size()) return {};
  interfaces_.emplace_back(interface, hook);
  return pcapng::interface_description(
      {.name = interface, .description = hook_title(hook), .snap_length = snap_length_});
}

Bytes Recording::add(const Frame& frame, const std::string& interface, std::uint64_t id) {
  Bytes bytes = describe(interface, frame.hook);
  const auto block = pcapng::enhanced_packet({
      .interface = number_of(interface, frame.hook),
      .time = frame.monotonic + epoch_,
      .length = frame.length,
      .bytes = frame.bytes,
      .direction = frame.out ? pcapng::Direction::outbound : pcapng::Direction::inbound,
      .verdict = {.hook = frame.hook == abi::CAPTURE_XDP ? pcapng::Verdict::Hook::xdp : pcapng::Verdict::Hook::tc,
                  .value = frame.verdict},
      .id = id,
      .comment = fmt::format("{}: {}", frame.out ? "out" : "in", frame.fate),
  });
  bytes.insert(bytes.end(), block.begin(), block.end());
  return bytes;
}

}  // namespace ballast::capture

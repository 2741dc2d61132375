// A capture as a pcapng file: one interface description for each interface and hook, times since 1970.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "capture/frames.h"

namespace ballast::capture {

class Recording {
 public:
  /// `snap_length`: bytes of each frame at most; `epoch`: ns from 1970 to the zero of the monotonic clock.
  Recording(std::uint32_t snap_length, std::uint64_t epoch) : snap_length_(snap_length), epoch_(epoch) {}

  /// The beginning of the file.
  [[nodiscard]] static Bytes begin();
  /// What describes an interface at a hook, which is written where it is first needed. Empty where it has been.
  Bytes describe(const std::string& interface, abi::capture_hook hook);
  /// A frame, and before it what describes its interface. `id` is the same for the two frames of a run.
  Bytes add(const Frame& frame, const std::string& interface, std::uint64_t id);

 private:
  std::uint32_t number_of(const std::string& interface, abi::capture_hook hook) const;
  std::uint32_t snap_length_;
  std::uint64_t epoch_;
  std::vector<std::pair<std::string, abi::capture_hook>> interfaces_;
};

}  // namespace ballast::capture

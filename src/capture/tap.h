// The running packet path's end of a capture: it is told what is wanted, and its records are taken in.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "capture/filter.h"
#include "capture/frames.h"
#include "director/mapped_array.h"

struct perf_buffer;

namespace ballast::capture {

/// While it lives, packets are copied. It holds a lease that it renews with each poll(), and buffers that the kernel
/// takes away with this process; so nothing stays behind, however the process ends.
class Tap {
 public:
  /// ENOENT: no packet path of that instance runs; EBUSY: another process captures there; EPERM: this is not root.
  static Result<std::unique_ptr<Tap>> open(const std::string& instance, const Conditions& conditions,
                                           std::uint32_t snap_length);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  /// Waits at most that long (or for a signal) and returns what came, in the order of arrival.
  Result<std::vector<Run>> poll(std::chrono::milliseconds wait);
  /// Ends the capture and returns what was still in the buffers.
  std::vector<Run> end();

  /// Packets that were meant but found the buffers full.
  [[nodiscard]] std::uint64_t lost() const;
  /// Whether the packet path is still pinned.
  [[nodiscard]] bool alive() const;
  /// Interfaces that a packet program is attached to.
  [[nodiscard]] std::vector<std::string> interfaces() const;

 private:
  Tap() = default;
  Result<void> find(const std::string& instance);
  Result<void> begin(const Conditions& conditions, std::uint32_t snap_length);
  void renew_lease();
  std::vector<Run> up_to(std::uint64_t time);

  struct Free {
    void operator()(perf_buffer* buffer) const;
  };
  std::string directory_;
  Fd lock_;
  director::MappedArray<abi::settings> settings_;
  director::MappedArray<abi::capture_orders> orders_;
  Fd captured_;
  std::unique_ptr<perf_buffer, Free> buffers_;
  std::vector<Run> pending_;
};

}  // namespace ballast::capture

// links: ballast_capture
// Any bytes as the frames of a captured packet: described in one line, and written within the limits that were set.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "capture/flow.h"
#include "capture/recording.h"

namespace {

using ballast::capture::Bytes;
using ballast::capture::Run;

void require(bool condition) {
  if (!condition) std::abort();
}

/// The first four bytes say hook, verdict, where the frame that came ends, and the snap length.
Run run_of(const std::uint8_t* data, std::size_t size, std::uint32_t snap_length) {
  const Bytes bytes(data + 4, data + size);
  const auto border = bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * data[2] / 256);
  Run run;
  run.record.hook = data[0] % 3;
  run.record.verdict = static_cast<std::int8_t>(data[1]);
  run.record.length_in = static_cast<std::uint32_t>(border - bytes.begin());
  run.record.length_out = static_cast<std::uint32_t>(bytes.end() - border);
  run.record.head_length = std::min<std::uint32_t>(run.record.length_in, CAPTURE_HEAD);
  std::copy_n(bytes.begin(), run.record.head_length, run.record.head);
  run.left.assign(border, border + std::min(run.record.length_out, snap_length));
  run.record.captured = static_cast<std::uint32_t>(run.left.size());
  return run;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::uint32_t snap_length = data[3] + 1u;
  const auto run = run_of(data, size, snap_length);
  ballast::capture::Recording recording(snap_length, 0);
  for (const auto& frame : ballast::capture::frames_of(run, snap_length)) {
    require(frame.bytes.size() <= std::min(frame.length, snap_length));
    const auto words = ballast::capture::describe(frame.bytes);
    require(!words.empty() && words.find('\n') == std::string::npos);
    require(recording.add(frame, "eth0", 1).size() % 4 == 0);
  }
  return 0;
}

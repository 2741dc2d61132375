// links: ballast_sync
// What other directors send: messages of ip_vs, and records of ours.

#include <cstddef>
#include <cstdint>
#include <span>

#include "sync/kernel_message.h"
#include "sync/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ballast::sync;
  const std::span<const std::uint8_t> input(data, size);
  if (const auto connections = read_kernel_message(input, 0)) {
    KernelMessage message(0, 65507);
    for (const auto& connection : *connections) message.add(connection);
  }
  const auto records = read_records(input);
  if (!records) return 0;
  Bytes again;
  for (const auto& connection : *records) write_record(again, connection);
  const auto same = read_records(again);
  if (!same || *same != *records) __builtin_trap();
  return 0;
}

#include "director/ring_allocator.h"

#include <iterator>
#include <utility>

namespace ballast::director {

std::optional<std::uint32_t> RingAllocator::take(std::uint32_t lines) {
  for (const auto& run : free_) {
    if (run.second < lines) continue;
    const std::uint32_t first = run.first;
    claim(first, lines);
    return first;
  }
  return std::nullopt;
}

void RingAllocator::claim(std::uint32_t first, std::uint32_t lines) {
  auto run = free_.upper_bound(first);
  if (run == free_.begin() || lines == 0) return;
  --run;
  const auto [start, length] = *run;
  if (first + lines > start + length) return;
  free_.erase(run);
  if (first > start) free_[start] = first - start;
  if (first + lines < start + length) free_[first + lines] = start + length - first - lines;
}

void RingAllocator::settle() {
  for (const Run run : std::exchange(resting_, {})) insert(run);
}

void RingAllocator::insert(Run run) {
  if (run.lines == 0) return;
  auto next = free_.lower_bound(run.first);
  if (next != free_.end() && run.first + run.lines == next->first) {
    run.lines += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == run.first) {
      previous->second += run.lines;
      return;
    }
  }
  free_[run.first] = run.lines;
}

}  // namespace ballast::director

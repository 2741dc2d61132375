// Lists of server indexes in a map of lines: in `rings` and `maglev_tables`.
#pragma once

#include <cstdint>
#include <iterator>
#include <vector>

#include "director/mapped_array.h"
#include "director/ring_allocator.h"

namespace ballast::director {

/// Keeps lists in the lines of a map; `Line` has an array `server`. A list is named as in struct service: its first
/// line
/// << 32 | the number of its slots; 0 is the empty one.
template <typename Line>
class SlotStore {
 public:
  explicit SlotStore(MappedArray<Line>& lines) : lines_(lines), free_(lines.size()) {}

  /// Takes note of a list that an earlier process wrote.
  void claim(std::uint64_t list) { free_.claim(first(list), line_count(list)); }

  /// Writes a list. 0 where there is no room for it.
  std::uint64_t write(const std::vector<std::uint32_t>& slots) {
    const auto count = line_count(slots.size());
    if (count == 0) return 0;
    auto start = free_.take(count);
    if (!start) {
      free_.settle();
      start = free_.take(count);
    }
    if (!start) return 0;
    for (std::size_t i = 0; i < slots.size(); ++i) slot(*start, i) = slots[i];
    return static_cast<std::uint64_t>(*start) << 32 | slots.size();
  }

  [[nodiscard]] std::vector<std::uint32_t> read(std::uint64_t list) const {
    std::vector<std::uint32_t> slots;
    slots.reserve(length(list));
    for (std::uint32_t i = 0; i < length(list); ++i) slots.push_back(slot(first(list), i));
    return slots;
  }

  /// The list is not published any more. Its lines are used again after settle().
  void give_back(std::uint64_t list) { free_.give_back(first(list), line_count(list)); }

  /// To be called when no program can be reading what was given back.
  void settle() { free_.settle(); }

 private:
  static constexpr std::size_t line_slots = std::size(decltype(Line::server){});

  static std::uint32_t first(std::uint64_t list) { return static_cast<std::uint32_t>(list >> 32); }
  static std::uint32_t length(std::uint64_t list) { return static_cast<std::uint32_t>(list); }
  static std::uint32_t line_count(std::uint64_t list) {
    return static_cast<std::uint32_t>((length(list) + line_slots - 1) / line_slots);
  }
  auto& slot(std::uint32_t line, std::size_t i) const { return lines_[line + i / line_slots].server[i % line_slots]; }

  MappedArray<Line>& lines_;
  RingAllocator free_;
};

}  // namespace ballast::director

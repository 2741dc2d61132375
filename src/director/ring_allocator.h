// Free space in the map of rings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace ballast::director {

/// Hands out runs of lines, first fit. What is given back can be handed out again only after settle(), because a
/// program may still be reading it.
class RingAllocator {
 public:
  explicit RingAllocator(std::uint32_t lines) { free_[0] = lines; }

  /// The first line of a run of `lines`; nullopt where no run is that long.
  std::optional<std::uint32_t> take(std::uint32_t lines);
  /// Marks a run as taken that was handed out by an earlier process.
  void claim(std::uint32_t first, std::uint32_t lines);
  void give_back(std::uint32_t first, std::uint32_t lines) { resting_.push_back({first, lines}); }
  void settle();

 private:
  struct Run {
    std::uint32_t first;
    std::uint32_t lines;
  };
  void insert(Run run);

  std::map<std::uint32_t, std::uint32_t> free_;  ///< first line -> length, no two of them adjacent
  std::vector<Run> resting_;
};

}  // namespace ballast::director

// What schedulers walk: the ring of a service's servers in the kernel's order, the buckets of sh and dh, the table of
// mh, and where round robin stands.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "director/packet_path.h"
#include "director/slot_store.h"

namespace ballast::director {

/// A word of a service's entry, and what is to stand there.
struct SchedulerStep {
  enum class Word : std::uint8_t { scheduler, ring_of_hash };
  Word word;
  std::uint64_t value;
  friend bool operator==(const SchedulerStep&, const SchedulerStep&) = default;
};

/// In which order a scheduler and its hash ring (0: it needs none) are published: a scheduler that needs one is never
/// seen without. From mh to sh or dh, and back, it is seen with that of another kind, which the programs take for none.
std::array<SchedulerStep, 2> steps_to_scheduler(std::uint8_t scheduler, std::uint64_t ring_of_hash);

class ServiceRings {
 public:
  explicit ServiceRings(PacketPath& path) : path_(path), rings_(path.rings), tables_(path.maglev_tables) {}

  /// Takes note of the rings that a service has from an earlier process.
  void adopt(std::uint32_t service);

  /// Puts `scheduler` in force, with what it needs for `servers` (newest first). Where the service had another one,
  /// round robin begins anew and what that one remembered is void.
  void write(std::uint32_t service, std::uint8_t scheduler, const std::vector<std::uint32_t>& servers);

  /// Takes away what a service's scheduler has, and has what it remembers void.
  void clear(std::uint32_t service);

  /// Rings that were replaced can be used again. To be called when no program can be reading them any more.
  void settle();

 private:
  void write(std::uint32_t service, std::uint8_t scheduler, const std::vector<std::uint32_t>& servers, bool restart);
  void write_round_robin(std::uint32_t service, const std::vector<std::uint32_t>& servers, bool restart);
  void write_hash(std::uint32_t service, std::uint8_t scheduler, const std::vector<std::uint32_t>& servers);

  PacketPath& path_;
  SlotStore<abi::ring_line> rings_;
  SlotStore<abi::maglev_table> tables_;
};

}  // namespace ballast::director

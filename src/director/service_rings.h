// What schedulers walk: the ring of a service's servers in the kernel's order, the hash buckets of sh, and where round
// robin stands.
#pragma once

#include <cstdint>
#include <vector>

#include "director/packet_path.h"
#include "director/ring_allocator.h"

namespace ballast::director {

class ServiceRings {
 public:
  explicit ServiceRings(PacketPath& path) : path_(path), lines_(path.rings.size()) {}

  /// Takes note of the rings that a service has from an earlier process.
  void adopt(std::uint32_t service);

  /// Writes what the service's scheduler needs for `servers` (newest first). Round robin goes on where it stands unless
  /// `restart`.
  void write(std::uint32_t service, const std::vector<std::uint32_t>& servers, bool restart);

  /// Rings that were replaced can be used again. To be called when no program can be reading them any more.
  void settle() { lines_.settle(); }

 private:
  std::uint64_t replace(std::uint64_t old, const std::vector<std::uint32_t>& slots);
  [[nodiscard]] std::vector<std::uint32_t> slots(std::uint64_t ring) const;

  PacketPath& path_;
  RingAllocator lines_;
};

}  // namespace ballast::director

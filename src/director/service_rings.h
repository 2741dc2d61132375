// What schedulers walk: the ring of a service's servers in the kernel's order, the buckets of sh and dh, the table of
// mh, and where round robin stands.
#pragma once

#include <cstdint>
#include <vector>

#include "director/packet_path.h"
#include "director/slot_store.h"

namespace ballast::director {

class ServiceRings {
 public:
  explicit ServiceRings(PacketPath& path) : path_(path), rings_(path.rings), tables_(path.maglev_tables) {}

  /// Takes note of the rings that a service has from an earlier process.
  void adopt(std::uint32_t service);

  /// Writes what the service's scheduler needs for `servers` (newest first). With `restart` round robin begins anew and
  /// what the scheduler remembered is void.
  void write(std::uint32_t service, const std::vector<std::uint32_t>& servers, bool restart);

  /// Rings that were replaced can be used again. To be called when no program can be reading them any more.
  void settle();

 private:
  void write_round_robin(std::uint32_t service, const std::vector<std::uint32_t>& servers, bool restart);
  void write_hash(std::uint32_t service, const std::vector<std::uint32_t>& servers);

  PacketPath& path_;
  SlotStore<abi::ring_line> rings_;
  SlotStore<abi::maglev_table> tables_;
};

}  // namespace ballast::director

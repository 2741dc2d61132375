#include "schedule/source_hash.h"

namespace ballast::schedule {

std::array<std::uint32_t, source_hash_buckets> source_hash_table(std::span<const WeightedServer> servers) {
  std::array<std::uint32_t, source_hash_buckets> table{};
  table.fill(no_server);
  if (servers.empty()) return table;
  std::size_t current = 0;
  std::uint32_t taken = 0;
  for (auto& bucket : table) {
    bucket = servers[current].server;
    if (++taken >= servers[current].weight) {
      current = (current + 1) % servers.size();
      taken = 0;
    }
  }
  return table;
}

}  // namespace ballast::schedule

#include "schedule/hash_buckets.h"

#include <vector>

namespace ballast::schedule {

std::array<std::uint32_t, hash_buckets> source_hash_table(std::span<const WeightedServer> servers) {
  std::array<std::uint32_t, hash_buckets> table{};
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

std::array<std::uint32_t, hash_buckets> destination_hash_table(std::span<const WeightedServer> servers) {
  std::vector<WeightedServer> equal(servers.begin(), servers.end());
  for (auto& server : equal) server.weight = 1;
  return source_hash_table(equal);
}

}  // namespace ballast::schedule

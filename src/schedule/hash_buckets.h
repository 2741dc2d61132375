// The buckets of sh and dh, computed here and looked up in the kernel.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace ballast::schedule {

inline constexpr std::size_t hash_buckets = 256;
inline constexpr std::uint32_t no_server = 0xffffffff;

/// A server as the tables see it: a name for the answer, and its weight.
struct WeightedServer {
  std::uint32_t server = no_server;
  std::uint32_t weight = 1;
};

/// The buckets of sh: in the given order (newest first) every server takes as many buckets in a row as its weight, in a
/// circle until all are taken; weight 0 takes one too. Without servers every bucket is no_server.
/// Source: ip_vs_sh_reassign() of Linux.
std::array<std::uint32_t, hash_buckets> source_hash_table(std::span<const WeightedServer> servers);

/// The buckets of dh: one for every server in turn, whatever its weight. Source: ip_vs_dh_reassign() of Linux.
std::array<std::uint32_t, hash_buckets> destination_hash_table(std::span<const WeightedServer> servers);

}  // namespace ballast::schedule

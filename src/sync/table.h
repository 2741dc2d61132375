// The connection table, as synchronization sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "cluster/connection.h"

namespace ballast::sync {

/// How many connections were entered or renewed, and how many not, since they found no room or their real server is not
/// configured here.
struct Taken {
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;  ///< those of `refused` whose real server is not configured here
};

using Visit = std::function<void(const cluster::Connection&)>;

struct Table {
  /// Walks the table from a cursor (0 at first) for a bounded time; the cursor to go on from, nullopt at the end.
  std::function<std::optional<std::uint32_t>(std::uint32_t cursor, std::uint32_t limit, const Visit& visit)> walk;
  /// From now on changes are kept for `changes`, or not any more.
  std::function<void(bool keep)> keep_changes;
  /// The connections that changed since the last call; how many changes were lost.
  std::function<std::uint64_t(const Visit& visit)> changes;
  std::function<Taken(std::span<const cluster::Connection>)> admit;
};

}  // namespace ballast::sync

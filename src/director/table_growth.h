// Growth of the connection table of a running packet path, while packets pass: see bpf/growth.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "director/director.h"
#include "director/packet_path.h"

namespace ballast::director {

/// Takes a table through these stages, a step at each tick. What is pinned, and `settings`, tell the stage to a daemon
/// that takes over from one that died on the way.
///
///   attaching   the larger table is made, and programs that know both are loaded. Hook by hook they take the place of
///               those that know only the old one; connections still begin there.
///   moving      connections begin in the larger table; entries of the old one are moved, for a part of each tick.
///   ending      the old table is empty; programs that know only the larger one take over, and it takes the old one's
///               name.
class TableGrowth {
 public:
  /// Goes on with what an earlier daemon began.
  explicit TableGrowth(PacketPath& path);

  /// EINVAL where `connections` asks for a smaller table than runs, unless that was accepted before: it is at the
  /// start, when a packet path is taken over.
  [[nodiscard]] Result<void> check(std::uint32_t connections) const;

  /// Begins to grow the table where it holds less; while it grows already, later. On an error nothing has changed.
  Result<void> grow_to(std::uint32_t connections);

  /// Goes one step on, in at most about 30 ms, or as long as it takes to load programs. `attach` puts the loaded
  /// programs on every hook.
  void step(const std::function<Result<void>()>& attach);

  [[nodiscard]] std::optional<Growth> progress() const;

 private:
  enum class Stage : std::uint8_t { none, attaching, moving, ending };

  Result<void> begin();
  Result<void> fill_larger(const std::function<Result<void>()>& attach);
  Result<void> move_entries();
  Result<void> end(const std::function<Result<void>()>& attach);
  [[nodiscard]] std::uint32_t capacity_of_larger() const;

  PacketPath& path_;
  Stage stage_ = Stage::none;
  std::uint32_t asked_ = 0;  ///< 0: nobody has asked yet
  std::string complaint_;    ///< why the last step was not done; each tick tries again
};

}  // namespace ballast::director

// The measurement: a connection table that grows from one flow to a million, and what a packet costs on the way.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon.h"
#include "generator.h"

namespace ballast::bench {

struct Plan {
  std::vector<std::uint32_t> flows;  ///< ascending
  std::uint32_t rounds = 0;          ///< of established packets at each point
  std::uint32_t round_frames = 0;    ///< frames in a round, through the program under test
  std::uint32_t floor_frames = 0;    ///< ... and through the reflector
  std::uint32_t connections = 0;     ///< size of the connection table
};

/// Nanoseconds of the program under test beside those of the reflector: medians of rounds that took turns.
struct Cost {
  double ns = 0;
  double floor_ns = 0;
  double least_ns = 0;
  double most_ns = 0;
  std::uint32_t rounds = 0;
  std::uint64_t frames = 0;
  [[nodiscard]] double ratio() const { return ns / floor_ns; }
};

struct Point {
  std::uint32_t flows = 0;
  Cost established;
  std::optional<Cost> reply;   ///< NAT only
  std::optional<Cost> opened;  ///< each connection that brought the table from the point before to this one
};

/// Measures one forwarding method with a daemon of its own. Checks that every frame was seen, came back as it should
/// and was counted, and that ActiveConn and InActConn are exact; anything else is an error. Ends early where `stop` is
/// set.
Result<std::vector<Point>> measure(Generator& generator, const Daemon& daemon, Method method, const Plan& plan,
                                   const std::atomic<bool>& stop);

}  // namespace ballast::bench

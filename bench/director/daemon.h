// Ballast itself, as its users run it: `ballast run` with a configuration file, and ipvsadm.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "generator.h"
#include "network.h"
#include "process.h"

namespace ballast::bench {

/// ActiveConn and InActConn of all real servers together, as `ipvsadm -Ln` shows them.
struct ConnectionCounts {
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
};

using Counters = std::map<std::string, std::uint64_t>;

/// A daemon on the far side of the network, with one service. The destructor stops it and takes its packet path down.
class Daemon {
 public:
  /// `programs` is the folder that holds ballast and ipvsadm; `connections` the size of the connection table.
  static Result<Daemon> start(const Network& network, const std::string& programs, Method method,
                              const std::string& scheduler, std::uint32_t connections);
  Daemon(Daemon&&) = default;
  Daemon& operator=(Daemon&&) = default;
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  [[nodiscard]] Result<ConnectionCounts> connection_counts() const;
  [[nodiscard]] Result<Counters> counters() const;

 private:
  Daemon() = default;
  [[nodiscard]] Result<std::string> tool(Command command) const;
  Result<void> wait_until_ready();
  [[nodiscard]] std::string log() const;

  std::string far_;
  std::string programs_;
  std::filesystem::path directory_;
  Background process_;
};

}  // namespace ballast::bench

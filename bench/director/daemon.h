// Ballast itself, as its users run it: `ballast run` with a configuration file, and ipvsadm.
#pragma once

#include <chrono>
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

struct DaemonPlan {
  std::string scheduler = "rr";
  std::uint32_t connections = 2'097'152;  ///< size of the connection table
  std::uint32_t services = 1;             ///< the measured one, and others beside it
};

using Counters = std::map<std::string, std::uint64_t>;

/// A daemon on the far side of the network. The destructor stops it and takes its packet path down.
class Daemon {
 public:
  /// `programs` is the folder that holds ballast and ipvsadm.
  static Result<Daemon> start(const Network& network, const std::string& programs, Method method,
                              const DaemonPlan& plan);
  Daemon(Daemon&&) = default;
  Daemon& operator=(Daemon&&) = default;
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  [[nodiscard]] Result<ConnectionCounts> connection_counts() const;
  [[nodiscard]] Result<Counters> counters() const;
  /// How long a TCP connection lives after its last packet, from the next packet on.
  [[nodiscard]] Result<void> set_tcp_timeout(std::chrono::seconds timeout) const;

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

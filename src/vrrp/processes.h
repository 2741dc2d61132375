// Which running processes a TrackProcess means.
#pragma once

#include <string>
#include <vector>

#include "cluster/vrrp.h"

namespace ballast::vrrp {

struct RunningProcess {
  std::string name;                ///< comm: at most 15 bytes
  std::vector<std::string> words;  ///< its command line; empty for threads of the kernel
};

bool matches(const cluster::TrackProcess& wanted, const RunningProcess& process);

/// All processes of this machine that /proc shows, zombies left out.
std::vector<RunningProcess> running_processes();

/// Whether enough processes run, with delays: a pure value.
class ProcessState {
 public:
  using Duration = std::chrono::milliseconds;
  /// Takes in how many run, `elapsed` after the last time, and gives whether that is good.
  bool add(const cluster::TrackProcess& wanted, std::uint32_t count, Duration elapsed);

 private:
  bool known_ = false;
  bool good_ = false;
  Duration other_for_{0};
};

}  // namespace ballast::vrrp

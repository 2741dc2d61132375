// Says in the log when something ran full.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "director/director.h"

namespace ballast::control {

/// Watches the director's counters of full tables.
class CounterWatch {
 public:
  /// Takes in the counters and gives one line about all of the watched ones that rose since the last look, or "" where
  /// none did. The first look only takes note. Called once a second, it gives at most one line a second.
  std::string look(const std::vector<director::Counter>& counters);

 private:
  bool looked_ = false;
  std::map<std::string, std::uint64_t, std::less<>> values_;
};

}  // namespace ballast::control

// Where a packet meets the packet programs.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "explain/copy.h"
#include "explain/question.h"

namespace ballast::explain {

struct Place {
  std::string interface;
  Arrival arrival;
  bool local = false;                    ///< sent by this machine: it meets the program where it goes out
  std::vector<abi::capture_hook> hooks;  ///< in the order in which they see it
};

/// Where a packet comes in: at the interface that the question names, else at the one where its source is routed to.
/// EINVAL: there is no such interface, or no packet program on it.
Result<Place> place_of(const Question& question, const std::string& directory);

}  // namespace ballast::explain

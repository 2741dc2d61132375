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
  bool outgoing = false;          ///< it meets the program where it goes out
  bool routed = false;            ///< ... and the kernel has lowered its TTL before
  std::vector<Program> programs;  ///< in the order in which they see it
};

/// A packet comes in at the interface that the question names, else at the one where its source is routed to. With a
/// mark it is met on the device for marks, where there is one; from an address of this machine where it goes out.
/// EINVAL: there is no such interface, or no packet program on it.
Result<Place> place_of(const Question& question, const std::string& directory);

}  // namespace ballast::explain

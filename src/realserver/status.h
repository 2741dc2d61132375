// What a real server looks like now, in words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "realserver/observed.h"

namespace ballast::realserver {

/// Lines without line ends: VIPs, where programs are attached, parameters changed, counters by name.
std::vector<std::string> describe(const Observed& observed,
                                  const std::vector<std::pair<std::string, std::uint64_t>>& counters);

}  // namespace ballast::realserver

// The names of the packet programs' counters.
#pragma once

#include <array>

#include "bpf/realserver_shared.h"

namespace ballast::realserver {

/// In the order of enum realserver_counter.
inline constexpr std::array<const char*, REALSERVER_COUNTERS> counter_names = {
    "decapsulated_ipip", "decapsulated_gue", "decapsulated_gre", "passed_not_for_vip",
    "passed_not_local",  "passed_malformed", "passed_fragment",  "passed_unsupported",
    "dropped_ecn",       "dropped_resize",   "mss_clamped",
};

}  // namespace ballast::realserver

#include "director/abi.h"

#include <ctime>

namespace ballast::abi {

__u32 now_ticks() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<__u32>((static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec) >> TICK_SHIFT);
}

}  // namespace ballast::abi

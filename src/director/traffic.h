// The counters of real servers, which programs keep for each processor.
#pragma once

#include <cstdint>

#include "director/director.h"
#include "director/packet_path.h"

namespace ballast::director {

/// The sum over all processors.
Stats read_traffic(const PacketPath& path, std::uint32_t server);

/// Starts counting from zero.
void clear_traffic(const PacketPath& path, std::uint32_t server);

Stats& operator+=(Stats& total, const Stats& more);

}  // namespace ballast::director

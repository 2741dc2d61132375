// Connections of other directors on their way into the table.
#pragma once

#include <span>

#include "director/director.h"
#include "director/packet_path.h"
#include "director/running_table.h"

namespace ballast::director {

/// As Director::admit(): finds their real servers in `table` and has a packet program enter them.
Admitted admit(PacketPath& path, const RunningTable& table, std::span<const Connection> connections);

}  // namespace ballast::director

// Reading the connection table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "director/director.h"
#include "director/packet_path.h"

namespace ballast::director {

/// What an entry of the table says at tick `now`; `server` is its real server, `service` that one's service.
Connection view(const abi::connection& entry, const abi::server& server, const abi::service& service,
                std::uint32_t now);

/// Likewise; nullopt where its server or service is out of bounds.
std::optional<Connection> view(const PacketPath& path, const abi::connection& entry, std::uint32_t now);

/// Walks the table as Director::connections() says; a cursor is the number of a segment, counted
/// through the table that is given up first while the table grows, since entries move from there to the other.
std::optional<std::uint32_t> read_connections(const PacketPath& path, std::uint32_t cursor, std::uint32_t limit,
                                              const std::function<void(const Connection&)>& visit);

}  // namespace ballast::director

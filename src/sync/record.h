// A connection as directors of Ballast tell it each other.
//
//   flags (1) | protocol (1) | state (1) | method (1) | milliseconds left (4) | port of client, virtual address,
//   server, configured server (2 each) | address of client, virtual address, server (4 or 16 each, as the flags say) |
//   service
//
// The service is left out where it is that of the virtual address; else it is a mark (4 bytes and a family), or
// protocol (1), port (2) and address. Numbers are big-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cluster/connection.h"

namespace ballast::sync {

/// Appends a connection.
void write_record(std::vector<std::uint8_t>& bytes, const cluster::Connection& connection);

/// All connections that stand one behind the other; nullopt where they are not whole, or cannot be.
std::optional<std::vector<cluster::Connection>> read_records(std::span<const std::uint8_t> bytes);

}  // namespace ballast::sync

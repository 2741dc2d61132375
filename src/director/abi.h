// The structs that the packet programs share with this folder, and how the model's values look in them.
#pragma once

#include <linux/types.h>

#include <cstring>

#include "net/address.h"

namespace ballast::abi {
#include "bpf/abi.h"

static_assert(sizeof(service) == 128);
static_assert(sizeof(server) == 128);
static_assert(sizeof(connection) == 64);
static_assert(sizeof(chunk) == 320);
static_assert(sizeof(figure) == 32);
static_assert(sizeof(cursor) == 64);
static_assert(sizeof(ring_line) == 64);
static_assert(sizeof(service_key) == 24);
static_assert(sizeof(listener_line) == 64);
static_assert(sizeof(fragment_key) == 40);
static_assert(sizeof(destination_key) == 24);
static_assert(sizeof(expected_call) == 40);
static_assert(sizeof(way_key) == 24);
static_assert(sizeof(way) == 160);

inline address to_abi(const net::Address& a) {
  address out{};
  std::memcpy(out.bytes, a.bytes().data(), 16);
  return out;
}

inline net::Address from_abi(const address& a) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), a.bytes, 16);
  return net::Address::from_bytes(bytes);
}

inline __be16 port_to_abi(std::uint16_t port) { return __builtin_bswap16(port); }
inline std::uint16_t port_from_abi(__be16 port) { return __builtin_bswap16(port); }

/// Ticks of the table's clock in a time, rounded up.
inline __u32 ticks(std::int64_t nanoseconds) {
  return static_cast<__u32>((nanoseconds + (std::int64_t{1} << TICK_SHIFT) - 1) >> TICK_SHIFT);
}

/// The table's clock now.
__u32 now_ticks();

}  // namespace ballast::abi

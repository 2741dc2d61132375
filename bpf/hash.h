/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Where entries of the connection table, and of the table of listeners, belong. Compiled for the kernel and for user
 * space. */
#pragma once

#include "abi.h"

#define HASH_INLINE static inline __attribute__((always_inline))

#define MIX_FACTOR 0xd6e8feb86659fd93ull

HASH_INLINE __u64 mix(__u64 x) {
  x *= MIX_FACTOR;
  return x ^ x >> 32;
}

/* Keyed between its steps, so that nobody can choose addresses and ports that fall together. */
HASH_INLINE __u64 keyed_hash(__u64 seed, const union address* client, __be16 port, __u8 protocol) {
  __u64 x = mix(client->half[1] ^ seed);
  x = mix(x ^ client->half[0] ^ ((__u64)port << 8 | protocol) ^ seed >> 7);
  return mix(x);
}

/* The segment of a hash among `count` of them. */
HASH_INLINE __u32 segment_among(__u32 count, __u64 hash) { return (__u32)((hash >> 32) * count >> 32); }

/* Port and protocol as one word. */
HASH_INLINE __u32 socket_of(__be16 port, __u8 protocol) { return (__u32)port << 16 | protocol; }

/* The line of a listener among `count` of them. Nobody outside chooses what stands there, so it needs no key. */
HASH_INLINE __u32 listener_line_of(__u32 count, const union address* address, __u32 socket) {
  return segment_among(count, mix(address->half[0] ^ address->half[1] ^ socket) * MIX_FACTOR);
}

#undef HASH_INLINE

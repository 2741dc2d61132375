/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Searches of the connection table for the side roads: the same as find_from_client() and find_from_server(), verified
 * and compiled once. */
#pragma once

#include "table.h"

/* The connection number of a packet from a client: segment * SEGMENT_SLOTS + slot, or -1. */
__noinline __s64 look_up_from_client(const struct packet* p) {
  struct location at;
  if (!p || !find_from_client(p, &at)) return -1;
  return (__s64)at.segment * SEGMENT_SLOTS + at.slot;
}

/* ... of a packet from a NATed real server. */
__noinline __s64 look_up_from_server(const struct packet* p) {
  struct location at;
  struct server* server;
  if (!p || !find_from_server(p, &server, &at)) return -1;
  return (__s64)at.segment * SEGMENT_SLOTS + at.slot;
}

static __always_inline struct connection* connection_at(__s64 number) {
  if (number < 0) return 0;
  struct segment* segment = segment_at((__u32)(number / SEGMENT_SLOTS));
  return segment ? slot_at(segment, wrap_slot((__u32)number)) : 0;
}

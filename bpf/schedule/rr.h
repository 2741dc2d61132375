/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* rr: the next available server behind the last one, in a circle. */
#pragma once

#include "bpf/schedule/common.h"

struct rr_walk {
  __u64 ring;
  __u32 position;
  __u32 server;
};

/* One step; 1: it led to an available server. */
static __always_inline long rr_advance(struct rr_walk* walk) {
  if (walk->position >= ring_length(walk->ring)) walk->position = 0;
  __u32 server;
  struct member* m = ring_member(walk->ring, walk->position, &server);
  walk->position++;
  if (!m || !available(m)) return 0;
  walk->server = server;
  return 1;
}

static long rr_step(__u32 i, void* context_) { return rr_advance(context_); }

/* The newest available server, or NO_SERVER. */
static __always_inline __u32 newest_available(const struct pick* pick) {
  struct rr_walk walk = {.ring = pick->ring, .server = NO_SERVER};
  bpf_loop(ring_length(pick->ring), rr_step, &walk, 0);
  return walk.server;
}

static __always_inline int schedule_rr(struct pick* pick) {
  struct cursor* cursor = cursor_at(pick->service);
  if (!cursor || !ring_length(pick->ring)) return 0;
  __u64 before = cursor->value;
  struct rr_walk walk = {.ring = pick->ring, .position = (__u32)(before >> 32), .server = NO_SERVER};
  /* Most of the time the next one is available: no need of a loop. */
  if (!rr_advance(&walk)) bpf_loop(ring_length(pick->ring), rr_step, &walk, 0);
  if (walk.server == NO_SERVER) return 0;
  __sync_val_compare_and_swap(&cursor->value, before, (__u64)walk.position << 32 | (__u32)before);
  pick->server = walk.server;
  return 1;
}

/* sh, dh and mh: a service that is just getting another scheduler has the table of one and the name of the other. Until
 * both are there any server will do. */
static __always_inline int without_table(struct pick* pick) {
  pick->server = newest_available(pick);
  return pick->server != NO_SERVER;
}

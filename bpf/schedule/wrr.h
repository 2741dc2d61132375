/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* wrr: interleaved weighted round robin. In every pass over the servers those with at least the current weight are
 * chosen in turn; after a pass the current weight falls by the weights' greatest common divisor, and below 1 it starts
 * again at the top. Passes that would choose nobody are skipped in one step. */
#pragma once

#include "bpf/schedule/common.h"

struct wrr_walk {
  __u64 ring;
  __u32 position;
  __u32 server;
  __s32 current;
  __s32 greatest; /* of the available servers' weights seen */
};

static long wrr_step(__u32 i, void* context_) {
  struct wrr_walk* walk = context_;
  if (walk->position >= ring_length(walk->ring)) return 1;
  __u32 server;
  struct member* m = ring_member(walk->ring, walk->position, &server);
  walk->position++;
  if (!m || !available(m)) return 0;
  __s32 weight = m->weight;
  if (weight > walk->greatest) walk->greatest = weight;
  if (weight < walk->current) return 0;
  walk->server = server;
  return 1;
}

static __always_inline int schedule_wrr(struct pick* pick) {
  struct cursor* cursor = cursor_at(pick->service);
  if (!cursor || pick->weight_top <= 0 || pick->weight_step <= 0) return 0;
  __u64 before = cursor->value;
  struct wrr_walk walk = {
      .ring = pick->ring, .position = (__u32)(before >> 32), .current = (__s32)(__u32)before, .server = NO_SERVER};
  if (walk.current <= 0) walk.current = pick->weight_top;
  /* The rest of this pass; one whole pass, which also finds the greatest weight; one at a weight that somebody has. */
  NO_UNROLL for (int pass = 0; pass < 4; pass++) {
    walk.greatest = 0;
    int whole = walk.position == 0;
    bpf_loop(ring_length(pick->ring), wrr_step, &walk, 0);
    if (walk.server != NO_SERVER) break;
    walk.position = 0;
    __s32 current = walk.current - pick->weight_step;
    if (current <= 0) current = pick->weight_top;
    if (whole) {
      __s32 greatest = walk.greatest;
      if (greatest <= 0) return 0;
      if (current > greatest) {
        __u32 step = pick->weight_step;
        __u32 skip = ((__u32)(current - greatest) + step - 1) / step;
        current -= (__s32)(skip * step);
        if (current <= 0) current = 1;
      }
    }
    walk.current = current;
  }
  if (walk.server == NO_SERVER) return 0;
  __sync_val_compare_and_swap(&cursor->value, before, (__u64)walk.position << 32 | (__u32)walk.current);
  pick->server = walk.server;
  return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Expiry. A kernel timer looks at a piece of the connection table every few milliseconds and frees what is over,
 * whether the daemon lives or not. */
#pragma once

#include "table.h"

static long sweep_segment(__u32 i, void* context_) {
  __u32 start = *(__u32*)context_;
  __u32 index = start + i;
  if (index >= segment_count) index -= segment_count;
  struct segment* segment = segment_at(index);
  if (!segment || !segment->used) return 0;
  __u32 now = now_ticks();
  NO_UNROLL for (__u32 k = 0; k < SEGMENT_SLOTS; k++) {
    struct connection* c = slot_at(segment, k);
    if (!c || !(c->meta & META_LIVE) || (__s32)(c->deadline - now) > 0) continue;
    if (release(index, k, c->meta, 1, now)) count(COUNTER_connections_expired);
  }
  return 0;
}

static int sweep_run(void* map, __u32* key, struct sweep_timer* timer) {
  struct live* values = live_values();
  if (values) {
    __u32 start = values->sweep_position;
    if (start >= segment_count) start = 0;
    bpf_loop(sweep_segments, sweep_segment, &start, 0);
    __u32 next = start + sweep_segments;
    values->sweep_position = next >= segment_count ? next - segment_count : next;
  }
  bpf_timer_start(&timer->timer, sweep_interval_ns, 0);
  return 0;
}

/* Starts the timer, or hands it to this program's code where it runs already. */
static __always_inline int sweep_start(void) {
  __u32 zero = 0;
  struct sweep_timer* timer = bpf_map_lookup_elem(&sweep, &zero);
  struct live* values = live_values();
  if (!timer || !values) return 1;
  values->slots_offset = slots_offset();
  bpf_timer_init(&timer->timer, &sweep, 1 /* CLOCK_MONOTONIC */);
  if (bpf_timer_set_callback(&timer->timer, sweep_run)) return 2;
  return bpf_timer_start(&timer->timer, sweep_interval_ns, 0) ? 3 : 0;
}

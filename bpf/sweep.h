/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Expiry. A kernel timer looks at a piece of the connection table every few milliseconds and frees what is over,
 * whether the daemon lives or not. */
#pragma once

#include "table.h"

/* Under attack, one half-open connection in so many leaves the table each time it is looked at, once a second (ip_vs:
 * drop_entry). */
#define HALF_OPEN_DROP_RATE 32

static __always_inline int drop_half_open(__u32 number, __u32 slot, __u32 meta) {
  struct settings* set = settings_now();
  struct live* values = live_values();
  if (!set || !values || meta & META_TEMPLATE || !is_half_open_state((meta & META_STATE) >> META_STATE_SHIFT)) return 0;
  if (!is_defending(set, values, BEHAVIOUR_DROP_HALF_OPEN, BEHAVIOUR_DROP_HALF_OPEN_FILLED)) return 0;
  return !(bpf_get_prandom_u32() % HALF_OPEN_DROP_RATE) && release(number, slot, meta, 0, 0);
}

static long sweep_segment(__u32 i, void* context_) {
  __u32 start = *(__u32*)context_;
  __u32 index = start + i;
  if (index >= segment_count) index -= segment_count;
  struct segment* segment = segment_at(index);
  if (!segment || !segment->used) return 0;
  __u32 now = now_ticks();
  NO_UNROLL for (__u32 k = 0; k < SEGMENT_SLOTS; k++) {
    struct connection* c = slot_at(segment, k);
    __u32 meta = c ? c->meta : 0;
    if (!c || !(meta & META_LIVE)) continue;
    if ((__s32)(c->deadline - now) <= 0) {
      if (release(index, k, meta, 1, now)) count(COUNTER_connections_expired);
    } else if (drop_half_open(index, k, meta)) {
      count(COUNTER_half_open_dropped);
    }
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

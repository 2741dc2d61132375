/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Expiry. A kernel timer looks at a piece of the connection table every few milliseconds and frees what is over,
 * whether the daemon lives or not. Of most segments it reads only the header. However much is over at once, one run
 * takes little more than its budget, since packets wait for it; what it leaves the next run takes up soon after. */
#pragma once

#include "table.h"

/* Under attack, one half-open connection in so many leaves the table each time it is looked at, once a second (ip_vs:
 * drop_entry). */
#define HALF_OPEN_DROP_RATE 32

/* A segment is looked at this often whatever its bound says: two packets of one connection at the same time may leave
 * it a deadline that the bound does not know. */
#define LOOK_TICKS ((__u32)(60ull * 1000000000 >> TICK_SHIFT))

/* So many segments are passed over between two looks at the clock. */
#define PASS_SEGMENTS 16

/* One run of the timer. */
struct sweep_state {
  __u64 ends_ns; /* its budget is used up */
  __u32 position;
  __u32 now;
  __u32 defending; /* half-open connections are dropped */
  __u32 behind;    /* segments were left for the next run */
};

static __always_inline int drop_half_open(__u32 number, __u32 slot, __u32 meta) {
  if (meta & META_TEMPLATE || !is_half_open_state((meta & META_STATE) >> META_STATE_SHIFT)) return 0;
  return !(bpf_get_prandom_u32() % HALF_OPEN_DROP_RATE) && release(number, slot, meta, 0, 0);
}

/* Frees what is over in a segment, and computes its bound anew. */
__noinline int sweep_slots(__u32 number, __u32 now, __u32 defending) {
  struct segment* segment = segment_at(number);
  if (!segment) return 0;
  __u32 soonest = now + LOOK_TICKS;
  raise_bound(number, soonest);
  NO_UNROLL for (__u32 slot = 0; slot < SEGMENT_SLOTS; slot++) {
    struct connection* c = slot_at(segment, slot);
    __u32 meta = c ? c->meta : 0;
    if (!c || !(meta & META_LIVE)) continue;
    if (!is_before(now, c->deadline)) {
      if (release(number, slot, meta, 1, now)) count(COUNTER_connections_expired);
    } else if (defending && drop_half_open(number, slot, meta)) {
      count(COUNTER_half_open_dropped);
    }
    __u32 deadline = c->deadline;
    if (c->meta & META_LIVE && is_before(deadline, soonest)) soonest = deadline;
  }
  return lower_bound_of(number, soonest);
}

static long sweep_segment(__u32 i, void* context_) {
  struct sweep_state* run = context_;
  __u32 number = nth_segment(run->position);
  struct segment* segment = segment_at(number);
  run->position = run->position + 1 < segments_in_all() ? run->position + 1 : 0;
  if (!segment) return 0;
  int due = segment->used && (run->defending || !is_before(run->now, segment->soonest));
  if (due) sweep_slots(number, run->now, run->defending);
  if (!due && i % PASS_SEGMENTS != PASS_SEGMENTS - 1) return 0;
  run->behind = bpf_ktime_get_ns() >= run->ends_ns;
  return run->behind;
}

static __always_inline void sweep_piece(struct live* values, const struct settings* set, struct sweep_state* run) {
  __u64 began = bpf_ktime_get_ns();
  run->ends_ns = began + sweep_budget_ns;
  run->position = values->sweep_position;
  run->now = clock_ticks();
  values->now = run->now;
  run->defending = is_defending(set, values, BEHAVIOUR_DROP_HALF_OPEN, BEHAVIOUR_DROP_HALF_OPEN_FILLED);
  bpf_loop(sweep_segments, sweep_segment, run, 0);
  values->sweep_position = run->position;
  __u64 took = bpf_ktime_get_ns() - began;
  values->sweep_runs++;
  values->sweep_ns += took;
  if (took > values->sweep_longest_ns) values->sweep_longest_ns = took;
}

static int sweep_run(void* map, __u32* key, struct sweep_timer* timer) {
  struct live* values = live_values();
  struct settings* set = settings_now();
  struct sweep_state run = {};
  if (values && set) sweep_piece(values, set, &run);
  bpf_timer_start(&timer->timer, run.behind ? sweep_behind_ns : sweep_interval_ns, 0);
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

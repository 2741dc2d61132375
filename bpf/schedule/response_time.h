/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* response-time: the least response time * (active connections + 1) / weight. A server of which nothing was heard
 * lately gets a connection at once, and while that one's answer is awaited it counts as slow as it was before, at least
 * as slow as the wait is long. */
#pragma once

#include "bpf/figure.h"
#include "bpf/schedule/least.h"

/* The response time that a server counts with, in microseconds; 0: it is to be tried. */
static __always_inline __u32 response_of(const struct figure* f, __u32 now, __u32 tick) {
  __u32 known = f->measured ? f->response_us : RESPONSE_WORST_US;
  if (awaits_answer(f, now)) {
    __u32 waits = now - f->trial_start;
    return f->timed && waits > known ? waits : known;
  }
  return is_recent(f->measured, tick) ? known : 0;
}

struct response_walk {
  struct least best;
  __u32 now;
  __u32 tick;
};

static long response_time_step(__u32 i, void* context_) {
  struct response_walk* walk = context_;
  __u32 number = walk->best.chunk;
  const struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number);
  const struct figure_chunk* seen = bpf_map_lookup_elem(&figures, &number);
  if (!chunk || !seen) return 1;
  __u32 used = chunk->used;
  NO_UNROLL for (__u32 k = 0; k < CHUNK_MEMBERS; k++) {
    if (k >= used) break;
    const struct member* m = &chunk->member[k];
    if (!available(m)) continue;
    __s64 overhead = ((__s64)m->active + 1) * response_of(&seen->figure[k], walk->now, walk->tick);
    keep_less(&walk->best, m, overhead, m->weight, k);
  }
  if (chunk->next == CHUNK_NONE) return 1;
  walk->best.chunk = chunk->next;
  return 0;
}

static __always_inline int schedule_response_time(struct pick* pick) {
  struct response_walk walk = {
      .best = {.chunk = pick->first_chunk, .server = NO_SERVER, .overhead = 1}, .now = now_us(), .tick = now_ticks()};
  bpf_loop(CHUNKS_MAX, response_time_step, &walk, 0);
  struct figure* f = figure_at(walk.best.server);
  if (!f) return 0;
  begin_trial(f, client_tag(pick->client, bpf_htons((__u16)pick->client_port)), walk.now);
  pick->server = walk.best.server;
  return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* wlc: the fewest connections for its weight. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline void wlc_consider(struct least* best, const struct member* m, __u32 index) {
  __s64 overhead = connection_overhead(m);
  if (best->server == NO_SERVER || weighs_less(best, m, overhead)) keep(best, m, overhead, index);
}

DEFINE_LEAST_STEP(wlc, LEAST_WLC, wlc_consider)

/* The server with the fewest connections for its weight among the members from a chunk on, or NO_SERVER. A function of
 * its own, which is verified once for all who use it. */
__noinline __u32 least_loaded(__u32 first_chunk) {
  struct pick all = {.first_chunk = first_chunk, .server = NO_SERVER};
  WALK_LEAST(&all, wlc_step);
  return all.server;
}

static __always_inline int schedule_wlc(struct pick* pick) {
  pick->server = least_loaded(pick->first_chunk);
  return pick->server != NO_SERVER;
}

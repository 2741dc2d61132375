/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* wlc: the fewest connections for its weight. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline void wlc_consider(struct least* best, const struct member* m, __u32 index) {
  __s64 overhead = connection_overhead(m);
  if (best->server == NO_SERVER || weighs_less(best, m, overhead)) keep(best, m, overhead, index);
}

DEFINE_LEAST_STEP(wlc, wlc_consider)

static __always_inline int schedule_wlc(struct pick* pick) { return WALK_LEAST(pick, wlc_step); }

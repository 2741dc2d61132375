/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* lc: the fewest connections; weights only switch servers on and off. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline void lc_consider(struct least* best, const struct member* m, __u32 index) {
  __s64 overhead = connection_overhead(m);
  if (best->server == NO_SERVER || best->overhead > overhead || (best->overhead == overhead && is_newer(best, m)))
    keep(best, m, overhead, index);
}

DEFINE_LEAST_STEP(lc, LEAST_LC, lc_consider)

static __always_inline int schedule_lc(struct pick* pick) { return WALK_LEAST(pick, lc_step); }

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* sed: the shortest expected delay, (active connections + 1) / weight. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline void sed_consider(struct least* best, const struct member* m, __u32 index) {
  __s64 overhead = (__s64)m->active + 1;
  if (best->server == NO_SERVER || weighs_less(best, m, overhead)) keep(best, m, overhead, index);
}

DEFINE_LEAST_STEP(sed, LEAST_SED, sed_consider)

static __always_inline int schedule_sed(struct pick* pick) { return WALK_LEAST(pick, sed_step); }

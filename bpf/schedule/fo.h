/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* fo: weighted failover. The available server of the greatest weight takes every connection. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline void fo_consider(struct least* best, const struct member* m, __u32 index) {
  if (best->server == NO_SERVER || m->weight > best->weight || (m->weight == best->weight && is_newer(best, m)))
    keep(best, m, 0, index);
}

DEFINE_LEAST_STEP(fo, LEAST_FO, fo_consider)

static __always_inline int schedule_fo(struct pick* pick) { return WALK_LEAST(pick, fo_step); }

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* nq: never queue. The newest server without an active connection, whatever its weight; without such a one as sed. */
#pragma once

#include "bpf/schedule/least.h"

/* An idle server is kept with overhead 0, which no busy one can have. */
static __always_inline void nq_consider(struct least* best, const struct member* m, __u32 index) {
  __s64 overhead = m->active ? (__s64)m->active + 1 : 0;
  if (best->server == NO_SERVER) {
    keep(best, m, overhead, index);
  } else if (overhead && best->overhead) {
    if (weighs_less(best, m, overhead)) keep(best, m, overhead, index);
  } else if (!overhead && (best->overhead || is_newer(best, m))) {
    keep(best, m, overhead, index);
  }
}

DEFINE_LEAST_STEP(nq, LEAST_NQ, nq_consider)

static __always_inline int schedule_nq(struct pick* pick) { return WALK_LEAST(pick, nq_step); }

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* ovf: weighted overflow. The server of the greatest weight takes connections until it has more active ones than its
 * weight, then the next one does. */
#pragma once

#include "bpf/schedule/fo.h"

static __always_inline void ovf_consider(struct least* best, const struct member* m, __u32 index) {
  if (m->active <= m->weight) fo_consider(best, m, index);
}

DEFINE_LEAST_STEP(ovf, LEAST_OVF, ovf_consider)

static __always_inline int schedule_ovf(struct pick* pick) { return WALK_LEAST(pick, ovf_step); }

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* capacity: any available server, as likely as its spare capacity says: weight * (100 - reported load in percent). A
 * server without a recent report counts as half loaded; where nobody has any capacity left, weights alone decide. */
#pragma once

#include "bpf/figure.h"
#include "bpf/schedule/weighted_random.h"

static __always_inline __u64 capacity_tickets(const struct member* m, __u32 server, __u32 tick) {
  const struct figure* f = figure_at(server);
  __u32 load = f && is_recent(f->reported, tick) ? f->load : LOAD_UNKNOWN;
  return (__u64)m->weight * (load < 100 ? 100 - load : 0);
}

DEFINE_LOTTERY_STEP(capacity, capacity_tickets)

static __always_inline int schedule_capacity(struct pick* pick) {
  return DRAW(pick, capacity_step) || schedule_weighted_random(pick);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* weighted-random: any available server, as likely as its weight says. */
#pragma once

#include "bpf/schedule/lottery.h"

static __always_inline __u64 weight_tickets(const struct member* m, __u32 server, __u32 tick) {
  return (__u64)m->weight;
}

DEFINE_LOTTERY_STEP(weighted_random, weight_tickets)

static __always_inline int schedule_weighted_random(struct pick* pick) { return DRAW(pick, weighted_random_step); }

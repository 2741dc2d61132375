/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* random: any available server, all equally likely; weights only switch servers on and off. */
#pragma once

#include "bpf/schedule/lottery.h"

static __always_inline __u64 random_tickets(const struct member* m, __u32 server, __u32 tick) { return 1; }

DEFINE_LOTTERY_STEP(random, random_tickets)

static __always_inline int schedule_random(struct pick* pick) { return DRAW(pick, random_step); }

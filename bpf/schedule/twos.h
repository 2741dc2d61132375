/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* twos: the power of two choices. Two servers are drawn, as likely as their weights say, and the one with fewer
 * connections for its weight is chosen; of equals the one drawn first. As in ip_vs the numbers drawn are those from 0
 * to the sum of the weights, so that the newest server has one ticket more. */
#pragma once

#include "bpf/schedule/least.h"
#include "bpf/schedule/rr.h"
#include "bpf/schedule/weighted_random.h"

/* One draw out of `total` tickets and that of the newest available server. */
static __always_inline __u32 twos_draw(struct pick* pick, __u64 total) {
  __u64 number = random_below(total + 1);
  return number ? HOLDER(pick, weighted_random_step, number) : newest_available(pick);
}

static __always_inline int schedule_twos(struct pick* pick) {
  __u64 total = COUNT_TICKETS(pick, weighted_random_step);
  if (!total) return 0;
  __u32 first = twos_draw(pick, total), second = twos_draw(pick, total);
  const struct member *one = member_at(first), *other = member_at(second);
  if (!one || !other) return 0;
  int better = connection_overhead(one) * other->weight > connection_overhead(other) * one->weight;
  pick->server = better ? second : first;
  return 1;
}

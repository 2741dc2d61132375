/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* dh: the destination's address picks one of 256 buckets, which the servers share in turn, whatever their weights. A
 * bucket whose server takes no connection refuses it. */
#pragma once

#include "bpf/schedule/common.h"
#include "bpf/schedule/rr.h"

#define DH_BUCKETS 256

static __always_inline int schedule_dh(struct pick* pick) {
  if (ring_length(pick->ring_of_hash) != DH_BUCKETS) return without_table(pick);
  const struct member* m = ring_member(pick->ring_of_hash, hash_byte(fold(pick->destination)), &pick->server);
  return m && available(m);
}

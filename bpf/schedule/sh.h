/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* sh: the client's address (and port, with sh-port) picks one of 256 buckets; every server has as many buckets in a row
 * as its weight says. A bucket whose server takes no connection refuses it, or, with sh-fallback, the next buckets are
 * tried. */
#pragma once

#include "bpf/schedule/common.h"
#include "bpf/schedule/rr.h"

#define SH_BUCKETS 256
#define SH_FALLBACK SERVICE_SCHED_1
#define SH_PORT SERVICE_SCHED_2

struct sh_walk {
  __u64 ring;
  __u32 bucket;
  __u32 server;
};

static long sh_step(__u32 i, void* context_) {
  struct sh_walk* walk = context_;
  __u32 server;
  struct member* m = ring_member(walk->ring, (walk->bucket + i) % SH_BUCKETS, &server);
  if (!m || !available(m)) return 0;
  walk->server = server;
  return 1;
}

static __always_inline int schedule_sh(struct pick* pick) {
  if (ring_length(pick->ring_of_hash) != SH_BUCKETS) return without_table(pick);
  __u32 hash = hash_byte(fold(pick->client) + (pick->flags & SH_PORT ? pick->client_port : 0));
  struct sh_walk walk = {.ring = pick->ring_of_hash, .bucket = hash, .server = NO_SERVER};
  bpf_loop(1, sh_step, &walk, 0);
  if (walk.server == NO_SERVER && pick->flags & SH_FALLBACK) {
    walk.bucket = hash + hash;
    bpf_loop(SH_BUCKETS, sh_step, &walk, 0);
  }
  if (walk.server == NO_SERVER) return 0;
  pick->server = walk.server;
  return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What lc, wlc, sed, nq, fo and ovf share: a walk over all members of a service that keeps the best. Of equals the
 * newest wins, as in the kernel, whose list has the newest first. */
#pragma once

#include "bpf/schedule/common.h"

/* In a map, not on the stack, so that the verifier need not follow every combination of them. */
struct least {
  __u32 chunk;
  __u32 server; /* the best so far */
  __u32 order;
  __s32 weight;
  __s64 overhead;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct least);
} leasts SEC(".maps");

static __always_inline struct least* least_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&leasts, &zero);
}

/* ip_vs_dest_conn_overhead(): an active connection weighs as much as 256 inactive ones. Neither is below 0, and signed
 * numbers would take two instructions more each. */
static __always_inline __s64 connection_overhead(const struct member* m) {
  return ((__s64)(__u32)m->active << 8) + (__u32)m->inactive;
}

/* Whether `m` was added after the best. */
static __always_inline int is_newer(const struct least* best, const struct member* m) {
  return (m->order & MEMBER_ORDER) > best->order;
}

/* Whether overhead/weight of `m` is below the best's, without dividing. */
static __always_inline int weighs_less(const struct least* best, const struct member* m, __s64 overhead) {
  __s64 held = best->overhead * m->weight, offered = overhead * (__u32)best->weight;
  return held > offered || (held == offered && is_newer(best, m));
}

static __always_inline void keep(struct least* best, const struct member* m, __s64 overhead, __u32 index) {
  best->server = best->chunk * CHUNK_MEMBERS + index;
  best->order = m->order & MEMBER_ORDER;
  best->weight = m->weight;
  best->overhead = overhead;
}

/* Defines NAME_step(), a bpf_loop callback that looks at one chunk of members per call with consider(best, member,
 * index). */
#define DEFINE_LEAST_STEP(name, consider)                        \
  static long name##_step(__u32 i, void* context_) {             \
    struct least* best = least_now();                            \
    if (!best) return 1;                                         \
    __u32 number = best->chunk;                                  \
    struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number); \
    if (!chunk) return 1;                                        \
    __u32 used = chunk->used;                                    \
    NO_UNROLL for (__u32 k = 0; k < CHUNK_MEMBERS; k++) {        \
      if (k >= used) break;                                      \
      const struct member* m = &chunk->member[k];                \
      if (available(m)) consider(best, m, k);                    \
    }                                                            \
    if (chunk->next == CHUNK_NONE) return 1;                     \
    best->chunk = chunk->next;                                   \
    return 0;                                                    \
  }

/* Walks all members with a step made by DEFINE_LEAST_STEP. */
#define WALK_LEAST(pick, step)            \
  ({                                      \
    struct least* best_ = least_now();    \
    if (best_) {                          \
      best_->chunk = (pick)->first_chunk; \
      best_->server = NO_SERVER;          \
      best_->order = 0;                   \
      best_->weight = 1;                  \
      best_->overhead = 0;                \
      bpf_loop(CHUNKS_MAX, step, 0, 0);   \
      (pick)->server = best_->server;     \
    }                                     \
    (pick)->server != NO_SERVER;          \
  })

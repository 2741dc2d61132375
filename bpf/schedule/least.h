/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What lc, wlc, sed, nq, fo and ovf share: a walk over all members of a service that keeps the best. Of equals the
 * newest wins, as in the kernel, whose list has the newest first.
 *
 * A chunk remembers which of its members was the best, and at which count of its changes that was: while nothing has
 * changed there, one member stands for all. `changes` is read before the members and goes up after they change, so a
 * member that changes while a walk looks at it is not remembered as it was before. The first walk of all leaves what is
 * out of date already: a change that found `best` to be 0, and was not counted, is over before the second walk. */
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

struct leasts {
  struct least all;  /* of the chunks so far */
  struct least here; /* of this chunk; its `chunk` is 0 */
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct leasts);
} leasts SEC(".maps");

static __always_inline struct leasts* least_now(void) {
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

/* Who remembers. A service that gets another scheduler finds the memory of the former one to be none. */
enum least_kind { LEAST_LC = 1, LEAST_WLC, LEAST_SED, LEAST_NQ, LEAST_FO, LEAST_OVF };
#define NO_MEMBER 0xffu

/* chunk.best: changes in the upper half, kind, member. */
static __always_inline __u64 memory_of(__u32 changes, __u32 kind, __u32 member) {
  return (__u64)changes << 32 | kind << 8 | member;
}

/* Defines NAME_step(), a bpf_loop callback that looks at one chunk of members per call with consider(best, member,
 * index). */
#define DEFINE_LEAST_STEP(name, kind, consider)                                    \
  static long name##_step(__u32 i, void* context_) {                               \
    struct leasts* walk = least_now();                                             \
    if (!walk) return 1;                                                           \
    __u32 number = walk->all.chunk;                                                \
    struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number);                   \
    if (!chunk) return 1;                                                          \
    __u64 known = chunk->best;                                                     \
    __u32 changes = *(volatile __u32*)&chunk->changes;                             \
    __u32 found = known & 0xff;                                                    \
    if (known - found != memory_of(changes, kind, 0)) {                            \
      __u32 used = chunk->used;                                                    \
      walk->here.server = NO_SERVER;                                               \
      walk->here.chunk = 0;                                                        \
      NO_UNROLL for (__u32 k = 0; k < CHUNK_MEMBERS; k++) {                        \
        if (k >= used) break;                                                      \
        const struct member* m = &chunk->member[k];                                \
        if (available(m)) consider(&walk->here, m, k);                             \
      }                                                                            \
      found = walk->here.server == NO_SERVER ? NO_MEMBER : walk->here.server;      \
      chunk->best = memory_of(known ? changes : changes - 1, kind, found);         \
    }                                                                              \
    if (found < CHUNK_MEMBERS) consider(&walk->all, &chunk->member[found], found); \
    if (chunk->next == CHUNK_NONE) return 1;                                       \
    walk->all.chunk = chunk->next;                                                 \
    return 0;                                                                      \
  }

/* Walks all members with a step made by DEFINE_LEAST_STEP. */
#define WALK_LEAST(pick, step)                \
  ({                                          \
    struct leasts* walk_ = least_now();       \
    if (walk_) {                              \
      walk_->all.chunk = (pick)->first_chunk; \
      walk_->all.server = NO_SERVER;          \
      bpf_loop(CHUNKS_MAX, step, 0, 0);       \
      (pick)->server = walk_->all.server;     \
    }                                         \
    (pick)->server != NO_SERVER;              \
  })

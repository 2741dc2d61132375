/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What lc, wlc, sed, nq, fo and ovf share: a walk over all members of a service for the one with the least overhead for
 * its weight. Of equals the newest wins, as in the kernel, whose list has the newest first.
 *
 * A chunk remembers which of its members was the best, and at which count of its changes that was: while nothing has
 * changed there, one member stands for all. `changes` is read before the members and goes up after they change, so a
 * member that changes while a walk looks at it is not remembered as it was before. The first walk of all leaves what is
 * out of date already: a change that found `best` to be 0, and was not counted, is over before the second walk. */
#pragma once

#include "bpf/schedule/common.h"

struct least {
  __u32 chunk;
  __u32 server; /* the best so far */
  __u32 order;
  __s64 weight;
  __s64 overhead;
};

/* In a map, not on the stack, so that the verifier need not follow every combination of them. */
struct leasts {
  struct least all;  /* of the chunks so far */
  struct least here; /* of this chunk; its `chunk` is 0 */
  __u32 kind;
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

/* Which overhead counts. A service that gets another scheduler finds that its chunks remember nothing of that kind. */
enum least_kind { LEAST_LC = 1, LEAST_WLC, LEAST_SED, LEAST_NQ, LEAST_FO, LEAST_OVF, LEAST_KINDS = 8 };

/* Numbers and masks that make a member's overhead and weight without a branch, of which the verifier would follow every
 * combination. */
struct least_rule {
  __u64 per_active; /* overhead of a connection */
  __u64 per_inactive;
  __u64 busy;   /* overhead besides, of a server with active connections */
  __u64 always; /* ... and of every one */
  __s64 weight_mask, weight_bits;
  __s64 limit_mask; /* -1: no more active connections than the weight and one */
};

/* lc, wlc: connection_overhead(). nq: no busy server has the overhead 0. fo, ovf: the greatest weight has the least
 * overhead for it. */
static const struct least_rule least_rules[LEAST_KINDS] = {
    [LEAST_LC] = {.per_active = 256, .per_inactive = 1, .weight_bits = 1},
    [LEAST_WLC] = {.per_active = 256, .per_inactive = 1, .weight_mask = -1},
    [LEAST_SED] = {.per_active = 1, .always = 1, .weight_mask = -1},
    [LEAST_NQ] = {.per_active = 1, .busy = 1, .weight_mask = -1},
    [LEAST_FO] = {.always = 1, .weight_mask = -1},
    [LEAST_OVF] = {.always = 1, .weight_mask = -1, .limit_mask = -1},
};

/* ip_vs_dest_conn_overhead(): an active connection weighs as much as 256 inactive ones. Counts are never below 0, and
 * signed numbers would take two instructions more each. */
static __always_inline __s64 connection_overhead(const struct member* m) {
  return ((__s64)(__u32)m->active << 8) + (__u32)m->inactive;
}

/* Nobody yet: whoever comes is better. */
static __always_inline void least_of_none(struct least* best) {
  best->server = NO_SERVER;
  best->weight = 0;
  best->overhead = 1;
}

/* Keeps the one with less overhead/weight, compared without dividing; of equals the newer one. `index` is that in
 * best->chunk. */
static __always_inline void keep_less(struct least* best, const struct member* m, __s64 overhead, __s64 weight,
                                      __u32 index) {
  __s64 held = best->overhead * weight, offered = overhead * best->weight;
  __u32 order = m->order & MEMBER_ORDER;
  if (held < offered || (held == offered && order <= best->order)) return;
  best->server = best->chunk * CHUNK_MEMBERS + index;
  best->order = order;
  best->weight = weight;
  best->overhead = overhead;
}

/* The member competes, if it takes new connections. */
static __always_inline void consider(struct least* best, const struct least_rule* rule, const struct member* m,
                                     __u32 index) {
  __s64 weight = m->weight, active = m->active;
  __s64 below_0_if_not = (weight - 1) | (__s64)(__s32)m->order | ((weight - active) & rule->limit_mask);
  barrier_var(below_0_if_not);
  if (below_0_if_not < 0) return;
  __u64 is_busy = (__u64)-active >> 63;
  barrier_var(is_busy);
  __s64 overhead =
      active * rule->per_active + (__u32)m->inactive * rule->per_inactive + is_busy * rule->busy + rule->always;
  keep_less(best, m, overhead, (weight & rule->weight_mask) | rule->weight_bits, index);
}

#define NO_MEMBER 0xffu

/* chunk.best: changes in the upper half, kind, member or NO_MEMBER. */
static __always_inline __u64 memory_of(__u32 changes, __u32 kind, __u32 member) {
  return (__u64)changes << 32 | kind << 8 | member;
}

/* The best of a chunk, found anew and remembered, or NO_MEMBER. A function of its own, which is verified once. */
__noinline __u32 best_of_chunk(__u32 number, __u32 kind) {
  struct leasts* walk = least_now();
  struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number);
  if (!walk || !chunk || kind >= LEAST_KINDS) return NO_MEMBER;
  __u64 known = chunk->best;
  __u32 changes = *(volatile __u32*)&chunk->changes;
  __u32 used = chunk->used;
  least_of_none(&walk->here);
  walk->here.chunk = 0;
  NO_UNROLL for (__u32 k = 0; k < CHUNK_MEMBERS; k++) {
    if (k >= used) break;
    consider(&walk->here, &least_rules[kind], &chunk->member[k], k);
  }
  __u32 found = walk->here.server & NO_MEMBER;
  chunk->best = memory_of(known ? changes : changes - 1, kind, found);
  return found;
}

static long least_step(__u32 i, void* context_) {
  struct leasts* walk = least_now();
  if (!walk) return 1;
  __u32 number = walk->all.chunk, kind = walk->kind;
  struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number);
  if (!chunk || kind >= LEAST_KINDS) return 1;
  __u64 known = *(volatile __u64*)&chunk->best;
  __u32 found = known & NO_MEMBER;
  if (known - found != memory_of(*(volatile __u32*)&chunk->changes, kind, 0)) found = best_of_chunk(number, kind);
  if (found < CHUNK_MEMBERS) consider(&walk->all, &least_rules[kind], &chunk->member[found], found);
  __u32 next = chunk->next;
  if (next == CHUNK_NONE) return 1;
  walk->all.chunk = next;
  return 0;
}

/* The server with the least overhead of a kind among the members from a chunk on, or NO_SERVER. A function of its own,
 * which is verified once for all who use it. */
__noinline __u32 least_loaded(__u32 first_chunk, __u32 kind) {
  struct leasts* walk = least_now();
  if (!walk) return NO_SERVER;
  walk->all.chunk = first_chunk;
  least_of_none(&walk->all);
  walk->kind = kind;
  bpf_loop(CHUNKS_MAX, least_step, 0, 0);
  return walk->all.server;
}

static __always_inline int schedule_least(struct pick* pick, __u32 kind) {
  pick->server = least_loaded(pick->first_chunk, kind);
  return pick->server != NO_SERVER;
}

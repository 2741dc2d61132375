/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What lblc and lblcr remember: which real servers packets to an address were sent to, so that caches behind the
 * director hold each destination once. */
#pragma once

#include "bpf/schedule/wlc.h"

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct destination_key);
  __type(value, struct destination);
} destinations SEC(".maps");

/* Memory that the stack is too small for. */
struct destination_search {
  struct destination_key key;
  struct destination fresh;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct destination_search);
} destination_searches SEC(".maps");

/* Looks a destination up, or enters it without any server, and notes its use. 0: there is no room. */
static __always_inline struct destination* destination_of(const struct pick* pick) {
  __u32 zero = 0, now = now_ticks();
  struct destination_search* search = bpf_map_lookup_elem(&destination_searches, &zero);
  const struct cursor* cursor = cursor_at(pick->service);
  if (!search || !cursor) return 0;
  search->key.service = pick->service;
  search->key.epoch = cursor->epoch;
  search->key.address = *pick->destination;
  struct destination* found = bpf_map_lookup_elem(&destinations, &search->key);
  if (!found) {
    bpf_map_update_elem(&destinations, &search->key, &search->fresh, BPF_ANY);
    found = bpf_map_lookup_elem(&destinations, &search->key);
    if (!found) return 0;
  } else if (now - found->last_use > settings.destination_expiry) {
    found->count = 0;
  }
  found->last_use = now;
  return found;
}

/* A server that was remembered, if it still is one of the service and takes connections by its weight; else 0. */
static __always_inline const struct member* remembered(__u32 service, __u32 index) {
  const struct server* server = server_at(index);
  const struct member* m = member_at(index);
  return server && m && server->service == service && m->weight > 0 ? m : 0;
}

struct idle_walk {
  __u32 chunk;
  __u32 found;
};

static long idle_step(__u32 i, void* context_) {
  struct idle_walk* walk = context_;
  __u32 number = walk->chunk;
  struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number);
  if (!chunk) return 1;
  __u32 used = chunk->used;
  NO_UNROLL for (__u32 k = 0; k < CHUNK_MEMBERS; k++) {
    if (k >= used) break;
    const struct member* m = &chunk->member[k];
    if ((__s64)m->active * 2 >= m->weight) continue;
    walk->found = 1;
    return 1;
  }
  if (chunk->next == CHUNK_NONE) return 1;
  walk->chunk = chunk->next;
  return 0;
}

/* Whether a server among the members from a chunk on has less active connections than half of its weight. */
__noinline int has_idle_member(__u32 first_chunk) {
  struct idle_walk walk = {.chunk = first_chunk};
  bpf_loop(CHUNKS_MAX, idle_step, &walk, 0);
  return (int)walk.found;
}

/* Whether a server has more active connections than its weight while another one has less than half of its. */
static __always_inline int has_too_many(const struct pick* pick, const struct member* m) {
  return m->active > m->weight && has_idle_member(pick->first_chunk);
}

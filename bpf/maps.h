/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The maps. Sizes marked 1 are set when the program is loaded. Arrays that the daemon writes are mapped into its
 * memory: it changes single words, which programs see whole. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "counters.h"

/* Variables are elements of maps of their own, which programs reach without a lookup. */
struct settings settings SEC(".data.settings");
struct live live SEC(".data.live");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct service_key);
  __type(value, __u32);
} service_keys SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct listener_line);
} listeners SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct service);
} services SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct cursor);
} cursors SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ring_line);
} rings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct maglev_table);
} maglev_tables SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct chunk);
} chunks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct figure_chunk);
} figures SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct server);
} servers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct traffic);
} server_traffic SEC(".maps");

/* Traffic of real servers that a service has no more; kept by the daemon alone. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct traffic);
} service_traffic SEC(".maps");

struct counter_values {
  __u64 value[COUNTER_SLOTS];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct counter_values);
} counters SEC(".maps");

/* A segment of the connection table: a header of 64 bytes, then 64 slots, shifted so that each is one cache line. */
struct segment {
  struct bpf_spin_lock lock;
  __u32 used; /* slots that are not free */
  __u32 generation;
  __u32 free; /* found by an insertion while it holds the lock; kept here, not in registers, so that the verifier */
  __u32 half_open; /* need not follow every combination of them */
  __u32 soonest;   /* no deadline in the segment is before this tick; means nothing while `used` is 0 */
  __u8 rest[SEGMENT_BYTES - 24];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct segment);
} connections SEC(".maps");

/* The table that `connections` takes the place of while the table grows (bpf/growth.h); else one segment, unused. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct segment);
} connections_previous SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct fragment_key);
  __type(value, struct fragment_ports);
} fragments SEC(".maps");

/* Tokens for ICMP errors that this machine makes. */
struct token_bucket {
  __u64 last_ns;
  __u32 tokens;
  __u32 pad;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct token_bucket);
} icmp_tokens SEC(".maps");

struct sweep_timer {
  struct bpf_timer timer;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct sweep_timer);
} sweep SEC(".maps");

/* Set when the program is loaded. */
const volatile __u32 segment_count = 1;
const volatile __u32 previous_segment_count = 0; /* of connections_previous; 0: the table does not grow */
const volatile __u64 hash_seed = 0;
const volatile __u32 listener_line_count = 1;
const volatile __u32 sweep_interval_ns = 10000000;
const volatile __u32 sweep_behind_ns = 1000000; /* interval while expiry is behind */
const volatile __u32 sweep_budget_ns = 200000;  /* a run of the timer that took so long leaves the rest to the next */
const volatile __u32 sweep_segments = 1;        /* how many segments one run of the timer looks at */

/* value & mask, computed where it stands: a bound that verifiers see which have lost an earlier comparison on the way.
 */
#define MASKED(value, mask)                               \
  ({                                                      \
    __u32 masked_ = (value);                              \
    asm volatile("%0 &= %1" : "+r"(masked_) : "i"(mask)); \
    masked_;                                              \
  })

#define NO_UNROLL _Pragma("clang loop unroll(disable)")

static __always_inline void count(enum counter_id id) {
  __u32 zero = 0;
  struct counter_values* values = bpf_map_lookup_elem(&counters, &zero);
  if (values) values->value[id]++;
}

static __always_inline struct settings* settings_now(void) { return &settings; }
static __always_inline struct live* live_values(void) { return &live; }

/* Whether a defence is on: always, or because the connection table is filled. */
static __always_inline int is_defending(const struct settings* set, const struct live* values, __u32 always,
                                        __u32 while_filled) {
  if (set->behaviour & always) return 1;
  return set->behaviour & while_filled && values->connections > set->connections_filled;
}

static __always_inline __u32 clock_ticks(void) { return (__u32)(bpf_ktime_get_coarse_ns() >> TICK_SHIFT); }

/* The time as the sweep's timer last saw it, some ms ago; before its first run the kernel's. */
static __always_inline __u32 now_ticks(void) { return live.now ? live.now : clock_ticks(); }

static __always_inline struct server* server_at(__u32 index) { return bpf_map_lookup_elem(&servers, &index); }

/* The chunk that has the member of the server at `index`. */
static __always_inline struct chunk* chunk_of(__u32 index) {
  __u32 number = index / CHUNK_MEMBERS;
  return bpf_map_lookup_elem(&chunks, &number);
}

static __always_inline struct member* member_at(__u32 index) {
  struct chunk* chunk = chunk_of(index);
  if (!chunk) return 0;
  return &chunk->member[index % CHUNK_MEMBERS];
}

static __always_inline int same_address(const union address* a, const union address* b) {
  return a->half[1] == b->half[1] && a->half[0] == b->half[0];
}

static __always_inline int is_ipv4(const union address* a) {
  return a->half[0] == 0 && a->word[2] == bpf_htonl(0xffff);
}

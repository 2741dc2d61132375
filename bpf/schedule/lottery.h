/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the schedulers by chance share: every available server holds tickets, one ticket is drawn. */
#pragma once

#include "bpf/schedule/common.h"

/* In a map, not on the stack, so that the verifier need not follow the sum. */
struct lottery {
  __u64 tickets; /* of the servers looked at */
  __u64 drawn;   /* number of the ticket that wins, counted from 1 */
  __u32 chunk;
  __u32 tick;   /* now */
  __u32 server; /* the winner; where tickets were lost since they were counted, the last one that holds any */
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct lottery);
} lotteries SEC(".maps");

static __always_inline struct lottery* lottery_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&lotteries, &zero);
}

/* Defines NAME_step(), a bpf_loop callback that goes through one chunk of members per call; tickets_of(member,
 * server, tick) is how many a server holds. */
#define DEFINE_LOTTERY_STEP(name, tickets_of)                            \
  static long name##_step(__u32 i, void* context_) {                     \
    struct lottery* lottery = lottery_now();                             \
    if (!lottery) return 1;                                              \
    __u32 number = lottery->chunk;                                       \
    struct chunk* chunk = bpf_map_lookup_elem(&chunks, &number);         \
    if (!chunk) return 1;                                                \
    __u32 used = chunk->used;                                            \
    NO_UNROLL for (__u32 k = 0; k < CHUNK_MEMBERS; k++) {                \
      if (k >= used) break;                                              \
      const struct member* m = &chunk->member[k];                        \
      if (!available(m)) continue;                                       \
      lottery->server = number * CHUNK_MEMBERS + k;                      \
      lottery->tickets += tickets_of(m, lottery->server, lottery->tick); \
      if (lottery->tickets >= lottery->drawn) return 1;                  \
    }                                                                    \
    if (chunk->next == CHUNK_NONE) return 1;                             \
    lottery->chunk = chunk->next;                                        \
    return 0;                                                            \
  }

/* The lottery after a step made by DEFINE_LOTTERY_STEP has gone through all members, at most to the ticket of that
 * number; or 0. */
#define WALK_LOTTERY(pick, step, number)      \
  ({                                          \
    struct lottery* lottery_ = lottery_now(); \
    if (lottery_) {                           \
      lottery_->tickets = 0;                  \
      lottery_->drawn = (number);             \
      lottery_->chunk = (pick)->first_chunk;  \
      lottery_->server = NO_SERVER;           \
      lottery_->tick = now_ticks();           \
      bpf_loop(CHUNKS_MAX, step, 0, 0);       \
    }                                         \
    lottery_;                                 \
  })

/* How many tickets there are. */
#define COUNT_TICKETS(pick, step)                               \
  ({                                                            \
    struct lottery* counted_ = WALK_LOTTERY(pick, step, ~0ull); \
    counted_ ? counted_->tickets : 0;                           \
  })

/* The server that holds the ticket of that number, counted from 1, or NO_SERVER. */
#define HOLDER(pick, step, number)                             \
  ({                                                           \
    struct lottery* drawn_ = WALK_LOTTERY(pick, step, number); \
    drawn_ ? drawn_->server : NO_SERVER;                       \
  })

/* A number from 0 to below `limit`, which is not 0. */
static __always_inline __u64 random_below(__u64 limit) {
  return ((__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32()) % limit;
}

/* Draws one ticket: the choice of a whole scheduler. */
#define DRAW(pick, step)                                                       \
  ({                                                                           \
    __u64 total_ = COUNT_TICKETS(pick, step);                                  \
    if (total_) (pick)->server = HOLDER(pick, step, 1 + random_below(total_)); \
    (pick)->server != NO_SERVER;                                               \
  })

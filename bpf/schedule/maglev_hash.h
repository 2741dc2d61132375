/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The hash of mh, shared with src/schedule, which fills the tables: SipHash-1-3 of 32 bits, its lower half. That is
 * hsiphash_1u32() of a 64-bit Linux kernel. See Aumasson and Bernstein, "SipHash: a fast short-input PRF". */
#ifndef BALLAST_BPF_SCHEDULE_MAGLEV_HASH_H
#define BALLAST_BPF_SCHEDULE_MAGLEV_HASH_H

#include <linux/types.h>

/* A prime; both halves of the key are the same number. */
#define MAGLEV_SLOTS 4093
#define MAGLEV_KEY 2654435761ull      /* of a server's first slot, and of clients */
#define MAGLEV_SKIP_KEY 2654446892ull /* of the distance between a server's slots */

struct sip_state {
  __u64 a, b, c, d;
};

static inline __u64 sip_rotate(__u64 value, int bits) { return value << bits | value >> (64 - bits); }

static inline __attribute__((always_inline)) void sip_round(struct sip_state* s) {
  s->a += s->b;
  s->c += s->d;
  s->b = sip_rotate(s->b, 13) ^ s->a;
  s->d = sip_rotate(s->d, 16) ^ s->c;
  s->a = sip_rotate(s->a, 32);
  s->c += s->b;
  s->a += s->d;
  s->b = sip_rotate(s->b, 17) ^ s->c;
  s->d = sip_rotate(s->d, 21) ^ s->a;
  s->c = sip_rotate(s->c, 32);
}

static inline __attribute__((always_inline)) __u32 maglev_hash(__u32 value, __u64 key) {
  __u64 last = 4ull << 56 | value; /* length in the top byte */
  struct sip_state s = {0x736f6d6570736575ull ^ key, 0x646f72616e646f6dull ^ key, 0x6c7967656e657261ull ^ key,
                        0x7465646279746573ull ^ key};
  s.d ^= last;
  sip_round(&s);
  s.a ^= last;
  s.c ^= 0xff;
  sip_round(&s);
  sip_round(&s);
  sip_round(&s);
  return (__u32)(s.a ^ s.b ^ s.c ^ s.d);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What schedulers share. A scheduler is one file with one function, `static int schedule_NAME(struct pick *)`, that
 * sets `server` and returns 1, or returns 0 where no real server takes a new connection. */
#pragma once

#include "bpf/maps.h"
#include "bpf/parse.h"

#define NO_SERVER 0xffffffffu
#define CHUNKS_MAX 8192

struct pick {
  __u32 service;     /* index */
  __u32 flags;       /* of the service */
  __u32 first_chunk; /* members, in no particular order */
  __s32 weight_step; /* wrr */
  __s32 weight_top;  /* wrr */
  __u32 client_port; /* host order */
  const union address* client;
  const union address* destination;
  __u32 server; /* the choice */
  __u64 ring;   /* members in the kernel's order */
  __u64 ring_of_hash;
};

/* Takes new connections. */
static __always_inline int available(const struct member* m) { return m->weight > 0 && !(m->order & MEMBER_OVERLOAD); }

/* The length of a ring as a whole register: the kernel's inlined bpf_loop() looks at all 64 bits of its first argument,
 * of which the compiler clears only those that the declared type has. */
static __always_inline __u64 ring_length(__u64 ring) {
  __u64 length = ring & 0xffffffff;
  asm volatile("" : "+r"(length));
  return length;
}

/* The server at a position of a ring, or NO_SERVER. */
static __always_inline __u32 ring_server(__u64 ring, __u32 position) {
  __u32 line = (__u32)(ring >> 32) + position / RING_LINE_SLOTS;
  struct ring_line* slots = bpf_map_lookup_elem(&rings, &line);
  if (!slots) return NO_SERVER;
  return slots->server[position % RING_LINE_SLOTS];
}

/* The member at a position of a ring, or 0; its index in `*server`. */
static __always_inline struct member* ring_member(__u64 ring, __u32 position, __u32* server) {
  *server = ring_server(ring, position);
  return member_at(*server);
}

static __always_inline struct cursor* cursor_at(__u32 service) { return bpf_map_lookup_elem(&cursors, &service); }

/* An address, its words folded to one in host order. */
static __always_inline __u32 fold(const union address* a) {
  if (is_ipv4(a)) return bpf_ntohl(a->word[3]);
  return bpf_ntohl(a->word[0] ^ a->word[1] ^ a->word[2] ^ a->word[3]);
}

/* hash_32() of the Linux kernel with 8 bits, which sh and dh use. */
static __always_inline __u32 hash_byte(__u32 value) { return value * 0x61c88647u >> 24; }

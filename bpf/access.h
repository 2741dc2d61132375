/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the side roads, which read and write frames through helpers, have in common: their memory, and sums. */
#pragma once

#include "checksum.h"
#include "parse.h"
#include "transmit.h"
#include "tunnel.h"

/* The first words of an ICMP message. */
struct icmp_message {
  __u8 type;
  __u8 code;
  __u16 check;
  __be32 info;
};

/* An ICMP error in the making. Its family is that of the packet it is about. */
struct icmp_error {
  union address source;
  union address destination;
  struct icmp_message message; /* without checksum */
  __u32 quote;                 /* offset in the frame of the packet that it is about */
  __u32 length;                /* bytes of that packet which the frame holds */
  __u8 ipv4;
  __u8 frame_ipv4; /* family of the frame as it is */
  __u8 tos;
  __u8 pad;
  __u32 unfinished; /* TC: offset in the quoted packet from where on it will sum to `unfinished_sum`, or 0 */
  __u32 unfinished_sum;
};

/* Memory of the side roads, which the stack is too small for. Each use is over before the processor takes the next
 * packet. */
#define CHUNK_BYTES 64
struct scratch {
  struct packet quoted; /* the packet that an ICMP error is about */
  struct packet inside; /* ... and, where that one is a tunnel's, the packet inside */
  struct packet flow;   /* what the connection is looked up by */
  struct hop hop;
  struct icmp_error error;
  __u8 header[64];
  __u8 chunk[CHUNK_BYTES];
  __u32 position; /* in `chunk`; kept here so that the verifier need not follow it */
  __u32 options;  /* bytes of TCP options in the chunk */
  __u32 found;    /* where the value of the MSS option stands, 0: not met */
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct scratch);
} scratch SEC(".maps");

static __always_inline struct scratch* scratch_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&scratch, &zero);
}

#define SUM_BYTES_MAX (24 * CHUNK_BYTES)

/* The folded sum of `length` bytes of the frame, at most SUM_BYTES_MAX, or -1 where the frame is shorter. */
__noinline int sum_frame(context* ctx, __u32 offset, __u32 length) {
  struct scratch* s = scratch_now();
  if (!s || length > SUM_BYTES_MAX) return -1;
  __u32 sum = 0;
  NO_UNROLL for (__u32 i = 0; i < SUM_BYTES_MAX / CHUNK_BYTES; i++) {
    __u32 done = i * CHUNK_BYTES;
    if (done >= length) break;
    __u32 bytes = length - done;
    if (bytes > CHUNK_BYTES) bytes = CHUNK_BYTES;
    if (bytes < CHUNK_BYTES) __builtin_memset(s->chunk, 0, sizeof s->chunk);
    bytes = MASKED(bytes - 1, CHUNK_BYTES - 1) + 1;
    if (!load(ctx, offset + done, s->chunk, bytes)) return -1;
    sum = (__u32)bpf_csum_diff(0, 0, (__be32*)s->chunk, CHUNK_BYTES, sum);
  }
  return csum_fold(sum);
}

/* The sum of a pseudo-header. */
static __always_inline __u64 pseudo_sum(const union address* source, const union address* destination, __u8 protocol,
                                        __u32 length) {
  __u64 sum = (__u64)bpf_htonl(protocol) + bpf_htonl(length);
  if (is_ipv4(source)) return sum + source->word[3] + destination->word[3];
  return sum + csum_words(source->word, 4) + csum_words(destination->word, 4);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Lowers the maximum segment size in TCP SYN segments, for ways that take less than the hosts at their ends think. */
#pragma once

#include "access.h"
#include "maps.h"
#include "rewrite.h"

#define TCP_OPTIONS_MAX 40
#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_OPTION_MSS_BYTES 4

/* Looks at one option; 1 ends the walk. All that it remembers is in the scratch memory, so that every step looks the
 * same to the verifier. */
static long look_at_option(__u32 i, void* context_) {
  struct scratch* s = scratch_now();
  if (!s) return 1;
  __u32 at = s->position;
  if (at + TCP_OPTION_MSS_BYTES > s->options) return 1;
  __u8 kind = s->chunk[MASKED(at, CHUNK_BYTES - 1)];
  if (kind == TCP_OPTION_END) return 1;
  __u8 bytes = kind == TCP_OPTION_NOP ? 1 : s->chunk[MASKED(at + 1, CHUNK_BYTES - 1)];
  if (kind == TCP_OPTION_MSS) {
    if (bytes == TCP_OPTION_MSS_BYTES) s->found = at + 2;
    return 1;
  }
  if (!bytes || (bytes == 1 && kind != TCP_OPTION_NOP)) return 1;
  s->position = at + bytes;
  return 0;
}

/* Where the value of the MSS option stands in the options, which fill `length` bytes of the scratch chunk, or 0. */
static __always_inline __u32 find_mss(struct scratch* s, __u32 length) {
  s->position = 0;
  s->options = length;
  s->found = 0;
  bpf_loop(TCP_OPTIONS_MAX, look_at_option, 0, 0);
  return s->found;
}

/* Replaces the value at `offset` and mends the checksum. */
static __always_inline int replace_mss(context* ctx, const struct packet* p, __u32 offset, __be16 from, __be16 to) {
  __u16 old_words = from, new_words = to;
  if ((offset - p->l4) & 1) { /* the value's bytes lie in two words of the checksum */
    old_words = __builtin_bswap16(from);
    new_words = __builtin_bswap16(to);
  }
#if HOOK_XDP
  __u16 check;
  if (!load(ctx, p->l4 + CSUM_OFFSET_TCP, &check, sizeof check)) return 0;
  check = csum_update(check, csum_delta_16(old_words, new_words));
  if (!store(ctx, p->l4 + CSUM_OFFSET_TCP, &check, sizeof check)) return 0;
  return store(ctx, offset, &to, sizeof to);
#else
  if (bpf_l4_csum_replace(ctx, p->l4 + CSUM_OFFSET_TCP, old_words, new_words, 2)) return 0;
  return !bpf_skb_store_bytes(ctx, offset, &to, sizeof to, 0);
#endif
}

__noinline int lower_mss(context* ctx, const struct packet* p, __u32 index) {
  struct service* service = bpf_map_lookup_elem(&services, &index);
  if (!p || !service || !service->mss_clamp || p->first_fragment) return 0;
  struct scratch* s = scratch_now();
  if (!s) return 0;
  __u8 data_offset;
  if (!load(ctx, p->l4 + 12, &data_offset, 1)) return 0;
  __u32 header = (data_offset >> 4) * 4;
  if (header < sizeof(struct tcphdr) + TCP_OPTION_MSS_BYTES) return 0;
  __u32 options = MASKED(header - sizeof(struct tcphdr) - 1, CHUNK_BYTES - 1) + 1;
  if (!load(ctx, p->l4 + sizeof(struct tcphdr), s->chunk, options)) return 0;
  __u32 at = find_mss(s, options);
  if (!at) return 0;
  __be16 from;
  __u32 offset = p->l4 + sizeof(struct tcphdr) + at;
  if (!load(ctx, offset, &from, sizeof from) || bpf_ntohs(from) <= service->mss_clamp) return 0;
  if (!replace_mss(ctx, p, offset, from, bpf_htons(service->mss_clamp))) return 0;
  count(COUNTER_mss_clamped);
  return 1;
}

/* Lowers the MSS option of a SYN to what the service `index` allows. */
static __always_inline void clamp_mss(context* ctx, const struct packet* p, __u32 index) {
  const struct service* service = bpf_map_lookup_elem(&services, &index);
  if (service && service->mss_clamp) lower_mss(ctx, p, index);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* NAT of ICMP errors: the outer header, the header of the quoted packet, and every checksum that covers them. Unlike
 * ip_vs, which leaves it wrong, the layer-4 checksum in the quotation is made to fit, as far as it is quoted. */
#pragma once

#include "access.h"
#include "rewrite.h"

/* Adds to `*delta` what the layer-4 checksum in the quotation changes by, and changes it. */
static __always_inline int mend_quoted_checksum(context* ctx, const struct packet* q, __u32 end, __u64 change,
                                                __u64* delta) {
  __u16 from;
  __u32 offset = q->l4 + (q->protocol == IPPROTO_TCP ? CSUM_OFFSET_TCP : CSUM_OFFSET_UDP);
  if (offset + sizeof from > end) return 1;
  if (!load(ctx, offset, &from, sizeof from)) return 0;
  if (q->protocol == IPPROTO_UDP && !from) return 1;
  __u16 to = csum_update(from, change);
  if (q->protocol == IPPROTO_UDP && !to) to = 0xffff;
  *delta += csum_delta_16(from, to);
  return store(ctx, offset, &to, sizeof to);
}

/* ... the checksum of a quoted SCTP packet, where the port at `port_offset` changes. It covers no addresses; where only
 * the beginning of the packet is known to have been there, it cannot be told. */
static __always_inline int mend_quoted_sctp(context* ctx, const struct packet* q, __u32 quoted_at, __u32 end,
                                            __be16 from_port, __be16 to_port, __u32 port_offset, __u64* delta) {
  __u32 from, offset = q->l4 + CSUM_OFFSET_SCTP;
  if (offset + sizeof from > end || q->first_fragment) return 1;
  if (!load(ctx, offset, &from, sizeof from)) return 0;
  if (!from) return 1;
  __u32 to = from ^ sctp_checksum_change(from_port, to_port, port_offset, q->length - (q->l4 - quoted_at));
  *delta += csum_delta_32(from, to);
  return store(ctx, offset, &to, sizeof to);
}

static __always_inline int update_checksum(context* ctx, __u32 offset, __u64 delta) {
  __u16 check;
  if (!load(ctx, offset, &check, sizeof check)) return 0;
  check = csum_update(check, delta);
  return store(ctx, offset, &check, sizeof check);
}

/* Writes an address over another one. */
static __always_inline int put_address(context* ctx, __u32 offset4, __u32 offset6, const union address* a) {
  return is_ipv4(a) ? store(ctx, offset4, (void*)&a->word[3], 4) : store(ctx, offset6, (void*)a, 16);
}

/* Translates the error `p` about the quoted packet. One to the server changes the outer destination and the quoted
 * source, one to the client the outer source and the quoted destination: to `to` and `port`. 0: the packet is lost. */
__noinline int translate_error(context* ctx, const struct packet* p, const union address* to, __u32 port_,
                               __u32 to_server) {
  struct scratch* s = scratch_now();
  if (!p || !to || !s) return 0;
  const struct packet* q = &s->quoted;
  __be16 port = (__be16)port_;
  __u32 quoted_at = p->l4 + sizeof(struct icmp_message);
  __u32 end = L3_OFFSET + p->length;
  __u32 port_offset = to_server ? 0 : 2;
  __be16 from_port = to_server ? q->source_port : q->destination_port;
  __u64 outer, inner, delta = csum_delta_16(from_port, port);
  if (to_server) {
    outer = delta_of_addresses(&p->destination, to, p->ipv4);
    inner = delta_of_addresses(&q->source, to, p->ipv4);
    if (!put_address(ctx, L3_OFFSET + 16, L3_OFFSET + 24, to) || !put_address(ctx, quoted_at + 12, quoted_at + 8, to))
      return 0;
  } else {
    outer = delta_of_addresses(&p->source, to, p->ipv4);
    inner = delta_of_addresses(&q->destination, to, p->ipv4);
    if (!put_address(ctx, L3_OFFSET + 12, L3_OFFSET + 8, to) || !put_address(ctx, quoted_at + 16, quoted_at + 24, to))
      return 0;
  }
  __u64 quoted_change = csum_fold(inner) + delta;
  if (p->ipv4) {
    /* A quoted header with a mended checksum sums to what it summed to before. */
    if (!update_checksum(ctx, L3_OFFSET + CSUM_OFFSET_IP, outer)) return 0;
    if (!update_checksum(ctx, quoted_at + CSUM_OFFSET_IP, inner)) return 0;
  } else {
    delta += csum_fold(outer) + (__u64)csum_fold(inner);
  }
  int mended = q->protocol == IPPROTO_SCTP
                   ? mend_quoted_sctp(ctx, q, quoted_at, end, from_port, port, port_offset, &delta)
                   : mend_quoted_checksum(ctx, q, end, quoted_change, &delta);
  if (!mended || !store(ctx, q->l4 + port_offset, &port, sizeof port)) return 0;
  return update_checksum(ctx, p->l4 + 2, delta);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* A port of an SCTP packet changed. The checksum covers the packet alone, not the addresses, and is stored with its
 * least significant byte first. A field of zero is no checksum and is left as it is: the kernel or the network card is
 * still to compute it, or the hosts do without (RFC 9653). */
#pragma once

#include "crc32c.h"
#include "parse.h"

#define CSUM_OFFSET_SCTP 8
#define SCTP_OFFSET_SOURCE 0
#define SCTP_OFFSET_DESTINATION 2

/* What the checksum field of a packet of `bytes` bytes is to be xored with where the port at `offset` changes. */
__noinline __u32 sctp_checksum_change(__u32 from, __u32 to, __u32 offset, __u32 bytes) {
  __u32 difference = __builtin_bswap16(bpf_ntohs((__be16)(from ^ to)));
  if (offset == SCTP_OFFSET_DESTINATION) difference <<= 16;
  return __builtin_bswap32(bpf_htonl(crc32c_change(difference, bytes)));
}

/* Replaces the port at `offset` of the SCTP header of `p`. 0: it could not be done, as in a first fragment, which does
 * not tell how long the whole packet is. */
__noinline int translate_sctp_port(context* ctx, const struct packet* p, __u32 from, __u32 to, __u32 offset) {
  __u32 check;
  __be16 port = (__be16)to;
  if (!p || !load(ctx, p->l4 + CSUM_OFFSET_SCTP, &check, sizeof check)) return 0;
  if (check) {
    if (p->first_fragment) return 0;
    check ^= sctp_checksum_change(from, to, offset, p->length - (p->l4 - L3_OFFSET));
    if (!store(ctx, p->l4 + CSUM_OFFSET_SCTP, &check, sizeof check)) return 0;
  }
  return store(ctx, p->l4 + offset, &port, sizeof port);
}

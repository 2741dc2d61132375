/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Changes to a packet in place: addresses and ports for NAT, the TTL. Checksums are updated by the difference, so that
 * what was right stays right and what was wrong stays wrong. In the TC hook the kernel's helpers do it: they know of
 * checksums that the network card is still to fill in. */
#pragma once

#include "checksum.h"
#include "parse.h"
#include "sctp.h"

/* One side of a packet and what becomes of it. */
struct translation {
  union address from;
  union address to;
  __be16 from_port;
  __be16 to_port;
  __u8 destination; /* 1: the destination changes, 0: the source */
  __u8 ports;       /* the packet has a layer-4 header (it is not a later fragment) */
};

/* Replaces the port of an SCTP packet. */
static __always_inline int translate_sctp(context* ctx, const struct packet* p, const struct translation* t) {
  if (t->from_port == t->to_port) return 1;
  return translate_sctp_port(ctx, p, t->from_port, t->to_port,
                             t->destination ? SCTP_OFFSET_DESTINATION : SCTP_OFFSET_SOURCE);
}

static __always_inline __u64 delta_of_addresses(const union address* from, const union address* to, int ipv4) {
  if (ipv4) return csum_delta_32(from->word[3], to->word[3]);
  __u64 delta = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) delta += csum_delta_32(from->word[i], to->word[i]);
  return delta;
}

#if HOOK_XDP

/* Counts the TTL or hop limit down by one. */
static __always_inline int decrement_ttl(context* ctx, const struct packet* p) {
  void* end = frame_end(ctx);
  if (!p->ipv4) {
    struct ipv6hdr* ip = frame_data(ctx) + L3_OFFSET;
    if ((void*)(ip + 1) > end) return 0;
    ip->hop_limit--;
    return 1;
  }
  struct iphdr* ip = frame_data(ctx) + L3_OFFSET;
  if ((void*)(ip + 1) > end) return 0;
  __u32 check = ip->check + (__u32)bpf_htons(0x0100);
  ip->check = (__u16)(check + (check >= 0xffff));
  ip->ttl--;
  return 1;
}

/* Translates a packet. 0: it could not be done, the packet is lost. */
static __always_inline int translate(context* ctx, const struct packet* p, const struct translation* t) {
  void *data = frame_data(ctx), *end = frame_end(ctx);
  __u64 delta = delta_of_addresses(&t->from, &t->to, p->ipv4);
  if (p->ipv4) {
    struct iphdr* ip = data + L3_OFFSET;
    if ((void*)(ip + 1) > end) return 0;
    ip->check = csum_update(ip->check, delta);
    if (t->destination)
      ip->daddr = t->to.word[3];
    else
      ip->saddr = t->to.word[3];
  } else {
    struct ipv6hdr* ip = data + L3_OFFSET;
    if ((void*)(ip + 1) > end) return 0;
    if (t->destination)
      __builtin_memcpy(&ip->daddr, &t->to, 16);
    else
      __builtin_memcpy(&ip->saddr, &t->to, 16);
  }
  if (!t->ports) return 1;
  if (p->protocol == IPPROTO_SCTP) return translate_sctp(ctx, p, t);
  __u32 offset = l4_offset(p);
  delta += csum_delta_16(t->from_port, t->to_port);
  if (p->protocol == IPPROTO_TCP) {
    struct tcphdr* tcp = data + offset;
    if ((void*)(tcp + 1) > end) return 0;
    if (t->destination)
      tcp->dest = t->to_port;
    else
      tcp->source = t->to_port;
    tcp->check = csum_update(tcp->check, delta);
    return 1;
  }
  struct udphdr* udp = data + offset;
  if ((void*)(udp + 1) > end) return 0;
  if (t->destination)
    udp->dest = t->to_port;
  else
    udp->source = t->to_port;
  if (udp->check) {
    __u16 check = csum_update(udp->check, delta);
    udp->check = check ? check : 0xffff;
  }
  return 1;
}

#else

static __always_inline int set_ttl(context* ctx, const struct packet* p, __u8 ttl) {
  if (!p->ipv4) return !bpf_skb_store_bytes(ctx, L3_OFFSET + 7, &ttl, 1, 0);
  __u16 from = bpf_htons((__u16)(p->ttl << 8 | p->protocol)), to = bpf_htons((__u16)(ttl << 8 | p->protocol));
  return !bpf_l3_csum_replace(ctx, L3_OFFSET + CSUM_OFFSET_IP, from, to, 2) &&
         !bpf_skb_store_bytes(ctx, L3_OFFSET + 8, &ttl, 1, 0);
}

static __always_inline int decrement_ttl(context* ctx, const struct packet* p) { return set_ttl(ctx, p, p->ttl - 1); }

static __always_inline int translate(context* ctx, const struct packet* p, const struct translation* t) {
  __u32 check = p->l4 + (p->protocol == IPPROTO_TCP ? CSUM_OFFSET_TCP : CSUM_OFFSET_UDP);
  __u64 flags = p->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
  int sctp = p->protocol == IPPROTO_SCTP;
  int covered = t->ports && !sctp; /* the layer-4 checksum covers the addresses */
  if (p->ipv4) {
    __be32 from = t->from.word[3], to = t->to.word[3];
    if (covered && from != to && bpf_l4_csum_replace(ctx, check, from, to, flags | BPF_F_PSEUDO_HDR | 4)) return 0;
    if (bpf_l3_csum_replace(ctx, L3_OFFSET + CSUM_OFFSET_IP, from, to, 4)) return 0;
    if (bpf_skb_store_bytes(ctx, L3_OFFSET + (t->destination ? 16 : 12), &to, 4, 0)) return 0;
  } else {
    __s64 difference = bpf_csum_diff((__be32*)&t->from, 16, (__be32*)&t->to, 16, 0);
    if (covered && bpf_l4_csum_replace(ctx, check, 0, difference, flags | BPF_F_PSEUDO_HDR)) return 0;
    __u64 recompute = covered ? 0 : BPF_F_RECOMPUTE_CSUM; /* what a network card summed over the frame */
    if (bpf_skb_store_bytes(ctx, L3_OFFSET + (t->destination ? 24 : 8), &t->to, 16, recompute)) return 0;
  }
  if (!t->ports || t->from_port == t->to_port) return 1;
  if (sctp) return translate_sctp(ctx, p, t);
  if (bpf_l4_csum_replace(ctx, check, t->from_port, t->to_port, flags | 2)) return 0;
  return !bpf_skb_store_bytes(ctx, p->l4 + (t->destination ? 2 : 0), &t->to_port, 2, 0);
}

#endif

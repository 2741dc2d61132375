/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Outer headers for real servers behind a tunnel: IPIP in all four combinations (RFC 2003, 2473, 4213), GUE (UDP with a
 * four-byte header, version 0), GRE (RFC 2784). The outer header takes TTL, TOS and DF from the inner one, as ip_vs
 * does; a congestion mark stays inside (RFC 6040, normal mode: CE becomes ECT(0) outside).
 *
 * Checksums of GUE and GRE are not summed over the payload: a valid inner segment sums to the complement of its
 * pseudo-header. Where that does not hold (SCTP, UDP without checksum, fragments) or where the kernel will cut the
 * packet into segments, the packet goes without the outer checksum, which is optional in both protocols. */
#pragma once

#include "checksum.h"
#include "transmit.h"

#define GUE_BYTES 4
#define GRE_BYTES 4
#define GRE_CSUM_BYTES 8
#define GRE_FLAG_CSUM bpf_htons(0x8000)

/* What to wrap a packet in. */
struct wrapping {
  __u32 bytes; /* of all outer headers */
  __u8 type;
  __u8 checksum; /* the outer header carries one */
  __u8 outer_ipv4;
  __u8 tos;
  __u8 ttl;
  __u8 dont_fragment;
  __be16 source_port; /* GUE: spreads flows over the receiver's queues */
  __u64 inner_sum;    /* of the inner packet, where `checksum` */
  __u32 length;       /* of the inner packet */
};

/* ECN of the outer header, RFC 6040 §4.1 as Linux does it: CE is not copied. */
static __always_inline __u8 outer_tos(__u8 tos) { return (tos & 3) == 3 ? (tos & ~3) | 2 : tos; }

/* Bytes of all outer headers. */
static __always_inline __u32 outer_bytes(__u8 type, __u8 checksum, __u8 ipv4) {
  __u32 bytes = ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
  if (type == TUNNEL_GUE) return bytes + sizeof(struct udphdr) + GUE_BYTES;
  if (type == TUNNEL_GRE) return bytes + (checksum ? GRE_CSUM_BYTES : GRE_BYTES);
  return bytes;
}

/* Bytes that a server's tunnel adds to a packet, at most. */
static __always_inline __u32 tunnel_overhead(const struct server* server) {
  return outer_bytes(server->tunnel_type, server->tunnel_checksum == TUNNEL_CSUM, is_ipv4(&server->address));
}

/* The sum of an inner packet whose layer-4 checksum is right. 0 in `*known` where it cannot be told from the headers.
 */
static __always_inline __u64 inner_sum(context* ctx, const struct packet* p, int* known) {
  void *data = frame_data(ctx), *end = frame_end(ctx);
  __u32 offset = l4_offset(p);
  *known = 0;
  if (segments(ctx) > 1 || p->protocol == IPPROTO_SCTP) return 0;
  if (p->protocol == IPPROTO_UDP) {
    struct udphdr* udp = data + offset;
    if ((void*)(udp + 1) > end || !udp->check) return 0;
  }
  __u32 l4_length = p->length - (offset - L3_OFFSET);
  __u64 pseudo = (__u64)bpf_htonl(p->protocol) + bpf_htonl(l4_length);
  __u64 header = 0;
  if (p->ipv4) {
    struct iphdr* ip = data + L3_OFFSET;
    if ((void*)(ip + 1) > end || ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) return 0;
    pseudo = p->protocol == IPPROTO_ICMP ? 0 : pseudo + ip->saddr + ip->daddr;
  } else {
    struct ipv6hdr* ip = data + L3_OFFSET;
    if ((void*)(ip + 1) > end || offset != L3_OFFSET + sizeof *ip) return 0;
    pseudo += csum_words((__u32*)&ip->saddr, 8);
    header = csum_words((__u32*)ip, 10);
  }
  *known = 1;
  return header + (__u16)~csum_fold(pseudo);
}

/* Fills in how `p` is wrapped for `server`; call after the inner packet has its final form. */
static __always_inline int plan_wrapping(context* ctx, const struct packet* p, const struct server* server,
                                         struct wrapping* w) {
  w->type = server->tunnel_type;
  w->outer_ipv4 = is_ipv4(&server->address);
  w->checksum = 0;
  w->inner_sum = 0;
  w->source_port = 0;
  w->length = p->length;
  w->ttl = p->ttl - 1;
  struct settings* set = settings_now();
  int keep_whole = !set || set->behaviour & BEHAVIOUR_PATH_MTU;
  if (p->ipv4) {
    struct iphdr* ip = frame_data(ctx) + L3_OFFSET;
    if ((void*)(ip + 1) > frame_end(ctx)) return 0;
    w->tos = outer_tos(ip->tos);
    w->dont_fragment = keep_whole && ip->frag_off & bpf_htons(IPV4_DONT_FRAGMENT);
  } else {
    struct ipv6hdr* ip = frame_data(ctx) + L3_OFFSET;
    if ((void*)(ip + 1) > frame_end(ctx)) return 0;
    w->tos = outer_tos((__u8)(bpf_ntohl(*(__u32*)ip) >> 20));
    w->dont_fragment = !!keep_whole;
  }
  if (server->tunnel_checksum == TUNNEL_CSUM && w->type != TUNNEL_IPIP) {
    int known;
    w->inner_sum = inner_sum(ctx, p, &known);
    w->checksum = known;
  }
  w->bytes = outer_bytes(w->type, w->checksum, w->outer_ipv4);
  if (w->type == TUNNEL_GUE) {
    __u32 mix = (p->source.word[3] ^ p->destination.word[3] ^ ((__u32)p->source_port << 16 | p->destination_port)) *
                0x9e3779b1u;
    w->source_port = bpf_htons((__u16)(0xc000 | (mix >> 16 & 0x3fff)));
  }
  return 1;
}

/* The most that outer headers take: IPv6, UDP, GUE. */
#define OUTER_BYTES_MAX 52

/* Writes the outer IPv4 header. Gives the sum of what a pseudo-header has of it. By words that are summed before they
 * are stored: what was just stored by halves is slow to read as a whole. */
static __always_inline __u64 write_wrapping_ipv4(__u8* out, const struct server* server, const struct wrapping* w,
                                                 __u16 payload, __u8 protocol) {
  __u32* word = (void*)out;
  __u32 source = server->tunnel_source.word[3], destination = server->address.word[3];
  __u32 first = bpf_htonl(0x45u << 24 | (__u32)w->tos << 16 | (__u16)(payload + sizeof(struct iphdr)));
  __u32 second = w->dont_fragment ? bpf_htonl(IPV4_DONT_FRAGMENT) : bpf_htonl(bpf_get_prandom_u32() << 16);
  __u32 third = bpf_htonl((__u32)w->ttl << 24 | (__u32)protocol << 16);
  __u64 pseudo = (__u64)source + destination;
  word[0] = first;
  word[1] = second;
  word[2] = third;
  word[3] = source;
  word[4] = destination;
  *(__u16*)(out + CSUM_OFFSET_IP) = (__u16)~csum_fold(pseudo + first + second + third);
  return pseudo;
}

/* ... IPv6. */
static __always_inline __u64 write_wrapping_ipv6(__u8* out, const struct server* server, const struct wrapping* w,
                                                 __u16 payload, __u8 protocol) {
  struct ipv6hdr* ip = (void*)out;
  *(__u32*)ip = bpf_htonl(6u << 28 | (__u32)w->tos << 20);
  ip->payload_len = bpf_htons(payload);
  ip->nexthdr = protocol;
  ip->hop_limit = w->ttl;
  __builtin_memcpy(&ip->saddr, &server->tunnel_source, 16);
  __builtin_memcpy(&ip->daddr, &server->address, 16);
  return csum_words((__u32*)&server->tunnel_source, 4) + csum_words((__u32*)&server->address, 4);
}

/* Writes the outer headers. */
static __always_inline void write_wrapping(__u8* out, const struct packet* p, const struct server* server,
                                           const struct wrapping* w) {
  __u32 l3 = w->outer_ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
  __u16 payload = (__u16)(w->length + w->bytes - l3);
  __u8 inner_protocol = p->ipv4 ? IPPROTO_IPIP : IPPROTO_IPV6;
  __u8 protocol = w->type == TUNNEL_GUE ? IPPROTO_UDP : w->type == TUNNEL_GRE ? IPPROTO_GRE : inner_protocol;
  __u64 pseudo = w->outer_ipv4 ? write_wrapping_ipv4(out, server, w, payload, protocol)
                               : write_wrapping_ipv6(out, server, w, payload, protocol);
  if (w->type == TUNNEL_GUE) {
    struct udphdr* udp = (void*)(out + l3);
    __be16 length = bpf_htons(payload);
    __u32 gue = bpf_htonl((__u32)inner_protocol << 16);
    udp->source = w->source_port;
    udp->dest = server->tunnel_port;
    udp->len = length;
    __u16 check = 0;
    if (w->checksum) {
      __u64 sum = pseudo + bpf_htonl(IPPROTO_UDP) + bpf_htonl(payload) + w->source_port + server->tunnel_port + length +
                  gue + w->inner_sum;
      check = (__u16)~csum_fold(sum);
      if (!check) check = 0xffff;
    }
    udp->check = check;
    *(__u32*)(udp + 1) = gue;
  } else if (w->type == TUNNEL_GRE) {
    __be16* gre = (void*)(out + l3);
    __be16 flags = w->checksum ? GRE_FLAG_CSUM : 0, inner = p->ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    gre[0] = flags;
    gre[1] = inner;
    if (w->checksum) {
      gre[2] = (__u16)~csum_fold((__u64)flags + inner + w->inner_sum);
      gre[3] = 0;
    }
  }
}

#if HOOK_XDP

/* wrap() for one kind of headers, whose length is known when the program is compiled. */
static __always_inline int wrap_as(context* ctx, const struct packet* p, const struct server* server,
                                   const struct wrapping* w, __u8 type, __u8 checksum, __u8 ipv4) {
  struct wrapping as = *w;
  as.type = type;
  as.checksum = checksum;
  as.outer_ipv4 = ipv4;
  as.bytes = outer_bytes(type, checksum, ipv4);
  if (bpf_xdp_adjust_head(ctx, -(int)as.bytes)) return 0;
  void* out = frame_data(ctx) + ETH_HLEN;
  if (out + as.bytes > frame_end(ctx)) return 0;
  write_wrapping(out, p, server, &as);
  return 1;
}

static __always_inline int wrap_in(context* ctx, const struct packet* p, const struct server* server,
                                   const struct wrapping* w, __u8 ipv4) {
  if (w->type == TUNNEL_IPIP) return wrap_as(ctx, p, server, w, TUNNEL_IPIP, 0, ipv4);
  if (w->type == TUNNEL_GUE) return wrap_as(ctx, p, server, w, TUNNEL_GUE, w->checksum, ipv4);
  return w->checksum ? wrap_as(ctx, p, server, w, TUNNEL_GRE, 1, ipv4)
                     : wrap_as(ctx, p, server, w, TUNNEL_GRE, 0, ipv4);
}

/* Makes room and puts the outer headers before the packet; the Ethernet header is written by transmit(). */
static __always_inline int wrap(context* ctx, const struct packet* p, const struct server* server,
                                const struct wrapping* w) {
  return w->outer_ipv4 ? wrap_in(ctx, p, server, w, 1) : wrap_in(ctx, p, server, w, 0);
}

#else

static __always_inline int wrap(context* ctx, const struct packet* p, const struct server* server,
                                const struct wrapping* w) {
  __u8 out[OUTER_BYTES_MAX] __attribute__((aligned(8))) = {};
  write_wrapping(out, p, server, w);
  __u64 flags = w->outer_ipv4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
  if (w->type == TUNNEL_GUE) flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
  if (w->type == TUNNEL_GRE) flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
  if (bpf_skb_adjust_room(ctx, w->bytes, BPF_ADJ_ROOM_MAC, flags)) return 0;
  __u32 bytes = w->bytes;
  if (bytes < 20 || bytes > OUTER_BYTES_MAX) return 0;
  return !bpf_skb_store_bytes(ctx, ETH_HLEN, out, bytes, BPF_F_INVALIDATE_HASH);
}

#endif

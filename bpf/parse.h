/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* From a frame to what the director decides by. */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "abi.h"
#include "context.h"
#include "maps.h"

#define L3_OFFSET ETH_HLEN
#define PULL_BYTES 128 /* covers Ethernet, IP with options or some extension headers, TCP */

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV4_DONT_FRAGMENT 0x4000

enum parsed {
  PARSED_SEGMENT,   /* TCP, UDP or SCTP with ports */
  PARSED_ICMP,      /* ICMP or ICMPv6 */
  PARSED_FRAGMENT,  /* fragment without the layer-4 header */
  PARSED_OTHER,     /* nothing of ours */
  PARSED_MALFORMED, /* broken or cut off */
};

enum tcp_flag { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

/* Chunk types of SCTP, RFC 9260 §3.2. */
enum sctp_chunk {
  SCTP_DATA = 0,
  SCTP_INIT = 1,
  SCTP_INIT_ACK = 2,
  SCTP_ABORT = 6,
  SCTP_SHUTDOWN = 7,
  SCTP_SHUTDOWN_ACK = 8,
  SCTP_ERROR = 9,
  SCTP_COOKIE_ECHO = 10,
  SCTP_COOKIE_ACK = 11,
  SCTP_SHUTDOWN_COMPLETE = 14,
};

struct sctp_chunk_header {
  __u8 type;
  __u8 flags;
  __be16 length; /* with this header, without padding to a multiple of 4 */
};

/* The common header and the first chunk's. */
struct sctp_header {
  __be16 source;
  __be16 destination;
  __be32 tag;
  __u32 check; /* little-endian */
  struct sctp_chunk_header first;
};

struct packet {
  union address source;
  union address destination;
  __be16 source_port;
  __be16 destination_port;
  __u8 protocol;
  __u8 ipv4;
  __u8 ttl;
  __u8 tcp_flags;
  __u8 first_fragment; /* a fragment that carries the layer-4 header */
  __u8 later_fragment; /* one that does not */
  __u8 sctp_chunk;     /* the type of the chunk that decides, see deciding_chunk() */
  __u8 from_here;      /* sent by a socket of this machine */
  __u32 identification;
  __u32 l4;     /* offset of the layer-4 header in the frame */
  __u32 length; /* bytes from the IP header on */
};

static __always_inline void set_ipv4(union address* a, __be32 value) {
  a->half[0] = 0;
  a->word[2] = bpf_htonl(0xffff);
  a->word[3] = value;
}

/* The offset of a segment's layer-4 header, for use in a pointer. */
#define L4_OFFSET_MAX 511
static __always_inline __u32 l4_offset(const struct packet* p) { return MASKED(p->l4, L4_OFFSET_MAX); }

static __always_inline enum parsed without_ports(struct packet* p, enum parsed what) {
  p->source_port = 0;
  p->destination_port = 0;
  p->tcp_flags = 0;
  return what;
}

/* Protocols that connections are made of: they begin with the two ports. */
static __always_inline int has_ports(__u8 protocol) {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/* The type of the chunk that an SCTP packet is judged by: the first one, unless an ABORT follows a COOKIE ECHO or
 * COOKIE ACK. */
static __always_inline __u8 deciding_chunk(context* ctx, const struct packet* p, const struct sctp_header* sctp) {
  __u8 type = sctp->first.type;
  __u32 bytes = bpf_ntohs(sctp->first.length);
  if ((type != SCTP_COOKIE_ECHO && type != SCTP_COOKIE_ACK) || bytes < sizeof sctp->first) return type;
  struct sctp_chunk_header second;
  __u32 offset = p->l4 + sizeof *sctp - sizeof second + ((bytes + 3) & ~3u);
  if (offset + sizeof second > L3_OFFSET + p->length || !load(ctx, offset, &second, sizeof second)) return type;
  return second.type == SCTP_ABORT ? SCTP_ABORT : type;
}

/* Reads ports, TCP flags and the type of an SCTP chunk. `p->l4` and `p->protocol` are set. */
static __always_inline enum parsed parse_ports(context* ctx, struct packet* p) {
  void* end = frame_end(ctx);
  if (p->l4 > L4_OFFSET_MAX) return PARSED_MALFORMED;
  void* l4 = frame_data(ctx) + l4_offset(p);
  if (p->protocol == IPPROTO_TCP) {
    struct tcphdr* tcp = l4;
    if ((void*)(tcp + 1) > end) return PARSED_MALFORMED;
    p->source_port = tcp->source;
    p->destination_port = tcp->dest;
    p->tcp_flags = ((__u8*)tcp)[13];
    return PARSED_SEGMENT;
  }
  p->tcp_flags = 0;
  if (p->protocol == IPPROTO_SCTP) {
    struct sctp_header* sctp = l4;
    if ((void*)(sctp + 1) > end) return PARSED_MALFORMED;
    p->source_port = sctp->source;
    p->destination_port = sctp->destination;
    p->sctp_chunk = deciding_chunk(ctx, p, sctp);
    return PARSED_SEGMENT;
  }
  struct udphdr* udp = l4;
  if ((void*)(udp + 1) > end) return PARSED_MALFORMED;
  p->source_port = udp->source;
  p->destination_port = udp->dest;
  return PARSED_SEGMENT;
}

static __always_inline enum parsed parse_ipv4(context* ctx, struct packet* p) {
  struct iphdr* ip = frame_data(ctx) + L3_OFFSET;
  if ((void*)(ip + 1) > frame_end(ctx)) return PARSED_MALFORMED;
  __u32 header = ip->ihl * 4;
  __u32 total = bpf_ntohs(ip->tot_len);
  if (ip->version != 4 || header < sizeof *ip) return PARSED_MALFORMED;
  if (IN_XDP || segments(ctx) == 1) {
    if (total < header || L3_OFFSET + total > frame_length(ctx)) return PARSED_MALFORMED;
    p->length = total;
  } else {
    p->length = frame_length(ctx) - L3_OFFSET;
  }
  p->ipv4 = 1;
  set_ipv4(&p->source, ip->saddr);
  set_ipv4(&p->destination, ip->daddr);
  p->protocol = ip->protocol;
  p->ttl = ip->ttl;
  p->identification = ip->id;
  p->l4 = L3_OFFSET + header;
  __u16 fragment = bpf_ntohs(ip->frag_off);
  p->first_fragment = (fragment & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) == IPV4_MORE_FRAGMENTS;
  p->later_fragment = 0;
  if (!has_ports(p->protocol)) {
    int whole = !(fragment & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET));
    return p->protocol == IPPROTO_ICMP && whole ? without_ports(p, PARSED_ICMP) : PARSED_OTHER;
  }
  if (fragment & IPV4_FRAGMENT_OFFSET) {
    p->later_fragment = 1;
    return without_ports(p, PARSED_FRAGMENT);
  }
  return parse_ports(ctx, p);
}

#define IPV6_EXTENSIONS_MAX 6
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS 1

/* RFC 8200 §4.5 */
struct fragment_header {
  __u8 next;
  __u8 reserved;
  __be16 offset;
  __be32 identification;
};

static __always_inline enum parsed parse_ipv6(context* ctx, struct packet* p) {
  void* end = frame_end(ctx);
  struct ipv6hdr* ip = frame_data(ctx) + L3_OFFSET;
  if ((void*)(ip + 1) > end) return PARSED_MALFORMED;
  if (ip->version != 6) return PARSED_MALFORMED;
  __u32 total = sizeof *ip + bpf_ntohs(ip->payload_len);
  if (IN_XDP || segments(ctx) == 1) {
    if (L3_OFFSET + total > frame_length(ctx)) return PARSED_MALFORMED;
    p->length = total;
  } else {
    p->length = frame_length(ctx) - L3_OFFSET;
  }
  p->ipv4 = 0;
  p->first_fragment = 0;
  p->later_fragment = 0;
  p->identification = 0;
  __builtin_memcpy(&p->source, &ip->saddr, 16);
  __builtin_memcpy(&p->destination, &ip->daddr, 16);
  p->ttl = ip->hop_limit;
  __u8 next = ip->nexthdr;
  __u32 offset = L3_OFFSET + sizeof *ip;
  for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
    if (has_ports(next)) break;
    if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT)
      break;
    if (offset > 400) return PARSED_OTHER;
    __u8* extension = frame_data(ctx) + offset;
    if ((void*)(extension + 8) > end) return PARSED_MALFORMED;
    __u32 bytes = (extension[1] + 1) * 8;
    if (next == IPPROTO_FRAGMENT) {
      struct fragment_header* fragment = (void*)extension;
      __u16 place = bpf_ntohs(fragment->offset);
      p->identification = fragment->identification;
      p->first_fragment = (place & (IPV6_FRAGMENT_OFFSET | IPV6_MORE_FRAGMENTS)) == IPV6_MORE_FRAGMENTS;
      p->later_fragment = (place & IPV6_FRAGMENT_OFFSET) != 0;
      bytes = sizeof *fragment;
    }
    next = extension[0];
    offset += bytes;
    if (p->later_fragment) break;
  }
  p->protocol = next;
  p->l4 = offset;
  if (!has_ports(next))
    return next == IPPROTO_ICMPV6 && !p->first_fragment && !p->later_fragment ? without_ports(p, PARSED_ICMP)
                                                                              : PARSED_OTHER;
  if (p->later_fragment) return without_ports(p, PARSED_FRAGMENT);
  return parse_ports(ctx, p);
}

/* Reads the frame's headers into `p`. */
__noinline int parse(context* ctx, struct packet* p) {
  if (!p || has_hidden_vlan(ctx)) return PARSED_OTHER;
  pull(ctx, PULL_BYTES);
  struct ethhdr* eth = frame_data(ctx);
  if ((void*)(eth + 1) > frame_end(ctx)) return PARSED_MALFORMED;
  if (eth->h_proto == bpf_htons(ETH_P_IP)) return parse_ipv4(ctx, p);
  if (eth->h_proto == bpf_htons(ETH_P_IPV6)) return parse_ipv6(ctx, p);
  return PARSED_OTHER;
}

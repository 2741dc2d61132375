// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// Tunnel headers: which packets are tunnelled ones, and where the packet inside begins.
#pragma once

#include <linux/udp.h>

#include "bpf/realserver_ip.h"

#define IPPROTO_IPV4_IN 4
#define GRE_CHECKSUM_PRESENT 0x8000              // RFC 2784 §2.1; every other bit of the flag word is unsupported
#define GUE_CONTROL 0x20                         // draft-ietf-intarea-gue §3.2: version(2) C(1) Hlen(5)
#define GUE_PRIVATE 0x0001                       // flag word: a private flag word follows
#define GUE_PRIVATE_REMOTE_CHECKSUM 0x80000000u  // private flag word: start and offset follow

enum finding {
  FOUND_TUNNEL,
  FOUND_MALFORMED,
  FOUND_UNSUPPORTED,
};

struct tunnel {
  enum realserver_counter kind;
  __u32 inner;   ///< offset of the packet inside
  bool is_ipv6;  ///< of the packet inside
  bool remote_checksum;
  __u16 checksum_start;  ///< both from the start of the packet inside
  __u16 checksum_offset;
};

static __always_inline bool inner_protocol(struct tunnel* tunnel, __u8 protocol) {
  tunnel->is_ipv6 = protocol == IPPROTO_IPV6;
  return protocol == IPPROTO_IPV4_IN || protocol == IPPROTO_IPV6;
}

/// Generic UDP encapsulation at `offset`: variant 0, and variant 1, which is a bare IP packet in UDP.
static __always_inline enum finding read_gue(struct __sk_buff* skb, __u32 offset, struct tunnel* tunnel) {
  struct {
    __u8 first;
    __u8 protocol;
    __be16 flags;
  } gue;
  tunnel->kind = REALSERVER_DECAPSULATED_GUE;
  if (bpf_skb_load_bytes(skb, offset, &gue, sizeof(gue))) return FOUND_MALFORMED;
  if (gue.first >> 6 == 1) {
    tunnel->inner = offset;
    tunnel->is_ipv6 = gue.first >> 4 == 6;
    return gue.first >> 4 == 4 || gue.first >> 4 == 6 ? FOUND_TUNNEL : FOUND_UNSUPPORTED;
  }
  __u32 optional = 4 * (__u32)(gue.first & 0x1f);
  if (gue.first >> 6 != 0 || gue.first & GUE_CONTROL) return FOUND_UNSUPPORTED;
  if (!inner_protocol(tunnel, gue.protocol)) return FOUND_UNSUPPORTED;
  tunnel->inner = offset + sizeof(gue) + optional;
  if (!gue.flags) return FOUND_TUNNEL;
  if (gue.flags != bpf_htons(GUE_PRIVATE)) return FOUND_UNSUPPORTED;

  struct {
    __be32 flags;
    __be16 start;
    __be16 offset;
  } private_field;
  if (optional < 4) return FOUND_MALFORMED;
  if (bpf_skb_load_bytes(skb, offset + sizeof(gue), &private_field.flags, 4)) return FOUND_MALFORMED;
  if (!private_field.flags) return FOUND_TUNNEL;
  if (private_field.flags != bpf_htonl(GUE_PRIVATE_REMOTE_CHECKSUM)) return FOUND_UNSUPPORTED;
  if (optional < 8) return FOUND_MALFORMED;
  if (bpf_skb_load_bytes(skb, offset + sizeof(gue), &private_field, sizeof(private_field))) return FOUND_MALFORMED;
  tunnel->remote_checksum = true;
  tunnel->checksum_start = bpf_ntohs(private_field.start);
  tunnel->checksum_offset = bpf_ntohs(private_field.offset);
  return FOUND_TUNNEL;
}

/// GRE at `offset` (RFC 2784): plain or with a checksum, carrying IPv4 or IPv6.
static __always_inline enum finding read_gre(struct __sk_buff* skb, __u32 offset, struct tunnel* tunnel) {
  struct {
    __be16 flags;
    __be16 protocol;
  } gre;
  tunnel->kind = REALSERVER_DECAPSULATED_GRE;
  if (bpf_skb_load_bytes(skb, offset, &gre, sizeof(gre))) return FOUND_MALFORMED;
  if (gre.flags & ~bpf_htons(GRE_CHECKSUM_PRESENT)) return FOUND_UNSUPPORTED;
  if (gre.protocol != bpf_htons(ETH_P_IP) && gre.protocol != bpf_htons(ETH_P_IPV6)) return FOUND_UNSUPPORTED;
  tunnel->is_ipv6 = gre.protocol == bpf_htons(ETH_P_IPV6);
  tunnel->inner = offset + sizeof(gre) + (gre.flags ? 4 : 0);
  return FOUND_TUNNEL;
}

/// Steps over one Destination Options header, which Linux' ip6tnl puts in front (RFC 2473 §4.1.1).
static __always_inline bool skip_destination_options(struct __sk_buff* skb, struct ip_header* outer) {
  __u8 option[2];
  if (outer->protocol != IPPROTO_DSTOPTS) return true;
  if (bpf_skb_load_bytes(skb, outer->payload, option, sizeof(option))) return false;
  outer->protocol = option[0];
  outer->payload += 8 + 8 * (__u32)option[1];
  return outer->payload <= outer->end;
}

/// Whether a fragment may be a tunnel's. Fragments of UDP are not told apart by port, since only the first has one.
static __always_inline bool fragment_of_tunnel(const struct ip_header* outer) {
  return outer->protocol == IPPROTO_IPV4_IN || outer->protocol == IPPROTO_IPV6 || outer->protocol == IPPROTO_GRE;
}

/// Whether the protocol behind `outer` is one that this program knows as a tunnel.
static __always_inline bool carries_tunnel(struct __sk_buff* skb, const struct ip_header* outer, __u16 gue_port) {
  struct udphdr udp;
  switch (outer->protocol) {
    case IPPROTO_IPV4_IN:
    case IPPROTO_IPV6:
    case IPPROTO_GRE:
      return true;
    case IPPROTO_UDP:
      return !bpf_skb_load_bytes(skb, outer->payload, &udp, sizeof(udp)) && udp.dest == bpf_htons(gue_port);
    default:
      return false;
  }
}

static __always_inline enum finding read_tunnel(struct __sk_buff* skb, const struct ip_header* outer,
                                                struct tunnel* tunnel) {
  switch (outer->protocol) {
    case IPPROTO_UDP:
      return read_gue(skb, outer->payload + sizeof(struct udphdr), tunnel);
    case IPPROTO_GRE:
      return read_gre(skb, outer->payload, tunnel);
    default:
      tunnel->kind = REALSERVER_DECAPSULATED_IPIP;
      tunnel->inner = outer->payload;
      return inner_protocol(tunnel, outer->protocol) ? FOUND_TUNNEL : FOUND_UNSUPPORTED;
  }
}

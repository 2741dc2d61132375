// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// Reading an IPv4 or IPv6 header at any offset of a packet.
#pragma once

// clang-format off
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#include <stdbool.h>

#include "bpf/realserver_maps.h"

#define ETH_HLEN 14
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPV4_FRAGMENT_BITS 0x3fff  // "more fragments" and the offset (RFC 791 §3.1)

enum reading { READ_OK, READ_MALFORMED, READ_FRAGMENT };

/// One IP header: where it lies, what it says. Of an IPv6 fragment, `protocol` is that of the whole packet.
struct ip_header {
  struct realserver_address destination;
  __u32 offset;   ///< of the header, from the start of the frame
  __u32 payload;  ///< offset of what follows it
  __u32 end;      ///< offset of the first byte that is not the packet's (Ethernet pads short frames)
  __u8 protocol;
  __u8 traffic_class;
  bool is_ipv6;
};

static __always_inline __u16 fold(__u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

/// 1 where the header checksum is right (RFC 791 §3.1), else 0. `words` is how many 32-bit words the header has, 5
/// to 15. A global function, so that the verifier looks at it once and not on every path to it.
__attribute__((noinline)) int ipv4_checksum_holds(struct __sk_buff* skb, __u32 offset, __u32 words) {
  __u32 header[15] = {};
  if (bpf_skb_load_bytes(skb, offset, header, 20)) return 0;
  for (__u32 i = 5; i < 15; ++i) {
    if (i < words && bpf_skb_load_bytes(skb, offset + 4 * i, &header[i], 4)) return 0;
  }
  __s64 sum = bpf_csum_diff(0, 0, header, sizeof(header), 0);
  return sum >= 0 && fold((__u64)sum) == 0xffff;
}

static __always_inline enum reading read_ipv4(struct __sk_buff* skb, __u32 offset, struct ip_header* ip) {
  struct iphdr header;
  if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header))) return READ_MALFORMED;
  __u32 words = header.ihl;
  __u32 total = bpf_ntohs(header.tot_len);
  if (skb->gso_size) total = skb->len - offset;  // a merged packet may be longer than the field can say
  if (header.version != 4 || words < 5 || total < 4 * words || offset + total > skb->len) return READ_MALFORMED;
  ip->offset = offset;
  ip->payload = offset + 4 * words;
  ip->end = offset + total;
  ip->protocol = header.protocol;
  ip->traffic_class = header.tos;
  ip->is_ipv6 = false;
  map_ipv4(&ip->destination, header.daddr);
  return header.frag_off & bpf_htons(IPV4_FRAGMENT_BITS) ? READ_FRAGMENT : READ_OK;
}

static __always_inline enum reading read_ipv6(struct __sk_buff* skb, __u32 offset, struct ip_header* ip) {
  struct ipv6hdr header;
  if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header))) return READ_MALFORMED;
  __u32 total = sizeof(header) + bpf_ntohs(header.payload_len);
  if (skb->gso_size) total = skb->len - offset;
  if (header.version != 6 || offset + total > skb->len) return READ_MALFORMED;
  ip->offset = offset;
  ip->payload = offset + sizeof(header);
  ip->end = offset + total;
  ip->protocol = header.nexthdr;
  ip->traffic_class = (__u8)(header.priority << 4 | header.flow_lbl[0] >> 4);
  ip->is_ipv6 = true;
  __builtin_memcpy(&ip->destination, &header.daddr, sizeof(ip->destination));
  if (header.nexthdr != IPPROTO_FRAGMENT) return READ_OK;
  if (bpf_skb_load_bytes(skb, ip->payload, &ip->protocol, sizeof(ip->protocol))) return READ_MALFORMED;
  return READ_FRAGMENT;
}

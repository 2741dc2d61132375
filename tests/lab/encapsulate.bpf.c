// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A director's tunnel end for tests: at egress, wraps whole (unsegmented) packets for the VIPs and sends them to the
// real server. Compiled with -DOUTER=4|6, -DTUNNEL_IPIP|TUNNEL_GUE|TUNNEL_GRE.

// clang-format off
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#define ETH_HLEN 14
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd

struct encapsulation {
#if OUTER == 4
  struct iphdr ip;
#else
  struct ipv6hdr ip;
#endif
#if defined(TUNNEL_GUE)
  struct udphdr udp;
  __u8 gue[4];
#elif defined(TUNNEL_GRE)
  __be16 gre[2];
#endif
};

static __always_inline __u16 header_checksum(struct iphdr* ip) {
  __u64 sum = (__u64)bpf_csum_diff(0, 0, (__be32*)ip, sizeof(*ip), 0);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)~sum;
}

SEC("tc")
int encapsulate(struct __sk_buff* skb) {
  const __u8 vip4[4] = {10, 0, 0, 13};
  const __u8 vip6[16] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x13};
  int inner6 = skb->protocol == bpf_htons(ETH_P_IPV6);
  __u8 destination[16];
  if (inner6) {
    if (bpf_skb_load_bytes(skb, ETH_HLEN + 24, destination, 16) || __builtin_memcmp(destination, vip6, 16)) return -1;
  } else if (skb->protocol == bpf_htons(ETH_P_IP)) {
    if (bpf_skb_load_bytes(skb, ETH_HLEN + 16, destination, 4) || __builtin_memcmp(destination, vip4, 4)) return -1;
  } else {
    return -1;
  }

  struct encapsulation outer = {};
  __u32 inside = skb->len - ETH_HLEN;
  __u8 inner_protocol = inner6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
  __u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | (OUTER == 4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6);
#if defined(TUNNEL_GUE)
  __u8 protocol = IPPROTO_UDP;
  flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
  outer.udp.source = bpf_htons(40000);
  outer.udp.dest = bpf_htons(6080);
  outer.udp.len = bpf_htons(sizeof(outer) - sizeof(outer.ip) + inside);
  outer.gue[1] = inner_protocol;
#elif defined(TUNNEL_GRE)
  __u8 protocol = IPPROTO_GRE;
  flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
  outer.gre[1] = inner6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
#else
  __u8 protocol = inner_protocol;
#endif
  outer.ip.version = OUTER;
#if OUTER == 4
  outer.ip.ihl = 5;
  outer.ip.ttl = 64;
  outer.ip.protocol = protocol;
  outer.ip.tot_len = bpf_htons(sizeof(outer) + inside);
  outer.ip.saddr = bpf_htonl(0x0a000201);
  outer.ip.daddr = bpf_htonl(0x0a00020b);
  outer.ip.check = header_checksum(&outer.ip);
#else
  outer.ip.hop_limit = 64;
  outer.ip.nexthdr = protocol;
  outer.ip.payload_len = bpf_htons(sizeof(outer) - sizeof(outer.ip) + inside);
  outer.ip.saddr.in6_u.u6_addr32[0] = outer.ip.daddr.in6_u.u6_addr32[0] = bpf_htonl(0xfd000002);
  outer.ip.saddr.in6_u.u6_addr32[3] = bpf_htonl(0x01);
  outer.ip.daddr.in6_u.u6_addr32[3] = bpf_htonl(0x11);
#endif
  __be16 type = OUTER == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
  if (bpf_skb_adjust_room(skb, sizeof(outer), BPF_ADJ_ROOM_MAC, flags)) return 2;
  if (bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), 0)) return 2;
  if (bpf_skb_store_bytes(skb, ETH_HLEN - 2, &type, sizeof(type), 0)) return 2;
  return -1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

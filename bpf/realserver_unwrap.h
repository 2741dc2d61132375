// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// Taking the outer headers off, and what the packet inside needs afterwards.
#pragma once

#include "bpf/realserver_tunnel.h"

// In kernels since 6.3; older user-space headers lack them.
#define ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)

#define ECN_MASK 3
#define ECN_NOT_ECT 0
#define ECN_ECT1 1
#define ECN_ECT0 2
#define ECN_CE 3

#define CHECKSUM_CHUNK 256
#define CHECKSUM_CHUNKS 64  // 16 KiB: more than a jumbo frame holds

/// Set to 1 before loading to take the road of kernels before 6.3 for tunnels between address families.
const volatile __u8 without_decap_flags = 0;

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u8[CHECKSUM_CHUNK]);
} rs_scratch SEC(".maps");

/// The ECN field after decapsulation (RFC 6040 §4.2, figure 4), or -1 where the packet must be dropped.
static __always_inline int ecn_after(__u8 inner, __u8 outer) {
  if (outer == ECN_CE) return inner == ECN_NOT_ECT ? -1 : ECN_CE;
  if (outer == ECN_ECT1 && inner == ECN_ECT0) return ECN_ECT1;
  return inner;
}

/// Removes `length` bytes behind the Ethernet header; what comes up is of the family `to_ipv6`. Without the
/// decapsulation flags, changing the family also adds (IPv4 to IPv6) or removes (IPv6 to IPv4) the 20 bytes the headers
/// differ by.
static __always_inline long remove_outer(struct __sk_buff* skb, __u32 length, bool from_ipv6, bool to_ipv6) {
  if (from_ipv6 == to_ipv6) return bpf_skb_adjust_room(skb, -(__s32)length, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);

  if (!without_decap_flags) {
    __u64 family = to_ipv6 ? ADJ_ROOM_DECAP_L3_IPV6 : ADJ_ROOM_DECAP_L3_IPV4;
    long rc = bpf_skb_adjust_room(skb, -(__s32)length, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO | family);
    if (rc != -22 /* EINVAL: flag unknown to this kernel */) return rc;
  }
  const __s32 difference = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
  if (to_ipv6) {
    long rc = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0);
    return rc ? rc
              : bpf_skb_adjust_room(skb, -((__s32)length + difference), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  }
  long rc = bpf_skb_adjust_room(skb, -((__s32)length - difference), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  return rc ? rc : bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0);
}

static __always_inline long write_ethertype(struct __sk_buff* skb, bool is_ipv6) {
  __be16 type = is_ipv6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
  return bpf_skb_store_bytes(skb, ETH_HLEN - sizeof(type), &type, sizeof(type), 0);
}

/// Writes the traffic class of the IP header that now follows the Ethernet header.
static __always_inline long write_traffic_class(struct __sk_buff* skb, bool is_ipv6, __u8 was, __u8 is) {
  if (is_ipv6) {
    __u8 bytes[2];
    if (bpf_skb_load_bytes(skb, ETH_HLEN, bytes, sizeof(bytes))) return -1;
    bytes[0] = (bytes[0] & 0xf0) | is >> 4;
    bytes[1] = (bytes[1] & 0x0f) | (__u8)(is << 4);
    return bpf_skb_store_bytes(skb, ETH_HLEN, bytes, sizeof(bytes), BPF_F_RECOMPUTE_CSUM);
  }
  if (bpf_l3_csum_replace(skb, ETH_HLEN + __builtin_offsetof(struct iphdr, check), bpf_htons(was), bpf_htons(is), 2)) {
    return -1;
  }
  return bpf_skb_store_bytes(skb, ETH_HLEN + __builtin_offsetof(struct iphdr, tos), &is, sizeof(is), 0);
}

/// The folded one's-complement sum of [from, end) into `sum`.
static __always_inline long sum_bytes(struct __sk_buff* skb, __u32 from, __u32 end, __u16* sum) {
  __u32 key = 0;
  __u8* chunk = bpf_map_lookup_elem(&rs_scratch, &key);
  if (!chunk) return -1;
  __s64 total = 0;
  for (int i = 0; i < CHECKSUM_CHUNKS && from < end; ++i) {
    __u32 length = end - from;
    if (length >= CHECKSUM_CHUNK) {
      length = CHECKSUM_CHUNK;
      if (bpf_skb_load_bytes(skb, from, chunk, CHECKSUM_CHUNK)) return -1;
    } else {
      __builtin_memset(chunk, 0, CHECKSUM_CHUNK);
      asm volatile("%0 &= 0xff" : "+r"(length));
      if (length == 0 || bpf_skb_load_bytes(skb, from, chunk, length)) return -1;
    }
    total = bpf_csum_diff(0, 0, (__be32*)chunk, CHECKSUM_CHUNK, (__u32)total);
    if (total < 0) return -1;
    from += length;
  }
  *sum = fold((__u64)total);
  return from < end ? -1 : 0;
}

/// Fills in the transport checksum that the sender left to this end: the field at `at` holds the pseudo header's sum,
/// and what it covers is [start, end) (draft-herbert-remotecsumoffload §3). 0 where that is done. A merged packet's
/// segments were never given a checksum and are not looked at. A global function, so that the verifier looks at it
/// once.
__attribute__((noinline)) int complete_checksum(struct __sk_buff* skb, __u32 start, __u32 at, __u32 end) {
  __u16 sum = 0;
  if (skb->gso_size) return 0;
  if (sum_bytes(skb, start, end, &sum)) return -1;
  sum = (__u16)~sum;
  if (!sum) sum = 0xffff;
  return (int)bpf_skb_store_bytes(skb, at, &sum, sizeof(sum), BPF_F_RECOMPUTE_CSUM);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// The real server's side of tunnelling: at ingress, tunnelled packets for a VIP are unwrapped; at egress, the MSS that
// the VIP announces is lowered so that what comes back through the tunnel fits.
#include "bpf/realserver_mss.h"
#include "bpf/realserver_unwrap.h"

#define PASS (-1)  // TC_ACT_UNSPEC: the next filter sees the packet
#define DROP 2     // TC_ACT_SHOT

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int pass(enum realserver_counter why) {
  count(why);
  return PASS;
}

static __always_inline int drop(enum realserver_counter why) {
  count(why);
  return DROP;
}

static __always_inline __u16 gue_port(void) {
  __u32 key = 0;
  struct realserver_settings* settings = bpf_map_lookup_elem(&rs_settings, &key);
  return settings ? settings->gue_port : 0;
}

static __always_inline bool wants_unwrapping(struct realserver_address* destination) {
  struct realserver_vip* vip = bpf_map_lookup_elem(&rs_vips, destination);
  return vip && vip->unwrap;
}

/// Takes the outer headers off a packet that was found right in every respect.
static __always_inline int unwrap(struct __sk_buff* skb, const struct ip_header* outer, const struct ip_header* inner,
                                  const struct tunnel* tunnel) {
  int ecn = ecn_after(inner->traffic_class & ECN_MASK, outer->traffic_class & ECN_MASK);
  if (ecn < 0) return drop(REALSERVER_DROPPED_ECN);
  __u8 traffic_class = (inner->traffic_class & ~ECN_MASK) | ecn;
  __u32 inner_length = inner->end - inner->offset;

  if (remove_outer(skb, inner->offset - ETH_HLEN, outer->is_ipv6, inner->is_ipv6)) {
    return drop(REALSERVER_DROPPED_RESIZE);
  }
  if (outer->is_ipv6 != inner->is_ipv6 && write_ethertype(skb, inner->is_ipv6)) return drop(REALSERVER_DROPPED_RESIZE);
  if (traffic_class != inner->traffic_class &&
      write_traffic_class(skb, inner->is_ipv6, inner->traffic_class, traffic_class)) {
    return drop(REALSERVER_DROPPED_RESIZE);
  }
  if (tunnel->remote_checksum && complete_checksum(skb, ETH_HLEN + tunnel->checksum_start,
                                                   ETH_HLEN + tunnel->checksum_offset, ETH_HLEN + inner_length)) {
    return drop(REALSERVER_DROPPED_RESIZE);
  }
  bpf_set_hash_invalid(skb);
  return pass(tunnel->kind);
}

SEC("tc")
int ballast_decap(struct __sk_buff* skb) {
  struct ip_header outer = {};
  struct ip_header inner = {};
  struct tunnel tunnel = {};
  enum reading reading;

  if (skb->pkt_type != 0 /* PACKET_HOST */) return PASS;
  if (skb->protocol == bpf_htons(ETH_P_IP)) {
    reading = read_ipv4(skb, ETH_HLEN, &outer);
  } else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
    reading = read_ipv6(skb, ETH_HLEN, &outer);
    if (reading == READ_OK && !skip_destination_options(skb, &outer)) return PASS;
  } else {
    return PASS;
  }
  if (reading == READ_MALFORMED) return PASS;
  if (reading == READ_OK && !carries_tunnel(skb, &outer, gue_port())) return PASS;
  if (reading == READ_FRAGMENT && !fragment_of_tunnel(&outer)) return PASS;
  if (!bpf_map_lookup_elem(&rs_local, &outer.destination)) return pass(REALSERVER_PASSED_NOT_LOCAL);
  if (reading == READ_FRAGMENT) return pass(REALSERVER_PASSED_FRAGMENT);
  if (!outer.is_ipv6 && !ipv4_checksum_holds(skb, outer.offset, (outer.payload - outer.offset) / 4)) {
    return pass(REALSERVER_PASSED_MALFORMED);
  }

  switch (read_tunnel(skb, &outer, &tunnel)) {
    case FOUND_TUNNEL:
      break;
    case FOUND_UNSUPPORTED:
      return pass(REALSERVER_PASSED_UNSUPPORTED);
    default:
      return pass(REALSERVER_PASSED_MALFORMED);
  }
  reading = tunnel.is_ipv6 ? read_ipv6(skb, tunnel.inner, &inner) : read_ipv4(skb, tunnel.inner, &inner);
  if (reading == READ_MALFORMED || inner.end > outer.end) return pass(REALSERVER_PASSED_MALFORMED);
  if (!wants_unwrapping(&inner.destination)) return pass(REALSERVER_PASSED_NOT_FOR_VIP);
  if (tunnel.remote_checksum &&
      (tunnel.checksum_start > tunnel.checksum_offset || tunnel.checksum_offset + 2u > inner.end - inner.offset)) {
    return pass(REALSERVER_PASSED_MALFORMED);
  }
  return unwrap(skb, &outer, &inner, &tunnel);
}

SEC("tc")
int ballast_mss(struct __sk_buff* skb) {
  struct realserver_address source;
  __u32 tcp;
  if (skb->protocol == bpf_htons(ETH_P_IP)) {
    struct iphdr ip;
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.protocol != IPPROTO_TCP) return PASS;
    if (ip.frag_off & bpf_htons(IPV4_FRAGMENT_BITS)) return PASS;
    map_ipv4(&source, ip.saddr);
    tcp = ETH_HLEN + 4 * (__u32)ip.ihl;
  } else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr ip;
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_TCP) return PASS;
    __builtin_memcpy(&source, &ip.saddr, sizeof(source));
    tcp = ETH_HLEN + sizeof(ip);
  } else {
    return PASS;
  }
  struct realserver_vip* vip = bpf_map_lookup_elem(&rs_vips, &source);
  if (vip && vip->mss && clamp_mss(skb, tcp, vip->mss)) count(REALSERVER_MSS_CLAMPED);
  return PASS;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Where a packet goes next and how it leaves. The daemon keeps the next hop of every real server; without it (a daemon
 * that is dead, a server it has not resolved yet) and for replies the kernel's routing table is asked. */
#pragma once

#include "maps.h"
#include "parse.h"

struct hop {
  union address gateway;
  __u32 ifindex;
  __u32 link[3]; /* the frame's first bytes: the next hop's link address, then that of our interface */
  __u8 ipv4;     /* family of the gateway */
};

enum hop_result { HOP_FOUND, HOP_PUNT, HOP_NO_ROUTE };

/* Whether frames can be redirected from XDP to an interface. */
static __always_inline int takes_xdp(const struct settings* set, __u32 ifindex) {
  if (ifindex >= 64 * 64) return 0;
  return set->xdp_targets[MASKED(ifindex / 64, 63)] >> (ifindex % 64) & 1;
}

/* Whether XDP can send out of an interface. */
static __always_inline int xdp_sends(context* ctx, const struct settings* set, __u32 ifindex) {
  return takes_xdp(set, ifindex) || (ifindex == ingress_ifindex(ctx) && !(set->flags & SETTING_REDIRECT_BACK));
}

/* Whether an answer to a frame must be left to the TC program. */
static __always_inline int must_leave_answer(context* ctx, const struct settings* set) {
  return IN_XDP && !xdp_sends(ctx, set, ingress_ifindex(ctx));
}

/* Asks the kernel's routing and neighbour tables for the way to `destination`. */
static __always_inline enum hop_result route(context* ctx, const struct settings* set, const union address* source,
                                             const union address* destination, struct hop* hop) {
  struct bpf_fib_lookup fib = {.ifindex = ingress_ifindex(ctx)};
  if (is_ipv4(destination)) {
    fib.family = AF_INET;
    fib.ipv4_src = is_ipv4(source) ? source->word[3] : 0;
    fib.ipv4_dst = destination->word[3];
  } else {
    fib.family = AF_INET6;
    __builtin_memcpy(fib.ipv6_src, source, 16);
    __builtin_memcpy(fib.ipv6_dst, destination, 16);
  }
  long answer = bpf_fib_lookup(ctx, &fib, sizeof fib, 0);
  if (answer == BPF_FIB_LKUP_RET_NO_NEIGH) {
    if (IN_XDP) return HOP_PUNT;
  } else if (answer != BPF_FIB_LKUP_RET_SUCCESS) {
    return HOP_NO_ROUTE;
  }
  hop->ifindex = fib.ifindex;
  if (IN_XDP && !xdp_sends(ctx, set, hop->ifindex)) return HOP_PUNT;
  hop->ipv4 = fib.family == AF_INET;
  if (hop->ipv4)
    set_ipv4(&hop->gateway, fib.ipv4_dst);
  else
    __builtin_memcpy(&hop->gateway, fib.ipv6_dst, 16);
  __builtin_memcpy(hop->link, fib.dmac, 6);
  __builtin_memcpy((__u8*)hop->link + 6, fib.smac, 6);
  return HOP_FOUND;
}

/* The way to a real server that the daemon wrote down. */
static __always_inline enum hop_result known_hop(context* ctx, const struct server* server, const struct settings* set,
                                                 struct hop* hop) {
  if (IN_XDP) {
    if (!(server->flags & SERVER_HOP)) return HOP_PUNT;
    if (!(server->flags & SERVER_HOP_XDP) && !xdp_sends(ctx, set, server->ifindex)) return HOP_PUNT;
  }
  hop->ifindex = server->ifindex;
  __builtin_memcpy(hop->link, (const void*)server + offsetof(struct server, hop_mac), sizeof hop->link);
  if (!IN_XDP) {
    hop->gateway = server->gateway;
    hop->ipv4 = is_ipv4(&hop->gateway);
  }
  return HOP_FOUND;
}

/* The way to a real server: what the daemon wrote down while it keeps that fresh, else what the kernel says. Where the
 * kernel says nothing (it does not for interfaces that do not forward) the last known way is better than none. */
static __always_inline enum hop_result hop_to_server(context* ctx, const struct packet* p, const struct server* server,
                                                     const struct settings* set, __u32 now, struct hop* hop) {
  int known = server->flags & SERVER_ROUTED;
  if (!known || (__s32)(set->lease - now) <= 0) {
    const union address* source = server->method == FORWARD_TUNNEL ? &server->tunnel_source : &p->source;
    enum hop_result asked = route(ctx, set, source, &server->address, hop);
    if (asked != HOP_NO_ROUTE || !known) return asked;
  }
  return known_hop(ctx, server, set, hop);
}

#if HOOK_XDP

/* By words: the header's own type may stand at any byte, and would be written byte by byte. */
static __always_inline void write_ethernet(struct ethhdr* eth, const struct hop* hop, __be16 protocol) {
  __u32* link = (void*)eth;
#pragma unroll
  for (int i = 0; i < 3; i++) link[i] = hop->link[i];
  *(__be16*)(link + 3) = protocol;
}

/* Sends a finished frame out of the interface that it came in by. */
static __always_inline int send_back(context* ctx) {
  if (settings.flags & SETTING_REDIRECT_BACK) return bpf_redirect(ingress_ifindex(ctx), 0);
  return XDP_TX;
}

/* XDP reaches no socket: the TC program does it. */
static __always_inline int hand_up(context* ctx) { return VERDICT_PASS; }

static __always_inline int transmit(context* ctx, const struct hop* hop, __be16 protocol) {
  struct ethhdr* eth = frame_data(ctx);
  if ((void*)(eth + 1) > frame_end(ctx)) return VERDICT_DROP;
  write_ethernet(eth, hop, protocol);
  if (hop->ifindex == ingress_ifindex(ctx)) return send_back(ctx);
  return bpf_redirect(hop->ifindex, 0);
}

/* Sends the frame back to where it came from. */
static __always_inline int reflect(context* ctx) {
  struct ethhdr* eth = frame_data(ctx);
  if ((void*)(eth + 1) > frame_end(ctx)) return VERDICT_DROP;
  __u8 mac[6];
  __builtin_memcpy(mac, eth->h_dest, 6);
  __builtin_memcpy(eth->h_dest, eth->h_source, 6);
  __builtin_memcpy(eth->h_source, mac, 6);
  return send_back(ctx);
}

#else

static __always_inline int transmit(context* ctx, const struct hop* hop, __be16 protocol) {
  struct bpf_redir_neigh next = {.nh_family = hop->ipv4 ? AF_INET : AF_INET6};
  if (hop->ipv4)
    next.ipv4_nh = hop->gateway.word[3];
  else
    __builtin_memcpy(next.ipv6_nh, &hop->gateway, 16);
  return bpf_redirect_neigh(hop->ifindex, &next, sizeof next, 0);
}

#define LOOPBACK_IFINDEX 1 /* of lo in every network namespace */

/* Gives a packet to a socket of this machine. It comes in by lo, where one from an address of this machine is no
 * martian (net.ipv4.conf.lo.accept_local). */
static __always_inline int hand_up(context* ctx) {
  if (ctx->ifindex == LOOPBACK_IFINDEX) return VERDICT_PASS; /* at lo's egress: it is on its way there */
  __u8 mac_of_lo[6] = {};
  bpf_skb_store_bytes(ctx, 0, mac_of_lo, sizeof mac_of_lo, 0);
  return bpf_redirect(LOOPBACK_IFINDEX, BPF_F_INGRESS);
}

/* At egress a packet goes back to its socket, or by the interface that it once came in by. */
static __always_inline int reflect_at_egress(context* ctx) {
  return ctx->ingress_ifindex ? bpf_redirect_neigh(ctx->ingress_ifindex, 0, 0, 0) : hand_up(ctx);
}

static __always_inline int reflect(context* ctx) {
  if (at_egress(ctx)) return reflect_at_egress(ctx);
  struct ethhdr* eth = frame_data(ctx);
  if ((void*)(eth + 1) > frame_end(ctx)) return VERDICT_DROP;
  __u8 macs[12];
  __builtin_memcpy(macs, eth->h_source, 6);
  __builtin_memcpy(macs + 6, eth->h_dest, 6);
  bpf_skb_store_bytes(ctx, 0, macs, 12, 0);
  return bpf_redirect(ingress_ifindex(ctx), 0);
}

#endif

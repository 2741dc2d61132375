/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What differs between the two hooks, so that everything above is written once. HOOK_XDP or HOOK_TC says which one this
 * object is for. */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

#if HOOK_XDP

typedef struct xdp_md context;
#define VERDICT_PASS XDP_PASS
#define VERDICT_DROP XDP_DROP
#define IN_XDP 1

static __always_inline __u32 ingress_ifindex(context* ctx) { return ctx->ingress_ifindex; }
static __always_inline __u32 frame_length(context* ctx) { return (__u32)(ctx->data_end - ctx->data); }
static __always_inline __u32 segments(context* ctx) { return 1; }
static __always_inline int has_hidden_vlan(context* ctx) { return 0; }
static __always_inline __u32 mark_of(context* ctx) { return 0; }
static __always_inline int at_egress(context* ctx) { return 0; }
static __always_inline int is_for_this_host(context* ctx) { return 0; }

/* Makes sure that `bytes` of the frame can be read directly. */
static __always_inline void pull(context* ctx, __u32 bytes) {}

/* Frames read and written through helpers: slower than pointers, but offsets and lengths are checked when the program
 * runs, and in the TC hook a checksum that the network card has computed stays right. For packets off the main road.
 * 0: the frame has no such bytes. */
static __always_inline int load(context* ctx, __u32 offset, void* to, __u32 bytes) {
  return !bpf_xdp_load_bytes(ctx, offset, to, bytes);
}
static __always_inline int store(context* ctx, __u32 offset, void* from, __u32 bytes) {
  return !bpf_xdp_store_bytes(ctx, offset, from, bytes);
}

#else

typedef struct __sk_buff context;
#define VERDICT_PASS (-1) /* TC_ACT_UNSPEC, TCX_NEXT: on to the next program and then the stack */
#define VERDICT_DROP TC_ACT_SHOT
#define IN_XDP 0

static __always_inline __u32 ingress_ifindex(context* ctx) { return ctx->ifindex; }
static __always_inline __u32 frame_length(context* ctx) { return ctx->len; }
static __always_inline __u32 segments(context* ctx) { return ctx->gso_segs ? ctx->gso_segs : 1; }

/* A VLAN tag beside the frame: the packet is for the interface of that VLAN. */
static __always_inline int has_hidden_vlan(context* ctx) { return ctx->vlan_present != 0; }

/* The firewall mark: netfilter has set it only where the program runs behind it, at egress. */
static __always_inline __u32 mark_of(context* ctx) { return ctx->mark; }
/* Where a packet has come from another interface, or from none: netfilter has seen it. */
static __always_inline int at_egress(context* ctx) { return ctx->ingress_ifindex != ctx->ifindex; }

/* Whether the interface takes a frame for its own, a broadcast or a multicast. Where it is a bridge's or a bond's,
 * those for the bridge's address are not among them. */
#define PACKET_OTHERHOST 3 /* linux/if_packet.h */
static __always_inline int is_for_this_host(context* ctx) { return ctx->pkt_type != PACKET_OTHERHOST; }

/* In tc_index: a packet of this machine's own sockets that the programs at egress have seen. */
#define TC_INDEX_SEEN 0xba11

static __always_inline void pull(context* ctx, __u32 bytes) {
  if (ctx->data + bytes > ctx->data_end) bpf_skb_pull_data(ctx, bytes < ctx->len ? bytes : ctx->len);
}

static __always_inline int load(context* ctx, __u32 offset, void* to, __u32 bytes) {
  return !bpf_skb_load_bytes(ctx, offset, to, bytes);
}
static __always_inline int store(context* ctx, __u32 offset, void* from, __u32 bytes) {
  return !bpf_skb_store_bytes(ctx, offset, from, bytes, BPF_F_RECOMPUTE_CSUM);
}

#endif

static __always_inline void* frame_data(context* ctx) { return (void*)(long)ctx->data; }
static __always_inline void* frame_end(context* ctx) { return (void*)(long)ctx->data_end; }

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Checks that ask a real server by the service's own way (DR and TUN): the daemon's socket is connected to the real
 * server's own address, so that the kernel routes and resolves as ever. Where its packets leave, their destination
 * becomes the virtual address, and a tunnel is put around them; where the answers come in, their source becomes the
 * real server's address again. So the director may have the virtual address itself, and no socket sees a martian.
 *
 * Such packets have a TTL of 1 (inside of a tunnel): a real server that has not got the address does not forward them,
 * which could bring them back here, for another server to answer. */
#pragma once

#include "relay.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, WAYS_MAX);
  __type(key, struct way_key);
  __type(value, struct way);
} ways SEC(".maps");

static __always_inline struct way* find_way(const struct way_key* key) {
  struct settings* set = settings_now();
  if (!(set->flags & SETTING_WAYS) || (__s32)(set->lease - now_ticks()) <= 0) return 0; /* no daemon, no check */
  return bpf_map_lookup_elem(&ways, key);
}

/* The way of a packet that is leaving this machine, or 0. */
static __always_inline struct way* way_there(const struct packet* p) {
  struct way_key key = {.remote = p->destination,
                        .remote_port = p->destination_port,
                        .local_port = p->source_port,
                        .protocol = p->protocol};
  return find_way(&key);
}

/* ... of one that came in. */
static __always_inline struct way* way_back(const struct packet* p) {
  struct way_key key = {.remote = p->source,
                        .remote_port = p->source_port,
                        .local_port = p->destination_port,
                        .protocol = p->protocol,
                        .answers = 1};
  return find_way(&key);
}

/* An answer: from the virtual address to a socket that knows the real server. */
static __always_inline int comes_by_way(context* ctx, const struct packet* p, const struct way* way) {
  struct translation t = {.from = p->source,
                          .to = way->other,
                          .from_port = p->source_port,
                          .to_port = p->source_port,
                          .destination = 0,
                          .ports = 1};
  return translate(ctx, p, &t) ? VERDICT_PASS : lose();
}

#if !HOOK_XDP

static __always_inline int wrap_for_way(context* ctx, const struct packet* p, struct way* way) {
  struct wrapping w;
  way->server.tunnel_source = p->source;
  if (!plan_wrapping(ctx, p, &way->server, &w)) return lose();
  if (wrap(ctx, p, &way->server, &w)) return VERDICT_PASS;
  count(COUNTER_no_headroom);
  return VERDICT_DROP;
}

/* A packet of this machine that is leaving for a real server. Its frame has that one's link address already. */
__noinline int goes_by_way(context* ctx, const struct packet* p, struct way* way) {
  if (!p || !way) return VERDICT_PASS;
  struct translation t = {.from = p->destination,
                          .to = way->other,
                          .from_port = p->destination_port,
                          .to_port = p->destination_port,
                          .destination = 1,
                          .ports = 1};
  if (!translate(ctx, p, &t) || !set_ttl(ctx, p, 1)) return lose();
  way->used = 1;
  return way->server.method == FORWARD_TUNNEL ? wrap_for_way(ctx, p, way) : VERDICT_PASS;
}

#endif

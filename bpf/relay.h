/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* How the side roads send a packet on along its connection: ICMP errors and later fragments. The same steps as on the
 * main road, in small functions that share the scratch memory instead of one large one. */
#pragma once

#include "connection.h"
#include "icmp.h"
#include "icmp_translate.h"
#include "lookup.h"

enum relayed { RELAY_ERROR, RELAY_FRAGMENT };

/* The way to a real server, into the scratch memory. */
__noinline int look_up_hop_to_server(context* ctx, const struct packet* p, __u32 index) {
  struct scratch* s = scratch_now();
  struct server* server = server_at(index);
  struct settings* set = settings_now();
  if (!p || !s || !server || !set) return HOP_NO_ROUTE;
  return hop_to_server(ctx, p, server, set, now_ticks(), &s->hop);
}

__noinline int look_up_hop_to_client(context* ctx, __u64 number) {
  struct scratch* s = scratch_now();
  struct connection* c = connection_at((__s64)number);
  struct settings* set = settings_now();
  if (!c || !s || !set) return HOP_NO_ROUTE;
  return route(ctx, set, &c->virtual_address, &c->client, &s->hop);
}

/* The verdict where there is no next hop. */
static __always_inline int without_hop(int result) {
  count(result == HOP_PUNT ? COUNTER_punted : COUNTER_no_route);
  return result == HOP_PUNT ? VERDICT_PASS : VERDICT_DROP;
}

static __always_inline __be16 ethertype_of(int ipv4) { return ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6); }

/* A packet that is lost because its headers could not be changed. */
static __always_inline int lose(void) {
  count(COUNTER_not_rewritten);
  return VERDICT_DROP;
}

/* Wraps `p` for a server. 0: it could not be done, the packet is lost. */
__noinline int wrap_for(context* ctx, const struct packet* p, __u32 index) {
  struct server* server = server_at(index);
  struct wrapping w;
  if (!p || !server) return 0;
  if (!plan_wrapping(ctx, p, server, &w)) {
    lose();
    return 0;
  }
  if (wrap(ctx, p, server, &w)) return 1;
  count(COUNTER_no_headroom);
  return 0;
}

/* A later fragment has addresses to translate, but no ports. */
__noinline int translate_fragment(context* ctx, const struct packet* p, const union address* to, __u32 to_server) {
  if (!p || !to) return 0;
  struct translation t = {.to = *to, .destination = (__u8)to_server};
  t.from = to_server ? p->destination : p->source;
  return translate(ctx, p, &t);
}

static __always_inline int translate_relayed(context* ctx, const struct packet* p, const union address* to, __be16 port,
                                             __u32 to_server, __u32 what) {
  return what == RELAY_FRAGMENT ? translate_fragment(ctx, p, to, to_server)
                                : translate_error(ctx, p, to, port, to_server);
}

static __always_inline void count_relayed(const struct server* server, __u32 what) {
  if (what == RELAY_ERROR) {
    count(COUNTER_icmp_relayed_to_server);
  } else if (server->flags & SERVER_LOCAL) {
    count(COUNTER_forwarded_local);
  } else {
    count(server->method == FORWARD_NAT      ? COUNTER_forwarded_nat
          : server->method == FORWARD_TUNNEL ? COUNTER_forwarded_tunnel
                                             : COUNTER_forwarded_route);
  }
}

/* Counts what is relayed on its real server. A later fragment is no packet of its own, and only what it carries counts:
 * together that is what ip_vs counts, which puts fragments together first. */
static __always_inline void count_relayed_traffic(__u32 index, context* ctx, const struct packet* p, int from_server,
                                                  __u32 what) {
  if (what == RELAY_ERROR) {
    count_traffic(index, ctx, p, from_server);
    return;
  }
  struct traffic* traffic = bpf_map_lookup_elem(&server_traffic, &index);
  if (!traffic) return;
  __u32 carried = p->length - (p->l4 - L3_OFFSET);
  if (from_server)
    traffic->bytes_out += carried;
  else
    traffic->bytes_in += carried;
}

/* Sends `p` to the real server of connection `number`. */
__noinline int relay_to_server(context* ctx, const struct packet* p, __u64 number, __u32 what) {
  struct scratch* s = scratch_now();
  struct connection* c = connection_at((__s64)number);
  struct server* server = c ? server_at(c->server) : 0;
  if (!p || !s || !server) return VERDICT_PASS;
  if (!(server->flags & SERVER_AVAILABLE)) {
    count(COUNTER_server_gone);
    return VERDICT_DROP;
  }
  int local = server->flags & SERVER_LOCAL;
  if (!local) {
    if (p->ttl <= 1) {
      count(COUNTER_ttl_exceeded);
      return VERDICT_DROP;
    }
    int found = look_up_hop_to_server(ctx, p, c->server);
    if (found != HOP_FOUND) return without_hop(found);
    __u32 room = server->mtu - (server->method == FORWARD_TUNNEL ? tunnel_overhead(server) : 0);
    if (server->mtu && p->length > room && segments(ctx) == 1) {
      count(COUNTER_too_big);
      return VERDICT_DROP;
    }
    if (!decrement_ttl(ctx, p)) return VERDICT_DROP;
  }
  count_relayed_traffic(c->server, ctx, p, 0, what);
  count_relayed(server, what);
  if (server->method == FORWARD_NAT && !translate_relayed(ctx, p, &server->address, c->server_port, 1, what))
    return VERDICT_DROP;
  if (local) return p->from_here && server->method == FORWARD_NAT ? hand_up(ctx) : VERDICT_PASS;
  int outer_ipv4 = p->ipv4;
  if (server->method == FORWARD_TUNNEL) {
    if (!wrap_for(ctx, p, c->server)) return VERDICT_DROP;
    outer_ipv4 = is_ipv4(&server->address);
  }
  return transmit(ctx, &s->hop, ethertype_of(outer_ipv4));
}

/* Sends `p` to the client of connection `number`, which is one of NAT. */
__noinline int relay_to_client(context* ctx, const struct packet* p, __u64 number, __u32 what) {
  struct scratch* s = scratch_now();
  struct connection* c = connection_at((__s64)number);
  if (!p || !s || !c || p->ttl <= 1) return VERDICT_PASS;
  int here = c->meta & META_LOCAL_CLIENT;
  if (here && IN_XDP) return without_hop(HOP_PUNT);
  int found = here ? HOP_FOUND : look_up_hop_to_client(ctx, number);
  if (found != HOP_FOUND) return without_hop(found);
  count_relayed_traffic(c->server, ctx, p, 1, what);
  count(what == RELAY_ERROR ? COUNTER_icmp_relayed_to_client : COUNTER_replies_nat);
  if (!decrement_ttl(ctx, p) || !translate_relayed(ctx, p, &c->virtual_address, c->virtual_port, 0, what))
    return VERDICT_DROP;
  if (here) return hand_up(ctx);
  return transmit(ctx, &s->hop, ethertype_of(p->ipv4));
}

/* Sends `p` on along the connection that `flow`, a packet of it, belongs to. 0: there is none; else the verdict is in
 * `*verdict`. */
static __always_inline int relay(context* ctx, const struct packet* p, const struct packet* flow, __u32 what,
                                 int* verdict) {
  __s64 number = look_up_from_client(flow);
  if (number >= 0) {
    *verdict = relay_to_server(ctx, p, (__u64)number, what);
    return 1;
  }
  struct settings* set = settings_now();
  number = set && set->flags & SETTING_NAT ? look_up_from_server(flow) : -1;
  if (number < 0) return 0;
  *verdict = relay_to_client(ctx, p, (__u64)number, what);
  return 1;
}

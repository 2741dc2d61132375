/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The director's packet program. Compiled once for XDP and once for TC ingress (see context.h); both share their maps.
 *
 * A packet is looked up among the connections, first as one from a client, then (where NAT is in use) as a reply of a
 * real server; what is neither may start a connection if its destination is a virtual service. Everything else passes
 * untouched. Where XDP cannot send a packet itself (a next hop that is not resolved, an interface that takes no
 * redirected frames) it passes it untouched to the TC program on the same interface, which can. */
#include "arrivals.h"
#include "capture_run.h"
#include "connection.h"
#include "fragment.h"
#include "ftp.h"
#include "growth.h"
#include "icmp.h"
#include "icmp_relay.h"
#include "mss.h"
#include "rewrite.h"
#include "service_way.h"
#include "transmit.h"
#include "tunnel.h"

/* Leaves a packet to the TC program. */
static __always_inline int punt(void) {
  count(COUNTER_punted);
  return VERDICT_PASS;
}

/* NAT: the packet's destination becomes the real server. */
static __always_inline int translate_to_server(context* ctx, const struct packet* p, const struct connection* c,
                                               const struct server* server) {
  struct translation t = {.from = p->destination,
                          .to = server->address,
                          .from_port = p->destination_port,
                          .to_port = c->server_port,
                          .destination = 1,
                          .ports = 1};
  return translate(ctx, p, &t);
}

/* A packet of a client, on its connection. A function of its own, so that what opens connections has the rest of the
 * stack. */
__noinline int to_server(context* ctx, const struct packet* p, struct connection* c, __u32 now) {
  struct settings* set = settings_now();
  if (!p || !c || !set) return VERDICT_PASS;
  __u32 index = c->server;
  struct server* server = server_at(index);
  if (!server) return VERDICT_PASS;
  if (!(server->flags & SERVER_AVAILABLE)) {
    count(COUNTER_server_gone);
    return VERDICT_DROP;
  }
  if (is_ftp_control(c, server)) hear_client(ctx, p, c, now);
  __u8 method = server->method;
  if (server->flags & SERVER_LOCAL) {
    advance(c, p, set, 0, now);
    if (p->tcp_flags & TCP_SYN) clamp_mss(ctx, p, server->service);
    count_traffic(index, ctx, p, 0);
    count(COUNTER_forwarded_local);
    if (method != FORWARD_NAT) return VERDICT_PASS;
    if (!translate_to_server(ctx, p, c, server)) return lose();
    return p->from_here ? hand_up(ctx) : VERDICT_PASS;
  }
  if (p->ttl <= 1) {
    if (must_leave_answer(ctx, set)) return punt();
    advance(c, p, set, 0, now);
    count_traffic(index, ctx, p, 0);
    return icmp_time_exceeded(ctx, p);
  }
  struct hop hop;
  enum hop_result found = hop_to_server(ctx, p, server, set, now, &hop);
  if (found == HOP_PUNT) return punt();
  if (found == HOP_NO_ROUTE) {
    count(COUNTER_no_route);
    return VERDICT_DROP;
  }
  __u32 room = server->mtu;
  if (method == FORWARD_TUNNEL) room -= tunnel_overhead(server);
  if (server->mtu && p->length > room && segments(ctx) == 1)
    return must_leave_answer(ctx, set) ? punt() : icmp_too_big(ctx, p, room);

  advance(c, p, set, 0, now);
  if (p->tcp_flags & TCP_SYN) clamp_mss(ctx, p, server->service);
  count_traffic(index, ctx, p, 0);
  __be16 ethertype = ethertype_of(p->ipv4);
  if (!decrement_ttl(ctx, p)) return lose();
  if (method == FORWARD_NAT) {
    if (!translate_to_server(ctx, p, c, server)) return lose();
    count(COUNTER_forwarded_nat);
  } else if (method == FORWARD_TUNNEL) {
    if (!wrap_for(ctx, p, index)) return VERDICT_DROP;
    ethertype = ethertype_of(is_ipv4(&server->address));
    count(COUNTER_forwarded_tunnel);
  } else {
    count(COUNTER_forwarded_route);
  }
  return transmit(ctx, &hop, ethertype);
}

/* NAT: a reply's source becomes the virtual address. */
static __always_inline int translate_to_client(context* ctx, const struct packet* p, const struct connection* c) {
  struct translation t = {.from = p->source,
                          .to = c->virtual_address,
                          .from_port = p->source_port,
                          .to_port = c->virtual_port,
                          .destination = 0,
                          .ports = 1};
  return translate(ctx, p, &t);
}

/* A reply of a NATed real server to a client on this machine. */
static __always_inline int to_local_client(context* ctx, const struct packet* p, struct connection* c,
                                           const struct server* server, const struct settings* set, __u32 now) {
  if (IN_XDP) return punt();
  advance(c, p, set, 1, now);
  if (p->tcp_flags & TCP_SYN) clamp_mss(ctx, p, server->service);
  count_traffic(c->server, ctx, p, 1);
  if (!translate_to_client(ctx, p, c)) return lose();
  count(COUNTER_replies_nat);
  return hand_up(ctx);
}

/* A reply of a NATed real server. */
__noinline int to_client(context* ctx, const struct packet* p, struct connection* c, const struct server* server,
                         __u32 now) {
  struct settings* set = settings_now();
  if (!p || !c || !server || !set) return VERDICT_PASS;
  if (p->first_fragment) remember_fragment(p);
  if (c->meta & META_LOCAL_CLIENT) return to_local_client(ctx, p, c, server, set, now);
  if (p->ttl <= 1) return VERDICT_PASS;
  struct hop hop;
  enum hop_result found = route(ctx, set, &c->virtual_address, &c->client, &hop);
  if (found == HOP_PUNT) return punt();
  if (found == HOP_NO_ROUTE) {
    count(COUNTER_no_route);
    return VERDICT_DROP;
  }
  advance(c, p, set, 1, now);
  if (p->tcp_flags & TCP_SYN) {
    end_trial(c->server, server->service, p);
    clamp_mss(ctx, p, server->service);
  }
  count_traffic(c->server, ctx, p, 1);
  if (is_ftp_control(c, server) && !hear_server(ctx, p, c, now)) return lose();
  if (!decrement_ttl(ctx, p) || !translate_to_client(ctx, p, c)) return lose();
  count(COUNTER_replies_nat);
  return transmit(ctx, &hop, ethertype_of(p->ipv4));
}

/* Starts a connection if the packet may: as open_connection() says. What only a service of all ports would take is not
 * ours while it may get a mark: it comes by the device of marked packets. */
static __always_inline int begin(context* ctx, const struct packet* p, const struct settings* set,
                                 const struct location* home, __u32 now) {
  if (!may_start(p, set)) return OPEN_NOT_OURS;
  __u32 mark = mark_of(ctx), service = mark ? NO_SERVICE : find_listener(p);
  if (service == NO_SERVICE) service = find_service(p, mark, !awaits_mark(ctx, p, set));
  return service == NO_SERVICE ? OPEN_NOT_OURS : open_connection(p, service, home->segment, home->slot, now);
}

static __always_inline int refuse(context* ctx, const struct packet* p, const struct settings* set) {
  if (mark_of(ctx) && set->behaviour & BEHAVIOUR_BYPASS) {
    count(COUNTER_bypassed);
    return VERDICT_PASS;
  }
  if (must_leave_answer(ctx, set)) return punt();
  count(COUNTER_no_server);
  return icmp_port_unreachable(ctx, p);
}

/* A packet that no one here knows. */
__noinline int leave(context* ctx, const struct packet* p) {
  struct settings* set = settings_now();
  if (!p || !set) return VERDICT_PASS;
  struct way* way = way_back(p);
  if (way) return comes_by_way(ctx, p, way);
  if (!is_lost_reply(p, set)) return VERDICT_PASS;
  if (must_leave_answer(ctx, set)) return punt();
  count(COUNTER_replies_refused);
  return icmp_port_unreachable(ctx, p);
}

/* Deals with a packet that is a reply of a NATed real server, or begins a connection that was announced. 0: it is
 * neither; else the verdict is in `*verdict`, or `*c` is the connection of a client's packet. */
static __always_inline int on_reply(context* ctx, const struct packet* p, const struct settings* set, __u32 now,
                                    struct connection** c, int* verdict) {
  struct connection* reply = connection_at(look_up_from_server(p));
  if (!reply && may_be_expected(p, set)) {
    __s64 number = open_expected(p, now);
    *verdict = VERDICT_DROP;
    if (number == EXPECTED_REFUSED) return 1;
    reply = connection_at(number);
    if (reply && !calls_client(reply, p)) {
      *c = reply;
      return 0;
    }
  }
  if (!reply) return 0;
  *verdict = to_client(ctx, p, reply, server_at(reply->server), now);
  return 1;
}

static __always_inline int on_segment(context* ctx, struct packet* p) {
  struct location home = home_of(&p->source, p->source_port, p->protocol), at = home;
  struct settings* set = settings_now();
  int opening = is_opening(p), verdict;
  if (opening) fetch_ahead(&home);
  int asks = opening && !may_be_expected(p, set); /* to be looked for among services before replies */
  struct connection* c = search_from_client(p, &at);
  if (p->first_fragment && (c || mark_of(ctx) || is_virtual_address(&p->destination))) remember_fragment(p);
  __u32 now = now_ticks();
  if (c && starts_anew(c, p, set)) {
    if (release(at.segment, at.slot, c->meta, 0, 0)) count(COUNTER_connections_reused);
    c = 0;
  } else if (c && lost_its_server(c, p, set)) {
    if (release(at.segment, at.slot, c->meta, 0, 0)) count(COUNTER_connections_expired);
    c = 0;
  } else if (!c && set->flags & SETTING_NAT && !asks) {
    if (on_reply(ctx, p, set, now, &c, &verdict)) return verdict;
  }
  int slot = 0;
  if (!c) {
    if (previous_segment_count) home = birthplace_of(hash_of(&p->source, p->source_port, p->protocol));
    slot = begin(ctx, p, set, &home, now);
    if (slot == OPEN_NOT_OURS) {
      if (asks && set->flags & SETTING_NAT && on_reply(ctx, p, set, now, &c, &verdict)) return verdict;
      return leave(ctx, p);
    }
    if (slot == OPEN_NO_SERVER) return refuse(ctx, p, set);
    struct segment* segment = segment_at(home.segment);
    if (slot < 0 || !segment) return VERDICT_DROP;
    c = slot_at(segment, wrap_slot((__u32)slot));
    if (!c) return VERDICT_DROP;
  }
  verdict = to_server(ctx, p, c, now);
  return slot >= OPENED_ONE_PACKET ? end_one_packet(home.segment, (__u32)slot, verdict) : verdict;
}

static __always_inline int on_packet(context* ctx, struct packet* p, enum parsed what) {
  switch (what) {
    case PARSED_SEGMENT:
      return on_segment(ctx, p);
    case PARSED_ICMP:
      return relay_icmp(ctx, p);
    case PARSED_FRAGMENT:
      return on_fragment(ctx, p);
    case PARSED_MALFORMED:
      count(COUNTER_malformed);
      return VERDICT_PASS;
    default:
      return VERDICT_PASS;
  }
}

/* A link address as a number, with the low half of its interface's index behind it. */
static __always_inline __u64 own_mac(const struct ethhdr* eth, __u32 ifindex) {
  const __u16* half = (const void*)eth->h_dest;
  return (__u64)half[0] << 48 | (__u64)half[1] << 32 | (__u64)half[2] << 16 | (ifindex & 0xffff);
}

/* 00-00-5E-00-01-XX and 00-00-5E-00-02-XX, RFC 9568 §7.3: where a virtual router has such an address, its frames come
 * in by the interface below. */
static __always_inline int is_virtual_router(const struct ethhdr* eth) {
  const __u8* mac = eth->h_dest;
  return !mac[0] && !mac[1] && mac[2] == 0x5e && !mac[3] && (mac[4] == 1 || mac[4] == 2);
}

/* Whether a frame is another machine's: a switch that has forgotten where that one is gives it to everybody. The kernel
 * drops it later. The TC program knows what the kernel takes it for, whatever address the interface has by now; in XDP
 * its address decides, and what passes is looked at again by the TC program. */
static __always_inline int is_for_another(context* ctx) {
  struct ethhdr* eth = frame_data(ctx);
  if (is_for_this_host(ctx)) return 0;
  __u32 ifindex = ingress_ifindex(ctx);
  __u64 own = settings.own_macs[ifindex % OWN_MACS];
  if ((void*)(eth + 1) > frame_end(ctx) || (own & 0xffff) != (ifindex & 0xffff) || own >> 16 == 0) return 0;
  return own != own_mac(eth, ifindex) && !(eth->h_dest[0] & 1) && !is_virtual_router(eth);
}

static __always_inline int process(context* ctx) {
  struct packet p = {};
  if (is_for_another(ctx)) return VERDICT_PASS;
  return on_packet(ctx, &p, parse(ctx, &p));
}

#if HOOK_XDP
SEC("xdp")
#else
SEC("tc")
#endif
int ballast_director(context* ctx) {
  if (is_captured()) capture_arrival(ctx);
  int verdict = process(ctx);
  return is_captured() ? capture_departure(ctx, verdict, IN_XDP ? CAPTURE_XDP : CAPTURE_TC_INGRESS) : verdict;
}

#if !HOOK_XDP
/* A packet of one of this machine's own sockets. What is sent on from here meets the programs at egress no more. */
static __always_inline int on_own_packet(context* ctx, struct packet* p, enum parsed what) {
  p->from_here = 1;
  ctx->tc_index = TC_INDEX_SEEN;
  return on_packet(ctx, p, what);
}

/* What netfilter has marked, and what sockets of this machine send. A packet that was forwarded up to here gets back
 * the hop of its TTL that this has cost: the director counts its own. */
static __always_inline int process_outgoing(context* ctx) {
  struct packet p = {};
  enum parsed what = parse(ctx, &p);
  if (what == PARSED_OTHER || what == PARSED_MALFORMED) return VERDICT_PASS;
  if (!ctx->ingress_ifindex) return on_own_packet(ctx, &p, what);
  if (!set_ttl(ctx, &p, p.ttl + 1)) return lose();
  p.ttl++;
  int verdict = on_packet(ctx, &p, what);
  return verdict == VERDICT_PASS && !decrement_ttl(ctx, &p) ? lose() : verdict;
}

/* TC egress of lo, and of the device that packets are routed to which have the mark of a service or are for one of all
 * ports beside it. */
SEC("tc")
int ballast_outgoing(context* ctx) {
  if (is_captured()) capture_arrival(ctx);
  int verdict = process_outgoing(ctx);
  return is_captured() ? capture_departure(ctx, verdict, CAPTURE_TC_EGRESS) : verdict;
}

/* The connection that a reply of a real server which is this machine belongs to, or 0: it is none. */
static __always_inline struct connection* connection_of_own_reply(const struct packet* p, const struct settings* set,
                                                                  __u32 now) {
  struct location at;
  struct server* server;
  struct connection* c = find_from_server(p, &server, &at);
  if (!c && may_be_expected(p, set)) {
    c = connection_at(open_expected(p, now));
    if (!c || !calls_client(c, p)) return 0;
    server = server_at(c->server);
  }
  return c && server && server->flags & SERVER_LOCAL ? c : 0;
}

/* A reply of a real server that is this machine, on its way out. */
__noinline int own_reply(context* ctx, const struct packet* p, struct connection* c, __u32 now) {
  struct settings* set = settings_now();
  if (!p || !c || !set) return VERDICT_PASS;
  struct server* server = server_at(c->server);
  if (!server) return VERDICT_PASS;
  advance(c, p, set, 1, now);
  if (p->tcp_flags & TCP_SYN) end_trial(c->server, server->service, p);
  count_traffic(c->server, ctx, p, 1);
  if (is_ftp_control(c, server) && !hear_server(ctx, p, c, now)) return lose();
  if (!translate_to_client(ctx, p, c)) return lose();
  count(COUNTER_replies_nat);
  return VERDICT_PASS;
}

static __always_inline int process_leaving(context* ctx) {
  struct packet p = {};
  struct settings* set = settings_now();
  if (ctx->ingress_ifindex || ctx->tc_index == TC_INDEX_SEEN || !set) return VERDICT_PASS;
  enum parsed what = parse(ctx, &p);
  if (what == PARSED_OTHER || what == PARSED_MALFORMED) return VERDICT_PASS;
  struct way* way = what == PARSED_SEGMENT ? way_there(&p) : 0;
  if (way) return goes_by_way(ctx, &p, way);
  __u32 now = now_ticks();
  struct connection* c = what == PARSED_SEGMENT ? connection_of_own_reply(&p, set, now) : 0;
  return c ? own_reply(ctx, &p, c, now) : on_own_packet(ctx, &p, what);
}

/* TC egress of the interfaces, attached only while something that this machine's own sockets send there is the
 * director's business: replies of a real server reached by NAT that is an address of this machine, which come in by no
 * interface; packets to a virtual address that this machine does not have, which do not go out by lo; and checks of
 * real servers by their services' own way. */
SEC("tc")
int ballast_leaving(context* ctx) {
  if (is_captured()) capture_arrival(ctx);
  int verdict = process_leaving(ctx);
  return is_captured() ? capture_departure(ctx, verdict, CAPTURE_TC_EGRESS) : verdict;
}
#endif

/* Run by the daemon, not attached: starts the timer that expires connections. */
SEC("tc")
int ballast_sweep(struct __sk_buff* ctx) { return sweep_start(); }

/* Run by the daemon, not attached: moves a piece of the previous table while the table grows. */
SEC("tc")
int ballast_move(struct __sk_buff* ctx) { return move_piece(); }

/* Run by the daemon, not attached: enters connections that another director told of. */
SEC("tc")
int ballast_admit(struct __sk_buff* ctx) { return admit_all(); }

char _license[] SEC("license") = "Dual BSD/GPL";

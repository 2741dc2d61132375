/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* ICMP errors that others send about packets of our connections. The quoted packet tells which connection.
 *
 *   about a reply (virtual address to client)          goes to the real server, with NAT as if about its own packet
 *   about a packet to a NATed server (client to it)    goes to the client, as if about its own packet, from the virtual
 * address about an outer packet of a tunnel (us to server)   becomes an error for the client about the packet inside;
 * "too big" lowers the MTU that the director knows of the way to that server
 *
 * Everything else passes untouched, and so does what quotes too little. An error does not change a connection's state.
 */
#pragma once

#include "relay.h"

/* Whether an ICMP message is an error about a packet. */
static __always_inline int is_error(const struct packet* p, __u8 type) {
  if (!p->ipv4) return type >= ICMP_V6_UNREACHABLE && type <= ICMP_V6_PARAMETER;
  return type == ICMP_V4_UNREACHABLE || type == ICMP_V4_QUENCH || type == ICMP_V4_TIME_EXCEEDED ||
         type == ICMP_V4_PARAMETER;
}

/* Skips IPv6 extension headers of a quoted packet. 0: they do not lead to a layer-4 header that is there. */
static __always_inline int skip_extensions(context* ctx, struct packet* q) {
  NO_UNROLL for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
    __u8 next = q->protocol;
    if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT)
      return 1;
    struct fragment_header extension;
    if (!load(ctx, q->l4, &extension, sizeof extension)) return 0;
    if (next == IPPROTO_FRAGMENT) {
      if (extension.offset & bpf_htons(IPV6_FRAGMENT_OFFSET)) return 0;
      q->first_fragment = !!(extension.offset & bpf_htons(IPV6_MORE_FRAGMENTS));
    }
    q->protocol = extension.next;
    q->l4 += next == IPPROTO_FRAGMENT ? sizeof extension : (extension.reserved + 1) * 8;
  }
  return 0;
}

/* Reads the headers of a packet quoted at `offset` of a frame, as far as the ports, into `q`. 0: they are not all
 * there. */
__noinline int read_quoted(context* ctx, __u32 offset, __u32 ipv4, __u32 end, struct packet* q) {
  if (!q) return 0;
  q->ipv4 = (__u8)ipv4;
  q->first_fragment = 0;
  if (ipv4) {
    struct iphdr ip;
    if (!load(ctx, offset, &ip, sizeof ip)) return 0;
    if (ip.version != 4 || ip.ihl < 5 || ip.frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET)) return 0;
    set_ipv4(&q->source, ip.saddr);
    set_ipv4(&q->destination, ip.daddr);
    q->protocol = ip.protocol;
    q->length = bpf_ntohs(ip.tot_len);
    q->first_fragment = !!(ip.frag_off & bpf_htons(IPV4_MORE_FRAGMENTS));
    q->l4 = offset + ip.ihl * 4;
  } else {
    struct ipv6hdr ip;
    if (!load(ctx, offset, &ip, sizeof ip) || ip.version != 6) return 0;
    __builtin_memcpy(&q->source, &ip.saddr, 16);
    __builtin_memcpy(&q->destination, &ip.daddr, 16);
    q->protocol = ip.nexthdr;
    q->length = sizeof ip + bpf_ntohs(ip.payload_len);
    q->l4 = offset + sizeof ip;
    if (!skip_extensions(ctx, q)) return 0;
  }
  __be16 ports[2] = {};
  if (has_ports(q->protocol)) {
    if (q->l4 + sizeof ports > end || !load(ctx, q->l4, ports, sizeof ports)) return 0;
  }
  q->source_port = ports[0];
  q->destination_port = ports[1];
  return q->l4 <= end;
}

/* ---- tunnels ---- */

/* What a quoted outer header says of the packet in it. */
struct tunnelled {
  __u32 offset; /* in the frame */
  __u8 type;
  __u8 ipv4;
  __be16 port; /* GUE */
};

/* Finds the packet inside a quoted packet `q`. 0: `q` is none of a tunnel. */
static __always_inline int find_tunnelled(context* ctx, const struct packet* q, struct tunnelled* t) {
  t->port = 0;
  t->offset = q->l4;
  if (q->protocol == IPPROTO_IPIP || q->protocol == IPPROTO_IPV6) {
    t->type = TUNNEL_IPIP;
    t->ipv4 = q->protocol == IPPROTO_IPIP;
    return 1;
  }
  if (q->protocol == IPPROTO_UDP) {
    __u8 gue[GUE_BYTES];
    if (!load(ctx, q->l4 + sizeof(struct udphdr), gue, sizeof gue)) return 0;
    if (gue[0] || (gue[1] != IPPROTO_IPIP && gue[1] != IPPROTO_IPV6)) return 0;
    t->type = TUNNEL_GUE;
    t->ipv4 = gue[1] == IPPROTO_IPIP;
    t->port = q->destination_port;
    t->offset += sizeof(struct udphdr) + GUE_BYTES;
    return 1;
  }
  __be16 gre[2];
  if (q->protocol != IPPROTO_GRE || !load(ctx, q->l4, gre, sizeof gre)) return 0;
  if (gre[0] & ~GRE_FLAG_CSUM || (gre[1] != bpf_htons(ETH_P_IP) && gre[1] != bpf_htons(ETH_P_IPV6))) return 0;
  t->type = TUNNEL_GRE;
  t->ipv4 = gre[1] == bpf_htons(ETH_P_IP);
  t->offset += gre[0] ? GRE_CSUM_BYTES : GRE_BYTES;
  return 1;
}

static __always_inline int is_our_tunnel(const struct server* server, const struct packet* q,
                                         const struct tunnelled* t) {
  return server->flags & SERVER_AVAILABLE && server->method == FORWARD_TUNNEL &&
         same_address(&server->address, &q->destination) && same_address(&server->tunnel_source, &q->source) &&
         server->tunnel_type == t->type && (t->type != TUNNEL_GUE || server->tunnel_port == t->port);
}

/* Whether the checksum of the ICMP message `p` is right: what is written anew must not make a broken one look sound. */
static __always_inline int is_sound(context* ctx, const struct packet* p) {
  __u32 length = p->length - (p->l4 - L3_OFFSET);
  int sum = sum_frame(ctx, p->l4, length);
  if (sum < 0) return 0;
  if (p->ipv4) return sum == 0xffff;
  return csum_fold(sum + pseudo_sum(&p->source, &p->destination, IPPROTO_ICMPV6, length)) == 0xffff;
}

#define MTU_MIN_IPV4 576
#define MTU_MIN_IPV6 1280

/* The MTU that a "too big" tells, 0 where the error is none, -1 where it tells none that can be. */
static __always_inline int mtu_told(const struct packet* p, const struct icmp_message* m) {
  __u32 told = bpf_ntohl(m->info), least = p->ipv4 ? MTU_MIN_IPV4 : MTU_MIN_IPV6;
  if (p->ipv4) {
    if (m->type != ICMP_V4_UNREACHABLE || m->code != ICMP_V4_TOO_BIG) return 0;
    told &= 0xffff;
  } else if (m->type != ICMP_V6_TOO_BIG) {
    return 0;
  }
  return told < least || told > 0xffff ? -1 : (int)told;
}

/* The same error in the other family's terms (RFC 7915 §4.2, §5.2), as far as a tunnel's client needs them. */
static __always_inline void convert_kind(struct icmp_message* m, int to_ipv4) {
  if (to_ipv4) {
    int port = m->type == ICMP_V6_UNREACHABLE && m->code == ICMP_V6_PORT;
    int too_big = m->type == ICMP_V6_TOO_BIG;
    int time = m->type == ICMP_V6_TIME_EXCEEDED;
    m->code = too_big ? ICMP_V4_TOO_BIG : port ? ICMP_V4_PORT : time ? m->code : ICMP_V4_HOST;
    m->type = time ? ICMP_V4_TIME_EXCEEDED : ICMP_V4_UNREACHABLE;
  } else {
    int unreachable = m->type == ICMP_V4_UNREACHABLE;
    int too_big = unreachable && m->code == ICMP_V4_TOO_BIG;
    int time = m->type == ICMP_V4_TIME_EXCEEDED;
    m->code = too_big ? 0 : unreachable && m->code == ICMP_V4_PORT ? ICMP_V6_PORT : time ? m->code : ICMP_V6_ADDRESS;
    m->type = too_big ? ICMP_V6_TOO_BIG : time ? ICMP_V6_TIME_EXCEEDED : ICMP_V6_UNREACHABLE;
  }
}

/* Describes the error for the client about the packet inside, in the scratch memory. 0: there is none. */
static __always_inline int plan_error(context* ctx, const struct packet* p, const struct tunnelled* t,
                                      const struct connection* c, struct icmp_error* e) {
  __builtin_memset(e, 0, sizeof *e);
  if (!load(ctx, p->l4, &e->message, sizeof e->message)) return 0;
  if (p->ipv4 ? e->message.type != ICMP_V4_UNREACHABLE && e->message.type != ICMP_V4_TIME_EXCEEDED
              : e->message.type == ICMP_V6_PARAMETER)
    return 0;
  if (t->ipv4 && !load(ctx, t->offset + 1, &e->tos, 1)) return 0;
  e->source = c->virtual_address;
  e->destination = c->client;
  e->quote = t->offset;
  e->length = L3_OFFSET + p->length - t->offset;
  e->ipv4 = t->ipv4;
  e->frame_ipv4 = p->ipv4;
  return 1;
}

/* An error about an outer packet of ours, whose connection is `number`: becomes one for the client. */
static __always_inline int relay_inside(context* ctx, const struct packet* p, struct scratch* s,
                                        const struct tunnelled* t, __s64 number) {
  struct connection* c = connection_at(number);
  struct server* server = c ? server_at(c->server) : 0;
  if (!server || !is_our_tunnel(server, &s->quoted, t)) return VERDICT_PASS;
  struct icmp_error* e = &s->error;
  if (!plan_error(ctx, p, t, c, e) || !is_sound(ctx, p)) return VERDICT_PASS;
  int mtu = mtu_told(p, &e->message);
  if (mtu < 0) return VERDICT_PASS;
  int found = look_up_hop_to_client(ctx, (__u64)number);
  if (found != HOP_FOUND) return without_hop(found);
  if (mtu && (!server->mtu || mtu < server->mtu)) server->mtu = (__u16)mtu;
  e->message.info = mtu ? bpf_htonl(mtu - tunnel_overhead(server)) : 0;
  if (e->ipv4 != e->frame_ipv4) convert_kind(&e->message, e->ipv4);
  int ipv4 = e->ipv4;
  if (!write_icmp_error(ctx)) return VERDICT_DROP;
  count(COUNTER_icmp_relayed_tunnel);
  return transmit(ctx, &s->hop, ethertype_of(ipv4));
}

__noinline int relay_from_tunnel(context* ctx, const struct packet* p) {
  struct scratch* s = scratch_now();
  if (!p || !s || !same_address(&p->destination, &s->quoted.source)) return VERDICT_PASS;
  struct tunnelled t;
  if (!find_tunnelled(ctx, &s->quoted, &t) || !read_quoted(ctx, t.offset, t.ipv4, L3_OFFSET + p->length, &s->inside))
    return VERDICT_PASS;
  __s64 number = look_up_from_client(&s->inside);
  return number < 0 ? VERDICT_PASS : relay_inside(ctx, p, s, &t, number);
}

/* An error about a connection that this director does not know may start it, so that it finds the server of one that
 * another director had (ip_vs: schedule_icmp; of use with sh and mh). 1: there is one now. */
static __always_inline int open_for_error(context* ctx, const struct packet* flow) {
  struct settings* set = settings_now();
  if (!set || !(set->behaviour & BEHAVIOUR_SCHEDULE_ICMP)) return 0;
  __u32 service = find_service(flow, mark_of(ctx), 1);
  if (service == NO_SERVICE) return 0;
  struct location home = birthplace_of(hash_of(&flow->source, flow->source_port, flow->protocol));
  return open_connection(flow, service, home.segment, home.slot, now_ticks()) >= 0;
}

/* An ICMP message. */
__noinline int relay_icmp(context* ctx, const struct packet* p) {
  struct scratch* s = scratch_now();
  __u8 type;
  if (!p || !s || !load(ctx, p->l4, &type, 1) || !is_error(p, type)) return VERDICT_PASS;
  struct packet *q = &s->quoted, *flow = &s->flow;
  if (!read_quoted(ctx, p->l4 + sizeof(struct icmp_message), p->ipv4, L3_OFFSET + p->length, q)) return VERDICT_PASS;
  if (!same_address(&p->destination, &q->source)) return VERDICT_PASS;
  if (has_ports(q->protocol)) {
    flow->source = q->destination;
    flow->destination = q->source;
    flow->source_port = q->destination_port;
    flow->destination_port = q->source_port;
    flow->protocol = q->protocol;
    flow->tcp_flags = 0;
    int verdict;
    if (relay(ctx, p, flow, RELAY_ERROR, &verdict)) return verdict;
    if (open_for_error(ctx, flow) && relay(ctx, p, flow, RELAY_ERROR, &verdict)) return verdict;
  }
  return relay_from_tunnel(ctx, p);
}

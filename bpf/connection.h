/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The life of a connection: its birth by a scheduler, its state, its time. */
#pragma once

#include "persistence.h"
#include "schedule.h"
#include "sweep.h"

static __always_inline __u32 state_of(__u32 meta) { return (meta & META_STATE) >> META_STATE_SHIFT; }

static __always_inline __u32 with_state(__u32 meta, __u32 state) {
  __u32 inactive = is_active_state(state) ? 0 : META_INACTIVE;
  return (meta & ~(META_STATE | META_INACTIVE)) | state << META_STATE_SHIFT | inactive;
}

static __always_inline __u32 timeout_of(const struct settings* set, __u32 state) {
  return set->timeout[state & (STATE_COUNT - 1)];
}

/* Tells a connection's template, once, that it was established. */
__noinline int assure(struct connection* c) {
  if (!c || c->meta & META_ASSURED) return 0;
  __sync_fetch_and_or(&c->meta, META_ASSURED);
  return touch_template(c->template_hash, TEMPLATE_ASSURE, 0) != NO_TEMPLATE;
}

/* Tells other directors of a connection, and first of its template, which it makes live longer, where it begins to
 * matter: as ip_vs does. */
static __always_inline void tell_connection(const struct connection* c) {
  if (c->template_hash && is_active_state(state_of(c->meta))) touch_template(c->template_hash, TEMPLATE_TELL, 0);
  tell_change(c);
}

/* The state of a TCP or SCTP connection after `p`. */
static __always_inline __u32 next_state(const struct packet* p, const struct settings* set, __u32 state,
                                        enum direction direction) {
  if (p->protocol == IPPROTO_SCTP) return next_sctp_state(state, direction, p->sctp_chunk);
  __u32 next = next_tcp_state(state, direction, p->tcp_flags);
  if (next == state && !(p->tcp_flags & TCP_SYN)) return next;
  const struct live* values = live_values();
  if (!values || !is_defending(set, values, BEHAVIOUR_SECURE_TCP, BEHAVIOUR_SECURE_TCP_FILLED)) return next;
  return next_tcp_state(state, direction + SECURE_TABLES, p->tcp_flags);
}

/* The state that a connection is entered in for its first packet, which advance() then takes into account: with TCP
 * that changes nothing any more, but every INIT of SCTP changes the state, so that one begins before it. */
static __always_inline __u32 first_state(const struct packet* p, const struct settings* set, enum direction direction) {
  if (p->protocol == IPPROTO_TCP) return next_state(p, set, STATE_NONE, direction);
  return p->protocol == IPPROTO_SCTP ? STATE_NONE : STATE_UDP;
}

/* Whether a packet most likely starts a connection: a client's first SYN. */
static __always_inline int is_opening(const struct packet* p) {
  return p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_SYN;
}

/* Whether a packet leaves the connection's state as it is: a plain ACK on an established one does in every table of
 * tcp_state.h. */
static __always_inline int is_steady(const struct packet* p, __u32 meta, int from_server) {
  return p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK &&
         state_of(meta) == STATE_ESTABLISHED && !(from_server && meta & META_NO_OUTPUT);
}

static __always_inline void advance_entry(struct connection* c, const struct packet* p, const struct settings* set,
                                          int from_server, __u32 now) {
  __u32 state = STATE_UDP, meta = c->meta, changed = 0;
  if (is_steady(p, meta, from_server)) {
    state = STATE_ESTABLISHED;
  } else if (!from_server && is_opening(p) && state_of(meta) == STATE_SYN_RECV) {
    state = STATE_SYN_RECV; /* in every table, too */
  } else if (p->protocol != IPPROTO_UDP) {
    enum direction direction = from_server ? FROM_SERVER : meta & META_NO_OUTPUT ? FROM_CLIENT_ONLY : FROM_CLIENT;
    state = next_state(p, set, state_of(meta), direction);
    __u32 next = with_state(from_server ? meta & ~META_NO_OUTPUT : meta, state);
    if (next != meta && __sync_val_compare_and_swap(&c->meta, meta, next) == meta) {
      if ((next ^ meta) & META_INACTIVE) member_move(c->server, !!(next & META_INACTIVE));
      changed = state != state_of(meta) && set->flags & SETTING_SYNC && is_told(state);
    }
  }
  if (c->template_hash && !(c->meta & META_ASSURED) &&
      (state == STATE_ESTABLISHED || state == STATE_SCTP_ESTABLISHED || (from_server && state == STATE_UDP)))
    assure(c);
  __u32 before = c->deadline, deadline = now + timeout_of(set, state);
  if (before != deadline) {
    c->deadline = deadline;
    if (is_before(deadline, before)) lower_bound_for(c, deadline);
  }
  if (changed) tell_connection(c);
}

/* Takes a packet into account whose connection has just moved to the new table. */
__noinline int advance_moved(const struct packet* p, __u32 from_server, __u32 now) {
  struct settings* set = settings_now();
  struct server* server;
  struct location at;
  if (!p || !set) return 0;
  struct connection* c = from_server ? find_from_server(p, &server, &at) : find_from_client(p, &at);
  if (c) advance_entry(c, p, set, (int)from_server, now);
  return 1;
}

/* Takes a packet into account: new state, exact counts, a new deadline. */
static __always_inline void advance(struct connection* c, const struct packet* p, const struct settings* set,
                                    int from_server, __u32 now) {
  advance_entry(c, p, set, from_server, now);
  /* An atomic read: what was stored above is seen before the entry can have left. */
  if (previous_segment_count && !(__sync_fetch_and_or(&c->meta, 0) & META_LIVE))
    advance_moved(p, (__u32)from_server, now);
}

/* Whether a packet asks for a new connection: a SYN or an INIT. */
static __always_inline int asks_for_one(const struct packet* p) {
  return p->protocol == IPPROTO_SCTP ? p->sctp_chunk == SCTP_INIT : p->tcp_flags & TCP_SYN;
}

/* A SYN or INIT on a connection that is over starts a new one (ip_vs: conn_reuse_mode), unless a template holds it. */
static __always_inline int starts_anew(const struct connection* c, const struct packet* p, const struct settings* set) {
  if (!asks_for_one(p) || p->tcp_flags & TCP_RST) return 0;
  if (!(set->behaviour & BEHAVIOUR_REUSE_CLOSED) || c->template_hash) return 0;
  __u32 state = state_of(c->meta);
  if (state == STATE_TIME_WAIT || state == STATE_CLOSE || state == STATE_SCTP_CLOSED) return 1;
  return set->behaviour & BEHAVIOUR_REUSE_FIN_WAIT && state == STATE_FIN_WAIT && c->meta & META_NO_OUTPUT;
}

/* A connection whose server is gone, or with a SYN or INIT quiescent, gives way (ip_vs: expire_nodest_conn). */
static __always_inline int lost_its_server(const struct connection* c, const struct packet* p,
                                           const struct settings* set) {
  if (!(set->behaviour & BEHAVIOUR_EXPIRE_REMOVED)) return 0;
  struct server* server = server_at(c->server);
  if (!server || !(server->flags & SERVER_AVAILABLE)) return 1;
  struct member* member = member_at(c->server);
  return asks_for_one(p) && member && !member->weight;
}

/* Whether a packet may start a connection: a SYN, an INIT, or any datagram. */
static __always_inline int may_start(const struct packet* p, const struct settings* set) {
  if (p->protocol == IPPROTO_SCTP)
    return p->sctp_chunk == SCTP_INIT || (set->behaviour & BEHAVIOUR_PICK_UP_SCTP && p->sctp_chunk != SCTP_ABORT);
  if (p->protocol != IPPROTO_TCP) return 1;
  if (p->tcp_flags & TCP_RST) return 0;
  return p->tcp_flags & TCP_SYN || set->behaviour & BEHAVIOUR_PICK_UP_TCP;
}

static __always_inline void count_connection(__u32 server) {
  struct traffic* traffic = bpf_map_lookup_elem(&server_traffic, &server);
  if (traffic) traffic->connections++;
  count(COUNTER_connections_created);
}

/* Counts a packet on its real server. */
static __always_inline void count_traffic(__u32 index, context* ctx, const struct packet* p, int from_server) {
  struct traffic* traffic = bpf_map_lookup_elem(&server_traffic, &index);
  if (!traffic) return;
  if (from_server) {
    traffic->packets_out += segments(ctx);
    traffic->bytes_out += p->length;
  } else {
    traffic->packets_in += segments(ctx);
    traffic->bytes_in += p->length;
  }
}

/* How many segments one search for a half-open connection looks at. */
#define EVICT_SEGMENTS 16

static long evict_in_segment(__u32 i, void* context_) {
  int* done = context_;
  struct live* values = live_values();
  if (!values) return 1;
  __u32 position = values->evict_position, number = nth_segment(position);
  values->evict_position = position + 1 < segments_in_all() ? position + 1 : 0;
  struct segment* segment = segment_at(number);
  if (!segment || !segment->used) return 0;
  NO_UNROLL for (__u32 slot = 0; slot < SEGMENT_SLOTS; slot++) {
    struct connection* c = slot_at(segment, slot);
    if (!c || !is_half_open_state(state_of(c->meta)) || !release(number, slot, c->meta, 0, 0)) continue;
    *done = 1;
    return 1;
  }
  return 0;
}

/* Makes room elsewhere in a full table: removes a half-open connection, going on through the table where the last
 * search ended. 1: one is gone. */
__noinline int evict_half_open(void) {
  int done = 0;
  bpf_loop(EVICT_SEGMENTS, evict_in_segment, &done, 0);
  if (done) count(COUNTER_table_full_evicted);
  return done;
}

/* What open_connection() says where there is no connection. */
#define OPEN_NO_SERVER (-1)
#define OPEN_REFUSED (-2)               /* the table is full, or a defence is on */
#define OPEN_NOT_OURS (-3)              /* FTP's service has the port of its data only where it is persistent */
#define OPENED_ONE_PACKET SEGMENT_SLOTS /* added to the slot: the connection ends with this packet */

/* Whether a service takes packets to this port: one of all ports must be persistent, or the parts of what a client does
 * would come to different servers. */
static __always_inline int takes_port(const struct service* service, const struct packet* p) {
  return service->mark || service->flags & SERVICE_PERSISTENT || is_port_of(service, p);
}

/* ip_vs: drop_packet. */
static __always_inline int drop_in_defence(void) {
  struct settings* set = settings_now();
  struct live* values = live_values();
  return set && values && is_defending(set, values, BEHAVIOUR_DROP_PACKETS, BEHAVIOUR_DROP_PACKETS_FILLED) &&
         set->drop_rate && !(bpf_get_prandom_u32() % set->drop_rate);
}

/* Enters a newborn, in a full table in the place of a half-open connection. */
static __always_inline int insert_connection(struct newborn* born) {
  int slot = insert_newborn(born, NEWBORN_OF_PACKET);
  if (slot != INSERT_FULL || !born->full || !evict_half_open()) return slot;
  born->full = 0;
  return insert_newborn(born, NEWBORN_OF_PACKET);
}

/* Enters a newborn, whose addresses, ports, template and home are set, as a connection of `p` to the
 * real server `number`. Its slot in its home segment, INSERTED_BY_OTHER added where it was there, or OPEN_REFUSED. */
__noinline int enter_connection(struct newborn* born, const struct packet* p, __u32 number, __u32 from_server,
                                __u32 now) {
  struct settings* set = settings_now();
  struct server* server = server_at(number);
  if (!p || !born || !set || !server) return OPEN_REFUSED;
  __u32 view = server->method == FORWARD_NAT ? 0 : META_NO_OUTPUT;
  __u32 state = first_state(p, set, from_server ? FROM_SERVER : view ? FROM_CLIENT_ONLY : FROM_CLIENT);
  if (p->from_here && !from_server) view |= META_LOCAL_CLIENT;
  struct connection* entry = &born->entry;
  entry->protocol = p->protocol;
  entry->server = number;
  entry->server_tag = server_tag(&server->address);
  entry->meta = with_state(META_LIVE | view, state);
  entry->deadline = now + timeout_of(set, state);
  born->full = is_full();
  member_take(number, server, entry->meta);
  int slot = insert_connection(born);
  if (slot >= 0 && slot < INSERTED_BY_OTHER) {
    count_connection(number);
    return slot;
  }
  member_release(number, entry->meta);
  if (entry->template_hash) touch_template(entry->template_hash, TEMPLATE_LEAVE, 0);
  if (slot >= 0) return slot;
  count(COUNTER_table_full_dropped);
  return OPEN_REFUSED;
}

/* Schedules a new connection for `p` of the service at `index` and enters it in the table. Its slot in its home
 * segment, or one of the above. */
__noinline int open_connection(const struct packet* p, __u32 index, __u32 home_segment, __u32 home_slot, __u32 now) {
  const struct service* service = bpf_map_lookup_elem(&services, &index);
  struct newborn* born = newborn_now(NEWBORN_OF_PACKET);
  if (!p || !service || !born) return OPEN_NO_SERVER;
  born->service = index;
  if (!takes_port(service, p)) return service->port == FTP_PORT ? OPEN_NOT_OURS : OPEN_NO_SERVER;
  if (drop_in_defence()) {
    count(COUNTER_defence_dropped);
    return OPEN_REFUSED;
  }
  __s64 chosen;
  if (service->flags & SERVICE_PERSISTENT) {
    chosen = schedule_persistent(index, p, now);
  } else {
    born->entry.template_hash = 0;
    __u32 scheduled = schedule(index, service, p);
    chosen = scheduled == NO_SERVER ? PERSISTENT_NONE : scheduled;
  }
  if (chosen == PERSISTENT_FULL) {
    count(COUNTER_table_full_dropped);
    return OPEN_REFUSED;
  }
  __u32 number = (__u32)chosen;
  struct server* server = chosen < 0 ? 0 : server_at(number);
  if (!server) return OPEN_NO_SERVER;
  struct connection* entry = &born->entry;
  entry->client = p->source;
  entry->virtual_address = p->destination;
  entry->client_port = p->source_port;
  entry->virtual_port = p->destination_port;
  entry->server_port = server_port_of(service, server, p);
  born->home.segment = home_segment;
  born->home.slot = home_slot;
  int one_packet = service->flags & SERVICE_ONE_PACKET && p->protocol == IPPROTO_UDP;
  int slot = enter_connection(born, p, number, 0, now);
  if (slot >= INSERTED_BY_OTHER) return slot - INSERTED_BY_OTHER;
  if (slot >= 0 && !one_packet && settings.flags & SETTING_SYNC && is_told(state_of(entry->meta)))
    tell_connection(entry);
  return slot >= 0 && one_packet ? slot + OPENED_ONE_PACKET : slot;
}

/* Takes the connection of a one-packet service out of the table when its packet is on its way. Returns the verdict. */
__noinline int end_one_packet(__u32 number, __u32 slot, int verdict) {
  struct segment* segment = segment_at(number);
  struct connection* c = segment ? slot_at(segment, wrap_slot(slot)) : 0;
  if (c) release(number, slot, c->meta, 0, 0);
  return verdict;
}

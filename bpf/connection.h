/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The life of a connection: its birth by a scheduler, its state, its time. */
#pragma once

#include "schedule.h"
#include "sweep.h"

static __always_inline struct settings* settings_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline __u32 state_of(__u32 meta) { return (meta & META_STATE) >> META_STATE_SHIFT; }

static __always_inline __u32 with_state(__u32 meta, __u32 state) {
  __u32 inactive = is_active_state(state) ? 0 : META_INACTIVE;
  return (meta & ~(META_STATE | META_INACTIVE)) | state << META_STATE_SHIFT | inactive;
}

static __always_inline __u32 timeout_of(const struct settings* set, __u32 state) {
  return set->timeout[state & (STATE_COUNT - 1)];
}

/* Takes a packet into account: new state, exact counts, a new deadline. */
static __always_inline void advance(struct connection* c, const struct packet* p, const struct settings* set,
                                    int from_server, __u32 now) {
  __u32 state = STATE_UDP;
  if (p->protocol == IPPROTO_TCP) {
    __u32 meta = c->meta;
    enum direction direction = from_server ? FROM_SERVER : meta & META_NO_OUTPUT ? FROM_CLIENT_ONLY : FROM_CLIENT;
    state = next_tcp_state(state_of(meta), direction, p->tcp_flags);
    __u32 next = with_state(from_server ? meta & ~META_NO_OUTPUT : meta, state);
    if (next != meta && __sync_val_compare_and_swap(&c->meta, meta, next) == meta && (next ^ meta) & META_INACTIVE)
      member_move(c->server, !!(next & META_INACTIVE));
  }
  __u32 deadline = now + timeout_of(set, state);
  if (c->deadline != deadline) c->deadline = deadline;
}

/* A SYN on a connection that is over starts a new one (conn_reuse_mode 1 of ip_vs). */
static __always_inline int starts_anew(const struct connection* c, const struct packet* p) {
  if (p->protocol != IPPROTO_TCP || !(p->tcp_flags & TCP_SYN) || p->tcp_flags & TCP_RST) return 0;
  __u32 state = state_of(c->meta);
  return state == STATE_TIME_WAIT || state == STATE_CLOSE;
}

/* Whether a packet may start a connection: a SYN, or any datagram. */
static __always_inline int may_start(const struct packet* p) {
  return p->protocol == IPPROTO_UDP || (p->tcp_flags & (TCP_SYN | TCP_RST)) == TCP_SYN;
}

/* Whether a packet most likely starts one: a client's first SYN. */
static __always_inline int is_opening(const struct packet* p) {
  return p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_SYN;
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
  __u32 number = values->evict_position;
  values->evict_position = number + 1 < segment_count ? number + 1 : 0;
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

#define OPEN_NO_SERVER (-1)
#define OPEN_TABLE_FULL (-2)

/* Schedules a new connection for `p` of the service at `index` and enters it in the table. Its slot in its home
 * segment, or one of the above. */
__noinline int open_connection(const struct packet* p, __u32 index, __u32 home_segment, __u32 home_slot, __u32 now) {
  if (!p) return OPEN_NO_SERVER;
  __u32 chosen = schedule(index, p);
  struct server* server = chosen == NO_SERVER ? 0 : server_at(chosen);
  struct settings* set = settings_now();
  struct live* values = live_values();
  if (!server || !set || !values) return OPEN_NO_SERVER;
  struct birth birth = {
      .home = {home_segment, home_slot},
      .server = chosen,
      .server_tag = server_tag(&server->address),
      .server_port = server->port && !(server->flags & SERVER_OWN_PORT) ? server->port : p->destination_port};
  __u32 state = STATE_UDP, view = server->method == FORWARD_NAT ? 0 : META_NO_OUTPUT;
  if (p->protocol == IPPROTO_TCP)
    state = next_tcp_state(STATE_NONE, view & META_NO_OUTPUT ? FROM_CLIENT_ONLY : FROM_CLIENT, p->tcp_flags);
  if (p->from_here) view |= META_LOCAL_CLIENT;
  birth.meta = with_state(META_LIVE | view, state);
  birth.deadline = now + timeout_of(set, state);
  birth.full = values->connections >= set->connections_max;
  member_take(chosen, birth.meta);
  int slot = insert_connection(p, &birth);
  if (slot == INSERT_FULL && birth.full && evict_half_open()) {
    birth.full = 0;
    slot = insert_connection(p, &birth);
  }
  if (slot >= 0 && slot < INSERTED_BY_OTHER) {
    count_connection(chosen);
    return slot;
  }
  member_release(chosen, birth.meta);
  if (slot >= 0) return slot - INSERTED_BY_OTHER;
  count(COUNTER_table_full_dropped);
  return OPEN_TABLE_FULL;
}

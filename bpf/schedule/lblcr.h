/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* lblcr: lblc with replication. An address has a set of servers, of which the one with the fewest connections for its
 * weight is taken; when that one has too many, the server of wlc joins the set. A set that has not changed for as long
 * as a destination is remembered loses its most loaded server. */
#pragma once

#include "bpf/schedule/destinations.h"

/* Of equals the server that joined last is the least and the most loaded one. */
struct set_walk {
  const struct destination* destination;
  __u32 service;
  __u32 least; /* server */
  __s64 least_overhead;
  __s64 most_overhead;
  __s32 least_weight;
  __s32 most_weight;
  __u32 most; /* place in the set */
};

static long set_step(__u32 i, void* context_) {
  struct set_walk* walk = context_;
  if (i >= walk->destination->count) return 1;
  __u32 server = walk->destination->server[i & (DESTINATION_SERVERS - 1)];
  const struct member* m = remembered(walk->service, server);
  if (!m) return 0;
  __s64 overhead = connection_overhead(m);
  if (walk->most == DESTINATION_SERVERS || overhead * walk->most_weight >= walk->most_overhead * m->weight) {
    walk->most = i;
    walk->most_overhead = overhead;
    walk->most_weight = m->weight;
  }
  if (m->order & MEMBER_OVERLOAD) return 0;
  if (walk->least == NO_SERVER || overhead * walk->least_weight <= walk->least_overhead * m->weight) {
    walk->least = server;
    walk->least_overhead = overhead;
    walk->least_weight = m->weight;
  }
  return 0;
}

static __always_inline void remove_from_set(struct destination* destination, __u32 place, __u32 now) {
  NO_UNROLL for (__u32 k = 0; k < DESTINATION_SERVERS - 1; k++) {
    if (k >= place) destination->server[k] = destination->server[k + 1];
  }
  destination->count--;
  destination->last_change = now;
}

static __always_inline int is_in_set(const struct destination* destination, __u32 server) {
  NO_UNROLL for (__u32 k = 0; k < DESTINATION_SERVERS; k++) {
    if (k >= destination->count) return 0;
    if (destination->server[k] == server) return 1;
  }
  return 0;
}

/* In a full set the most loaded server makes room. */
static __always_inline void join_set(struct destination* destination, __u32 server, __u32 most, __u32 now) {
  if (is_in_set(destination, server)) return;
  if (destination->count >= DESTINATION_SERVERS) remove_from_set(destination, most % DESTINATION_SERVERS, now);
  destination->server[destination->count & (DESTINATION_SERVERS - 1)] = server;
  destination->count++;
  destination->last_change = now;
}

static __always_inline int schedule_lblcr(struct pick* pick) {
  struct destination* destination = destination_of(pick);
  if (!destination) return schedule_wlc(pick);
  struct set_walk walk = {
      .destination = destination, .service = pick->service, .least = NO_SERVER, .most = DESTINATION_SERVERS};
  bpf_loop(DESTINATION_SERVERS, set_step, &walk, 0);
  __u32 now = destination->last_use;
  if (destination->count > 1 && walk.most < DESTINATION_SERVERS &&
      now - destination->last_change > settings.destination_expiry)
    remove_from_set(destination, walk.most, now);
  const struct member* m = member_at(walk.least);
  if (m && !has_too_many(pick, m)) {
    pick->server = walk.least;
    return 1;
  }
  if (!schedule_wlc(pick)) return 0;
  join_set(destination, pick->server, walk.most, now);
  return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* mh: Maglev hashing. The client's address (and port, with mh-port) picks a slot of a table in which every server has a
 * share as its weight says, and which changes little when servers come and go. A slot whose server takes no connection
 * refuses it, or, with mh-fallback, further slots are tried. */
#pragma once

#include "bpf/schedule/common.h"
#include "bpf/schedule/maglev_hash.h"
#include "bpf/schedule/rr.h"

#define MH_FALLBACK SERVICE_SCHED_1
#define MH_PORT SERVICE_SCHED_2

struct mh_walk {
  __u32 table;
  __u32 client;
  __u32 first; /* slot of the client */
  __u32 server;
};

/* The slot of a client's hash with an offset. */
static __always_inline __u32 mh_slot(__u32 client, __u32 offset) {
  return maglev_hash(client + offset, MAGLEV_KEY) % MAGLEV_SLOTS;
}

/* The server in a slot. 1: it takes connections. */
static __always_inline int mh_server(__u32 number, __u32 slot, __u32* server) {
  const struct maglev_table* table = bpf_map_lookup_elem(&maglev_tables, &number);
  if (!table) return 0;
  *server = table->server[MASKED(slot, MAGLEV_TABLE_SLOTS - 1)];
  const struct member* m = member_at(*server);
  return m && available(m);
}

static long mh_step(__u32 i, void* context_) {
  struct mh_walk* walk = context_;
  __u32 server;
  if (!mh_server(walk->table, mh_slot(walk->client, (walk->first + i) % MAGLEV_SLOTS), &server)) return 0;
  walk->server = server;
  return 1;
}

static __always_inline int schedule_mh(struct pick* pick) {
  if (ring_length(pick->ring_of_hash) != MAGLEV_SLOTS) return without_table(pick);
  __u32 table = (__u32)(pick->ring_of_hash >> 32);
  __u32 client = fold(pick->client) + (pick->flags & MH_PORT ? pick->client_port : 0);
  __u32 first = mh_slot(client, 0);
  if (mh_server(table, first, &pick->server)) return 1;
  if (!(pick->flags & MH_FALLBACK)) return 0;
  if (newest_available(pick) == NO_SERVER) return 0; /* thousands of slots are not tried in vain */
  struct mh_walk walk = {.table = table, .client = client, .first = first, .server = NO_SERVER};
  bpf_loop(MAGLEV_SLOTS, mh_step, &walk, 0);
  pick->server = walk.server;
  return walk.server != NO_SERVER;
}

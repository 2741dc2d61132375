/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Connections that another one has announced (FTP's data connections). Who will call whom and on which port is known,
 * the caller's port is not; so they are kept apart from the connection table, by what the SYN will look like, and cost
 * nothing but the look at a SYN that matches no connection. */
#pragma once

#include "connection.h"
#include "lookup.h"

#define EXPECTED_MAX 16384 /* the oldest give way */

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, EXPECTED_MAX);
  __type(key, struct expected_call);
  __type(value, struct expectation);
} expected SEC(".maps");

/* Whether it is the real server that opened or opens the connection with `p`. */
static __always_inline int calls_client(const struct connection* c, const struct packet* p) {
  return same_address(&c->client, &p->destination);
}

/* Fills in this processor's newborn from what was announced. 0: nothing was, or its time is over. */
static __always_inline int take_expected(const struct packet* p, __u32 now, struct newborn* born) {
  struct expected_call call = {.source = p->source, .destination = p->destination, .port = p->destination_port};
  struct expectation* announced = bpf_map_lookup_elem(&expected, &call);
  if (!announced) return 0;
  int in_time = (__s32)(announced->deadline - now) > 0;
  struct connection* entry = &born->entry;
  int to_client = !announced->server_port;
  entry->client = to_client ? p->destination : p->source;
  entry->client_port = to_client ? p->destination_port : p->source_port;
  entry->server_port = to_client ? p->source_port : announced->server_port;
  entry->virtual_address = announced->virtual_address;
  entry->virtual_port = announced->virtual_port;
  entry->server = announced->server;
  entry->template_hash = announced->template_hash;
  bpf_map_delete_elem(&expected, &call);
  return in_time;
}

/* One connection more for its template, if that is still there. */
static __always_inline void join_template(struct connection* entry, const struct server* server, __u32 now) {
  if (!entry->template_hash) return;
  __u32 index = server->service;
  const struct service* service = bpf_map_lookup_elem(&services, &index);
  if (!service || touch_template(entry->template_hash, TEMPLATE_JOIN, now + service->persistence) == NO_TEMPLATE)
    entry->template_hash = 0;
}

#define NOT_EXPECTED (-1)
#define EXPECTED_REFUSED (-2) /* there is no room */

/* Opens the connection that was announced and that `p` begins. Its number (see lookup.h), or one of the above. */
__noinline __s64 open_expected(const struct packet* p, __u32 now) {
  struct newborn* born = newborn_now(NEWBORN_OF_PACKET);
  if (!p || !born || !take_expected(p, now, born)) return NOT_EXPECTED;
  struct connection* entry = &born->entry;
  struct server* server = server_at(entry->server);
  if (!server) return NOT_EXPECTED;
  join_template(entry, server, now);
  born->home = birthplace_of(hash_of(&entry->client, entry->client_port, p->protocol));
  int slot = enter_connection(born, p, entry->server, calls_client(entry, p), now);
  if (slot < 0) return EXPECTED_REFUSED;
  count(COUNTER_ftp_opened);
  return (__s64)born->home.segment * SEGMENT_SLOTS + wrap_slot((__u32)slot);
}

/* Whether `p`, which matches no connection, may be one that was announced. */
static __always_inline int may_be_expected(const struct packet* p, const struct settings* set) {
  return may_be_ftp_data(p, set) && is_opening(p);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Connections that another director told of enter the table. The daemon writes them down and runs ballast_admit.
 * Packets may come in meanwhile: what they made of a connection stands, and a later deadline than the one that was told
 * stays. */
#pragma once

#include "connection.h"

struct arrivals arrivals SEC(".data.arrivals");

enum arrived { ARRIVED_REFUSED, ARRIVED_ENTERED, ARRIVED_RENEWED };

/* Joins the template of an arriving connection's client, if it is here. Its hash, or 0. */
__noinline __u64 join_template_of(struct newborn* born, const struct connection* c, __u32 now) {
  struct server* server = c ? server_at(c->server) : 0;
  if (!born || !server) return 0;
  __u32 index = server->service;
  const struct service* service = bpf_map_lookup_elem(&services, &index);
  if (!service) return 0;
  struct packet p = {.source_port = c->client_port, .destination_port = c->virtual_port, .protocol = c->protocol};
  p.source = c->client;
  p.destination = c->virtual_address;
  __u64 hash = key_template(born, index, &p);
  if (touch_template(hash, TEMPLATE_JOIN, now + service->persistence) == NO_TEMPLATE) return 0;
  if (!(c->meta & META_INACTIVE)) touch_template(hash, TEMPLATE_ASSURE, 0);
  return hash;
}

/* Brings the entry in a slot to what was told of it. */
__noinline int renew(__u32 number, __u32 slot, const struct connection* told) {
  struct segment* segment = segment_at(number);
  struct connection* c = segment ? slot_at(segment, wrap_slot(slot)) : 0;
  if (!c || !told || c->server != told->server) return ARRIVED_REFUSED;
  __u32 meta = c->meta, deadline = told->deadline;
  if (!(meta & META_LIVE)) return ARRIVED_REFUSED;
  /* Nothing that is heard makes a connection younger: what is established there may have begun to close here since. */
  int changes_state = !(meta & META_TEMPLATE) && state_of(meta) != state_of(told->meta) &&
                      (meta & META_INACTIVE) <= (told->meta & META_INACTIVE);
  if (!changes_state && !(meta & META_TEMPLATE) && state_of(meta) != state_of(told->meta)) return ARRIVED_RENEWED;
  if (changes_state) {
    __u32 next = with_state(meta, state_of(told->meta));
    if (__sync_val_compare_and_swap(&c->meta, meta, next) == meta && (next ^ meta) & META_INACTIVE)
      member_move(c->server, !!(next & META_INACTIVE));
  }
  if (is_before(c->deadline, deadline)) {
    c->deadline = deadline;
  } else if (changes_state && is_before(deadline, c->deadline)) {
    c->deadline = deadline;
    lower_bound_for(c, deadline);
  }
  return ARRIVED_RENEWED;
}

__noinline int admit(__u32 number) {
  struct newborn* born = newborn_now(NEWBORN_MOVED);
  const struct connection* told = &arrivals.entry[number & (ARRIVALS_MAX - 1)];
  struct server* server = server_at(told->server);
  if (!born || !server) return ARRIVED_REFUSED;
  __u64 hash = told->template_hash ? join_template_of(born, told, now_ticks()) : 0;
  struct connection* entry = &born->entry;
  *entry = *told;
  if (told->meta & META_TEMPLATE) {
    entry->held = 0;
    entry->template_hash = hash = hash_of_template(entry);
  } else {
    entry->server_tag = server_tag(&server->address);
    entry->template_hash = hash;
    hash = hash_of(&entry->client, entry->client_port, entry->protocol);
  }
  born->home = birthplace_of(hash);
  born->full = is_full();
  member_take(told->server, server, told->meta);
  int slot = insert_newborn(born, NEWBORN_OF_PACKET);
  if (slot >= 0 && slot < INSERTED_BY_OTHER) return ARRIVED_ENTERED;
  member_release(told->server, told->meta);
  if (entry->template_hash && !(told->meta & META_TEMPLATE)) touch_template(entry->template_hash, TEMPLATE_LEAVE, 0);
  return slot < 0 ? ARRIVED_REFUSED : renew(born->home.segment, (__u32)slot, told);
}

static long admit_one(__u32 i, void* context_) {
  int arrived = admit(i);
  if (arrived == ARRIVED_ENTERED)
    arrivals.entered++;
  else if (arrived == ARRIVED_RENEWED)
    arrivals.renewed++;
  else
    arrivals.refused++;
  return 0;
}

static __always_inline int admit_all(void) {
  __u64 count = arrivals.count;
  if (count > ARRIVALS_MAX) return 1;
  arrivals.entered = 0;
  arrivals.renewed = 0;
  arrivals.refused = 0;
  bpf_loop(count, admit_one, 0, 0);
  return 0;
}

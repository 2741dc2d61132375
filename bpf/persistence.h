/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Persistence: a client's later connections go where its first one went. What remembers that is a template, an entry of
 * the connection table with the client's address under the service's mask and no client port. Its key, as in ip_vs:
 *
 *   service of a port                protocol, VIP, port
 *   service of all ports, FTP        protocol, VIP, port 0
 *   service of a mark                protocol 0, the mark as address, port 0
 *   group of addresses and ports     protocol 0, its first address and port
 */
#pragma once

#include "changes.h"
#include "schedule.h"
#include "table.h"

/* Whether a service's port is what the packet is sent to, so that a real server's own port takes its place. */
static __always_inline int is_port_of(const struct service* service, const struct packet* p) {
  return service->flags & SERVICE_GROUP || service->port == p->destination_port;
}

/* The port at the real server. */
static __always_inline __be16 server_port_of(const struct service* service, const struct server* server,
                                             const struct packet* p) {
  return server->port && is_port_of(service, p) ? server->port : p->destination_port;
}

static __always_inline void mask_client(union address* client, __u32 netmask) {
  if (is_ipv4(client)) {
    client->word[3] &= bpf_htonl(netmask);
    return;
  }
#pragma unroll
  for (__u32 i = 0; i < 4; i++) {
    __u32 bits = netmask > i * 32 ? netmask - i * 32 : 0;
    client->word[i] &= bits >= 32 ? 0xffffffff : bpf_htonl(~(0xffffffffu >> bits));
  }
}

static __always_inline __u64 hash_of_template(const struct connection* entry) {
  __u64 hash = hash_of(&entry->client, entry->virtual_port, entry->protocol);
  hash = mix(hash ^ entry->virtual_address.half[1]);
  hash = mix(hash ^ entry->virtual_address.half[0]);
  return hash ? hash : 1;
}

/* Gives a newborn the key of the template for `p` of the service at `index`, and its home. Its hash, or 0. */
__noinline __u64 key_template(struct newborn* born, __u32 index, const struct packet* p) {
  const struct service* service = bpf_map_lookup_elem(&services, &index);
  if (!service || !born || !p) return 0;
  struct connection* entry = &born->entry;
  entry->client = p->source;
  mask_client(&entry->client, service->netmask);
  entry->client_port = 0;
  entry->virtual_address = p->destination;
  entry->virtual_port = 0;
  entry->protocol = p->protocol;
  if (service->mark) {
    entry->protocol = 0;
    entry->virtual_address = service->address;
    entry->virtual_address.word[is_ipv4(&p->source) ? 3 : 0] = bpf_htonl(service->mark);
  } else if (service->flags & SERVICE_GROUP) {
    entry->protocol = 0;
    entry->virtual_address = service->address;
    entry->virtual_port = service->port;
  } else if (service->port == p->destination_port && service->port != FTP_PORT) {
    entry->virtual_port = service->port;
  }
  entry->template_hash = hash_of_template(entry);
  born->home = birthplace_of(entry->template_hash);
  return entry->template_hash;
}

__noinline int remove_template_from(__u32 number, __u64 hash) {
  __u32 first = first_slot_of(hash);
  struct segment* segment = segment_at(number);
  if (!segment) return 0;
  NO_UNROLL for (__u32 i = 0; i < SEGMENT_SLOTS; i++) {
    __u32 slot = wrap_slot(first + i);
    struct connection* c = slot_at(segment, slot);
    if (!c || !c->meta) return 0;
    if (c->template_hash == hash && c->meta & META_TEMPLATE) return release(number, slot, c->meta, 0, 0);
  }
  return 0;
}

/* Removes the template with `hash`. */
static __always_inline int remove_template(__u64 hash) {
  if (previous_segment_count && remove_template_from(previous_segment_of(hash), hash)) return 1;
  return remove_template_from(segment_of(hash), hash);
}

/* Whether a template's server still takes its client's connections. A quiescent one does, unless it is to expire. */
static __always_inline int serves(__u32 index, const struct settings* set) {
  struct server* server = server_at(index);
  struct member* member = member_at(index);
  if (!server || !member || !(server->flags & SERVER_AVAILABLE)) return 0;
  return member->weight || !(set->behaviour & BEHAVIOUR_EXPIRE_QUIESCENT);
}

#define PERSISTENT_NONE (-1) /* no real server */
#define PERSISTENT_FULL (-2) /* no room for the template */

/* The real server for a new connection of `p` of the persistent service at `index`: that of the client's template, else
 * one that its scheduler chooses. The template counts the connection, and its hash is in this processor's newborn. Its
 * index, or one of the above. */
__noinline __s64 schedule_persistent(__u32 index, const struct packet* p, __u32 now) {
  const struct service* service = bpf_map_lookup_elem(&services, &index);
  struct newborn* born = newborn_now(NEWBORN_OF_PACKET);
  struct settings* set = settings_now();
  if (!service || !born || !set || !p) return PERSISTENT_NONE;
  __u64 hash = key_template(born, index, p);
  __u32 deadline = now + service->persistence;
  __s64 known = touch_template(hash, TEMPLATE_JOIN, deadline);
  if (known >= 0) {
    if (serves((__u32)known, set)) return known;
    remove_template(hash);
  }
  __u32 chosen = schedule(index, service, p);
  struct server* server = chosen == NO_SERVER ? 0 : server_at(chosen);
  if (!server) return PERSISTENT_NONE;
  born->entry.server = chosen;
  born->entry.server_port = born->entry.virtual_port ? server_port_of(service, server, p) : 0;
  born->entry.deadline = deadline;
  born->entry.meta = META_LIVE | META_TEMPLATE;
  born->entry.held = 1;
  born->full = is_full();
  member_take(chosen, server, born->entry.meta);
  int slot = insert_newborn(born, NEWBORN_OF_PACKET);
  if (slot >= 0 && slot < INSERTED_BY_OTHER) {
    if (set->flags & SETTING_SYNC) tell_change(&born->entry);
    return chosen;
  }
  member_release(chosen, META_TEMPLATE);
  if (slot < 0) return PERSISTENT_FULL;
  known = touch_template(hash, TEMPLATE_JOIN, deadline);
  return known >= 0 ? known : PERSISTENT_NONE;
}

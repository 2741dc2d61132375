/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The connection table: open addressing inside segments of 64 slots.
 *
 * A connection's segment and first slot come from a keyed hash of the client's address, port and protocol, which both
 * directions of a flow know; so one slot, one cache line, serves packets of the client and replies of the server. A
 * search goes from the first slot on, around the segment, until it meets a slot that was never used. Searches take no
 * lock. Insertion and removal hold the segment's lock; a removed slot stays "dead" while a used slot follows it, so
 * that no search ends too early. A slot's generation changes with every use. A segment's header has a lower bound of
 * its deadlines, so that the sweep passes over it while nothing in it can be over; deadlines that grow leave it alone.
 */
#pragma once

#include "changes.h"
#include "hash.h"
#include "member.h"
#include "parse.h"

/* Where bpf_array's values begin, so that slots can be put on cache lines. */
struct bpf_array___layout {
  char value[0];
} __attribute__((preserve_access_index));

/* The offset is a constant to the verifier; the barriers keep the compiler from negating it, which verifiers
 * before 6.18 do not follow. */
static __always_inline __u32 slots_offset(void) {
  __u32 values = __builtin_preserve_field_info(((struct bpf_array___layout*)0)->value, 0 /* BPF_FIELD_BYTE_OFFSET */);
  __u32 used = values & 63;
  asm volatile("" : "+r"(used));
  __u32 gap = 64 - used;
  asm volatile("" : "+r"(gap));
  return SEGMENT_HEADER + (gap & 63);
}

static __always_inline struct connection* slot_at(struct segment* segment, __u32 index) {
  __u32 base = slots_offset();
  if (base > SEGMENT_HEADER + 63 || index >= SEGMENT_SLOTS) return 0;
  return (void*)segment + base + index * sizeof(struct connection);
}

static __always_inline __u64 hash_of(const union address* client, __be16 port, __u8 protocol) {
  return keyed_hash(hash_seed, client, port, protocol);
}

static __always_inline __u32 segment_of(__u64 hash) { return segment_among(segment_count, hash); }
static __always_inline __u32 first_slot_of(__u64 hash) { return (__u32)hash % SEGMENT_SLOTS; }

static __always_inline __u32 wrap_slot(__u32 index) { return index % SEGMENT_SLOTS; }

/* While the table grows there are two of them, and numbers of segments with this bit are those of the previous one.
 * Else the verifier takes away whatever stands behind `previous_segment_count`. */
#define PREVIOUS_TABLE 0x80000000u

static __always_inline __u32 previous_segment_of(__u64 hash) {
  return PREVIOUS_TABLE | (__u32)((hash >> 32) * previous_segment_count >> 32);
}

static __always_inline struct segment* segment_at(__u32 number) {
  if (previous_segment_count && number & PREVIOUS_TABLE) {
    number &= ~PREVIOUS_TABLE;
    return bpf_map_lookup_elem(&connections_previous, &number);
  }
  return bpf_map_lookup_elem(&connections, &number);
}

/* For walks through all segments: how many there are, and the number of the nth. */
static __always_inline __u32 segments_in_all(void) { return segment_count + previous_segment_count; }
static __always_inline __u32 nth_segment(__u32 n) {
  return previous_segment_count && n >= segment_count ? PREVIOUS_TABLE | (n - segment_count) : n;
}

/* A word that stands for a real server's address among the connections of one client port; for IPv4 it is exact. */
static __always_inline __u32 server_tag(const union address* server) {
  return __builtin_expect(is_ipv4(server), 1) ? server->word[3] : (__u32)mix(server->half[0] ^ mix(server->half[1]));
}

/* Where the search for a client's connection begins. */
static __always_inline struct location home_of(const union address* client, __be16 port, __u8 protocol) {
  __u64 hash = hash_of(client, port, protocol);
  struct location home = {segment_of(hash), first_slot_of(hash)};
  return home;
}

/* ... in the previous table. */
static __always_inline struct location previous_home_of(const union address* client, __be16 port, __u8 protocol) {
  __u64 hash = hash_of(client, port, protocol);
  struct location home = {previous_segment_of(hash), first_slot_of(hash)};
  return home;
}

/* Where an entry is inserted. */
static __always_inline struct location birthplace_of(__u64 hash) {
  struct location place = {segment_of(hash), first_slot_of(hash)};
  if (previous_segment_count) {
    struct settings* set = settings_now();
    if (set && set->fill_previous) place.segment = previous_segment_of(hash);
  }
  return place;
}

/* Reads the lines that an insertion is about to need, so that the processor waits for both at once. */
static __always_inline void fetch_ahead(const struct location* home) {
  struct segment* segment = segment_at(home->segment);
  if (!segment) return;
  struct connection* c = slot_at(segment, wrap_slot(home->slot));
  if (c) (void)*(volatile __u32*)&c->meta;
  (void)*(volatile __u32*)&segment->used;
}

/* What finds nothing in the previous table and then nothing in the table has missed nothing: an entry that moves is in
 * the new place before it leaves the old one. */
#define NOT_FOUND (-1)

static __always_inline __s64 number_of(const struct location* at) {
  return (__s64)at->segment * SEGMENT_SLOTS + at->slot;
}

static __always_inline struct connection* connection_at(__s64 number) {
  if (number < 0) return 0;
  struct segment* segment = segment_at((__u32)(number / SEGMENT_SLOTS));
  return segment ? slot_at(segment, wrap_slot((__u32)number)) : 0;
}

static __always_inline struct connection* connection_found(__s64 number, struct location* at) {
  at->segment = (__u32)(number / SEGMENT_SLOTS);
  at->slot = wrap_slot((__u32)number);
  return connection_at(number);
}

static __always_inline struct connection* search_segment_from_client(const struct packet* p, struct location* at) {
  struct segment* segment = segment_at(at->segment);
  if (!segment) return 0;
  __u32 first = at->slot;
  NO_UNROLL for (__u32 i = 0; i < SEGMENT_SLOTS; i++) {
    at->slot = wrap_slot(first + i);
    struct connection* c = slot_at(segment, at->slot);
    if (!c) return 0;
    __u32 meta = c->meta;
    if (!meta) return 0;
    if ((meta & (META_LIVE | META_TEMPLATE)) == META_LIVE && c->client_port == p->source_port &&
        c->virtual_port == p->destination_port && same_address(&c->client, &p->source) &&
        same_address(&c->virtual_address, &p->destination) && c->protocol == p->protocol)
      return c;
  }
  return 0;
}

__noinline __s64 look_up_previous_from_client(const struct packet* p) {
  if (!p) return NOT_FOUND;
  struct location at = previous_home_of(&p->source, p->source_port, p->protocol);
  return search_segment_from_client(p, &at) ? number_of(&at) : NOT_FOUND;
}

/* The connection of a packet from a client, or 0. `*at` is where the search begins, and then the connection's place. */
static __always_inline struct connection* search_from_client(const struct packet* p, struct location* at) {
  if (previous_segment_count) {
    __s64 number = look_up_previous_from_client(p);
    if (number >= 0) return connection_found(number, at);
  }
  return search_segment_from_client(p, at);
}

/* ... from where its search begins. */
static __always_inline struct connection* find_from_client(const struct packet* p, struct location* at) {
  *at = home_of(&p->source, p->source_port, p->protocol);
  return search_from_client(p, at);
}

static __always_inline struct connection* search_segment_from_server(const struct packet* p, struct server** found,
                                                                     struct location* at) {
  struct segment* segment = segment_at(at->segment);
  if (!segment) return 0;
  __u32 first = at->slot;
  NO_UNROLL for (__u32 i = 0; i < SEGMENT_SLOTS; i++) {
    at->slot = wrap_slot(first + i);
    struct connection* c = slot_at(segment, at->slot);
    if (!c) return 0;
    __u32 meta = c->meta;
    if (!meta) return 0;
    if ((meta & (META_LIVE | META_NO_REPLY | META_TEMPLATE)) != META_LIVE || c->client_port != p->destination_port ||
        c->server_port != p->source_port || !same_address(&c->client, &p->destination) || c->protocol != p->protocol)
      continue;
    struct server* server = server_at(c->server);
    if (!server || server->method != FORWARD_NAT || !same_address(&server->address, &p->source)) continue;
    *found = server;
    return c;
  }
  return 0;
}

__noinline __s64 look_up_previous_from_server(const struct packet* p) {
  struct server* server;
  if (!p) return NOT_FOUND;
  struct location at = previous_home_of(&p->destination, p->destination_port, p->protocol);
  return search_segment_from_server(p, &server, &at) ? number_of(&at) : NOT_FOUND;
}

/* The NAT connection of a packet from a real server to its client, or 0; its server in `*found`, its place in `*at`. Of
 * two in both tables that look alike to the server, the one in the new table is the newer one. */
static __always_inline struct connection* find_from_server(const struct packet* p, struct server** found,
                                                           struct location* at) {
  *found = 0;
  __s64 number = previous_segment_count ? look_up_previous_from_server(p) : NOT_FOUND;
  *at = home_of(&p->destination, p->destination_port, p->protocol);
  struct connection* c = search_segment_from_server(p, found, at);
  if (!previous_segment_count || number < 0 || (c && !(c->meta & META_ARRIVING))) return c;
  c = connection_found(number, at);
  if (c) *found = server_at(c->server);
  return c && *found ? c : 0;
}

/* ---- the bound of a segment's deadlines ---- */

static __always_inline int is_before(__u32 tick, __u32 other) { return (__s32)(tick - other) < 0; }

/* The segment holds an entry with that deadline. The lock is held. */
static __always_inline void lower_bound(struct segment* segment, __u32 deadline) {
  if (is_before(deadline, segment->soonest)) segment->soonest = deadline;
}

__noinline int lower_bound_of(__u32 number, __u32 deadline) {
  struct segment* segment = segment_at(number);
  if (!segment) return 0;
  bpf_spin_lock(&segment->lock);
  lower_bound(segment, deadline);
  bpf_spin_unlock(&segment->lock);
  return 1;
}

/* Begins to compute a segment's bound anew. Entries whose deadline comes nearer while they are looked at lower what is
 * set here. */
__noinline int raise_bound(__u32 number, __u32 tick) {
  struct segment* segment = segment_at(number);
  if (!segment) return 0;
  bpf_spin_lock(&segment->lock);
  segment->soonest = tick;
  bpf_spin_unlock(&segment->lock);
  return 1;
}

/* A connection has got a deadline before the one it had. */
__noinline int lower_bound_for(const struct connection* c, __u32 deadline) {
  if (!c) return 0;
  if (previous_segment_count)
    lower_bound_of(previous_home_of(&c->client, c->client_port, c->protocol).segment, deadline);
  return lower_bound_of(home_of(&c->client, c->client_port, c->protocol).segment, deadline);
}

/* ---- templates ----
 *
 * A template is an entry of its own kind: client's address under the service's mask, no client port. Its connections
 * know it by its hash, and it counts them. */

enum template_action {
  TEMPLATE_JOIN,   /* one connection more; the template lives until `deadline` */
  TEMPLATE_LEAVE,  /* one less */
  TEMPLATE_ASSURE, /* one was established */
  TEMPLATE_TELL,   /* other directors are told of it */
};

#define NO_TEMPLATE (-1)

__noinline __s64 touch_template_in(__u32 number, __u64 hash, __u32 action, __u32 deadline) {
  struct segment* segment = segment_at(number);
  if (!segment) return NO_TEMPLATE;
  __u32 first = first_slot_of(hash);
  __s64 server = NO_TEMPLATE;
  struct connection* touched = 0;
  bpf_spin_lock(&segment->lock);
  NO_UNROLL for (__u32 i = 0; i < SEGMENT_SLOTS; i++) {
    struct connection* c = slot_at(segment, wrap_slot(first + i));
    if (!c || !c->meta) break;
    if ((c->meta & (META_LIVE | META_TEMPLATE)) != (META_LIVE | META_TEMPLATE) || c->template_hash != hash) continue;
    server = c->server;
    touched = c;
    if (action == TEMPLATE_JOIN) {
      c->held++;
      c->deadline = deadline;
      lower_bound(segment, deadline);
    } else if (action == TEMPLATE_ASSURE) {
      c->meta |= META_ASSURED;
    } else if (action == TEMPLATE_LEAVE && c->held) {
      c->held--;
    }
    break;
  }
  bpf_spin_unlock(&segment->lock);
  if (action == TEMPLATE_TELL && touched) put_change(touched);
  return server;
}

/* Does that to the template with `hash`. The index of its real server, or NO_TEMPLATE. */
static __always_inline __s64 touch_template(__u64 hash, __u32 action, __u32 deadline) {
  if (previous_segment_count) {
    __s64 server = touch_template_in(previous_segment_of(hash), hash, action, deadline);
    if (server != NO_TEMPLATE) return server;
  }
  return touch_template_in(segment_of(hash), hash, action, deadline);
}

/* ---- removal ---- */

/* What left the table under a segment's lock; told to the server's counts and to the template after the lock. */
struct removed {
  __u32 server;
  __u32 meta; /* 0: nothing */
  __u64 template_hash;
};

/* The lock is held. */
static __always_inline void take_out(struct segment* segment, struct connection* c, struct removed* removed) {
  removed->server = c->server;
  removed->meta = __sync_lock_test_and_set(&c->meta, META_DEAD);
  removed->template_hash = c->template_hash;
  segment->used--;
}

static __always_inline void forget(const struct removed* removed) {
  struct live* values = live_values();
  if (values) __sync_fetch_and_add(&values->connections, -1);
  member_release(removed->server, removed->meta);
  if (removed->template_hash && !(removed->meta & META_TEMPLATE))
    touch_template(removed->template_hash, TEMPLATE_LEAVE, 0);
}

/* Dead slots from `index` backwards that no used slot follows become never-used ones again. The lock is held. */
static __always_inline void tidy(struct segment* segment, __u32 index) {
  struct connection* follower = slot_at(segment, wrap_slot(index + 1));
  if (!follower || follower->meta) return;
  NO_UNROLL for (__u32 i = 0; i < SEGMENT_SLOTS; i++) {
    struct connection* dead = slot_at(segment, wrap_slot(index - i));
    if (!dead || dead->meta != META_DEAD) return;
    dead->meta = 0;
  }
}

/* As long as a template whose time is over goes on while it holds connections (ip_vs: 60 s). */
#define TEMPLATE_AGAIN_TICKS ((__u32)(60ull * 1000000000 >> TICK_SHIFT))

/* Frees the slot if its connection still is as `meta` says and, with `only_over`, its time is over at `now`. 1: it was
 * this call that did. */
__noinline int release(__u32 number, __u32 index, __u32 meta, __u32 only_over, __u32 now) {
  struct segment* segment = segment_at(number);
  if (!segment) return 0;
  struct connection* c = slot_at(segment, wrap_slot(index));
  if (!c) return 0;
  struct removed removed = {};
  bpf_spin_lock(&segment->lock);
  if (c->meta == meta && (meta & (META_LIVE | META_ARRIVING)) == META_LIVE &&
      (!only_over || !is_before(now, c->deadline))) {
    if (only_over && meta & META_TEMPLATE && c->held) {
      c->deadline = now + TEMPLATE_AGAIN_TICKS;
    } else {
      take_out(segment, c, &removed);
      tidy(segment, index);
    }
  }
  bpf_spin_unlock(&segment->lock);
  if (!removed.meta) return 0;
  forget(&removed);
  return 1;
}

/* ---- insertion ---- */

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct newborn);
} newborns SEC(".maps");

/* Whose newborn: packets may come in while an entry is moved. */
#define NEWBORN_OF_PACKET 0
#define NEWBORN_MOVED 1

static __always_inline struct newborn* newborn_now(__u32 whose) { return bpf_map_lookup_elem(&newborns, &whose); }

/* Whether the table holds as many connections as it may. */
static __always_inline __u32 is_full(void) {
  struct settings* set = settings_now();
  struct live* values = live_values();
  return set && values && values->connections >= set->connections_max;
}

static __always_inline int same_key(const struct connection* a, const struct connection* b) {
  return a->client_port == b->client_port && a->virtual_port == b->virtual_port && a->protocol == b->protocol &&
         same_address(&a->client, &b->client) && same_address(&a->virtual_address, &b->virtual_address) &&
         !((a->meta ^ b->meta) & META_TEMPLATE);
}

/* Whether replies of `a` and `b` look alike. */
static __always_inline int same_replies(const struct connection* a, const struct connection* b) {
  return a->client_port == b->client_port && a->server_port == b->server_port && a->server_tag == b->server_tag &&
         a->protocol == b->protocol && same_address(&a->client, &b->client) && !((a->meta | b->meta) & META_TEMPLATE);
}

#define INSERT_FULL (-1)
#define INSERTED_BY_OTHER SEGMENT_SLOTS /* added to the slot */

/* Enters a newborn. Its slot, or INSERT_FULL. Another processor may have entered the same one meanwhile:
 * then that one stands. In a full table or segment a half-open connection makes room; established ones never do. One
 * that is moved is older than what is there already, and is counted already. */
__noinline int insert_newborn(struct newborn* born, __u32 whose) {
  if (!born) return INSERT_FULL;
  struct connection* entry = &born->entry;
  struct segment* segment = segment_at(born->home.segment);
  if (!segment) return INSERT_FULL;
  __u32 first = born->home.slot;
  int outcome = INSERT_FULL;
  struct removed removed = {};
  bpf_spin_lock(&segment->lock);
  segment->free = SEGMENT_SLOTS;
  segment->half_open = SEGMENT_SLOTS;
  NO_UNROLL for (__u32 i = 0; i < SEGMENT_SLOTS; i++) {
    __u32 index = wrap_slot(first + i);
    struct connection* c = slot_at(segment, index);
    if (!c) break;
    __u32 meta = c->meta;
    if (!(meta & META_LIVE)) {
      if (segment->free == SEGMENT_SLOTS) segment->free = index;
      if (!meta) break;
      continue;
    }
    if (same_key(c, entry) && !(meta & META_ARRIVING)) {
      outcome = (int)(index + INSERTED_BY_OTHER);
      break;
    }
    if (same_replies(c, entry)) {
      if (whose == NEWBORN_OF_PACKET) {
        __sync_fetch_and_or(&c->meta, META_NO_REPLY);
      } else if (!(meta & META_NO_REPLY)) {
        entry->meta |= META_NO_REPLY;
      }
    }
    if (is_half_open_state((meta & META_STATE) >> META_STATE_SHIFT) && !(meta & META_ARRIVING))
      segment->half_open = index;
  }
  if (outcome == INSERT_FULL) {
    if (born->full || segment->free == SEGMENT_SLOTS) {
      struct connection* victim = slot_at(segment, segment->half_open);
      if (victim) {
        take_out(segment, victim, &removed);
        if (segment->free == SEGMENT_SLOTS) segment->free = segment->half_open;
      } else {
        segment->free = SEGMENT_SLOTS;
      }
    }
    struct connection* c = slot_at(segment, segment->free);
    if (c) {
      __builtin_memcpy(c, entry, offsetof(struct connection, meta));
      c->server_tag = entry->server_tag;
      c->template_hash = entry->template_hash;
      if (!segment->used++) segment->soonest = entry->deadline;
      lower_bound(segment, entry->deadline);
      segment->generation++;
      c->meta = entry->meta | segment->generation << META_GENERATION_SHIFT;
      outcome = (int)segment->free;
    }
  }
  bpf_spin_unlock(&segment->lock);
  if (removed.meta) {
    forget(&removed);
    count(COUNTER_table_full_evicted);
  }
  if (whose == NEWBORN_OF_PACKET && outcome >= 0 && outcome < INSERTED_BY_OTHER) {
    struct live* values = live_values();
    if (values) __sync_fetch_and_add(&values->connections, 1);
  }
  return outcome;
}

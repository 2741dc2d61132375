/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* How many connections a real server has: exact, shared by all processors, written only when a connection comes,
 * changes its class, or goes. */
#pragma once

#include "maps.h"
#include "state.h"

/* Recomputes a server's overload flag after a connection came. */
static __always_inline void mark_overload(struct member* m, const struct server* server) {
  if (server->upper_threshold && (__u32)(m->active + m->inactive) >= server->upper_threshold &&
      !(m->order & MEMBER_OVERLOAD))
    __sync_fetch_and_or(&m->order, MEMBER_OVERLOAD);
}

/* ... and after one went: with a lower threshold below that, without one below three quarters of the upper. */
static __always_inline void clear_overload(struct member* m, const struct server* server) {
  if (!(m->order & MEMBER_OVERLOAD)) return;
  __u32 total = m->active + m->inactive;
  if (server->lower_threshold ? total < server->lower_threshold
                              : !server->upper_threshold || total * 4 < server->upper_threshold * 3)
    __sync_fetch_and_and(&m->order, MEMBER_ORDER);
}

/* Says that a member of the chunk is no longer what it was. Who never looks at all members pays nothing for it. */
static __always_inline void note_change(struct chunk* chunk) {
  if (chunk->best) __sync_fetch_and_add(&chunk->changes, 1);
}

/* A connection or template with `meta` starts on `server`, which is the one at `index`. */
static __always_inline void member_take(__u32 index, struct server* server, __u32 meta) {
  struct chunk* chunk = chunk_of(index);
  if (!chunk) return;
  if (meta & META_TEMPLATE) {
    __sync_fetch_and_add(&server->persistent, 1);
    return;
  }
  struct member* m = &chunk->member[index % CHUNK_MEMBERS];
  __sync_fetch_and_add(meta & META_INACTIVE ? &m->inactive : &m->active, 1);
  mark_overload(m, server);
  note_change(chunk);
}

/* A connection or template with `meta` is gone. */
static __always_inline void member_release(__u32 index, __u32 meta) {
  struct chunk* chunk = chunk_of(index);
  struct server* server = server_at(index);
  if (!chunk || !server) return;
  if (meta & META_TEMPLATE) {
    __sync_fetch_and_add(&server->persistent, -1);
    return;
  }
  struct member* m = &chunk->member[index % CHUNK_MEMBERS];
  __sync_fetch_and_add(meta & META_INACTIVE ? &m->inactive : &m->active, -1);
  clear_overload(m, server);
  note_change(chunk);
}

/* A connection changed its class: it is inactive now, or active. */
static __always_inline void member_move(__u32 index, int inactive) {
  struct chunk* chunk = chunk_of(index);
  if (!chunk) return;
  struct member* m = &chunk->member[index % CHUNK_MEMBERS];
  __sync_fetch_and_add(&m->inactive, inactive ? 1 : -1);
  __sync_fetch_and_add(&m->active, inactive ? -1 : 1);
  note_change(chunk);
}

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

/* A connection or template with `meta` starts on `server`, which is the one at `index`. */
static __always_inline void member_take(__u32 index, struct server* server, __u32 meta) {
  struct member* m = member_at(index);
  if (!m) return;
  if (meta & META_TEMPLATE) {
    __sync_fetch_and_add(&server->persistent, 1);
    return;
  }
  __sync_fetch_and_add(meta & META_INACTIVE ? &m->inactive : &m->active, 1);
  mark_overload(m, server);
}

/* A connection or template with `meta` is gone. */
static __always_inline void member_release(__u32 index, __u32 meta) {
  struct member* m = member_at(index);
  struct server* server = server_at(index);
  if (!m || !server) return;
  if (meta & META_TEMPLATE) {
    __sync_fetch_and_add(&server->persistent, -1);
    return;
  }
  __sync_fetch_and_add(meta & META_INACTIVE ? &m->inactive : &m->active, -1);
  clear_overload(m, server);
}

/* A connection changed its class: it is inactive now, or active. */
static __always_inline void member_move(__u32 index, int inactive) {
  struct member* m = member_at(index);
  if (!m) return;
  __sync_fetch_and_add(&m->inactive, inactive ? 1 : -1);
  __sync_fetch_and_add(&m->active, inactive ? -1 : 1);
}

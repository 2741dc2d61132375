/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What other directors must know to go on with a connection is told to the daemon: entries as they are when they begin
 * to matter, and when their state changes. */
#pragma once

#include "maps.h"
#include "state.h"

#define CHANGES_BYTES (4 << 20)

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, CHANGES_BYTES);
} changes SEC(".maps");

/* States that are told of: as ip_vs does, none before a connection is established. */
static __always_inline int is_told(__u32 state) {
  const __u32 told = 1u << STATE_ESTABLISHED | 1u << STATE_FIN_WAIT | 1u << STATE_TIME_WAIT | 1u << STATE_CLOSE |
                     1u << STATE_CLOSE_WAIT | 1u << STATE_LAST_ACK | 1u << STATE_UDP | 1u << STATE_SCTP_ESTABLISHED |
                     1u << STATE_SCTP_SHUTDOWN_SENT | 1u << STATE_SCTP_SHUTDOWN_RECEIVED |
                     1u << STATE_SCTP_SHUTDOWN_ACK_SENT | 1u << STATE_SCTP_CLOSED;
  return told >> (state & (STATE_COUNT - 1)) & 1;
}

/* The daemon looks for changes many times a second: it is not woken. */
static __always_inline int put_change(const struct connection* c) {
  if (!bpf_ringbuf_output(&changes, (void*)c, sizeof *c, BPF_RB_NO_WAKEUP)) return 1;
  __sync_fetch_and_add(&live.changes_lost, 1);
  return 0;
}

__noinline int tell_change(const struct connection* c) { return c ? put_change(c) : 0; }

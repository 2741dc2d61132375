/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Fragments of TCP segments, UDP datagrams and SCTP packets. Only the first one carries the ports; they are kept for
 * the others, which so follow it without being put together (a fragment that overtakes the first one of its datagram is
 * lost). */
#pragma once

#include "relay.h"
#include "schedule.h"

/* As long as Linux waits for the missing fragments of a datagram (net.ipv4.ipfrag_time). */
#define FRAGMENT_TICKS ((__u32)(30ull * 1000000000 >> TICK_SHIFT))

static __always_inline void fragment_key_of(const struct packet* p, struct fragment_key* key) {
  __builtin_memset(key, 0, sizeof *key);
  key->source = p->source;
  key->destination = p->destination;
  key->identification = p->identification;
  key->protocol = p->protocol;
}

/* Keeps the ports of a datagram's first fragment. */
__noinline int remember_fragment(const struct packet* p) {
  if (!p) return 0;
  struct fragment_key key;
  fragment_key_of(p, &key);
  struct fragment_ports ports = {p->source_port, p->destination_port, now_ticks()};
  return !bpf_map_update_elem(&fragments, &key, &ports, BPF_ANY);
}

/* Fills in the ports of a later fragment. 0: its first one was not seen, or too long ago. */
__noinline int recall_fragment(struct packet* p) {
  if (!p) return 0;
  struct fragment_key key;
  fragment_key_of(p, &key);
  struct fragment_ports* ports = bpf_map_lookup_elem(&fragments, &key);
  if (!ports || (__s32)(now_ticks() - ports->tick) > (__s32)FRAGMENT_TICKS) return 0;
  p->source_port = ports->source;
  p->destination_port = ports->destination;
  p->tcp_flags = 0;
  return 1;
}

/* A fragment without ports. */
__noinline int on_fragment(context* ctx, struct packet* p) {
  if (!p) return VERDICT_PASS;
  int verdict;
  if (recall_fragment(p)) return relay(ctx, p, p, RELAY_FRAGMENT, &verdict) ? verdict : VERDICT_PASS;
  if (!is_virtual_address(&p->destination)) return VERDICT_PASS;
  count(COUNTER_fragment_without_first);
  return VERDICT_DROP;
}

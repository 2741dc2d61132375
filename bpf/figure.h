/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* How fast a real server answers: the time from a client's SYN to the server's SYN/ACK, of one handshake at a time, and
 * only for services that choose by it. Nothing is written for any other packet. */
#pragma once

#include "maps.h"
#include "parse.h"

/* How long a measurement counts, and how long an answer is waited for. */
#define FIGURE_KEPT_US 10000000u
#define FIGURE_KEPT_TICKS ((__u32)(FIGURE_KEPT_US * 1000ull >> TICK_SHIFT))

/* Whether what was noted at a tick still counts; 0: it never was. A tick noted now may be the next one. */
static __always_inline int is_recent(__u32 then, __u32 now) {
  return then && (__s32)(now - then) <= (__s32)FIGURE_KEPT_TICKS;
}

static __always_inline struct figure* figure_at(__u32 index) {
  __u32 number = index / CHUNK_MEMBERS;
  struct figure_chunk* chunk = bpf_map_lookup_elem(&figures, &number);
  if (!chunk) return 0;
  return &chunk->figure[index % CHUNK_MEMBERS];
}

/* Microseconds of the monotonic clock; they wrap after 71 minutes. */
static __always_inline __u32 now_us(void) { return (__u32)(bpf_ktime_get_ns() / 1000); }

/* A word that stands for a client's address and port; never 0. */
static __always_inline __u32 client_tag(const union address* client, __be16 port) {
  return (client->word[0] ^ client->word[1] ^ client->word[2] ^ client->word[3]) * 0x61c88647u + port | 1;
}

static __always_inline int awaits_answer(const struct figure* f, __u32 now) {
  return f->trial && now - f->trial_start < FIGURE_KEPT_US;
}

/* A client's SYN goes to the server: measures its handshake unless another one is being measured. */
static __always_inline void begin_trial(struct figure* f, __u32 tag, __u32 now) {
  if (awaits_answer(f, now)) return;
  f->trial_start = now;
  f->trial = tag;
}

/* A server's SYN/ACK: ends the measurement, if it was this client's. The average goes an eighth of the way to the new
 * value. */
__noinline int end_trial(__u32 server, __u32 service, const struct packet* p) {
  const struct service* of = bpf_map_lookup_elem(&services, &service);
  if (!of || of->scheduler != SCHEDULER_RESPONSE_TIME || !p) return 0;
  struct figure* f = figure_at(server);
  __u32 tag = client_tag(&p->destination, p->destination_port);
  if (!f || f->trial != tag || __sync_val_compare_and_swap(&f->trial, tag, 0) != tag) return 0;
  __u32 took = now_us() - f->trial_start, now = now_ticks();
  if (took > RESPONSE_WORST_US) took = RESPONSE_WORST_US;
  f->response_us = is_recent(f->measured, now) ? (f->response_us * 7 + took) / 8 : took;
  f->measured = now | 1;
  return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Which service a packet is for, and which of its real servers gets a new connection. */
#pragma once

#include "hash.h"
#include "schedule/capacity.h"
#include "schedule/dh.h"
#include "schedule/fo.h"
#include "schedule/lblc.h"
#include "schedule/lblcr.h"
#include "schedule/lc.h"
#include "schedule/mh.h"
#include "schedule/nq.h"
#include "schedule/ovf.h"
#include "schedule/random.h"
#include "schedule/response_time.h"
#include "schedule/rr.h"
#include "schedule/sed.h"
#include "schedule/sh.h"
#include "schedule/twos.h"
#include "schedule/weighted_random.h"
#include "schedule/wlc.h"
#include "schedule/wrr.h"

#define NO_SERVICE 0xffffffffu

/* The service for a packet with a firewall mark: its index, or NO_SERVICE. */
__noinline __u32 find_marked_service(const struct packet* p, __u32 mark) {
  if (!p) return NO_SERVICE;
  struct service_key key = {.mark = mark};
  if (p->ipv4) set_ipv4(&key.address, 0);
  __u32* found = bpf_map_lookup_elem(&service_keys, &key);
  return found ? *found : NO_SERVICE;
}

/* The service that listens where a packet goes to, if it stands among the listeners; else NO_SERVICE. A listener whose
 * socket is the same after its service was read was not another one in between. */
static __always_inline __u32 find_listener(const struct packet* p) {
  __u32 socket = socket_of(p->destination_port, p->protocol);
  __u32 number = listener_line_of(listener_line_count, &p->destination, socket);
  struct listener_line* line = bpf_map_lookup_elem(&listeners, &number);
  if (!line) return NO_SERVICE;
#pragma unroll
  for (int i = 0; i < LISTENERS_IN_LINE; i++) {
    const volatile struct listener* l = &line->listener[i];
    if (l->socket != socket || !same_address((const union address*)&l->address, &p->destination)) continue;
    __u32 service = l->service;
    if (l->socket == socket) return service;
  }
  return NO_SERVICE;
}

#define FTP_PORT bpf_htons(21)
#define FTP_DATA_PORT bpf_htons(20)
#define FIRST_UNPRIVILEGED_PORT 1024

/* Whether a packet may belong to a data connection of FTP. */
static __always_inline int may_be_ftp_data(const struct packet* p, const struct settings* set) {
  return set->flags & SETTING_FTP && p->protocol == IPPROTO_TCP &&
         (p->destination_port == FTP_DATA_PORT || bpf_ntohs(p->destination_port) >= FIRST_UNPRIVILEGED_PORT);
}

/* Whether a packet may still get the mark of a service. */
static __always_inline int awaits_mark(context* ctx, const struct packet* p, const struct settings* set) {
  return set->flags & (p->ipv4 ? SETTING_MARKS_IPV4 : SETTING_MARKS_IPV6) && !at_egress(ctx);
}

/* The service for a packet: the index of that of its mark, else of that of its destination's port, else of FTP's that
 * the port may belong to, else (with `all_ports`) of that of all ports, else NO_SERVICE. */
__noinline __u32 find_service(const struct packet* p, __u32 mark, __u32 all_ports) {
  const struct settings* set = settings_now();
  if (!p || !set) return NO_SERVICE;
  __u32 marked = mark ? find_marked_service(p, mark) : NO_SERVICE;
  if (marked != NO_SERVICE) return marked;
  struct service_key key = {.port = p->destination_port, .protocol = p->protocol};
  key.address = p->destination;
  __u32* found = bpf_map_lookup_elem(&service_keys, &key);
  if (!found && may_be_ftp_data(p, set)) {
    key.port = FTP_PORT;
    found = bpf_map_lookup_elem(&service_keys, &key);
  }
  if (!found && all_ports) {
    key.port = 0;
    found = bpf_map_lookup_elem(&service_keys, &key);
  }
  return found ? *found : NO_SERVICE;
}

/* Whether an address carries any service. */
static __always_inline int is_virtual_address(const union address* address) {
  struct service_key key = {};
  key.address = *address;
  return bpf_map_lookup_elem(&service_keys, &key) != 0;
}

/* Whether a packet that belongs to no connection comes from a real server's port behind NAT. A reset or
 * an abort says nothing that an answer could mend. */
static __always_inline int is_lost_reply(const struct packet* p, const struct settings* set) {
  if (!(set->behaviour & BEHAVIOUR_REFUSE_REPLIES) || !(set->flags & SETTING_NAT)) return 0;
  if (p->protocol == IPPROTO_SCTP ? p->sctp_chunk == SCTP_ABORT : p->tcp_flags & TCP_RST) return 0;
  struct service_key key = {.port = p->source_port, .protocol = p->protocol, .kind = KEY_REPLIER};
  key.address = p->source;
  return bpf_map_lookup_elem(&service_keys, &key) != 0;
}

/* The real server of `service`, the one at `index`, for a new connection of `p`; or NO_SERVER. */
__noinline __u32 schedule(__u32 index, const struct service* service, const struct packet* p) {
  if (!service || !p) return NO_SERVER;
  struct pick pick = {
      .service = index,
      .flags = service->flags,
      .first_chunk = service->first_chunk,
      .weight_step = service->weight_step,
      .weight_top = service->weight_top,
      .client_port = bpf_ntohs(p->source_port),
      .client = &p->source,
      .destination = &p->destination,
      .server = NO_SERVER,
      .ring = service->ring,
      .ring_of_hash = service->ring_of_hash,
  };
  int chosen = 0;
  switch (service->scheduler) {
    case SCHEDULER_RR:
      chosen = schedule_rr(&pick);
      break;
    case SCHEDULER_WRR:
      chosen = schedule_wrr(&pick);
      break;
    case SCHEDULER_LC:
      chosen = schedule_lc(&pick);
      break;
    case SCHEDULER_WLC:
      chosen = schedule_wlc(&pick);
      break;
    case SCHEDULER_SED:
      chosen = schedule_sed(&pick);
      break;
    case SCHEDULER_NQ:
      chosen = schedule_nq(&pick);
      break;
    case SCHEDULER_SH:
      chosen = schedule_sh(&pick);
      break;
    case SCHEDULER_DH:
      chosen = schedule_dh(&pick);
      break;
    case SCHEDULER_MH:
      chosen = schedule_mh(&pick);
      break;
    case SCHEDULER_FO:
      chosen = schedule_fo(&pick);
      break;
    case SCHEDULER_OVF:
      chosen = schedule_ovf(&pick);
      break;
    case SCHEDULER_RESPONSE_TIME:
      chosen = schedule_response_time(&pick);
      break;
    case SCHEDULER_CAPACITY:
      chosen = schedule_capacity(&pick);
      break;
    case SCHEDULER_LBLC:
      chosen = schedule_lblc(&pick);
      break;
    case SCHEDULER_LBLCR:
      chosen = schedule_lblcr(&pick);
      break;
    case SCHEDULER_TWOS:
      chosen = schedule_twos(&pick);
      break;
    case SCHEDULER_RANDOM:
      chosen = schedule_random(&pick);
      break;
    case SCHEDULER_WEIGHTED_RANDOM:
      chosen = schedule_weighted_random(&pick);
      break;
  }
  return chosen ? pick.server : NO_SERVER;
}

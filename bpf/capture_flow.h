/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Ends and protocol of a packet, read from the first bytes of its frame, and whether a filter means it. Compiled for
 * the kernel and for user space. */
#pragma once

#include "capture.h"

enum { CAPTURE_TCP = 6, CAPTURE_UDP = 17, CAPTURE_SCTP = 132 };

/* A byte of `frame`, which is CAPTURE_HEAD bytes of memory whatever the frame's length. */
static inline __u32 capture_byte(const __u8* frame, __u32 offset) {
#ifdef __bpf__
  asm volatile("%0 &= %1" : "+r"(offset) : "i"(CAPTURE_HEAD - 1)); /* a bound that the verifier sees */
#endif
  return frame[offset & (CAPTURE_HEAD - 1)];
}

static inline __u32 capture_word(const __u8* frame, __u32 offset) {
  return capture_byte(frame, offset) << 8 | capture_byte(frame, offset + 1);
}

static inline void capture_address(const __u8* frame, __u32 offset, __u32 bytes, union address* to) {
  if (bytes == 4) to->bytes[10] = to->bytes[11] = 0xff;
  for (__u32 i = 0; i < bytes; i++) to->bytes[16 - bytes + i] = (__u8)capture_byte(frame, offset + i);
}

/* Follows the extension headers from `offset` on. Returns the offset behind them, or 0 in a later fragment. */
static inline __u32 capture_extensions(const __u8* frame, __u32 offset, __u32 length, __u8* protocol) {
  for (int i = 0; i < 6; i++) {
    __u8 here = *protocol;
    if ((here != 0 && here != 43 && here != 44 && here != 60) || offset + 8 > length) break;
    *protocol = (__u8)capture_byte(frame, offset);
    if (here == 44 && (capture_word(frame, offset + 2) & 0xfff8)) return 0;
    __u32 size = here == 44 ? 8 : (capture_byte(frame, offset + 1) + 1) * 8;
    offset += size;
  }
  return offset;
}

/* Reads `length` (at most CAPTURE_HEAD) bytes of a frame into `flow`, which is all 0. */
static inline void capture_read_flow(const __u8* frame, __u32 length, struct capture_flow* flow) {
  __u32 ethertype = capture_word(frame, 12);
  __u32 l4;
  if (ethertype == 0x0800 && length >= 34) {
    flow->protocol = (__u8)capture_byte(frame, 23);
    capture_address(frame, 26, 4, &flow->source);
    capture_address(frame, 30, 4, &flow->destination);
    l4 = capture_word(frame, 20) & 0x1fff ? 0 : 14 + (capture_byte(frame, 14) & 15) * 4;
  } else if (ethertype == 0x86dd && length >= 54) {
    flow->protocol = (__u8)capture_byte(frame, 20);
    capture_address(frame, 22, 16, &flow->source);
    capture_address(frame, 38, 16, &flow->destination);
    l4 = capture_extensions(frame, 54, length, &flow->protocol);
  } else {
    return;
  }
  flow->is_ip = 1;
  if (l4 == 0 || l4 + 4 > length) return;
  flow->l4 = (__u8)l4;
  if (flow->protocol != CAPTURE_TCP && flow->protocol != CAPTURE_UDP && flow->protocol != CAPTURE_SCTP) return;
  flow->source_port = (__u16)capture_word(frame, l4);
  flow->destination_port = (__u16)capture_word(frame, l4 + 2);
  if (flow->protocol == CAPTURE_TCP && l4 + 14 <= length) flow->tcp_flags = (__u8)capture_byte(frame, l4 + 13);
}

static inline int capture_is_place(const struct capture_place* place, const union address* address, __u16 port) {
  return (address->half[0] & place->mask.half[0]) == place->address.half[0] &&
         (address->half[1] & place->mask.half[1]) == place->address.half[1] &&
         (place->port == 0 || place->port == port);
}

static inline int capture_is_end(const struct capture_place* place, const struct capture_flow* flow) {
  return flow->is_ip && (capture_is_place(place, &flow->source, flow->source_port) ||
                         capture_is_place(place, &flow->destination, flow->destination_port));
}

static inline int capture_has_place(const struct capture_place* place, const struct capture_flow* came,
                                    const struct capture_flow* left) {
  return !place->used || capture_is_end(place, came) || capture_is_end(place, left);
}

/* Whether a filter means the packet that came as one flow and left as the other. */
static inline int capture_means(const struct capture_filter* filter, const struct capture_flow* came,
                                const struct capture_flow* left) {
  if (filter->protocol >= 0 && !(came->is_ip && came->protocol == filter->protocol) &&
      !(left->is_ip && left->protocol == filter->protocol))
    return 0;
  return capture_has_place(&filter->client, came, left) && capture_has_place(&filter->virtual_address, came, left) &&
         capture_has_place(&filter->server, came, left);
}

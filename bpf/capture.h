/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the packet programs and `ballast capture` share: which packets are captured, and the record of one. */
#pragma once

#include "abi.h"

/* How much of a frame is kept as it came: covers Ethernet, IPv6 with extension headers, TCP with options. A power of
 * two. */
#define CAPTURE_HEAD 256
/* Bytes of a frame in a record, at most: the length of a perf record is held in 16 bits. */
#define CAPTURE_BYTES_MAX 65000

/* What a packet's headers tell of it. */
struct capture_flow {
  union address source; /* all 0 where the packet is neither IPv4 nor IPv6 */
  union address destination;
  __u16 source_port; /* host byte order; 0 where there is none (later fragments, ICMP, other protocols) */
  __u16 destination_port;
  __u8 protocol;
  __u8 is_ip;
  __u8 l4; /* offset of the layer-4 header in the frame; 0: there is none */
  __u8 tcp_flags;
};

/* Ends of packets: an address under a mask, and a port. */
struct capture_place {
  union address address;
  union address mask; /* all 0: any address */
  __u32 port;         /* 0: any */
  __u32 used;         /* 0: no condition */
};

/* Which packets are meant: those of the protocol where each place is an end of the packet, be it as it came or as the
 * program left it. */
struct capture_filter {
  struct capture_place client;
  struct capture_place virtual_address;
  struct capture_place server;
  __s32 protocol; /* -1: any */
  __u32 reserved;
};

/* The single element of the map `capture_orders`. */
struct capture_orders {
  struct capture_filter filter;
  __u32 snap_length; /* bytes of each frame, 1 to CAPTURE_BYTES_MAX */
  __u32 reserved;
  __u64 lost; /* written by programs: records that found no room */
};

enum capture_hook { CAPTURE_XDP, CAPTURE_TC_INGRESS, CAPTURE_TC_EGRESS };

/* One run of a packet program. Behind it in the perf record are `captured` bytes of the frame as the program left it.
 */
struct capture_record {
  __u64 arrival;   /* ns of the monotonic clock */
  __u64 departure; /* likewise */
  __u64 counters;  /* a bit for each counter of counters.h that this packet raised */
  __u32 interface_index;
  __s32 verdict; /* what the program returned */
  __u32 length_in;
  __u32 length_out;
  __u32 head_length; /* bytes of `head` that are the frame's */
  __u32 captured;
  __u32 hook; /* enum capture_hook */
  __u32 reserved;
  __u8 head[CAPTURE_HEAD]; /* the frame as it came */
};

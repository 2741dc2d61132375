/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the generator's two sides share. Addresses are in network order where nothing else is said. */
#ifndef BALLAST_BENCH_GENERATOR_ABI_H
#define BALLAST_BENCH_GENERATOR_ABI_H

#include <linux/types.h>

#define FRAME_BYTES 56 /* Ethernet, IPv4, 20 bytes of TCP or UDP, and 2 of padding that make it whole words */
#define PORTS_PER_CLIENT 50000
#define FIRST_PORT 1024

/* What to make. Flow number i is port FIRST_PORT + i % PORTS_PER_CLIENT of address first_client + i / PORTS_PER_CLIENT.
 */
struct bench_order {
  __u32 out_ifindex; /* 0: frames are dropped at once */
  __u32 frames;      /* how many will be sent */
  __u32 first_flow;
  __u32 flows;
  __u32 in_order;     /* one flow after the other instead of by chance */
  __u32 next;         /* in_order: how many were made */
  __u32 first_client; /* in host order */
  __u32 to_client;    /* the flow is the frame's destination instead of its source */
  __u32 servers;  /* to_client: flow i is that of server number servers - 1 - i % servers (round robin, newest first) */
  __u32 datagram; /* UDP instead of TCP */
  __u32 forward_to; /* interface that `redirector` sends to */
  __u32 pad;
  __u64 frame[FRAME_BYTES / 8]; /* the flow's address and port are 0 */
  __u64 network_sum;            /* of its IPv4 header's words */
  __u64 transport_sum;          /* of what the checksum of TCP or UDP covers */
};

/* What shall come back. */
struct bench_expectation {
  __u8 destination_mac[6];
  __u16 is_tunnel; /* an IPv4 packet in another one */
  __u32 outer_source;
  __u32 source;       /* 0: any */
  __u32 first_server; /* the last destination address differs only in its lowest ten bits; 0: any */
  __u8 ttl;
};

/* What came back. */
struct bench_returned {
  __u64 frames;
  __u64 as_expected;
  __u64 started_ns;  /* when the first one was made, in CLOCK_MONOTONIC */
  __u64 finished_ns; /* `take`: when the last one came, in CLOCK_MONOTONIC */
};

#endif

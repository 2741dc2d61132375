// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// What the real server's packet programs and the command that sets them up share: map values and counters.
#pragma once

#include <linux/types.h>

#define REALSERVER_MAX_VIPS 4096
#define REALSERVER_MAX_LOCAL_ADDRESSES 4096

/// Key of both address maps: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d.
struct realserver_address {
  __u8 bytes[16];
};

/// What is done for one VIP.
struct realserver_vip {
  __u32 unwrap;  ///< 1: tunnelled packets for it are unwrapped
  __u32 mss;     ///< largest MSS announced in SYN segments sent from it, in bytes; 0: left alone
};

/// The single entry of the settings map.
struct realserver_settings {
  __u16 gue_port;  ///< host byte order
  __u16 reserved;
};

/// Indices of the counter map, each a number of packets. `passed_` went on untouched, `dropped_` did not go on.
enum realserver_counter {
  REALSERVER_DECAPSULATED_IPIP,
  REALSERVER_DECAPSULATED_GUE,
  REALSERVER_DECAPSULATED_GRE,
  REALSERVER_PASSED_NOT_FOR_VIP,
  REALSERVER_PASSED_NOT_LOCAL,
  REALSERVER_PASSED_MALFORMED,
  REALSERVER_PASSED_FRAGMENT,
  REALSERVER_PASSED_UNSUPPORTED,
  REALSERVER_DROPPED_ECN,
  REALSERVER_DROPPED_RESIZE,
  REALSERVER_MSS_CLAMPED,
  REALSERVER_COUNTERS,
};

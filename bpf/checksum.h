/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Internet checksums (RFC 1071) and their incremental update (RFC 1624, equation 3). */
#pragma once

#include <linux/types.h>

/* Where the checksum stands in each header. */
#define CSUM_OFFSET_IP 10
#define CSUM_OFFSET_TCP 16
#define CSUM_OFFSET_UDP 6

/* The sum is below 2^48. */
static __always_inline __u16 csum_fold(__u64 sum) {
  __u32 folded = (__u16)sum + (__u16)(sum >> 16) + (__u32)(sum >> 32);
  folded = (folded & 0xffff) + (folded >> 16);
  return (__u16)(folded + (folded >> 16));
}

/* A checksum field after data changed by `delta`, the sum of ~old and new words. */
static __always_inline __u16 csum_update(__u16 check, __u64 delta) {
  return (__u16)~csum_fold((__u64)(__u16)~check + delta);
}

static __always_inline __u64 csum_delta_32(__u32 from, __u32 to) { return (__u64)(__u32)~from + to; }
static __always_inline __u64 csum_delta_16(__u16 from, __u16 to) { return (__u64)(__u16)~from + to; }

/* The sum of `words` 32-bit words. */
static __always_inline __u64 csum_words(const __u32* data, int words) {
  __u64 sum = 0;
#pragma unroll
  for (int i = 0; i < words; i++) sum += data[i];
  return sum;
}

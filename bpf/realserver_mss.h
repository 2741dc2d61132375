// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// Lowering the MSS option of a SYN segment.
#pragma once

#include <linux/tcp.h>

#include "bpf/realserver_ip.h"

#define TCP_FLAG_SYN 0x02
#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_OPTIONS_BYTES 40

/// Offset of the MSS option's value, 0 where the header has none. `options` is the offset of the options, `length` how
/// many bytes they have. The mask keeps the verifier's idea of the position the same in every round.
static __always_inline __u32 find_mss(struct __sk_buff* skb, __u32 options, __u32 length) {
  __u32 at = 0;
  for (int i = 0; i < TCP_OPTIONS_BYTES && at + 2 <= length; ++i) {
    __u8 option[2];
    if (bpf_skb_load_bytes(skb, options + at, option, sizeof(option)) || option[0] == TCP_OPTION_END) return 0;
    if (option[0] == TCP_OPTION_MSS) return option[1] == 4 && at + 4 <= length ? options + at + 2 : 0;
    if (option[0] != TCP_OPTION_NOP && (option[1] < 2 || option[1] > TCP_OPTIONS_BYTES)) return 0;
    at += option[0] == TCP_OPTION_NOP ? 1 : option[1];
    asm volatile("%0 &= 0x7f" : "+r"(at));
  }
  return 0;
}

/// Writes `mss` at `at`. The checksum counts 16-bit words from the header's start, so an option at an odd offset is
/// replaced together with its neighbours.
static __always_inline bool write_mss(struct __sk_buff* skb, __u32 tcp, __u32 at, __u16 mss) {
  bool odd = (at - tcp) & 1;
  __u32 from_offset = at - (odd ? 1 : 2);
  __be32 before;
  if (bpf_skb_load_bytes(skb, from_offset, &before, sizeof(before))) return false;
  __u32 bits = bpf_ntohl(before);
  __be32 after = bpf_htonl(odd ? (bits & 0xff0000ff) | (__u32)mss << 8 : (bits & 0xffff0000) | mss);
  return !bpf_l4_csum_replace(skb, tcp + __builtin_offsetof(struct tcphdr, check), before, after, sizeof(after)) &&
         !bpf_skb_store_bytes(skb, from_offset, &after, sizeof(after), 0);
}

/// Lowers the MSS of the SYN segment at `tcp` to `mss` where it announces more. 1 where it was lowered, else 0.
/// A global function, so that the verifier looks at it once.
__attribute__((noinline)) int clamp_mss(struct __sk_buff* skb, __u32 tcp, __u32 mss) {
  __u8 header[sizeof(struct tcphdr)];
  __be16 announced;
  if (bpf_skb_load_bytes(skb, tcp, header, sizeof(header)) || !(header[13] & TCP_FLAG_SYN)) return 0;
  __u32 length = 4 * (__u32)(header[12] >> 4);
  if (length < sizeof(header)) return 0;
  __u32 at = find_mss(skb, tcp + sizeof(header), length - sizeof(header));
  if (!at || bpf_skb_load_bytes(skb, at, &announced, sizeof(announced))) return 0;
  return bpf_ntohs(announced) > mss && write_mss(skb, tcp, at, mss);
}

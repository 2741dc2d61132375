/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* ICMP errors that this machine sends about packets that it cannot deliver: RFC 792, 1122, 1812, 4443, in the form that
 * Linux gives them. The packet itself is turned into the quotation of the error; it comes from the address that the
 * packet was for, a virtual address, and goes back to where the frame came from. */
#pragma once

#include "access.h"
#include "rewrite.h"

#define ICMP_V4_UNREACHABLE 3
#define ICMP_V4_HOST 1
#define ICMP_V4_PORT 3
#define ICMP_V4_TOO_BIG 4
#define ICMP_V4_QUENCH 4
#define ICMP_V4_TIME_EXCEEDED 11
#define ICMP_V4_PARAMETER 12
#define ICMP_V6_UNREACHABLE 1
#define ICMP_V6_ADDRESS 3
#define ICMP_V6_PORT 4
#define ICMP_V6_TOO_BIG 2
#define ICMP_V6_TIME_EXCEEDED 3
#define ICMP_V6_PARAMETER 4

#define ICMP_TTL 64
#define ERROR_BYTES_IPV4 (sizeof(struct iphdr) + sizeof(struct icmp_message))
#define ERROR_BYTES_IPV6 (sizeof(struct ipv6hdr) + sizeof(struct icmp_message))
#define QUOTE_MAX_IPV4 (576 - ERROR_BYTES_IPV4)  /* RFC 1812 §4.3.2.3 */
#define QUOTE_MAX_IPV6 (1280 - ERROR_BYTES_IPV6) /* RFC 4443 §2.4 (c) */

/* Traffic class of an ICMPv4 error: the packet's type of service at the precedence of internetwork control. */
static __always_inline __u8 error_tos(__u8 tos) { return (tos & 0x1e) | 0xc0; }

/* Cuts the frame behind the quotation and moves the quotation to where it stands in the error. */
#if HOOK_XDP

static __always_inline int make_room(context* ctx, const struct icmp_error* e, __u32 quoted, int shift) {
  struct ethhdr eth;
  int surplus = (int)(frame_length(ctx) - (e->quote + quoted));
  if (surplus < 0 || !load(ctx, 0, &eth, sizeof eth)) return 0;
  if (surplus && bpf_xdp_adjust_tail(ctx, -surplus)) return 0;
  if (shift && bpf_xdp_adjust_head(ctx, -shift)) return 0;
  eth.h_proto = e->ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
  return store(ctx, 0, &eth, sizeof eth);
}

#else

static __always_inline int make_room(context* ctx, const struct icmp_error* e, __u32 quoted, int shift) {
  if (bpf_skb_change_tail(ctx, e->quote + quoted, 0)) return 0;
  __be16 protocol = e->ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
  if (e->ipv4 != e->frame_ipv4) {
    if (bpf_skb_change_proto(ctx, protocol, 0)) return 0;
    shift += e->ipv4 ? (int)(sizeof(struct ipv6hdr) - sizeof(struct iphdr))
                     : -(int)(sizeof(struct ipv6hdr) - sizeof(struct iphdr));
  }
  if (shift && bpf_skb_adjust_room(ctx, shift, BPF_ADJ_ROOM_MAC, 0)) return 0;
  return store(ctx, ETH_ALEN * 2, &protocol, sizeof protocol);
}

#endif

/* The sum of the quotation, which begins at `from`; -1: it cannot be read. */
static __always_inline __s64 sum_of_quotation(context* ctx, const struct icmp_error* e, __u32 from, __u32 quoted) {
  if (!IN_XDP && e->unfinished && e->unfinished < quoted) {
    int head = sum_frame(ctx, from, e->unfinished);
    return head < 0 ? -1 : (__s64)head + e->unfinished_sum;
  }
  return sum_frame(ctx, from, quoted);
}

/* Writes the outer header of the error. */
static __always_inline int write_outer(context* ctx, const struct icmp_error* e, __u8* header, __u16 payload) {
  __builtin_memset(header, 0, sizeof(struct ipv6hdr));
  if (e->ipv4) {
    struct iphdr* ip = (void*)header;
    ip->version = 4;
    ip->ihl = 5;
    ip->tos = error_tos(e->tos);
    ip->tot_len = bpf_htons(payload + sizeof *ip);
    ip->id = (__u16)bpf_get_prandom_u32();
    ip->ttl = ICMP_TTL;
    ip->protocol = IPPROTO_ICMP;
    ip->saddr = e->source.word[3];
    ip->daddr = e->destination.word[3];
    ip->check = (__u16)~csum_fold(csum_words((__u32*)ip, 5));
    return store(ctx, ETH_HLEN, ip, sizeof *ip);
  }
  struct ipv6hdr* ip = (void*)header;
  ip->version = 6;
  ip->payload_len = bpf_htons(payload);
  ip->nexthdr = IPPROTO_ICMPV6;
  ip->hop_limit = ICMP_TTL;
  __builtin_memcpy(&ip->saddr, &e->source, 16);
  __builtin_memcpy(&ip->daddr, &e->destination, 16);
  return store(ctx, ETH_HLEN, ip, sizeof *ip);
}

/* Turns the frame into the error that the scratch memory describes. 0: it could not be done, the frame is spoilt. */
__noinline int write_icmp_error(context* ctx) {
  struct scratch* s = scratch_now();
  if (!s) return 0;
  struct icmp_error* e = &s->error;
  __u32 headers = e->ipv4 ? ERROR_BYTES_IPV4 : ERROR_BYTES_IPV6;
  __u32 quoted = e->length, most = e->ipv4 ? QUOTE_MAX_IPV4 : QUOTE_MAX_IPV6;
  if (quoted > most) quoted = most;
  int shift = (int)(ETH_HLEN + headers) - (int)e->quote;
  if (shift > (int)headers || shift < -512) return 0;
  if (!make_room(ctx, e, quoted, shift)) return 0;
  __u16 payload = (__u16)(quoted + sizeof e->message);
  if (!write_outer(ctx, e, s->header, payload)) return 0;
  __s64 sum = sum_of_quotation(ctx, e, ETH_HLEN + headers, quoted);
  if (sum < 0) return 0;
  if (!e->ipv4) sum += csum_fold(pseudo_sum(&e->source, &e->destination, IPPROTO_ICMPV6, payload));
  e->message.check = 0;
  e->message.check = (__u16)~csum_fold(sum + csum_words((__u32*)&e->message, 2));
  return store(ctx, ETH_HLEN + headers - sizeof e->message, &e->message, sizeof e->message);
}

/* Takes a token of this processor's bucket, which holds those of one second. */
static __always_inline int may_send_error(void) {
  __u32 zero = 0;
  struct token_bucket* bucket = bpf_map_lookup_elem(&icmp_tokens, &zero);
  if (!bucket || !settings.icmp_per_second) return 0;
  const __u64 second = 1000000000;
  __u64 now = bpf_ktime_get_coarse_ns(), elapsed = now - bucket->last_ns;
  __u32 most = settings.icmp_per_second;
  if (elapsed >= second) {
    bucket->tokens = most;
    bucket->last_ns = now;
  } else {
    __u32 fresh = (__u32)(elapsed * most / second);
    if (fresh) {
      bucket->tokens += fresh;
      if (bucket->tokens > most) bucket->tokens = most;
      bucket->last_ns += fresh * second / most;
    }
  }
  if (!bucket->tokens) {
    count(COUNTER_icmp_rate_limited);
    return 0;
  }
  bucket->tokens--;
  return 1;
}

/* Whether an address can have sent the packet that an error answers, or be one that answers (RFC 1122 §3.2.2). */
static __always_inline int is_single_host(const union address* a) {
  if (is_ipv4(a)) {
    __u8 first = a->bytes[12];
    return first != 0 && first != 127 && first < 224;
  }
  return a->bytes[0] != 0xff && (a->half[0] || bpf_be64_to_cpu(a->half[1]) > 1);
}

/* Whether there may be an error about this packet. */
static __always_inline int may_be_answered(context* ctx, const struct packet* p) {
  __u8 group;
  return !p->later_fragment && is_single_host(&p->source) && is_single_host(&p->destination) &&
         load(ctx, 0, &group, 1) && !(group & 1);
}

#if HOOK_XDP

static __always_inline void note_unfinished(context* ctx, const struct packet* p, struct icmp_error* e) {}

#else

/* A packet from a socket on this machine (over a veth pair, say) may come with a checksum that is still to be filled
 * in: its field holds the sum of the pseudo-header. When the frame is sent, whoever completes it, the kernel or the
 * network card, sums the rest of the frame from the layer-4 header on, and that rest then sums to the complement of the
 * field. A segment whose checksum is right sums to the same value, so nothing is lost where the field only happens to
 * look so. */
static __always_inline void note_unfinished(context* ctx, const struct packet* p, struct icmp_error* e) {
  __u16 field;
  if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP) return;
  __u32 offset = p->l4 + (p->protocol == IPPROTO_TCP ? CSUM_OFFSET_TCP : CSUM_OFFSET_UDP);
  if (!load(ctx, offset, &field, sizeof field)) return;
  if (field != csum_fold(pseudo_sum(&p->source, &p->destination, p->protocol, p->length - (p->l4 - L3_OFFSET)))) return;
  e->unfinished = p->l4 - L3_OFFSET;
  e->unfinished_sum = (__u16)~field;
}

#endif

/* Answers a packet with an error in place. 0: there is none, the packet is dropped. */
__noinline int answer_with_error(context* ctx, const struct packet* p, __u32 type_and_code, __u32 info) {
  struct scratch* s = scratch_now();
  if (!p || !s || !may_be_answered(ctx, p) || !may_send_error()) return 0;
  struct icmp_error* e = &s->error;
  __builtin_memset(e, 0, sizeof *e);
  e->source = p->destination;
  e->destination = p->source;
  e->message.type = (__u8)(type_and_code >> 8);
  e->message.code = (__u8)type_and_code;
  e->message.info = bpf_htonl(info);
  e->quote = L3_OFFSET;
  e->length = p->length;
  e->ipv4 = e->frame_ipv4 = p->ipv4;
  if (p->ipv4 && !load(ctx, L3_OFFSET + 1, &e->tos, 1)) return 0;
  note_unfinished(ctx, p, e);
  return write_icmp_error(ctx);
}

static __always_inline int answer(context* ctx, const struct packet* p, __u8 type4, __u8 code4, __u8 type6, __u8 code6,
                                  __u32 info, enum counter_id sent) {
  __u32 kind = p->ipv4 ? (__u32)type4 << 8 | code4 : (__u32)type6 << 8 | code6;
  if (!answer_with_error(ctx, p, kind, info)) return VERDICT_DROP;
  count(sent);
  return reflect(ctx);
}

/* No real server takes the connection. */
__noinline int icmp_port_unreachable(context* ctx, const struct packet* p) {
  if (!p) return VERDICT_DROP;
  return answer(ctx, p, ICMP_V4_UNREACHABLE, ICMP_V4_PORT, ICMP_V6_UNREACHABLE, ICMP_V6_PORT, 0,
                COUNTER_icmp_unreachable_sent);
}

/* The packet's TTL or hop limit ends here. */
__noinline int icmp_time_exceeded(context* ctx, const struct packet* p) {
  if (!p) return VERDICT_DROP;
  count(COUNTER_ttl_exceeded);
  return answer(ctx, p, ICMP_V4_TIME_EXCEEDED, 0, ICMP_V6_TIME_EXCEEDED, 0, 0, COUNTER_icmp_time_exceeded_sent);
}

/* The packet does not fit the way to the real server, which takes `mtu` bytes of it. As in the kernel the packet has
 * been forwarded as far as its TTL tells. A sender that allows fragments is told too: nothing here cuts packets. */
__noinline int icmp_too_big(context* ctx, const struct packet* p, __u32 mtu) {
  if (!p) return VERDICT_DROP;
  count(COUNTER_too_big);
  if (!decrement_ttl(ctx, p)) return VERDICT_DROP;
  return answer(ctx, p, ICMP_V4_UNREACHABLE, ICMP_V4_TOO_BIG, ICMP_V6_TOO_BIG, 0, mtu, COUNTER_icmp_too_big_sent);
}

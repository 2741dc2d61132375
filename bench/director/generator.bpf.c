/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The generator's kernel side: one program makes frames, one takes what comes back and judges it, and one is the floor
 * that packet programs are compared with. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/director/generator_abi.h"

struct headers {
  struct ethhdr eth;
  struct iphdr ip;
  struct tcphdr tcp;
} __attribute__((packed));

struct bench_order order;
struct bench_expectation expectation;
struct bench_returned returned;

static __always_inline __u16 fold(__u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)((sum & 0xffff) + (sum >> 16));
}

static __always_inline __u64 sum_20_bytes(const void* data) {
  const __u16* word = data;
  __u64 sum = 0;
#pragma unroll
  for (int i = 0; i < 10; i++) sum += word[i];
  return sum;
}

static __always_inline __u64 pseudo_sum(const struct iphdr* ip) {
  const __u16* word = (const void*)&ip->saddr;
  return (__u64)word[0] + word[1] + word[2] + word[3] + bpf_htons(ip->protocol) +
         bpf_htons((__u16)(bpf_ntohs(ip->tot_len) - sizeof *ip));
}

/* Writes the whole frame each time: its memory is used again, and whoever had it last may have changed it. */
SEC("xdp")
int generate(struct xdp_md* ctx) {
  struct headers* f = (void*)(long)ctx->data;
  __u64* words = (void*)f;
  if (!returned.started_ns) returned.started_ns = bpf_ktime_get_ns();
  if ((void*)words + FRAME_BYTES > (void*)(long)ctx->data_end) return XDP_ABORTED;
#pragma unroll
  for (int i = 0; i < FRAME_BYTES / 8; i++) words[i] = order.frame[i];
  __u32 flows = order.flows ? order.flows : 1;
  __u32 flow = order.first_flow + (order.in_order ? order.next++ : bpf_get_prandom_u32()) % flows;
  __be32 address = bpf_htonl(order.first_client + flow / PORTS_PER_CLIENT);
  __be16 port = bpf_htons(FIRST_PORT + flow % PORTS_PER_CLIENT);
  __be32 server = 0;
  if (order.to_client) {
    __u32 servers = order.servers ? order.servers : 1;
    server = bpf_htonl(servers - 1 - flow % servers);
    f->ip.saddr += server;
    f->ip.daddr = address;
    f->tcp.dest = port;
  } else {
    f->ip.saddr = address;
    f->tcp.source = port;
  }
  f->ip.check = (__u16)~fold(order.network_sum + address + server);
  __u16 check = (__u16)~fold(order.transport_sum + address + server + port);
  if (order.datagram)
    ((struct udphdr*)&f->tcp)->check = check ? check : 0xffff;
  else
    f->tcp.check = check;
  return order.out_ifindex ? bpf_redirect(order.out_ifindex, 0) : XDP_DROP;
}

/* Whether an IPv4 header is one to the servers, and its checksum right. */
static __always_inline int is_right(const struct iphdr* ip) {
  if (fold(sum_20_bytes(ip)) != 0xffff || ip->ttl != expectation.ttl) return 0;
  return !expectation.first_server || !((ip->daddr ^ expectation.first_server) & bpf_htonl(0xfffffc00));
}

/* Takes a frame and counts it; the last one is noted with its time. */
SEC("xdp")
int take(struct xdp_md* ctx) {
  if (__sync_fetch_and_add(&returned.frames, 1) + 1 == order.frames) returned.finished_ns = bpf_ktime_get_ns();
  return XDP_DROP;
}

/* Takes what the program under test sent, and judges it. */
SEC("xdp")
int collect(struct xdp_md* ctx) {
  void* end = (void*)(long)ctx->data_end;
  struct ethhdr* eth = (void*)(long)ctx->data;
  struct iphdr* ip = (void*)(eth + 1);
  __sync_fetch_and_add(&returned.frames, 1);
  if ((void*)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP)) return XDP_DROP;
  if (__builtin_memcmp(eth->h_dest, expectation.destination_mac, ETH_ALEN)) return XDP_DROP;
  struct iphdr* inner = ip;
  if (expectation.is_tunnel) {
    inner = ip + 1;
    if ((void*)(inner + 1) > end || ip->protocol != IPPROTO_IPIP || ip->saddr != expectation.outer_source ||
        !is_right(ip) || inner->ttl != expectation.ttl || fold(sum_20_bytes(inner)) != 0xffff)
      return XDP_DROP;
  } else if (!is_right(ip)) {
    return XDP_DROP;
  }
  struct tcphdr* tcp = (void*)(inner + 1);
  if ((void*)(tcp + 1) > end || (expectation.source && inner->saddr != expectation.source)) return XDP_DROP;
  if (fold(sum_20_bytes(tcp) + pseudo_sum(inner)) != 0xffff) return XDP_DROP;
  __sync_fetch_and_add(&returned.as_expected, 1);
  return XDP_DROP;
}

/* The least that a packet program can do to send a frame back. */
SEC("xdp")
int reflector(struct xdp_md* ctx) {
  struct ethhdr* eth = (void*)(long)ctx->data;
  if ((void*)(eth + 1) > (void*)(long)ctx->data_end) return XDP_DROP;
  __u8 mac[ETH_ALEN];
  __builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
  __builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
  __builtin_memcpy(eth->h_source, mac, ETH_ALEN);
  return XDP_TX;
}

/* ... or out of another interface. */
SEC("xdp")
int redirector(struct xdp_md* ctx) { return bpf_redirect(order.forward_to, 0); }

char _license[] SEC("license") = "Dual BSD/GPL";

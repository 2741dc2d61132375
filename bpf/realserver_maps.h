// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// The maps of the real server's packet programs.
#pragma once

// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#include "bpf/realserver_shared.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, REALSERVER_MAX_VIPS);
  __type(key, struct realserver_address);
  __type(value, struct realserver_vip);
} rs_vips SEC(".maps");

/// Addresses of this server at which tunnels may end.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, REALSERVER_MAX_LOCAL_ADDRESSES);
  __type(key, struct realserver_address);
  __type(value, __u32);
} rs_local SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct realserver_settings);
} rs_settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, REALSERVER_COUNTERS);
  __type(key, __u32);
  __type(value, __u64);
} rs_counters SEC(".maps");

static __always_inline void count(enum realserver_counter which) {
  __u32 key = which;
  __u64* value = bpf_map_lookup_elem(&rs_counters, &key);
  if (value) ++*value;
}

static __always_inline void map_ipv4(struct realserver_address* key, __be32 address) {
  __builtin_memset(key->bytes, 0, 10);
  key->bytes[10] = key->bytes[11] = 0xff;
  __builtin_memcpy(key->bytes + 12, &address, 4);
}

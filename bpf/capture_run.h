/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Copies packets for `ballast capture` while its lease lasts. The head of a frame is kept when it comes; when the
 * program is done with it, one record with that, the verdict and the frame as it is now goes to user space. */
#pragma once

#include "capture.h"
#include "capture_flow.h"
#include "connection.h"
#include "context.h"
#include "maps.h"

/* From arrival to departure, on one processor. */
struct capture_run {
  struct capture_record record;
  struct counter_values counters;
  struct capture_flow came;
  struct capture_flow left;
  __u8 head_left[CAPTURE_HEAD];
  __u64 arrived;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct capture_run);
} capture_runs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct capture_orders);
} capture_orders SEC(".maps");

/* Buffers of the process that captures; they go with it. */
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} captured SEC(".maps");

static __always_inline int is_captured(void) {
  struct settings* set = settings_now();
  return set && __builtin_expect(set->capture_lease != 0, 0);
}

static __always_inline struct capture_run* capture_run_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&capture_runs, &zero);
}

static __always_inline struct counter_values* counters_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&counters, &zero);
}

/* Copies the beginning of the frame. Returns how many bytes. */
static __always_inline __u32 copy_head(context* ctx, __u8* to) {
  __u32 length = frame_length(ctx);
  if (length == 0) return 0;
  __u32 bytes = MASKED(length < CAPTURE_HEAD ? length - 1 : CAPTURE_HEAD - 1, CAPTURE_HEAD - 1) + 1;
#if HOOK_XDP
  return bpf_xdp_load_bytes(ctx, 0, to, bytes) ? 0 : bytes;
#else
  return bpf_skb_load_bytes(ctx, 0, to, bytes) ? 0 : bytes;
#endif
}

static __always_inline __u64 raised(const struct counter_values* before, const struct counter_values* now) {
  __u64 bits = 0;
  NO_UNROLL for (int i = 0; i < COUNTER_SLOTS; i++) {
    if (now->value[i] != before->value[i]) bits |= 1ULL << i;
  }
  return bits;
}

/* Ends a lease that is over: the process that captured is gone. */
static __always_inline int lease_lasts(void) {
  struct settings* set = settings_now();
  if (!set) return 0;
  if ((__s32)(set->capture_lease - now_ticks()) > 0) return 1;
  set->capture_lease = 0;
  return 0;
}

__noinline int capture_arrival(context* ctx) {
  struct capture_run* run = capture_run_now();
  struct counter_values* now = counters_now();
  if (!run || !now || !lease_lasts()) return 0;
  run->record.head_length = copy_head(ctx, run->record.head);
  run->record.length_in = frame_length(ctx);
  run->record.interface_index = ingress_ifindex(ctx);
  __builtin_memset(&run->came, 0, sizeof run->came);
  capture_read_flow(run->record.head, run->record.head_length, &run->came);
  __builtin_memcpy(&run->counters, now, sizeof run->counters);
  run->arrived = 1;
  run->record.arrival = bpf_ktime_get_ns();
  return 0;
}

/* Returns the verdict. */
__noinline int capture_departure(context* ctx, int verdict, __u32 hook) {
  struct capture_run* run = capture_run_now();
  struct counter_values* now = counters_now();
  __u32 zero = 0;
  struct capture_orders* orders = bpf_map_lookup_elem(&capture_orders, &zero);
  if (!run || !now || !orders || !run->arrived) return verdict;
  struct capture_record* record = &run->record;
  record->departure = bpf_ktime_get_ns();
  run->arrived = 0;
  __builtin_memset(&run->left, 0, sizeof run->left);
  capture_read_flow(run->head_left, copy_head(ctx, run->head_left), &run->left);
  if (!capture_means(&orders->filter, &run->came, &run->left)) return verdict;
  record->counters = raised(&run->counters, now);
  record->verdict = verdict;
  record->hook = hook;
  record->length_out = frame_length(ctx);
  record->captured = record->length_out < orders->snap_length ? record->length_out : orders->snap_length;
  __u64 how = (__u64)record->captured << 32 | BPF_F_CURRENT_CPU;
  if (bpf_perf_event_output(ctx, &captured, how, record, sizeof *record)) __sync_fetch_and_add(&orders->lost, 1);
  return verdict;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Growth of the connection table while packets pass. The daemon loads programs that know two tables, `connections`, the
 * larger one, and `connections_previous`. Once every hook runs them, connections begin in the larger one, and the
 * daemon has the entries of the other moved, piece by piece.
 *
 * An entry is copied first and leaves its old place after that. Packets look in the previous table first, so they find
 * it in the one or in the other place. Until the old one has left, the copy is "arriving": nobody but the mover touches
 * it, and if the old one changes meanwhile it is taken back and made again later. A packet that still holds the old one
 * when it leaves sees that afterwards, and does to the new one what it did (advance() in connection.h). */
#pragma once

#include "table.h"

#define META_BELOW_GENERATION ((1u << META_GENERATION_SHIFT) - 1)

/* Takes an entry that has been copied out of its old place, if it still is as it was when it was copied; its deadline
 * then in `*deadline`. */
__noinline int take_out_copied(__u32 number, __u32 slot, __u32 meta, __u32 held, __u32* deadline) {
  struct segment* segment = segment_at(number);
  if (!segment || !deadline) return 0;
  struct connection* c = slot_at(segment, wrap_slot(slot));
  if (!c) return 0;
  int gone = 0;
  bpf_spin_lock(&segment->lock);
  if (c->held == held && __sync_val_compare_and_swap(&c->meta, meta, META_DEAD) == meta) {
    *deadline = c->deadline;
    segment->used--;
    tidy(segment, slot);
    gone = 1;
  }
  bpf_spin_unlock(&segment->lock);
  return gone;
}

/* Takes a copy out again. */
__noinline int take_back(__u32 number, __u32 slot, __u32 copied_meta) {
  struct segment* segment = segment_at(number);
  if (!segment) return 0;
  struct connection* c = slot_at(segment, wrap_slot(slot));
  if (!c) return 0;
  struct removed removed = {};
  bpf_spin_lock(&segment->lock);
  take_out(segment, c, &removed);
  tidy(segment, slot);
  bpf_spin_unlock(&segment->lock);
  if ((removed.meta ^ copied_meta) & META_INACTIVE) member_move(removed.server, !!(copied_meta & META_INACTIVE));
  return 1;
}

/* Makes the newborn a copy of an entry, for its place in the new table. */
static __always_inline void copy_entry(struct newborn* born, const struct connection* c, __u32 meta) {
  born->entry = *c;
  born->entry.meta = (meta & META_BELOW_GENERATION) | META_ARRIVING;
  __u64 hash = meta & META_TEMPLATE ? c->template_hash : hash_of(&c->client, c->client_port, c->protocol);
  born->home.segment = segment_of(hash);
  born->home.slot = first_slot_of(hash);
  born->full = 0;
}

/* Moves the entry in a slot of the previous table, if there is one. 0: it is still there. */
__noinline int move_entry(__u32 number, __u32 slot) {
  struct newborn* born = newborn_now(NEWBORN_MOVED);
  struct segment* segment = segment_at(number);
  struct connection* c = segment ? slot_at(segment, wrap_slot(slot)) : 0;
  if (!born || !c) return 0;
  __u32 meta = c->meta;
  if (!(meta & META_LIVE)) return 1;
  copy_entry(born, c, meta);
  int place = insert_newborn(born, NEWBORN_MOVED);
  if (place == INSERT_FULL) return 0;
  if (place >= INSERTED_BY_OTHER) return release(number, slot, meta, 0, 0);
  __u32 to = born->home.segment, deadline = 0;
  if (!take_out_copied(number, slot, meta, born->entry.held, &deadline)) {
    take_back(to, (__u32)place, born->entry.meta);
    return 0;
  }
  segment = segment_at(to);
  struct connection* moved = segment ? slot_at(segment, wrap_slot((__u32)place)) : 0;
  if (!moved) return 0;
  /* Packets may have found it already: their deadline is the right one. */
  __sync_val_compare_and_swap(&moved->deadline, born->entry.deadline, deadline);
  __sync_fetch_and_and(&moved->meta, ~META_ARRIVING);
  return 1;
}

struct move_state {
  __u64 ends_ns;
  __u64 left; /* entries that stayed */
  __u32 position;
  __u32 pad;
};

static long move_segment(__u32 i, void* context_) {
  struct move_state* state = context_;
  __u32 number = PREVIOUS_TABLE | state->position;
  struct segment* segment = segment_at(number);
  if (segment && segment->used) {
    NO_UNROLL for (__u32 slot = 0; slot < SEGMENT_SLOTS; slot++) {
      if (!move_entry(number, slot)) state->left++;
    }
  }
  state->position++;
  return state->position >= previous_segment_count || bpf_ktime_get_ns() >= state->ends_ns;
}

/* Moves entries for as long as a run of the sweep may last, since packets of this processor wait. */
static __always_inline int move_piece(void) {
  struct live* values = live_values();
  if (!previous_segment_count || !values) return MOVE_FAILED;
  struct move_state state = {.ends_ns = bpf_ktime_get_ns() + sweep_budget_ns, .position = values->move_position};
  if (state.position) state.left = values->move_left;
  bpf_loop(previous_segment_count, move_segment, &state, 0);
  values->move_left = state.left;
  int end = state.position >= previous_segment_count;
  values->move_position = end ? 0 : state.position;
  return !end ? MOVE_ON : state.left ? MOVE_AGAIN : MOVE_DONE;
}

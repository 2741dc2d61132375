/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the states of connections mean, whatever their protocol. */
#pragma once

#include "sctp_state.h"
#include "tcp_state.h"

/* States in which a connection counts as active. */
static __always_inline int is_active_state(__u32 state) {
  return state == STATE_ESTABLISHED || state == STATE_SYN_SENT || state == STATE_SYN_RECV || state == STATE_SYNACK ||
         state == STATE_SCTP_ESTABLISHED;
}

static __always_inline int is_half_open_state(__u32 state) {
  return state == STATE_SYN_RECV || state == STATE_SYN_SENT || state == STATE_SYNACK ||
         (state >= STATE_SCTP_INIT1 && state <= STATE_SCTP_COOKIE_ECHOED);
}

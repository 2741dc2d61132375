/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The TCP state machine of ip_vs: three tables, four events, eleven states. A packet's event is the first of RST, SYN,
 * FIN, ACK that it carries. */
#pragma once

#include "direction.h"
#include "parse.h"

enum tcp_event { EVENT_SYN, EVENT_FIN, EVENT_ACK, EVENT_RST, EVENT_NONE };

#define NO STATE_NONE
#define ES STATE_ESTABLISHED
#define SS STATE_SYN_SENT
#define SR STATE_SYN_RECV
#define FW STATE_FIN_WAIT
#define TW STATE_TIME_WAIT
#define CL STATE_CLOSE
#define CW STATE_CLOSE_WAIT
#define LA STATE_LAST_ACK
#define LI STATE_LISTEN
#define SA STATE_SYNACK

/* The second half is for the time of an attack (ip_vs: secure_tcp): a connection is established only by a server's
 * answer, and what a client alone can send does not keep it long. */
#define SECURE_TABLES 3
static const __u8 tcp_transitions[2 * SECURE_TABLES][4][16] =
    {
        [FROM_CLIENT] =
            {
                /* from        NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
                [EVENT_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},
                [EVENT_FIN] = {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW},
                [EVENT_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
                [EVENT_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR},
            },
        [FROM_SERVER] =
            {
                [EVENT_SYN] = {SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR},
                [EVENT_FIN] = {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},
                [EVENT_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},
                [EVENT_RST] = {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},
            },
        [FROM_CLIENT_ONLY] =
            {
                [EVENT_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},
                [EVENT_FIN] = {CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW},
                [EVENT_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
                [EVENT_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
            },
        [SECURE_TABLES + FROM_CLIENT] =
            {
                [EVENT_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA},
                [EVENT_FIN] = {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA},
                [EVENT_ACK] = {ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA},
                [EVENT_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
            },
        [SECURE_TABLES + FROM_SERVER] =
            {
                [EVENT_SYN] = {SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA},
                [EVENT_FIN] = {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},
                [EVENT_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},
                [EVENT_RST] = {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},
            },
        [SECURE_TABLES + FROM_CLIENT_ONLY] =
            {
                [EVENT_SYN] = {SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA},
                [EVENT_FIN] = {CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW},
                [EVENT_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
                [EVENT_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
            },
};

#undef NO
#undef ES
#undef SS
#undef SR
#undef FW
#undef TW
#undef CL
#undef CW
#undef LA
#undef LI
#undef SA

static __always_inline enum tcp_event tcp_event_of(__u8 flags) {
  if (flags & TCP_RST) return EVENT_RST;
  if (flags & TCP_SYN) return EVENT_SYN;
  if (flags & TCP_FIN) return EVENT_FIN;
  if (flags & TCP_ACK) return EVENT_ACK;
  return EVENT_NONE;
}

/* The state after a packet; `table` is its direction, plus SECURE_TABLES under attack. A segment without any of the
 * four flags leaves the state as it is. */
static __always_inline __u32 next_tcp_state(__u32 state, __u32 table, __u8 flags) {
  enum tcp_event event = tcp_event_of(flags);
  if (event == EVENT_NONE || table >= 2 * SECURE_TABLES) return state;
  return tcp_transitions[table][event & 3][state & 15];
}

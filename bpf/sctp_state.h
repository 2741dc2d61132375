/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The SCTP state machine of ip_vs: three tables, ten events, fourteen states. A packet's event is the chunk that
 * decides about it. */
#pragma once

#include "direction.h"
#include "parse.h"

enum sctp_event {
  EVENT_DATA, /* DATA, and every chunk that is none of the others */
  EVENT_INIT,
  EVENT_INIT_ACK,
  EVENT_COOKIE_ECHO,
  EVENT_COOKIE_ACK,
  EVENT_SHUTDOWN,
  EVENT_SHUTDOWN_ACK,
  EVENT_SHUTDOWN_COMPLETE,
  EVENT_ERROR,
  EVENT_ABORT,
};

static const __u8 sctp_events[16] = {
    [SCTP_INIT] = EVENT_INIT,
    [SCTP_INIT_ACK] = EVENT_INIT_ACK,
    [SCTP_COOKIE_ECHO] = EVENT_COOKIE_ECHO,
    [SCTP_COOKIE_ACK] = EVENT_COOKIE_ACK,
    [SCTP_SHUTDOWN] = EVENT_SHUTDOWN,
    [SCTP_SHUTDOWN_ACK] = EVENT_SHUTDOWN_ACK,
    [SCTP_SHUTDOWN_COMPLETE] = EVENT_SHUTDOWN_COMPLETE,
    [SCTP_ERROR] = EVENT_ERROR,
    [SCTP_ABORT] = EVENT_ABORT,
};

#define NO STATE_NONE
#define I1 STATE_SCTP_INIT1
#define IN STATE_SCTP_INIT
#define CS STATE_SCTP_COOKIE_SENT
#define CR STATE_SCTP_COOKIE_REPLIED
#define CW STATE_SCTP_COOKIE_WAIT
#define CO STATE_SCTP_COOKIE
#define CE STATE_SCTP_COOKIE_ECHOED
#define ES STATE_SCTP_ESTABLISHED
#define SS STATE_SCTP_SHUTDOWN_SENT
#define SR STATE_SCTP_SHUTDOWN_RECEIVED
#define SA STATE_SCTP_SHUTDOWN_ACK_SENT
#define RJ STATE_SCTP_REJECTED
#define CL STATE_SCTP_CLOSED

/* Columns: the four low bits of a state. */
static const __u8 sctp_transitions[3][16][16] =
    {
        [FROM_CLIENT] =
            {
                /* from                     NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
                [EVENT_DATA] = {ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_INIT] = {I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN},
                [EVENT_INIT_ACK] = {CW, CW, CW, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_COOKIE_ECHO] = {CR, IN, IN, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_COOKIE_ACK] = {ES, I1, IN, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL},
                [EVENT_SHUTDOWN] = {SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL},
                [EVENT_SHUTDOWN_ACK] = {CL, IN, IN, CS, CR, CW, CO, CE, ES, CL, SR, CL, RJ, CL},
                [EVENT_SHUTDOWN_COMPLETE] = {CL, CL, CL, CS, CR, CW, CO, CE, ES, SS, SR, CL, RJ, CL},
                [EVENT_ERROR] = {CL, I1, IN, CS, CR, CW, CO, CL, ES, SS, SR, SA, RJ, CL},
                [EVENT_ABORT] = {CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL},
            },
        [FROM_SERVER] =
            {
                /* from                     NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
                [EVENT_DATA] = {ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_INIT] = {CW, CW, CW, CW, CW, CW, CW, CW, ES, CW, CW, CW, CW, CW},
                [EVENT_INIT_ACK] = {CS, CS, CS, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_COOKIE_ECHO] = {CE, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_COOKIE_ACK] = {ES, ES, ES, ES, ES, ES, ES, ES, ES, SS, SR, SA, RJ, CL},
                [EVENT_SHUTDOWN] = {SS, SS, SS, SS, SS, SS, SS, SS, SS, SS, SR, SA, RJ, CL},
                [EVENT_SHUTDOWN_ACK] = {SA, SA, SA, SA, SA, CW, CO, CE, ES, SA, SA, SA, RJ, CL},
                [EVENT_SHUTDOWN_COMPLETE] = {CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_ERROR] = {CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_ABORT] = {CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL},
            },
        [FROM_CLIENT_ONLY] =
            {
                /* from                     NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
                [EVENT_DATA] = {ES, I1, IN, CS, CR, ES, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_INIT] = {I1, IN, IN, IN, IN, IN, CO, CE, ES, SS, SR, SA, IN, IN},
                [EVENT_INIT_ACK] = {CE, CE, CE, CE, CE, CE, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_COOKIE_ECHO] = {ES, ES, ES, ES, ES, ES, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_COOKIE_ACK] = {ES, I1, IN, ES, ES, CW, ES, ES, ES, SS, SR, SA, RJ, CL},
                [EVENT_SHUTDOWN] = {SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL},
                [EVENT_SHUTDOWN_ACK] = {CL, IN, IN, CS, CR, CW, CO, CE, CL, CL, SR, CL, RJ, CL},
                [EVENT_SHUTDOWN_COMPLETE] = {CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, CL, CL, RJ, CL},
                [EVENT_ERROR] = {CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
                [EVENT_ABORT] = {CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL},
            },
};

#undef NO
#undef I1
#undef IN
#undef CS
#undef CR
#undef CW
#undef CO
#undef CE
#undef ES
#undef SS
#undef SR
#undef SA
#undef RJ
#undef CL

/* The state after a packet whose deciding chunk is of type `chunk`. */
__noinline __u32 next_sctp_state(__u32 state, __u32 direction, __u32 chunk) {
  if (direction > FROM_CLIENT_ONLY) return state;
  __u8 event = chunk < sizeof sctp_events ? sctp_events[chunk] : EVENT_DATA;
  return sctp_transitions[direction][event & 15][state & 15];
}

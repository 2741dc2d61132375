/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* nq: never queue. The newest server without an active connection, whatever its weight; without such a one as sed. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline int schedule_nq(struct pick* pick) { return schedule_least(pick, LEAST_NQ); }

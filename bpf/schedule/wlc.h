/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* wlc: the fewest connections for its weight. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline int schedule_wlc(struct pick* pick) { return schedule_least(pick, LEAST_WLC); }

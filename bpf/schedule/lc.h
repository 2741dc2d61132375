/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* lc: the fewest connections; weights only switch servers on and off. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline int schedule_lc(struct pick* pick) { return schedule_least(pick, LEAST_LC); }

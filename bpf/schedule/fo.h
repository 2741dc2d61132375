/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* fo: weighted failover. The available server of the greatest weight takes every connection. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline int schedule_fo(struct pick* pick) { return schedule_least(pick, LEAST_FO); }

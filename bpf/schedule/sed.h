/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* sed: the shortest expected delay, (active connections + 1) / weight. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline int schedule_sed(struct pick* pick) { return schedule_least(pick, LEAST_SED); }

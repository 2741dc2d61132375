/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* ovf: weighted overflow. The server of the greatest weight takes connections until it has more active ones than its
 * weight, then the next one does. */
#pragma once

#include "bpf/schedule/least.h"

static __always_inline int schedule_ovf(struct pick* pick) { return schedule_least(pick, LEAST_OVF); }

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* lblc: locality-based least connections. Connections to an address go to the server that got them last, until it has
 * too many; then, and for a new address, to that of wlc. */
#pragma once

#include "bpf/schedule/destinations.h"

static __always_inline int schedule_lblc(struct pick* pick) {
  struct destination* destination = destination_of(pick);
  if (destination && destination->count) {
    pick->server = destination->server[0];
    const struct member* m = remembered(pick->service, pick->server);
    if (m && !has_too_many(pick, m)) return 1;
  }
  if (!schedule_wlc(pick)) return 0;
  if (destination) {
    destination->server[0] = pick->server;
    destination->count = 1;
  }
  return 1;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Searches of the connection table for the side roads: the same as find_from_client() and find_from_server(), verified
 * and compiled once. */
#pragma once

#include "table.h"

/* The connection number of a packet from a client, see number_of(), or NOT_FOUND. */
__noinline __s64 look_up_from_client(const struct packet* p) {
  struct location at;
  if (!p || !find_from_client(p, &at)) return NOT_FOUND;
  return number_of(&at);
}

/* ... of a packet from a NATed real server. */
__noinline __s64 look_up_from_server(const struct packet* p) {
  struct location at;
  struct server* server;
  if (!p || !find_from_server(p, &server, &at)) return NOT_FOUND;
  return number_of(&at);
}

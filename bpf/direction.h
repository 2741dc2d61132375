/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Which way a packet goes on its connection, as state machines see it. */
#pragma once

enum direction {
  FROM_CLIENT,
  FROM_SERVER,
  FROM_CLIENT_ONLY, /* from the client, where replies do not pass: DR and TUN */
};

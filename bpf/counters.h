/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Every counter of the packet programs: COUNTER(name, help). One list makes the index, the name and the help. */
#define BALLAST_COUNTERS(COUNTER)                                                                                     \
  COUNTER(forwarded_nat, "packets of clients rewritten and sent to a real server (NAT)")                              \
  COUNTER(forwarded_route, "packets of clients sent to a real server as they are (DR)")                               \
  COUNTER(forwarded_tunnel, "packets of clients wrapped and sent to a real server (TUN)")                             \
  COUNTER(forwarded_local, "packets of clients given to a real server on this machine")                               \
  COUNTER(replies_nat, "packets of real servers rewritten and sent to their client (NAT)")                            \
  COUNTER(connections_created, "connections entered in the table")                                                    \
  COUNTER(connections_expired, "connections that left the table because their time was over")                         \
  COUNTER(connections_reused, "closed connections replaced because the client opened the same one again")             \
  COUNTER(table_full_evicted, "half-open connections removed to make room in the full connection table")              \
  COUNTER(table_full_dropped, "new connections refused because the connection table was full")                        \
  COUNTER(half_open_dropped, "half-open connections removed early as a defence (drop_half_open)")                     \
  COUNTER(defence_dropped, "new connections refused as a defence (drop_packets)")                                     \
  COUNTER(bypassed, "marked packets left to their own way as no real server takes them (bypass_without_server)")      \
  COUNTER(no_server, "new connections refused because no real server of the service takes any")                       \
  COUNTER(replies_refused, "replies of real servers refused because no connection is known (refuse_unknown_replies)") \
  COUNTER(server_gone, "packets dropped because the real server of their connection is not configured any more")      \
  COUNTER(ttl_exceeded, "packets dropped because their TTL or hop limit was used up")                                 \
  COUNTER(too_big, "packets dropped because they do not fit the way to the real server")                              \
  COUNTER(no_route, "packets dropped because there is no route to the next hop")                                      \
  COUNTER(not_rewritten, "packets dropped because their headers could not be rewritten")                              \
  COUNTER(fragment_without_first, "fragments dropped because their first fragment was not seen")                      \
  COUNTER(no_headroom, "packets dropped because the driver leaves no room for an outer header")                       \
  COUNTER(malformed, "packets passed to the kernel because their headers are broken or cut off")                      \
  COUNTER(punted, "packets that XDP left to the TC hook because it could not send them itself")                       \
  COUNTER(icmp_unreachable_sent, "ICMP port unreachable sent")                                                        \
  COUNTER(icmp_time_exceeded_sent, "ICMP time exceeded sent")                                                         \
  COUNTER(icmp_too_big_sent, "ICMP fragmentation needed and ICMPv6 packet too big sent")                              \
  COUNTER(icmp_rate_limited, "ICMP errors not sent because of the rate limit")                                        \
  COUNTER(icmp_relayed_to_server, "ICMP errors about a connection relayed to its real server")                        \
  COUNTER(icmp_relayed_to_client, "ICMP errors about a connection relayed to its client")                             \
  COUNTER(icmp_relayed_tunnel, "ICMP errors about the outer packets of a tunnel turned into errors for the client")   \
  COUNTER(mss_clamped, "TCP SYN segments whose MSS option was lowered")                                               \
  COUNTER(ftp_announced, "announcements of FTP data connections that were noted (NAT)")                               \
  COUNTER(ftp_opened, "FTP data connections opened as announced")                                                     \
  COUNTER(ftp_rewritten, "FTP replies whose address was replaced by the virtual address")                             \
  COUNTER(ftp_no_room, "FTP replies left as they are because the virtual address does not fit into the line")         \
  COUNTER(ftp_not_understood, "FTP commands and replies that name no usable port, or not in one segment")

/* Those that are reasons for a packet or connection to go no further. */
#define BALLAST_DROPS(DROP)    \
  DROP(table_full_dropped)     \
  DROP(defence_dropped)        \
  DROP(no_server)              \
  DROP(replies_refused)        \
  DROP(server_gone)            \
  DROP(ttl_exceeded)           \
  DROP(too_big)                \
  DROP(no_route)               \
  DROP(not_rewritten)          \
  DROP(fragment_without_first) \
  DROP(no_headroom)

enum counter_id {
#define BALLAST_COUNTER_ID(name, help) COUNTER_##name,
  BALLAST_COUNTERS(BALLAST_COUNTER_ID)
#undef BALLAST_COUNTER_ID
      COUNTER_COUNT
};
#define COUNTER_SLOTS 64

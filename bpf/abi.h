/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the packet programs and src/director share: plain structs, and the meaning of their fields. Compiled as C for
 * the kernel and as C++ for the daemon. Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; ports are in
 * network order; everything else is in host order. */
#ifndef BALLAST_BPF_ABI_H
#define BALLAST_BPF_ABI_H

#include <linux/types.h>

/* Changes whenever a struct or the meaning of a field changes: pinned maps of another value are not taken over. */
#define BALLAST_ABI 3

union address {
  __u8 bytes[16];
  __u32 word[4];
  __u64 half[2];
};

/* A tick of the connection table's clock: CLOCK_MONOTONIC (coarse) in units of 2^22 ns, about 4.2 ms. 32 bits of it
 * wrap after 208 days; times are compared by the sign of their difference. */
#define TICK_SHIFT 22

/* ---- services ---- */

/* Key of the service table. A mark service has protocol 0, port 0, its mark, and the unspecified address of its family.
 * An address that carries any service is also entered by itself, with everything but the address 0. Where replies
 * without a connection are to be refused, what can send them is here too: KEY_REPLIER. */
struct service_key {
  union address address;
  __u32 mark;
  __be16 port;
  __u8 protocol;
  __u8 kind;
};

#define KEY_SERVICE 0
#define KEY_REPLIER 1 /* address, port and protocol of a real server reached by NAT; the value says nothing */

#define SERVICE_INDEX_ADDRESS 0xffffffffu /* value of an address entered by itself */

/* In front of the service table stands one that is read without a call: a cache line for each of some hashes of address
 * and socket, with two keys. What finds no room there is in the service table alone. */
struct listener {
  union address address;
  __u32 socket; /* see socket_of(); 0: free */
  __u32 service;
};
#define LISTENERS_IN_LINE 2
struct listener_line {
  struct listener listener[LISTENERS_IN_LINE];
  __u64 pad[2];
};

enum scheduler_id {
  SCHEDULER_NONE = 0,
  SCHEDULER_RR = 1,
  SCHEDULER_WRR = 2,
  SCHEDULER_LC = 3,
  SCHEDULER_WLC = 4,
  SCHEDULER_SED = 5,
  SCHEDULER_NQ = 6,
  SCHEDULER_SH = 7,
  SCHEDULER_DH = 8,
  SCHEDULER_MH = 9,
  SCHEDULER_FO = 10,
  SCHEDULER_OVF = 11,
  SCHEDULER_TWOS = 12,
  SCHEDULER_RANDOM = 13,
  SCHEDULER_WEIGHTED_RANDOM = 14,
  SCHEDULER_LBLC = 15,
  SCHEDULER_LBLCR = 16,
  SCHEDULER_RESPONSE_TIME = 17,
  SCHEDULER_CAPACITY = 18,
};

/* Bits of service.flags; the first six are IP_VS_SVC_F_* of linux/ip_vs.h. */
#define SERVICE_PERSISTENT 0x01u
#define SERVICE_ONE_PACKET 0x04u
#define SERVICE_SCHED_1 0x08u
#define SERVICE_SCHED_2 0x10u
#define SERVICE_SCHED_3 0x20u
#define SERVICE_GROUP 0x100u /* several addresses and ports share it */

#define CHUNK_NONE 0xffffffffu

/* The first cache line is read for every new connection, the second one for those of persistent services. */
struct service {
  union address address;
  __be16 port;
  __u8 protocol;
  __u8 scheduler;
  __u32 flags;
  __u64 ring;        /* first line in `rings` << 32 | number of slots: see struct ring_line */
  __u32 first_chunk; /* its members, or CHUNK_NONE */
  __s32 weight_step; /* wrr: greatest common divisor of the weights above 0 */
  __s32 weight_top;  /* wrr: greatest weight - (weight_step - 1) */
  __u16 mss_clamp;
  __u16 in_use;
  __u64 ring_of_hash; /* like `ring`: the buckets of sh and dh; for mh number of a table << 32 | its slots */
  __u32 mark;
  __u32 reserved;
  __u32 persistence; /* ticks that a template lives after its last new connection */
  __u32 netmask;     /* of the client's address: IPv4 a mask in host order, IPv6 the length of a prefix */
  __u32 reserved1[14];
};

/* Values of service.in_use and server.in_use. */
#define USE_FREE 0
#define USE_CONFIGURED 1
#define USE_REMOVED 2 /* not configured any more; kept while connections refer to it, and a while for its return */

/* Where the scheduler of a service stands, on a cache line of its own. */
struct cursor {
  __u64 value; /* round robin: (position in the ring + 1) << 32 | current weight (wrr) */
  __u32 epoch; /* another one: what lblc and lblcr remembered of this service is void */
  __u32 pad0;
  __u64 pad[6];
};

/* A line of a ring: indexes of real servers. The ring of a service lists its servers in the kernel's order, newest
 * first; the hash ring of sh and dh holds 256 buckets. */
#define RING_LINE_SLOTS 16
struct ring_line {
  __u32 server[RING_LINE_SLOTS];
};

/* A table of mh: indexes of real servers, of which the first MAGLEV_SLOTS are used. */
#define MAGLEV_TABLE_SLOTS 4096
struct maglev_table {
  __u32 server[MAGLEV_TABLE_SLOTS];
};

/* ---- real servers ---- */

/* What schedulers look at. Real server number i is member i % 16 of chunk i / 16. */
struct member {
  __s32 weight; /* 0: takes no new connection */
  __s32 active;
  __s32 inactive;
  __u32 order; /* greater is newer; MEMBER_OVERLOAD in the top bit; 0: no server here */
};
#define MEMBER_OVERLOAD 0x80000000u
#define MEMBER_ORDER 0x7fffffffu
#define CHUNK_MEMBERS 16

struct chunk {
  __u32 next;    /* CHUNK_NONE: the last one of its service */
  __u32 used;    /* members [0, used) may hold servers */
  __u32 changes; /* goes up after every change of a member while `best` is not 0 */
  __u32 pad;
  __u64 best; /* what a scheduler that looks at all members found here, see schedule/least.h; 0: never looked */
  __u64 pad2[5];
  struct member member[CHUNK_MEMBERS];
};

/* What response-time and capacity look at besides. Real server number i has figure i % 16 of figure chunk i / 16. */
struct figure {
  __u32 response_us; /* average time from SYN to SYN/ACK */
  __u32 measured;    /* tick of its last change; 0: never */
  __u32 trial;       /* stands for the client whose handshake is being measured; 0: none is */
  __u32 trial_start; /* microseconds, see now_us() */
  __u32 timed;       /* 1: answers to SYNs pass here */
  __u32 load;        /* percent, as reported */
  __u32 reported;    /* tick of that; 0: never */
  __u32 pad;
};
#define RESPONSE_WORST_US 4194304u /* what counts for a server whose first answer is awaited */
#define LOAD_UNKNOWN 50u           /* ... without a recent report */

struct figure_chunk {
  struct figure figure[CHUNK_MEMBERS];
};

enum forwarding_method { FORWARD_NAT = 0, FORWARD_LOCAL = 1, FORWARD_TUNNEL = 2, FORWARD_ROUTE = 3 };
enum tunnel_type { TUNNEL_IPIP = 0, TUNNEL_GUE = 1, TUNNEL_GRE = 2 };
enum tunnel_checksum { TUNNEL_NOCSUM = 0, TUNNEL_CSUM = 1, TUNNEL_REMCSUM = 2 };

#define SERVER_AVAILABLE 0x01u /* configured; cleared: its connections are dropped until they expire */
#define SERVER_LOCAL 0x02u     /* an address of this machine: packets go up the stack */
#define SERVER_ROUTED 0x04u    /* interface and gateway of the next hop are known */
#define SERVER_HOP 0x08u       /* ... and its link address */
#define SERVER_HOP_XDP 0x10u   /* ... and its interface takes frames redirected from XDP */
#define SERVER_FTP 0x20u       /* reached by NAT for a service of FTP: its control connections are looked into */

/* The first cache line is all that a packet of an established connection needs. */
struct server {
  union address address;
  __be16 port; /* 0: the packet's own */
  __u8 method;
  __u8 flags;
  __u32 service;
  __u32 ifindex; /* next hop */
  __u8 hop_mac[6];
  __u8 own_mac[6];
  __u16 mtu; /* of the way to it, for what is sent: with a tunnel, for the outer packet; 0: not known */
  __u8 tunnel_type;
  __u8 tunnel_checksum;
  __be16 tunnel_port;
  __u16 pad;
  union address tunnel_source; /* 64 */
  union address gateway;       /* next hop's address, for the TC hook */
  __u32 upper_threshold;
  __u32 lower_threshold;
  __u32 in_use;      /* this index belongs to a server, configured or not yet forgotten */
  __u32 persistent;  /* templates that lead to it */
  __s32 last_weight; /* mh: the last weight above 0, else 0 */
  __u32 reserved[7];
};

/* The packets of one socket of this machine that reach a real server by its service's way: see bpf/service_way.h. One
 * entry is for what it sends, by the real server's address, and one for the answers, by the virtual address. */
struct way_key {
  union address remote;
  __be16 remote_port;
  __be16 local_port;
  __u8 protocol;
  __u8 answers; /* 1: for what comes from `remote`, 0: for what goes there */
  __u8 pad[2];
};
struct way {
  union address other;  /* stands in the place of `remote` on the way */
  struct server server; /* what is sent: its method, address and tunnel */
  __u32 used;           /* ... 1: a packet has gone there */
  __u32 pad[3];
};
#define WAYS_MAX 2048

struct traffic {
  __u64 connections;
  __u64 packets_in;
  __u64 packets_out;
  __u64 bytes_in;
  __u64 bytes_out;
};

/* ---- connections ---- */

/* States: those of TCP as in ip_vs, then UDP, then those of SCTP, which begins in STATE_NONE too. */
enum connection_state {
  STATE_NONE = 0,
  STATE_ESTABLISHED,
  STATE_SYN_SENT,
  STATE_SYN_RECV,
  STATE_FIN_WAIT,
  STATE_TIME_WAIT,
  STATE_CLOSE,
  STATE_CLOSE_WAIT,
  STATE_LAST_ACK,
  STATE_LISTEN,
  STATE_SYNACK,
  STATE_TCP_LAST,
  STATE_UDP = 16,
  STATE_SCTP_INIT1,
  STATE_SCTP_INIT,
  STATE_SCTP_COOKIE_SENT,
  STATE_SCTP_COOKIE_REPLIED,
  STATE_SCTP_COOKIE_WAIT,
  STATE_SCTP_COOKIE,
  STATE_SCTP_COOKIE_ECHOED,
  STATE_SCTP_ESTABLISHED,
  STATE_SCTP_SHUTDOWN_SENT,
  STATE_SCTP_SHUTDOWN_RECEIVED,
  STATE_SCTP_SHUTDOWN_ACK_SENT,
  STATE_SCTP_REJECTED,
  STATE_SCTP_CLOSED,
  STATE_COUNT = 32,
};

/* Bits of connection.meta. 0 is a slot that was never used since its neighbourhood was last empty: a search stops
 * there. */
#define META_LIVE 0x01u
#define META_DEAD 0x02u         /* free, but a search goes on behind it */
#define META_NO_OUTPUT 0x04u    /* no reply was seen: the half view of DR and TUN */
#define META_INACTIVE 0x08u     /* counted in member.inactive, not in member.active */
#define META_NO_REPLY 0x10u     /* a newer connection has the same client and server: replies are that one's */
#define META_TEMPLATE 0x20u     /* remembers the server of a client, see bpf/persistence.h */
#define META_ASSURED 0x40u      /* template: one of its connections was established */
#define META_LOCAL_CLIENT 0x80u /* the client is a socket of this machine: replies go up the stack */
#define META_STATE_SHIFT 8
#define META_STATE 0x1f00u
#define META_FTP_PASSIVE                                                                                           \
  0x2000u                     /* FTP's control connection: the client has just asked for a passive data connection \
                               */
#define META_ARRIVING 0x4000u /* on its way from the previous table, where it still is: see bpf/growth.h */
#define META_GENERATION_SHIFT 16

/* One cache line. Found by the client's address, port and protocol from both directions; a template by its hash. */
struct connection {
  union address client;
  union address virtual_address;
  __be16 client_port;
  __be16 virtual_port;
  __be16 server_port;
  __u8 protocol;
  __u8 pad;
  __u32 server;   /* index of the real server */
  __u32 deadline; /* tick at which it expires */
  __u32 meta;
  union {
    __u32 server_tag; /* of the real server's address, see server_tag() */
    __u32 held;       /* template: how many connections it holds */
  };
  __u64 template_hash; /* template: its own; else that of the template which chose the server, 0: none did */
};

#define SEGMENT_BYTES 4224 /* header, 64 slots, and room to align them */
#define SEGMENT_SLOTS 64
#define SEGMENT_HEADER 64

/* Where a connection stands in the table. */
struct location {
  __u32 segment;
  __u32 slot;
};

/* An entry before it is in the table, of each processor. Its meta has no generation yet. `ballast explain` reads here
 * what was decided for a packet. */
struct newborn {
  struct connection entry;
  struct location home;
  __u32 full;    /* the table holds as many connections as it may */
  __u32 service; /* index of the service that was asked for a connection */
};

/* Connections that another director told of, on their way into the table: see bpf/arrivals.h. Of an entry, server,
 * addresses, ports, protocol, deadline and meta are set; `template_hash` is not 0 where it belongs to a template. */
#define ARRIVALS_MAX 256
struct arrivals {
  __u32 count;
  __u32 entered; /* by the program: how many were new */
  __u32 renewed; /* ... were there already */
  __u32 refused; /* ... found no room, or are another server's here */
  __u32 pad[12];
  struct connection entry[ARRIVALS_MAX];
};

/* ---- settings ---- */

#define OWN_MACS 256

#define SETTING_NAT 0x01u /* some server is reached by NAT: look for replies */
#define SETTING_REDIRECT_BACK \
  0x02u /* XDP sends frames back by redirection: XDP_TX on veth needs a program on its peer */

#define SETTING_FTP 0x04u        /* some service is FTP's: its data connections go to it */
#define SETTING_MARKS_IPV4 0x08u /* some IPv4 service is one by firewall mark: it goes before those of all ports */
#define SETTING_MARKS_IPV6 0x10u
#define SETTING_SYNC 0x20u /* changes of connections are told to the daemon, for other directors */
#define SETTING_WAYS 0x40u /* there are checks by a service's own way */

/* Bits of settings.behaviour, and the sysctl of ip_vs that has the same meaning. */
#define BEHAVIOUR_EXPIRE_REMOVED 0x0001u        /* expire_nodest_conn */
#define BEHAVIOUR_EXPIRE_QUIESCENT 0x0002u      /* expire_quiescent_template */
#define BEHAVIOUR_REUSE_CLOSED 0x0004u          /* conn_reuse_mode is not 0 */
#define BEHAVIOUR_REUSE_FIN_WAIT 0x0008u        /* conn_reuse_mode has bit 2; never without the bit above */
#define BEHAVIOUR_PICK_UP_TCP 0x0010u           /* sloppy_tcp */
#define BEHAVIOUR_PICK_UP_SCTP 0x0020u          /* sloppy_sctp */
#define BEHAVIOUR_BYPASS 0x0040u                /* cache_bypass */
#define BEHAVIOUR_SCHEDULE_ICMP 0x0080u         /* schedule_icmp */
#define BEHAVIOUR_REFUSE_REPLIES 0x0100u        /* nat_icmp_send */
#define BEHAVIOUR_PATH_MTU 0x0200u              /* pmtu_disc */
#define BEHAVIOUR_DROP_HALF_OPEN 0x0400u        /* drop_entry 3 */
#define BEHAVIOUR_DROP_HALF_OPEN_FILLED 0x0800u /* drop_entry 1 and 2: while the table is filled */
#define BEHAVIOUR_DROP_PACKETS 0x1000u          /* drop_packet 3 */
#define BEHAVIOUR_DROP_PACKETS_FILLED 0x2000u   /* drop_packet 1 and 2 */
#define BEHAVIOUR_SECURE_TCP 0x4000u            /* secure_tcp 3 */
#define BEHAVIOUR_SECURE_TCP_FILLED 0x8000u     /* secure_tcp 1 and 2 */

struct settings {
  __u32 abi;
  __u32 flags;
  __u32 connections_max;
  __u32 timeout[STATE_COUNT]; /* ticks */
  __u32 lease;                /* tick until which next hops are kept fresh by the daemon */
  __u32 icmp_per_second;      /* errors that this machine makes, each processor */
  __u32 segment_count;        /* of the connection table */
  __u32 services_max;
  __u32 servers_max;
  __u32 behaviour; /* BEHAVIOUR_* */
  __u32 drop_rate; /* BEHAVIOUR_DROP_PACKETS: of so many packets one is dropped (am_droprate) */
  __u64 hash_seed;
  __u32 connections_filled; /* the table counts as filled while it holds more connections than this */
  __u32 capture_lease;      /* tick until which packets are copied for `ballast capture`; 0: nobody captures */
  __u32 mh_services_max;
  __u32 destination_expiry; /* ticks: lblc and lblcr forget a destination that was not used for so long */
  __u32 fill_previous;      /* while the table grows: connections still begin in the previous one */
  __u32 pad0;
  __u64 pad1[7];
  __u64 xdp_targets[64]; /* bit i: interface i takes frames redirected from XDP */
  /* Link addresses of the interfaces that programs are attached to, see own_mac(); each at its index modulo
   * OWN_MACS. 0: not known, or several stand there. */
  __u64 own_macs[OWN_MACS];
};

/* Written by programs. */
struct live {
  __s64 connections;
  __u64 pad0[7];
  __u32 sweep_position;
  __u32 slots_offset;   /* of the first slot in a segment */
  __u32 evict_position; /* segment where the next search for a half-open connection begins */
  __u32 move_position;  /* segment of the previous table where the next piece that moves begins */
  __u64 sweep_runs;
  __u64 sweep_ns;         /* spent by all of them */
  __u64 sweep_longest_ns; /* ... by the longest */
  __u64 move_left;        /* entries that this walk through the previous table could not move */
  __u32 now;              /* tick of the timer's last run */
  __u32 pad1;
  __u64 changes_lost; /* changes of connections that found no room in the ring */
};

/* What a run of the program that moves entries of a growing table leaves. */
enum move_result {
  MOVE_ON,    /* there is more of the previous table */
  MOVE_AGAIN, /* that was its end, but entries are left in it */
  MOVE_DONE,  /* it is empty */
  MOVE_FAILED,
};

/* Fragments: the ports that the first one told. */
struct fragment_key {
  union address source;
  union address destination;
  __u32 identification; /* as in the header */
  __u8 protocol;
  __u8 pad[3];
};
struct fragment_ports {
  __be16 source;
  __be16 destination;
  __u32 tick;
};

/* A connection that another one announced: who will call whom on which port. The caller's port is not known. */
struct expected_call {
  union address source;
  union address destination;
  __be16 port;
  __u16 pad;
  __u32 pad1; /* a key has no bytes without a name: they would not be cleared */
};
struct expectation {
  union address virtual_address;
  __u64 template_hash; /* of the connection that announced it */
  __u32 server;
  __u32 deadline; /* tick */
  __be16 virtual_port;
  __be16 server_port; /* 0: it is the real server that calls, from any port */
  __u32 pad;
};

/* Destinations: the real servers that lblc and lblcr sent an address's connections to. */
struct destination_key {
  __u32 service;
  __u32 epoch; /* of the service: see struct cursor */
  union address address;
};

#define DESTINATION_SERVERS 16
struct destination {
  __u32 last_use;    /* tick */
  __u32 last_change; /* tick */
  __u32 count;       /* of `server` */
  __u32 pad;
  __u32 server[DESTINATION_SERVERS]; /* the one that came last is the last */
};

#endif

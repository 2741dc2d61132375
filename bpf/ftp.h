/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* FTP by NAT: its control connections say where the data connections will go, and with which address.
 *
 * Passive: the client asks (PASV, EPSV), the server answers with a port (229) or with its address and a port (227). The
 * client is to see the virtual address there, and its connection to that port goes to this server.
 * Active: the client tells a port (PORT, EPRT), the server connects to it, and the client is to see that come from the
 * port before the service's (20), whichever the server's own is.
 *
 * Only a line that begins a segment and lies in it as a whole is understood. What is encrypted cannot be. */
#pragma once

#include "access.h"
#include "expected.h"
#include "ftp_text.h"

/* Whether a packet of the connection is to be looked into. */
static __always_inline int is_ftp_control(const struct connection* c, const struct server* server) {
  return server->flags & SERVER_FTP && c->virtual_port == FTP_PORT;
}

/* Where the payload of a TCP segment begins in the frame. 0: it has none. */
static __always_inline __u32 payload_offset(context* ctx, const struct packet* p) {
  __u8 data_offset;
  if (p->first_fragment || !load(ctx, p->l4 + 12, &data_offset, 1)) return 0;
  __u32 offset = p->l4 + (data_offset >> 4) * 4;
  return offset < L3_OFFSET + p->length ? offset : 0;
}

/* Loads the beginning of the payload, which begins at `offset`. */
static __always_inline int load_line(context* ctx, const struct packet* p, __u32 offset, struct ftp_line* line) {
  __u32 bytes = L3_OFFSET + p->length - offset;
  if (bytes > FTP_LINE_BYTES) bytes = FTP_LINE_BYTES;
  line->bytes = bytes;
  __builtin_memset(line->text, 0, sizeof line->text);
  return load(ctx, offset, line->text, MASKED(bytes - 1, FTP_LINE_BYTES - 1) + 1);
}

/* Writes the rendered line over the one at `offset` and mends the checksum. */
static __always_inline int replace_line(context* ctx, const struct packet* p, __u32 offset, struct ftp_line* line) {
  __s64 delta = bpf_csum_diff((__be32*)line->text, FTP_LINE_BYTES, (__be32*)line->rendered, FTP_LINE_BYTES, 0);
  __u32 check_at = p->l4 + CSUM_OFFSET_TCP, bytes = MASKED(line->end - 1, FTP_LINE_BYTES - 1) + 1;
#if HOOK_XDP
  __u16 check;
  if (!load(ctx, check_at, &check, sizeof check)) return 0;
  check = csum_update(check, (__u32)delta);
  if (!store(ctx, check_at, &check, sizeof check)) return 0;
  return store(ctx, offset, line->rendered, bytes);
#else
  if (bpf_l4_csum_replace(ctx, check_at, 0, (__u32)delta, 0)) return 0;
  return !bpf_skb_store_bytes(ctx, offset, line->rendered, bytes, 0);
#endif
}

/* Notes the data connection that control connection `c` announces: to the virtual address, or to the client. */
static __always_inline void expect(const struct connection* c, const struct server* server, __be16 port, int to_client,
                                   __u32 now) {
  struct settings* set = settings_now();
  if (!set) return;
  struct expected_call call = {.port = port};
  call.source = to_client ? server->address : c->client;
  call.destination = to_client ? c->client : c->virtual_address;
  struct expectation announced = {
      .virtual_address = c->virtual_address,
      .template_hash = c->template_hash,
      .server = c->server,
      .deadline = now + timeout_of(set, STATE_LISTEN),
      .virtual_port = to_client ? FTP_DATA_PORT : port,
      .server_port = to_client ? 0 : port,
  };
  if (!bpf_map_update_elem(&expected, &call, &announced, BPF_ANY)) count(COUNTER_ftp_announced);
}

/* What a client says on a control connection. */
__noinline int hear_client(context* ctx, const struct packet* p, struct connection* c, __u32 now) {
  struct ftp_line* line = ftp_line_now();
  struct server* server = c ? server_at(c->server) : 0;
  if (!p || !line || !server) return 0;
  __u32 offset = payload_offset(ctx, p);
  if (!offset || !load_line(ctx, p, offset, line)) return 0;
  __u32 word = ftp_word(line);
  int passive = word == FTP_WORD('p', 'a', 's', 'v') || word == FTP_WORD('e', 'p', 's', 'v');
  if (passive && !(c->meta & META_FTP_PASSIVE)) __sync_fetch_and_or(&c->meta, META_FTP_PASSIVE);
  if (!passive && c->meta & META_FTP_PASSIVE) __sync_fetch_and_and(&c->meta, ~META_FTP_PASSIVE);
  int understood;
  if (word == FTP_WORD('p', 'o', 'r', 't'))
    understood = read_numbers(line, 5);
  else if (word == FTP_WORD('e', 'p', 'r', 't'))
    understood = read_extended(line, 5, 1);
  else
    return 0;
  if (!understood || line->port < FIRST_UNPRIVILEGED_PORT) {
    count(COUNTER_ftp_not_understood);
    return 0;
  }
  expect(c, server, bpf_htons((__u16)line->port), 1, now);
  return 1;
}

/* What a real server says, which may change. Only after the client asked for it, so that no text that somebody makes a
 * server send opens a way to it. 0: it could not be changed as it must, the packet is lost. */
__noinline int hear_server(context* ctx, const struct packet* p, struct connection* c, __u32 now) {
  struct ftp_line* line = ftp_line_now();
  struct server* server = c ? server_at(c->server) : 0;
  if (!p || !line || !server || !(c->meta & META_FTP_PASSIVE)) return 1;
  __u32 offset = payload_offset(ctx, p);
  if (!offset || !load_line(ctx, p, offset, line)) return 1;
  __u32 word = ftp_word(line);
  int understood, has_address = word == FTP_WORD('2', '2', '7', ' ');
  if (has_address)
    understood = read_numbers(line, FTP_CODE_BYTES) && line->end;
  else if (word == FTP_WORD('2', '2', '9', ' '))
    understood = read_extended(line, FTP_CODE_BYTES, 0);
  else
    return 1;
  if (!understood || line->port < FIRST_UNPRIVILEGED_PORT) {
    count(COUNTER_ftp_not_understood);
    return 1;
  }
  expect(c, server, bpf_htons((__u16)line->port), 0, now);
  if (!has_address || !p->ipv4 || bpf_htonl(line->address) != server->address.word[3]) return 1;
  if (!render(line, c->virtual_address.word[3])) {
    count(COUNTER_ftp_no_room);
    return 1;
  }
  count(COUNTER_ftp_rewritten);
  return replace_line(ctx, p, offset, line);
}

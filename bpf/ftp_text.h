/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The lines of FTP that announce a data connection (RFC 959, RFC 2428), read, and written anew with another address:
 *
 *   PORT h1,h2,h3,h4,p1,p2           227 Entering Passive Mode (h1,h2,h3,h4,p1,p2).
 *   EPRT |family|address|port|       229 Entering Extended Passive Mode (|||port|)
 *
 * A line written anew is as long as it was, so that nobody's sequence numbers change: RFC 959 leaves the words of a
 * reply free, and clients look for the numbers (RFC 1123 §4.1.2.6). */
#pragma once

#include "maps.h"

#define FTP_LINE_BYTES 128
#define FTP_HOST_BYTES 16

/* A line at work, and the notes of the walks over it, so that every step of one looks the same to the verifier. */
struct ftp_line {
  __u8 text[FTP_LINE_BYTES]; /* what a segment begins with, then zeros */
  __u8 rendered[FTP_LINE_BYTES];
  __u8 host[FTP_HOST_BYTES]; /* "10,0,1,100": what takes the address's place */
  __u32 host_bytes;
  __u32 bytes;   /* of `text` */
  __u32 begin;   /* where reading begins */
  __u32 end;     /* where the line does: at its CR or LF; 0: not met */
  __u32 address; /* h1 to h4, in host order */
  __u32 port;    /* 0: none was read */
  __u32 numbers; /* complete ones of h1 to p2 */
  __u32 digits;  /* of the number being read */
  __u32 value;
  __u32 high;      /* p1 */
  __u32 list;      /* where h1 begins */
  __u32 list_port; /* the comma before p1 */
  __u32 list_end;  /* behind p2; 0: not met */
  __u32 delimiter; /* of EPRT and 229: any character */
  __u32 delimiters;
  __u32 open; /* 229: its bracket was met; 227: where that stands, or else `list` */
  __u32 keep; /* 227: bytes before `open` that are kept */
  __u32 tail; /* 227: end of what is kept behind the address */
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ftp_line);
} ftp_lines SEC(".maps");

static __always_inline struct ftp_line* ftp_line_now(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&ftp_lines, &zero);
}

static __always_inline __u8 ftp_byte(const struct ftp_line* line, __u32 at) {
  return line->text[MASKED(at, FTP_LINE_BYTES - 1)];
}

/* The line's first four characters, letters as small ones. */
#define FTP_WORD(a, b, c, d) ((__u32)(a) << 24 | (__u32)(b) << 16 | (__u32)(c) << 8 | (__u32)(d))
static __always_inline __u32 ftp_word(const struct ftp_line* line) {
  const __u8* t = line->text;
  return FTP_WORD(t[0], t[1], t[2], t[3]) | FTP_WORD(0x20, 0x20, 0x20, 0x20);
}

/* ---- reading ---- */

static __always_inline int is_line_end(__u8 c) { return c == '\r' || c == '\n'; }

/* A number of the list is over, at `i` with `c`. What is not one of six numbers in a row is no list. */
static __always_inline void end_number(struct ftp_line* line, __u32 i, __u8 c) {
  int sound = line->digits && line->digits <= 3 && line->value <= 255;
  line->digits = 0;
  if (sound && c == ',' && line->numbers < 5) {
    if (line->numbers < 4)
      line->address = line->address << 8 | line->value;
    else
      line->high = line->value;
    if (++line->numbers == 4) line->list_port = i;
    return;
  }
  if (sound && c != ',' && line->numbers == 5) {
    line->port = line->high << 8 | line->value;
    line->list_end = i;
  }
  line->numbers = 0;
}

/* One character of a line with six numbers. */
static long read_list(__u32 step, void* context_) {
  struct ftp_line* line = ftp_line_now();
  if (!line) return 1;
  __u32 i = line->begin + step;
  if (i >= line->bytes) return 1;
  __u8 c = ftp_byte(line, i);
  __u32 digit = (__u32)c - '0';
  if (line->list_end) {
    /* Found: only the end of the line is looked for. */
  } else if (digit > 9) {
    end_number(line, i, c);
  } else {
    if (!line->digits) {
      line->value = 0;
      if (!line->numbers) line->list = i;
    }
    line->value = line->value * 10 + digit;
    line->digits++;
  }
  if (!is_line_end(c)) return 0;
  line->end = i;
  return 1;
}

/* One character of EPRT's or 229's: the port stands between the third delimiter and the fourth. */
static long read_delimited(__u32 step, void* context_) {
  struct ftp_line* line = ftp_line_now();
  if (!line) return 1;
  __u32 i = line->begin + step;
  if (i >= line->bytes) return 1;
  __u8 c = ftp_byte(line, i);
  if (is_line_end(c)) return 1;
  if (!line->delimiter) {
    if (!line->open) {
      line->open = c == '(';
      return 0;
    }
    line->delimiter = c;
  }
  if (c == line->delimiter) {
    if (++line->delimiters < 4) return 0;
    if (line->digits && line->digits <= 5 && line->value <= 0xffff) line->port = line->value;
    return 1;
  }
  if (line->delimiters < 3) return 0;
  __u32 digit = (__u32)c - '0';
  if (digit > 9) return 1;
  line->value = line->value * 10 + digit;
  line->digits++;
  return 0;
}

static __always_inline void begin_reading(struct ftp_line* line, __u32 begin) {
  line->begin = begin;
  line->end = line->port = line->numbers = line->digits = line->value = line->list_end = line->delimiter =
      line->delimiters = line->open = 0;
}

/* Reads h1 to p2 behind `begin`. 1: they are there. */
static __always_inline int read_numbers(struct ftp_line* line, __u32 begin) {
  begin_reading(line, begin);
  bpf_loop(FTP_LINE_BYTES, read_list, 0, 0);
  return line->port != 0;
}

/* Reads the port of EPRT's `|family|address|port|`, which begins at once, or of 229's `(|||port|)`. */
static __always_inline int read_extended(struct ftp_line* line, __u32 begin, int at_once) {
  begin_reading(line, begin);
  line->open = at_once;
  bpf_loop(FTP_LINE_BYTES, read_delimited, 0, 0);
  return line->port != 0;
}

/* ---- writing ---- */

static __always_inline void put_host_byte(struct ftp_line* line, __u8 c) {
  line->host[MASKED(line->host_bytes, FTP_HOST_BYTES - 1)] = c;
  line->host_bytes++;
}

/* "10,0,1,100" */
static __always_inline void write_host(struct ftp_line* line, __be32 address) {
  line->host_bytes = 0;
  NO_UNROLL for (__u32 i = 0; i < 4; i++) {
    __u32 number = bpf_ntohl(address) >> (24 - 8 * i) & 255;
    if (i) put_host_byte(line, ',');
    if (number >= 100) put_host_byte(line, (__u8)('0' + number / 100));
    if (number >= 10) put_host_byte(line, (__u8)('0' + number / 10 % 10));
    put_host_byte(line, (__u8)('0' + number % 10));
  }
}

/* Whether what is kept and the new address fit into the line. */
static __always_inline int fits(const struct ftp_line* line) {
  return line->keep + (line->list - line->open) + line->host_bytes + (line->tail - line->list_port) <= line->end;
}

#define FTP_CODE_BYTES 4 /* "227 " */

/* Gives up one character before the address, and goes on until a blank ends what is kept and all fits. */
static long cut_words(__u32 step, void* context_) {
  struct ftp_line* line = ftp_line_now();
  if (!line || line->keep <= FTP_CODE_BYTES) return 1;
  line->keep--;
  return ftp_byte(line, line->keep - 1) == ' ' && fits(line);
}

static long write_byte(__u32 i, void* context_) {
  struct ftp_line* line = ftp_line_now();
  if (!line) return 1;
  __u32 at = i, bracket = line->list - line->open;
  __u8 c = ' ';
  if (i >= line->end)
    c = ftp_byte(line, i);
  else if (at < line->keep)
    c = ftp_byte(line, at);
  else if ((at -= line->keep) < bracket)
    c = ftp_byte(line, line->open + at);
  else if ((at -= bracket) < line->host_bytes)
    c = line->host[MASKED(at, FTP_HOST_BYTES - 1)];
  else if ((at -= line->host_bytes) < line->tail - line->list_port)
    c = ftp_byte(line, line->list_port + at);
  line->rendered[MASKED(i, FTP_LINE_BYTES - 1)] = c;
  return 0;
}

/* Writes the 227 line that was read anew with another address: as it was, filled with blanks, where there is room;
 * without what stands behind the address where that gives the room; else without as many of the last words as it takes.
 * 0: not even the bare numbers fit. */
static __always_inline int render(struct ftp_line* line, __be32 address) {
  write_host(line, address);
  line->open = line->list;
  if (ftp_byte(line, line->list - 1) == '(') line->open--;
  line->keep = line->open;
  line->tail = line->end;
  if (!fits(line)) {
    line->tail = line->list_end;
    if (ftp_byte(line, line->list_end) == ')') line->tail++;
    if (!fits(line)) bpf_loop(FTP_LINE_BYTES, cut_words, 0, 0);
  }
  if (!fits(line)) return 0;
  bpf_loop(FTP_LINE_BYTES, write_byte, 0, 0);
  return 1;
}

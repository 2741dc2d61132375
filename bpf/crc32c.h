/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* CRC32c, the checksum of SCTP (RFC 9260 appendix A), of a packet after a change to it.
 *
 * A CRC is linear: that of a packet and that of the changed packet differ by the remainder of their difference, a
 * polynomial that is zero but where the packet was changed; the initial value and the final inversion cancel out. The
 * remainder of a 32-bit word at the beginning of `n` bytes is that word times x^(8n) modulo the polynomial of the CRC.
 * In a word the greatest bit is the coefficient of x^0. */
#pragma once

#include <linux/types.h>

/* The remainders of the 16 values of four bits, shifted by four. */
static const __u32 crc32c_remainders[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

/* crc32c_powers[k][digit]: x to the power of 8 * digit * 16^k. */
static const __u32 crc32c_powers[4][16] = {
    {
        0x80000000,
        0x00800000,
        0x00008000,
        0x00000080,
        0x82f63b78,
        0xfbc3faf9,
        0x8b277743,
        0x52a0c93f,
        0x6ea2d55c,
        0x1c08b7d6,
        0xf56e0ef4,
        0x34019664,
        0xa66805eb,
        0x7a1f6b24,
        0xe75d06aa,
        0xc94ec098,
    },
    {
        0x80000000,
        0x18b8ea18,
        0x510ac59a,
        0xb2dea967,
        0xb82be955,
        0x36c41f1c,
        0x19b29a35,
        0xc9e90b9e,
        0xb8fdb1e7,
        0xe55ef1f3,
        0x1fe0b5c3,
        0xe0553f1e,
        0x18e4a304,
        0x2b830011,
        0x56993a31,
        0x0246e2e6,
    },
    {
        0x80000000,
        0x88e56f72,
        0x74c360a4,
        0x631bb273,
        0xe4172b16,
        0x71892b1b,
        0x835305c9,
        0x196b1eae,
        0x0d65762a,
        0xafc81338,
        0xb5a50ab7,
        0xf373c3ac,
        0x5f60970f,
        0xd46d3063,
        0x3a5275ea,
        0x02331c01,
    },
    {
        0x80000000,
        0x35d73a62,
        0x28461564,
        0x43eefc9f,
        0xbf455269,
        0x5edcdeb9,
        0x65059450,
        0x4e6f41a4,
        0xe2ea32dc,
        0xf5b95b32,
        0x695a4c87,
        0xf204502c,
        0x9a4f01b6,
        0x941a0916,
        0x4303cb97,
        0x4c3d3d65,
    },
};

/* The product of two polynomials over GF(2). Of four bits of each factor one enters an integer product, so that its
 * sums of at most eight bits do not reach each other; their parities are the product's bits. */
static __always_inline __u64 multiply_without_carry(__u32 a, __u32 b) {
  __u64 a0 = a & 0x11111111, a1 = a & 0x22222222, a2 = a & 0x44444444, a3 = a & 0x88888888;
  __u64 b0 = b & 0x11111111, b1 = b & 0x22222222, b2 = b & 0x44444444, b3 = b & 0x88888888;
  __u64 p0 = a0 * b0 ^ a1 * b3 ^ a2 * b2 ^ a3 * b1;
  __u64 p1 = a0 * b1 ^ a1 * b0 ^ a2 * b3 ^ a3 * b2;
  __u64 p2 = a0 * b2 ^ a1 * b1 ^ a2 * b0 ^ a3 * b3;
  __u64 p3 = a0 * b3 ^ a1 * b2 ^ a2 * b1 ^ a3 * b0;
  return (p0 & 0x1111111111111111) | (p1 & 0x2222222222222222) | (p2 & 0x4444444444444444) | (p3 & 0x8888888888888888);
}

/* The product of two polynomials modulo that of the CRC. */
static __always_inline __u32 crc32c_multiply(__u32 a, __u32 b) {
  __u64 product = multiply_without_carry(a, b) << 1;
  __u32 beyond = (__u32)product; /* the coefficients from x^32 on */
  for (int i = 0; i < 8; i++) beyond = beyond >> 4 ^ crc32c_remainders[beyond & 15];
  return (__u32)(product >> 32) ^ beyond;
}

/* What the CRC of `bytes` bytes, at most 65535, changes by where their first four change by `difference`, read with the
 * least significant byte first. */
static __always_inline __u32 crc32c_change(__u32 difference, __u32 bytes) {
  for (int k = 0; k < 4; k++) {
    __u32 digit = bytes >> 4 * k & 15;
    if (digit) difference = crc32c_multiply(difference, crc32c_powers[k][digit]);
  }
  return difference;
}

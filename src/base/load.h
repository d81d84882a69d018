/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers out of foreign bytes.  The byte order and the width of a pointer are the dump's, never the
 * host's, so nothing is ever read through a cast.
 */
#ifndef PO_BASE_LOAD_H
#define PO_BASE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How the machine that was dumped lays numbers out. */
struct po_abi {
	bool big_endian;
	uint8_t ptr_size;		/* 4 or 8; unsigned long has the same width on Linux */
};

static inline uint64_t po_load_le(const void *at, size_t bytes)
{
	const uint8_t *p = at;
	uint64_t v = 0;

	for (size_t i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static inline uint64_t po_load_be(const void *at, size_t bytes)
{
	const uint8_t *p = at;
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

/* An unsigned number of 1 to 8 bytes. */
static inline uint64_t po_load(const struct po_abi *abi, const void *at, size_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (!abi->big_endian) {	/* the hot path: fixed sizes compile to single loads */
		uint64_t v = 0;

		switch (bytes) {
		case 8: memcpy(&v, at, 8); return v;
		case 4: memcpy(&v, at, 4); return v;
		case 2: memcpy(&v, at, 2); return v;
		case 1: memcpy(&v, at, 1); return v;
		}
	}
#endif
	return abi->big_endian ? po_load_be(at, bytes) : po_load_le(at, bytes);
}

static inline uint64_t po_load_ptr(const struct po_abi *abi, const void *at)
{
	return po_load(abi, at, abi->ptr_size);
}

/* A number of so many bits, sign extended. */
static inline int64_t po_sign_extend(uint64_t v, unsigned bits)
{
	if (bits == 0 || bits >= 64)
		return (int64_t)v;
	uint64_t sign = (uint64_t)1 << (bits - 1);
	v &= ((uint64_t)1 << bits) - 1;
	return (int64_t)((v ^ sign) - sign);
}

/* Kernel addresses wrap at the width of a pointer. */
static inline uint64_t po_wrap(const struct po_abi *abi, uint64_t kva)
{
	return abi->ptr_size == 4 ? (uint32_t)kva : kva;
}

/* Checked arithmetic on numbers that the dump supplies: true when the result does not fit. */
#define po_add(a, b, ret) __builtin_add_overflow(a, b, ret)
#define po_mul(a, b, ret) __builtin_mul_overflow(a, b, ret)

#endif

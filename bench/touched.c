/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loaded before a program (LD_PRELOAD), keeps what it has inflated: each compressed page once, in the file that TOUCHED
 * names, as its length, 4 bytes, and its bytes.  For bench/limit.c.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS ((size_t)1 << 23)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const void **seen;	/* open addressing */
static FILE *out;

static int is_new(const void *from)
{
	size_t i = (size_t)((uintptr_t)from * 0x9e3779b97f4a7c15u >> 20) & (SLOTS - 1);

	while (seen[i] && seen[i] != from)
		i = (i + 1) & (SLOTS - 1);
	if (seen[i])
		return 0;
	seen[i] = from;
	return 1;
}

static void keep(const void *from, size_t bytes)
{
	const uint32_t len = (uint32_t)bytes;

	(void)pthread_mutex_lock(&lock);
	if (!seen)
		seen = calloc(SLOTS, sizeof(*seen));
	if (!out && getenv("TOUCHED"))
		out = fopen(getenv("TOUCHED"), "w");
	if (seen && out && is_new(from)) {
		(void)fwrite(&len, sizeof(len), 1, out);
		(void)fwrite(from, 1, bytes, out);
	}
	(void)pthread_mutex_unlock(&lock);
}

__attribute__((destructor)) static void finish(void)
{
	if (out)
		(void)fclose(out);
}

int libdeflate_zlib_decompress(void *z, const void *from, size_t bytes, void *to, size_t room, size_t *ret)
{
	static int (*next)(void *, const void *, size_t, void *, size_t, size_t *);

	if (!next)
		next = (int (*)(void *, const void *, size_t, void *, size_t, size_t *))
			dlsym(RTLD_NEXT, "libdeflate_zlib_decompress");
	keep(from, bytes);
	return next(z, from, bytes, to, room, ret);
}

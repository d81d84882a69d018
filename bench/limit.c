/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limit: what is left to be done if nothing had to be understood.
 *
 *   limit PAGES BYTES
 *
 * inflates each compressed page of PAGES (bench/touched.c), by zlib, which compressed it, and copies BYTES of text in
 * blocks of 64 KiB, each of which is written to standard output.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#define BLOCK	((size_t)64 << 10)
#define PAGE_MAX ((size_t)64 << 10)

static int inflate_all(const uint8_t *at, const uint8_t *end)
{
	static uint8_t page[PAGE_MAX];
	z_stream z = { .next_in = NULL };

	if (inflateInit(&z) != Z_OK)
		return -1;
	while (at < end) {
		uint32_t len;

		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		if (len > (size_t)(end - at) || inflateReset(&z) != Z_OK)
			return -1;
		z.next_in = (Bytef *)(uintptr_t)at;
		z.avail_in = len;
		z.next_out = page;
		z.avail_out = sizeof(page);
		if (inflate(&z, Z_FINISH) != Z_STREAM_END)
			return -1;
		at += len;
	}
	return inflateEnd(&z) == Z_OK ? 0 : -1;
}

/* The text comes from a place that is warm, as a stack's is that was printed before. */
static int write_all(uint64_t bytes)
{
	static char text[BLOCK], block[BLOCK];

	memset(text, 'x', sizeof(text));
	for (size_t n; bytes; bytes -= n) {
		n = bytes < BLOCK ? (size_t)bytes : BLOCK;
		memcpy(block, text, n);
		if (write(STDOUT_FILENO, block, n) != (ssize_t)n)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: limit PAGES BYTES\n");
		return 2;
	}
	int fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(argv[1]);
		return 1;
	}
	const uint8_t *pages = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0) : NULL;
	if (pages == MAP_FAILED || inflate_all(pages, pages + st.st_size) < 0) {
		(void)fprintf(stderr, "limit: %s: cannot be inflated\n", argv[1]);
		return 1;
	}
	return write_all(strtoull(argv[2], NULL, 10)) < 0;
}

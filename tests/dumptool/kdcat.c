// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kdcat REFERENCE FILE...: does libkdumpfile read from FILE... (several: a split set) what the ELF
 * core REFERENCE holds?  Prints the number of pages that are the same, absent, different.
 *
 * This is the other reader for what dumptool writes; reads are by physical address.
 */
#include <errno.h>
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dumptool.h"

/* Pages that lie in a filtered range of the reference are the caller's to expect as absent. */
static int compare_all(const struct core *core, kdump_ctx_t *ctx)
{
	unsigned long long same = 0, absent = 0, different = 0;
	uint64_t size = core->page_size;
	uint8_t *bufs = xmalloc(2 * (size_t)size);

	for (uint64_t pa = 0; pa < core_end(core); pa += size) {
		size_t len = (size_t)size;
		kdump_status status;

		if (core_read(core, pa, bufs, size) != size)
			continue;
		status = kdump_read(ctx, KDUMP_MACHPHYSADDR, pa, bufs + size, &len);
		if (status == KDUMP_ERR_NODATA)
			absent++;
		else if (status != KDUMP_OK)
			die("%#llx: %s", (unsigned long long)pa, kdump_get_err(ctx));
		else if (memcmp(bufs, bufs + size, (size_t)size))
			different++;
		else
			same++;
	}
	printf("same %llu absent %llu different %llu\n", same, absent, different);
	free(bufs);
	return different != 0;
}

static void open_set(kdump_ctx_t *ctx, char **paths, int *fds, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			die("%s: %s", paths[i], strerror(errno));
	}
	if (kdump_open_fdset(ctx, nr, fds) != KDUMP_OK)
		die("%s: %s", paths[0], kdump_get_err(ctx));
}

/* A kdump may have blocks of another size than the pages of its VMCOREINFO. */
static void set_block_size(kdump_ctx_t *ctx, const char *text)
{
	kdump_num_t size = parse_number(text, 0, "block size");

	if (kdump_set_number_attr(ctx, "arch.page_size", size) != KDUMP_OK)
		die("arch.page_size: %s", kdump_get_err(ctx));
}

int main(int argc, char **argv)
{
	int first = argc > 2 && !strcmp(argv[1], "-b") ? 3 : 1;
	struct core *core;
	kdump_ctx_t *ctx;
	int *fds, rc;

	if (argc - first < 2) {
		fputs("usage: kdcat [-b BLOCK_SIZE] REFERENCE FILE...\n", stderr);
		return 2;
	}
	core = core_open(argv[first]);
	fds = xmalloc((size_t)argc * sizeof(*fds));
	ctx = kdump_new();
	if (!ctx)
		die("out of memory");
	open_set(ctx, argv + first + 1, fds, (unsigned int)(argc - first - 1));
	if (first == 3)
		set_block_size(ctx, argv[2]);
	rc = compare_all(core, ctx);
	kdump_free(ctx);
	for (int i = 0; i < argc - first - 1; i++)
		close(fds[i]);
	free(fds);
	core_free(core);
	return rc;
}

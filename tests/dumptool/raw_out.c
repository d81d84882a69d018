// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory without much around it: banks of RAM, one file each; LiME files, where a 32-byte header
 * precedes each range; and LiME's padded files, which begin at address 0.
 *
 * A bank is what was asked for with --bank, else each contiguous range.  None of these can express
 * a hole within a bank: it is zeros.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

#define LIME_MAGIC	0x4c694d45U

struct lime_header {
	uint32_t magic;
	uint32_t version;
	uint64_t first;
	uint64_t last;		/* inclusive */
	uint64_t reserved;
};

static void copy_range(const struct core *core, struct out *out, uint64_t off,
		       const struct range *range)
{
	uint8_t *buf = xmalloc(CHUNK);

	for (uint64_t pa = range->first, part; pa < range->end; pa += part, off += part) {
		const struct piece *next = core_next_piece(core, pa);

		part = min_u64(CHUNK, range->end - pa);
		/* leap over what is not there: a padded file may begin with gigabytes of that */
		if (!next || next->pa >= range->end)
			part = range->end - pa;
		else if (next->pa > pa + part)
			part = next->pa - pa;
		else if (core_read(core, pa, buf, part))
			out_write(out, off, buf, (size_t)part);
	}
	out_extend(out, off);
	free(buf);
}

static void get_banks(const struct core *core, const struct options *opt, struct ranges *banks)
{
	if (!opt->banks.nr)
		core_spans(core, banks);
	for (size_t i = 0; i < opt->banks.nr; i++) {
		const struct range *bank = &opt->banks.v[i];

		if (bank->first >= bank->end)
			die("bank: empty: %#llx", (unsigned long long)bank->first);
		/* not ranges_add(): two banks side by side stay two */
		banks->v = xrealloc(banks->v, (banks->nr + 1) * sizeof(*banks->v));
		banks->v[banks->nr++] = *bank;
	}
	banks->max = banks->nr;
}

/*
 * As many paths as banks name the files; one path and several banks make PATH.ADDRESS.  The lines
 * printed are those of a list of banks: address, blank, file.
 */
void raw_write(const struct core *core, const struct options *opt, char **paths, int nr_paths)
{
	struct ranges banks = { 0 };

	get_banks(core, opt, &banks);
	if (nr_paths != 1 && (size_t)nr_paths != banks.nr)
		die("%d files for %zu banks", nr_paths, banks.nr);
	for (size_t i = 0; i < banks.nr; i++) {
		unsigned long long base = banks.v[i].first;
		char *path = (size_t)nr_paths == banks.nr ? xasprintf("%s", paths[i]) :
			     xasprintf("%s.%llx", paths[0], base);
		struct out *out = out_open(path, core, opt);

		copy_range(core, out, 0, &banks.v[i]);
		out_close(out);
		printf("%#llx %s\n", base, path);
		free(path);
	}
	ranges_free(&banks);
}

void lime_write(const struct core *core, const struct options *opt, const char *path)
{
	struct out *out = out_open(path, core, opt);
	struct ranges banks = { 0 };
	uint64_t off = 0;

	get_banks(core, opt, &banks);
	for (size_t i = 0; i < banks.nr; i++) {
		const struct range *bank = &banks.v[i];
		struct lime_header header = {
			.magic = LIME_MAGIC,
			.version = 1,
			.first = bank->first,
			.last = bank->end - 1,
		};

		out_write(out, off, &header, sizeof(header));
		off += sizeof(header);
		copy_range(core, out, off, bank);
		off += bank->end - bank->first;
	}
	out_close(out);
	ranges_free(&banks);
}

void padded_write(const struct core *core, const struct options *opt, const char *path)
{
	struct out *out = out_open(path, core, opt);
	struct range all = { .first = 0, .end = core_end(core) };

	copy_range(core, out, 0, &all);
	out_close(out);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* dumptool: one stored dump, turned into every container that the tests need. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

/* Leaves the runs of at least nr pages. */
static void keep_long(struct ranges *list, uint64_t len)
{
	size_t nr = 0;

	for (size_t i = 0; i < list->nr; i++) {
		if (list->v[i].end - list->v[i].first >= len)
			list->v[nr++] = list->v[i];
	}
	list->nr = nr;
}

/* Damage comes before filtering: a page that it makes non-zero stays. */
static void apply_options(struct core *core, const struct options *opt)
{
	struct ranges drop = { 0 }, exclude = { 0 };

	if (opt->page_size)
		core->page_size = opt->page_size;
	if (opt->no_vmcoreinfo)
		core_drop_vmcoreinfo(core);
	for (size_t i = 0; i < opt->nr_drops; i++)
		ranges_add_pfns(&drop, opt->drops[i], core->page_size);
	ranges_sort(&drop);
	core_drop(core, &drop);
	for (size_t i = 0; i < opt->nr_corrupts; i++)
		core_corrupt(core, opt->corrupts[i]);
	if (opt->exclude)
		ranges_read_pfns(&exclude, opt->exclude, core->page_size);
	if (opt->exclude_zero)
		core_zero_pages(core, &exclude);
	ranges_sort(&exclude);
	keep_long(&exclude, opt->exclude_min * core->page_size);
	core_exclude(core, &exclude);
	ranges_free(&drop);
	ranges_free(&exclude);
}

static void convert(const struct core *core, const struct options *opt, char **paths, int nr)
{
	bool one = nr == 1;

	if (opt->flat && strcmp(opt->to, "elf") && strcmp(opt->to, "kdump"))
		die("flat: only elf and kdump are ever flattened");
	if (one && !strcmp(opt->to, "elf"))
		elf_write(core, opt, paths[0]);
	else if (one && !strcmp(opt->to, "kdump"))
		kdump_write(core, opt, paths[0]);
	else if (one && !strcmp(opt->to, "lime"))
		lime_write(core, opt, paths[0]);
	else if (one && !strcmp(opt->to, "padded"))
		padded_write(core, opt, paths[0]);
	else if (!strcmp(opt->to, "raw"))
		raw_write(core, opt, paths, nr);
	else
		usage();
}

static const char *machine_text(uint16_t machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i386";
	case EM_AARCH64:
		return "arm64";
	case EM_ARM:
		return "arm";
	default:
		return "another machine";
	}
}

static int info(const char *path)
{
	struct core *core = core_open(path);
	char *release = vmcoreinfo_value(core, "OSRELEASE");
	struct note note;

	printf("class %d\nmachine %s (%u)\nphoff %llu\npage size %llu\nrelease %s\n",
	       core->class == ELFCLASS64 ? 64 : 32, machine_text(core->machine), core->machine,
	       (unsigned long long)core->phoff, (unsigned long long)core->page_size,
	       release ? release : "-");
	for (size_t pos = 0; note_at(core, pos, &note); pos = note.next)
		printf("note %.*s type %u, %zu bytes\n", (int)note.name_len, note.name, note.type,
		       note.desc_len);
	for (size_t i = 0; i < core->nr_pieces; i++) {
		const struct piece *piece = &core->pieces[i];

		printf("%s %llx-%llx\n", piece->kind == PIECE_DATA ? "data" : "excluded",
		       (unsigned long long)piece->pa, (unsigned long long)(piece->pa + piece->len));
	}
	free(release);
	core_free(core);
	return 0;
}

enum { SAME, EXCLUDED, MISSING, ADDED, DIFFERENT, NR_VERDICTS };

static int compare_page(const struct core *a, const struct core *b, uint64_t pa, uint8_t *bufs)
{
	uint64_t size = a->page_size;
	uint64_t in_a = core_read(a, pa, bufs, size), in_b = core_read(b, pa, bufs + size, size);
	const struct piece *piece = core_next_piece(b, pa);

	if (in_a > in_b)
		return piece && piece->pa < pa + size ? EXCLUDED : MISSING;
	if (in_a < in_b)
		return ADDED;
	return memcmp(bufs, bufs + size, (size_t)size) ? DIFFERENT : SAME;
}

static int compare(const char *path_a, const char *path_b)
{
	struct core *a = core_open(path_a), *b = core_open(path_b);
	uint64_t count[NR_VERDICTS] = { 0 }, size = a->page_size;
	uint64_t end = max_u64(core_end(a), core_end(b));
	uint8_t *bufs = xmalloc(2 * (size_t)size);

	for (uint64_t pa = 0; pa < end; pa += size) {
		const struct piece *pa_a = core_next_piece(a, pa), *pa_b = core_next_piece(b, pa);

		if ((pa_a && pa_a->pa < pa + size) || (pa_b && pa_b->pa < pa + size))
			count[compare_page(a, b, pa, bufs)]++;
	}
	printf("same %llu excluded %llu missing %llu added %llu different %llu\n",
	       (unsigned long long)count[SAME], (unsigned long long)count[EXCLUDED],
	       (unsigned long long)count[MISSING], (unsigned long long)count[ADDED],
	       (unsigned long long)count[DIFFERENT]);
	free(bufs);
	core_free(a);
	core_free(b);
	return count[MISSING] || count[ADDED] || count[DIFFERENT];
}

/* dumptool synth OUT BASE-END...: an ELF core of made-up memory, for selftest.sh. */
static int synth(const struct options *opt, char **args, int nr)
{
	struct core *core = core_new();

	synth_core(core, args + 1, nr - 1, opt->page_size ? opt->page_size : 4096);
	if (opt->machine && !strcmp(opt->machine, "i386"))
		core->machine = EM_386;
	elf_write(core, opt, args[0]);
	core_free(core);
	return 0;
}

int main(int argc, char **argv)
{
	struct options opt;
	struct core *core;
	int first = options_parse(&opt, argc, argv);
	int nr = argc - first;
	char **args = argv + first;
	int rc = 0;

	if (nr < 2) {
		usage();
	} else if (!strcmp(args[0], "info") && nr == 2) {
		rc = info(args[1]);
	} else if (!strcmp(args[0], "cmp") && nr == 3) {
		rc = compare(args[1], args[2]);
	} else if (!strcmp(args[0], "synth") && nr > 2) {
		rc = synth(&opt, args + 1, nr - 1);
	} else if (opt.to) {
		core = core_open(args[0]);
		apply_options(core, &opt);
		convert(core, &opt, args + 1, nr - 1);
		core_free(core);
	} else {
		usage();
	}
	options_free(&opt);
	return rc;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

const char usage_text[] =
"usage: dumptool IN OUT... --to FORMAT [OPTION...]\n"
"       dumptool info IN\n"
"       dumptool cmp REFERENCE OTHER\n"
"\n"
"IN is an ELF core as QEMU writes it.  FORMAT: elf, kdump, raw, lime, padded.\n"
"Numbers are decimal or 0x..; PFNs, addresses of ranges and bytes are hexadecimal.\n"
"\n"
"What is in the output:\n"
"  --page-size N          bytes of a page (default: PAGESIZE of VMCOREINFO, else 4096)\n"
"  --drop FIRST[-LAST]    take these PFNs out entirely; repeatable\n"
"  --exclude FILE         filter out the PFNs listed in FILE, FIRST[-LAST] a line\n"
"  --exclude-zero         filter out pages that are all zero\n"
"  --exclude-min N        filter out only runs of at least N pages (makedumpfile -E: 256)\n"
"  --corrupt PADDR=BYTES  replace bytes in memory; repeatable\n"
"  --no-vmcoreinfo        without the VMCOREINFO note\n"
"\n"
"elf:\n"
"  --class 32|64          ELF class (default: as IN)\n"
"  --phoff N|end          where the program headers are (default: after the ELF header)\n"
"  --vaddr paddr|zero|BASE  p_vaddr: as p_paddr (default), 0, or BASE + p_paddr\n"
"  --segment-pages N      no PT_LOAD longer than N pages\n"
"  --shuffle SEED         segments in random order, headers and data\n"
"  --align N              data of each segment at a multiple of N\n"
"\n"
"kdump:\n"
"  --codec NAME           none, zlib (default), lzo, snappy, zstd; mixed: page by page\n"
"  --class 32|64          headers of a 32-bit or a 64-bit writer (default: 64)\n"
"  --block-size N         block size (default: the page size)\n"
"  --release TEXT, --uts-version TEXT, --machine TEXT\n"
"                         utsname (default: OSRELEASE, \"#1 SMP\", from IN; without a\n"
"                         release it is empty)\n"
"  --no-utsname           empty utsname, as QEMU writes it\n"
"  --split N              a split set of N files, OUT.1 to OUT.N\n"
"  --split-empty          one more file without pages\n"
"\n"
"elf and kdump:\n"
"  --flat                 as makedumpfile's flattened stream, records out of order\n"
"  --no-overlap           no record replaces part of an earlier one\n"
"  --no-end-mark          without the record that ends the stream\n"
"\n"
"raw and lime:\n"
"  --bank BASE-END        a range, END exclusive; repeatable (default: each contiguous range)\n"
"raw writes one file a bank: OUT... in the order of the banks, else OUT.BASE, and prints\n"
"\"BASE FILE\" lines.  padded begins at address 0.\n"
"\n"
"cmp compares memory and prints the number of pages that are the same, filtered out of OTHER,\n"
"missing in OTHER, only in OTHER, different; status 1 if any is missing, added or different.\n";

enum {
	OPT_TO = 256, OPT_PAGE_SIZE, OPT_DROP, OPT_EXCLUDE, OPT_EXCLUDE_ZERO, OPT_EXCLUDE_MIN,
	OPT_CORRUPT, OPT_NO_VMCOREINFO, OPT_CLASS, OPT_PHOFF, OPT_VADDR, OPT_SEGMENT_PAGES,
	OPT_SHUFFLE, OPT_ALIGN, OPT_CODEC, OPT_BLOCK_SIZE, OPT_RELEASE, OPT_UTS_VERSION,
	OPT_MACHINE, OPT_NO_UTSNAME, OPT_SPLIT, OPT_SPLIT_EMPTY, OPT_FLAT, OPT_NO_END_MARK,
	OPT_NO_OVERLAP, OPT_BANK, OPT_HELP,
};

static const struct option long_options[] = {
	{ "to", required_argument, NULL, OPT_TO },
	{ "page-size", required_argument, NULL, OPT_PAGE_SIZE },
	{ "drop", required_argument, NULL, OPT_DROP },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "exclude-zero", no_argument, NULL, OPT_EXCLUDE_ZERO },
	{ "exclude-min", required_argument, NULL, OPT_EXCLUDE_MIN },
	{ "corrupt", required_argument, NULL, OPT_CORRUPT },
	{ "no-vmcoreinfo", no_argument, NULL, OPT_NO_VMCOREINFO },
	{ "class", required_argument, NULL, OPT_CLASS },
	{ "phoff", required_argument, NULL, OPT_PHOFF },
	{ "vaddr", required_argument, NULL, OPT_VADDR },
	{ "segment-pages", required_argument, NULL, OPT_SEGMENT_PAGES },
	{ "shuffle", required_argument, NULL, OPT_SHUFFLE },
	{ "align", required_argument, NULL, OPT_ALIGN },
	{ "codec", required_argument, NULL, OPT_CODEC },
	{ "block-size", required_argument, NULL, OPT_BLOCK_SIZE },
	{ "release", required_argument, NULL, OPT_RELEASE },
	{ "uts-version", required_argument, NULL, OPT_UTS_VERSION },
	{ "machine", required_argument, NULL, OPT_MACHINE },
	{ "no-utsname", no_argument, NULL, OPT_NO_UTSNAME },
	{ "split", required_argument, NULL, OPT_SPLIT },
	{ "split-empty", no_argument, NULL, OPT_SPLIT_EMPTY },
	{ "flat", no_argument, NULL, OPT_FLAT },
	{ "no-end-mark", no_argument, NULL, OPT_NO_END_MARK },
	{ "no-overlap", no_argument, NULL, OPT_NO_OVERLAP },
	{ "bank", required_argument, NULL, OPT_BANK },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static uint64_t page_size_of(const char *text, const char *what)
{
	uint64_t size = parse_number(text, 0, what);

	if (size < 1024 || size > 65536 || (size & (size - 1)))
		die("%s: not a power of two from 1024 to 65536: %s", what, text);
	return size;
}

static enum codec codec_of(const char *text)
{
	static const char *const names[] = {
		[CODEC_NONE] = "none",
		[CODEC_ZLIB] = "zlib",
		[CODEC_LZO] = "lzo",
		[CODEC_SNAPPY] = "snappy",
		[CODEC_ZSTD] = "zstd",
		[CODEC_MIXED] = "mixed",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i]))
			return (enum codec)i;
	}
	die("codec: unknown: %s", text);
}

static int class_of(const char *text)
{
	if (!strcmp(text, "32"))
		return 32;
	if (strcmp(text, "64"))
		die("class: 32 or 64: %s", text);
	return 64;
}

static void set_vaddr(struct options *opt, const char *text)
{
	if (!strcmp(text, "paddr")) {
		opt->vaddr = VADDR_PADDR;
	} else if (!strcmp(text, "zero")) {
		opt->vaddr = VADDR_ZERO;
	} else {
		opt->vaddr = VADDR_BASE;
		opt->vaddr_base = parse_number(text, 0, "vaddr");
	}
}

static void set_phoff(struct options *opt, const char *text)
{
	opt->phoff_end = !strcmp(text, "end");
	if (!opt->phoff_end)
		opt->phoff = parse_number(text, 0, "phoff");
}

static void append(char ***list, size_t *nr, char *text)
{
	*list = xrealloc(*list, (*nr + 1) * sizeof(**list));
	(*list)[(*nr)++] = text;
}

/* Options that change what memory there is. */
static bool set_content(struct options *opt, int id, char *arg)
{
	switch (id) {
	case OPT_PAGE_SIZE:
		opt->page_size = page_size_of(arg, "page-size");
		return true;
	case OPT_DROP:
		append(&opt->drops, &opt->nr_drops, arg);
		return true;
	case OPT_EXCLUDE:
		opt->exclude = arg;
		return true;
	case OPT_EXCLUDE_ZERO:
		opt->exclude_zero = true;
		return true;
	case OPT_EXCLUDE_MIN:
		opt->exclude_min = parse_number(arg, 0, "exclude-min");
		return true;
	case OPT_CORRUPT:
		append(&opt->corrupts, &opt->nr_corrupts, arg);
		return true;
	case OPT_NO_VMCOREINFO:
		opt->no_vmcoreinfo = true;
		return true;
	default:
		return false;
	}
}

static bool set_elf(struct options *opt, int id, const char *arg)
{
	switch (id) {
	case OPT_CLASS:
		opt->class = class_of(arg);
		return true;
	case OPT_PHOFF:
		set_phoff(opt, arg);
		return true;
	case OPT_VADDR:
		set_vaddr(opt, arg);
		return true;
	case OPT_SEGMENT_PAGES:
		opt->segment_pages = parse_number(arg, 0, "segment-pages");
		return true;
	case OPT_SHUFFLE:
		opt->shuffle = (uint32_t)parse_number(arg, 0, "shuffle");
		return true;
	case OPT_ALIGN:
		opt->align = parse_number(arg, 0, "align");
		return true;
	default:
		return false;
	}
}

static bool set_kdump(struct options *opt, int id, const char *arg)
{
	switch (id) {
	case OPT_CODEC:
		opt->codec = codec_of(arg);
		return true;
	case OPT_BLOCK_SIZE:
		opt->block_size = page_size_of(arg, "block-size");
		return true;
	case OPT_RELEASE:
		opt->release = arg;
		return true;
	case OPT_UTS_VERSION:
		opt->version = arg;
		return true;
	case OPT_MACHINE:
		opt->machine = arg;
		return true;
	case OPT_NO_UTSNAME:
		opt->no_utsname = true;
		return true;
	case OPT_SPLIT:
		opt->split = parse_number(arg, 0, "split");
		return true;
	case OPT_SPLIT_EMPTY:
		opt->split_empty = true;
		return true;
	default:
		return false;
	}
}

static bool set_other(struct options *opt, int id, const char *arg)
{
	struct range bank;

	switch (id) {
	case OPT_TO:
		opt->to = arg;
		return true;
	case OPT_FLAT:
		opt->flat = true;
		return true;
	case OPT_NO_END_MARK:
		opt->no_end_mark = true;
		return true;
	case OPT_NO_OVERLAP:
		opt->no_overlap = true;
		return true;
	case OPT_BANK:
		bank = parse_range(arg, "bank");
		opt->banks.v = xrealloc(opt->banks.v,
					(opt->banks.nr + 1) * sizeof(*opt->banks.v));
		opt->banks.v[opt->banks.nr++] = bank;
		return true;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(0);
	default:
		return false;
	}
}

/* Returns the index of the first argument that is no option. */
int options_parse(struct options *opt, int argc, char **argv)
{
	int id;

	*opt = (struct options){ .codec = CODEC_ZLIB };
	while ((id = getopt_long(argc, argv, "h", long_options, NULL)) >= 0) {
		if (id == 'h')
			id = OPT_HELP;
		if (set_content(opt, id, optarg) || set_elf(opt, id, optarg) ||
		    set_kdump(opt, id, optarg) || set_other(opt, id, optarg))
			continue;
		exit(2);
	}
	return optind;
}

void options_free(struct options *opt)
{
	ranges_free(&opt->banks);
	free(opt->drops);
	free(opt->corrupts);
}

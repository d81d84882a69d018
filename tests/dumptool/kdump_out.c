// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writes the kdump-compressed format, header version 6.
 *
 *	block 0			disk_dump_header
 *	block 1			kdump_sub_header, then the ELF notes; VMCOREINFO lies within them
 *	1 + sub_hdr_size	bitmap of RAM, then bitmap of the pages that are here
 *	then			24-byte descriptors, one for each page that is here, then the pages
 *
 * The headers are the writer's C structures: a long has 4 or 8 bytes, and on i386 an 8-byte number
 * is aligned to 4.  The files of a split set carry everything but the descriptors and pages of the
 * others; their descriptors are counted from start_pfn.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

#define DESC_SIZE	24
#define DESC_BATCH	512
#define UTS_LEN		65

struct kdump {
	const struct core *core;
	const struct options *opt;
	uint64_t block;
	uint64_t max_mapnr;
	uint64_t bitmap_len;	/* of one of the two */
	uint8_t *ram;
	uint8_t *dumped;
	uint64_t nr_dumped;
};

struct part {
	struct out *out;
	bool split;
	uint64_t start;
	uint64_t end;
	struct packer *pk;
	uint8_t *page;
	uint8_t descs[DESC_BATCH * DESC_SIZE];
	size_t nr_descs;	/* in descs */
	uint64_t desc_off;
	uint64_t data_off;
	uint8_t zero_desc[DESC_SIZE];
	bool have_zero;
};

/* Writes C structures of another machine. */
struct cursor {
	uint8_t *base;
	size_t off;
	size_t long_size;
	size_t max_align;
};

static void put_le(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static void put(struct cursor *cur, size_t size, uint64_t value)
{
	size_t align = size < cur->max_align ? size : cur->max_align;

	cur->off = (size_t)round_up(cur->off, align);
	put_le(cur->base + cur->off, value, size);
	cur->off += size;
}

static struct cursor cursor_at(const struct kdump *kd, uint8_t *base)
{
	struct cursor cur = { .base = base, .long_size = 8, .max_align = 8 };

	if (kd->opt->class == 32) {
		cur.long_size = 4;
		cur.max_align = kd->core->machine == EM_386 ? 4 : 8;
	}
	return cur;
}

static bool test_bit(const uint8_t *map, uint64_t nr)
{
	return map[nr / 8] >> nr % 8 & 1;
}

static void set_bits(uint8_t *map, uint64_t first, uint64_t end)
{
	for (uint64_t nr = first; nr < end; nr++)
		map[nr / 8] |= (uint8_t)(1U << nr % 8);
}

/* A block of which any byte is there is there. */
static void make_bitmaps(struct kdump *kd)
{
	kd->max_mapnr = round_up(core_end(kd->core), kd->block) / kd->block;
	kd->bitmap_len = round_up((kd->max_mapnr + 7) / 8, kd->block);
	kd->ram = xmalloc((size_t)kd->bitmap_len);
	kd->dumped = xmalloc((size_t)kd->bitmap_len);
	for (size_t i = 0; i < kd->core->nr_pieces; i++) {
		const struct piece *piece = &kd->core->pieces[i];
		uint64_t first = piece->pa / kd->block;
		uint64_t end = round_up(piece->pa + piece->len, kd->block) / kd->block;

		set_bits(kd->ram, first, end);
		if (piece->kind == PIECE_DATA)
			set_bits(kd->dumped, first, end);
	}
	for (uint64_t pfn = 0; pfn < kd->max_mapnr; pfn++)
		kd->nr_dumped += test_bit(kd->dumped, pfn);
}

static const char *machine_name(const struct kdump *kd)
{
	if (kd->opt->machine)
		return kd->opt->machine;
	switch (kd->core->machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i686";
	case EM_AARCH64:
		return "aarch64";
	case EM_ARM:
		return "armv7l";
	default:
		return "unknown";
	}
}

/* All empty, as QEMU leaves it, or all filled: a reader takes nothing in between. */
static void put_utsname(const struct kdump *kd, uint8_t *to)
{
	char *found = vmcoreinfo_value(kd->core, "OSRELEASE");
	const char *release = kd->opt->release ? kd->opt->release : found;
	const char *names[] = {
		"Linux", "(none)", release, kd->opt->version ? kd->opt->version : "#1 SMP",
		machine_name(kd), "(none)",
	};

	for (size_t i = 0; release && !kd->opt->no_utsname && i < ARRAY_SIZE(names); i++)
		snprintf((char *)to + i * UTS_LEN, UTS_LEN, "%s", names[i]);
	free(found);
}

static size_t sub_header_size(const struct kdump *kd)
{
	struct cursor cur = cursor_at(kd, NULL);

	if (cur.long_size == 8)
		return 104;
	return cur.max_align == 4 ? 80 : 96;
}

static uint64_t sub_header_blocks(const struct kdump *kd)
{
	uint64_t len = sub_header_size(kd) + kd->core->notes_len;

	return round_up(len, kd->block) / kd->block;
}

static void write_header(const struct kdump *kd, struct part *part)
{
	uint8_t *block = xmalloc((size_t)kd->block);
	struct cursor cur = cursor_at(kd, block);

	memcpy(block, "KDUMP   ", 8);
	cur.off = 8;
	put(&cur, 4, 6);
	put_utsname(kd, block + cur.off);
	cur.off += 6 * UTS_LEN;
	put(&cur, cur.long_size, 0);	/* the time: a constant, for equal files from equal input */
	put(&cur, cur.long_size, 0);
	put(&cur, 4, packer_status(part->pk));
	put(&cur, 4, kd->block);
	put(&cur, 4, sub_header_blocks(kd));
	put(&cur, 4, 2 * kd->bitmap_len / kd->block);
	put(&cur, 4, min_u64(kd->max_mapnr, UINT32_MAX));
	put(&cur, 4, kd->nr_dumped);	/* total_ram_blocks */
	put(&cur, 4, 0);		/* device_blocks */
	put(&cur, 4, 0);		/* written_blocks */
	put(&cur, 4, 0);		/* current_cpu */
	put(&cur, 4, 1);		/* nr_cpus */
	out_write(part->out, 0, block, (size_t)kd->block);
	free(block);
}

static uint64_t phys_base(const struct kdump *kd)
{
	char *text = vmcoreinfo_value(kd->core, "NUMBER(phys_base)");
	uint64_t base = text ? (uint64_t)strtoll(text, NULL, 10) : 0;

	free(text);
	return base;
}

static void write_sub_header(const struct kdump *kd, struct part *part)
{
	uint64_t len = sub_header_blocks(kd) * kd->block;
	uint64_t notes = kd->block + sub_header_size(kd);
	uint8_t *block = xmalloc((size_t)len);
	struct cursor cur = cursor_at(kd, block);
	struct note info = { 0 };
	bool have_info = vmcoreinfo_find(kd->core, &info);

	put(&cur, cur.long_size, phys_base(kd));
	put(&cur, 4, kd->opt->exclude ? 31 : kd->opt->exclude_zero);
	put(&cur, 4, part->split);
	put(&cur, cur.long_size, part->split ? part->start : 0);
	put(&cur, cur.long_size, part->split ? part->end : 0);
	put(&cur, 8, have_info ? notes + (size_t)(info.desc - kd->core->notes) : 0);
	put(&cur, cur.long_size, info.desc_len);
	put(&cur, 8, kd->core->notes_len ? notes : 0);
	put(&cur, cur.long_size, kd->core->notes_len);
	put(&cur, 8, 0);			/* eraseinfo */
	put(&cur, cur.long_size, 0);
	put(&cur, 8, part->split ? part->start : 0);
	put(&cur, 8, part->split ? part->end : 0);
	put(&cur, 8, kd->max_mapnr);
	memcpy(block + sub_header_size(kd), kd->core->notes, kd->core->notes_len);
	out_write(part->out, kd->block, block, (size_t)len);
	free(block);
}

static void flush_descs(struct part *part)
{
	size_t len = part->nr_descs * DESC_SIZE;

	out_write(part->out, part->desc_off, part->descs, len);
	part->desc_off += len;
	part->nr_descs = 0;
}

static void write_page(const struct kdump *kd, struct part *part, uint64_t pfn)
{
	uint8_t *desc = part->descs + part->nr_descs++ * DESC_SIZE;
	const uint8_t *data;
	uint32_t flags;
	size_t len;
	bool zero;

	core_read(kd->core, pfn * kd->block, part->page, kd->block);
	zero = all_zero(part->page, (size_t)kd->block);
	if (zero && part->have_zero) {
		memcpy(desc, part->zero_desc, DESC_SIZE);
		return;
	}
	len = packer_pack(part->pk, part->page, pfn, &data, &flags);
	put_le(desc, part->data_off, 8);
	put_le(desc + 8, len, 4);
	put_le(desc + 12, flags, 4);
	put_le(desc + 16, 0, 8);
	out_write(part->out, part->data_off, data, len);
	part->data_off += len;
	if (zero) {
		memcpy(part->zero_desc, desc, DESC_SIZE);
		part->have_zero = true;
	}
}

static void write_pages(const struct kdump *kd, struct part *part)
{
	uint64_t nr = 0;

	for (uint64_t pfn = part->start; pfn < part->end; pfn++)
		nr += test_bit(kd->dumped, pfn);
	part->desc_off = (1 + sub_header_blocks(kd)) * kd->block + 2 * kd->bitmap_len;
	part->data_off = part->desc_off + nr * DESC_SIZE;
	for (uint64_t pfn = part->start; pfn < part->end; pfn++) {
		if (!test_bit(kd->dumped, pfn))
			continue;
		write_page(kd, part, pfn);
		if (part->nr_descs == DESC_BATCH)
			flush_descs(part);
	}
	flush_descs(part);
	/* a last page of zeros is written as a hole, and must not be cut off */
	out_extend(part->out, part->data_off);
}

static void write_part(const struct kdump *kd, const char *path, bool split, uint64_t start,
		       uint64_t end)
{
	uint64_t bitmaps = (1 + sub_header_blocks(kd)) * kd->block;
	struct part *part = xmalloc(sizeof(*part));

	part->out = out_open(path, kd->core, kd->opt);
	part->split = split;
	part->start = start;
	part->end = end;
	part->pk = packer_new(kd->opt->codec, (size_t)kd->block);
	part->page = xmalloc((size_t)kd->block);
	write_header(kd, part);
	write_sub_header(kd, part);
	out_write(part->out, bitmaps, kd->ram, (size_t)kd->bitmap_len);
	out_write(part->out, bitmaps + kd->bitmap_len, kd->dumped, (size_t)kd->bitmap_len);
	write_pages(kd, part);
	out_close(part->out);
	packer_free(part->pk);
	free(part->page);
	free(part);
}

/* Parts of equally many pages; the first begins at 0 and the last ends at max_mapnr. */
static void write_split(const struct kdump *kd, const char *path)
{
	uint64_t nr = kd->opt->split, start = 0, seen = 0;

	for (uint64_t i = 1; i <= nr; i++) {
		char *name = xasprintf("%s.%u", path, (unsigned int)i);
		uint64_t end = start;

		while (end < kd->max_mapnr && (i == nr || seen < kd->nr_dumped * i / nr))
			seen += test_bit(kd->dumped, end++);
		write_part(kd, name, true, start, end);
		start = end;
		free(name);
	}
	if (kd->opt->split_empty) {
		char *name = xasprintf("%s.%u", path, (unsigned int)nr + 1);

		write_part(kd, name, true, kd->max_mapnr, kd->max_mapnr);
		free(name);
	}
}

void kdump_write(const struct core *core, const struct options *opt, const char *path)
{
	struct kdump kd = { .core = core, .opt = opt };

	kd.block = opt->block_size ? opt->block_size : core->page_size;
	make_bitmaps(&kd);
	if (opt->split)
		write_split(&kd, path);
	else
		write_part(&kd, path, false, 0, kd.max_mapnr);
	free(kd.ram);
	free(kd.dumped);
}

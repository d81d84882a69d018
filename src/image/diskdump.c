/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layout, in blocks of block_size: header (1), sub-header (sub_blocks), bitmap of RAM and bitmap
 * of dumped pages (bitmap_blocks in all), then 24-byte page descriptors {u64 offset, u32 size,
 * u32 flags, u64}, one per dumped page of the file's own range, in order.  The header is a C
 * struct of its writer: the width of a long and the byte order are found by trying which of them
 * makes sense.
 */
#include "image/diskdump.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define DESCRIPTOR_SIZE 24
#define RANK_BITS 512
#define MAX_VERSION 16
#define MAX_BLOCK_SIZE ((uint32_t)1 << 20)
/* 64 TiB of 4 KiB pages; bounds what the bitmaps make us scan */
#define MAX_PFNS ((uint64_t)1 << 34)
/* As many descriptors are looked at when a file is opened; of more, a sample. */
#define CUT_SAMPLES ((uint64_t)1 << 20)
/* Whether any is cut off, that many tell: the last ones, and stretches elsewhere, each in a page or two of the table. */
#define LAST_RUN 4096
#define RUN 64
#define RUNS 64

#define VMCOREINFO_MAX ((uint64_t)1 << 20)

#define UTSNAME_OFFSET 12
#define UTSNAME_MACHINE (UTSNAME_OFFSET + 4 * 65)
#define STATUS_INCOMPLETE 0x8

bool po_diskdump_probe(const struct po_file *file)
{
	return file->head_len >= 464 && memcmp(file->head, "KDUMP   ", 8) == 0;
}

/* --- bits ------------------------------------------------------------------------------------ */

static bool bit_of(const struct po_bitmap *map, uint64_t i)
{
	return map->bits[i / 8] >> (i % 8) & 1;
}

static uint64_t count_bits(const struct po_bitmap *map, uint64_t from, uint64_t to)
{
	uint64_t sum = 0;

	while (from < to) {
		if (from % 8 == 0 && to - from >= 64) {
			uint64_t v;
			memcpy(&v, map->bits + from / 8, 8);
			sum += (uint64_t)__builtin_popcountll(v);
			from += 64;
		} else {
			sum += bit_of(map, from++);
		}
	}
	return sum;
}

/* First bit at or above from that is value, or nr. */
static uint64_t next_bit(const struct po_bitmap *map, uint64_t from, bool value)
{
	static const uint8_t same[2][8] = {
		{ 0 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};

	while (from < map->nr) {
		if (from % 8 == 0 && map->nr - from >= 64 &&
		    memcmp(map->bits + from / 8, same[!value], 8) == 0)
			from += 64;
		else if (bit_of(map, from) == value)
			return from;
		else
			from++;
	}
	return map->nr;
}

/* First bit of the run of set bits that i is in. */
static uint64_t run_start(const struct po_bitmap *map, uint64_t i)
{
	while (i > 0) {
		if (i % 8 == 0 && map->bits[i / 8 - 1] == 0xff)
			i -= 8;
		else if (bit_of(map, i - 1))
			i--;
		else
			break;
	}
	return i;
}

static void free_bitmap(struct po_bitmap *map)
{
	free(map->owned);
}

/* Borrow the bits from the mapping if that is possible: they may be many. */
static int load_bitmap(struct po_bitmap *map, const struct po_mapped *file, uint64_t offset,
		       uint64_t nr, struct pageowner_error *err)
{
	uint64_t bytes = (nr + 7) / 8;
	size_t len = (size_t)bytes, done;

	map->nr = nr;
	map->bits = po_mapped_borrow(file, offset, &len);
	if (map->bits && len == bytes)
		return PAGEOWNER_OK;
	if (bytes > SIZE_MAX || !(map->owned = malloc((size_t)bytes ? (size_t)bytes : 1)))
		return po_fail_nomem(err, "page bitmap");
	enum po_cause cause = po_mapped_read(file, offset, map->owned, (size_t)bytes, &done);
	if (cause != PO_HAVE)
		return po_fail(err, cause == PO_TRUNCATED ? PAGEOWNER_ECORRUPT : PAGEOWNER_EIO,
			       "page bitmap at 0x%" PRIx64 ": %s", offset, po_cause_words[cause]);
	map->bits = map->owned;
	return PAGEOWNER_OK;
}

static int build_ranks(struct po_diskdump *dd, struct pageowner_error *err)
{
	uint64_t nr = dd->nr_pfns / RANK_BITS + 1, sum = 0;

	dd->ranks = calloc((size_t)nr, sizeof(*dd->ranks));
	if (!dd->ranks)
		return po_fail_nomem(err, "page bitmap");
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t from = i * RANK_BITS, to = from + RANK_BITS;
		dd->ranks[i] = sum;
		sum += count_bits(&dd->dumped, from, to < dd->nr_pfns ? to : dd->nr_pfns);
	}
	return PAGEOWNER_OK;
}

/* How many dumped pages lie below pfn. */
static uint64_t rank(const struct po_diskdump *dd, uint64_t pfn)
{
	return dd->ranks[pfn / RANK_BITS] + count_bits(&dd->dumped, pfn - pfn % RANK_BITS, pfn);
}

uint64_t po_diskdump_count_ram(const struct po_diskdump *dd, uint64_t start, uint64_t end)
{
	return count_bits(&dd->ram, start, end);
}

uint64_t po_diskdump_count_dumped(const struct po_diskdump *dd, uint64_t start, uint64_t end)
{
	return start < end ? rank(dd, end) - rank(dd, start) : 0;
}

bool po_diskdump_first(const struct po_diskdump *dd, uint64_t *pfn)
{
	*pfn = next_bit(&dd->dumped, dd->start_pfn, true);
	return *pfn < dd->end_pfn;
}

int po_diskdump_run(const struct po_diskdump *dd, uint64_t pfn, uint64_t *first, uint64_t *end)
{
	uint64_t set = next_bit(&dd->ram, pfn, true);

	if (set >= dd->nr_pfns)
		return 0;
	*first = run_start(&dd->ram, set);
	*end = next_bit(&dd->ram, set, false);
	return 1;
}

/* --- header ---------------------------------------------------------------------------------- */

/* The fields after the time stamp, which is a pair of longs. */
static void load_fields(struct po_diskdump *dd, const uint8_t *head)
{
	const uint8_t *p = head + (dd->abi.ptr_size == 8 ? 424 : 412);

	dd->version = (uint32_t)po_load(&dd->abi, head + 8, 4);
	dd->status = (uint32_t)po_load(&dd->abi, p, 4);
	dd->block_size = (uint32_t)po_load(&dd->abi, p + 4, 4);
	dd->sub_blocks = (uint32_t)po_load(&dd->abi, p + 8, 4);
	dd->bitmap_blocks = po_load(&dd->abi, p + 12, 4);
	dd->nr_pfns = po_load(&dd->abi, p + 16, 4);
}

static uint64_t blocks_for(const struct po_diskdump *dd)
{
	uint64_t bits = (uint64_t)dd->block_size * 8;

	return dd->nr_pfns / bits + (dd->nr_pfns % bits != 0);
}

/* Only one reading of the header has a bitmap that fits the number of pages. */
static bool makes_sense(const struct po_diskdump *dd)
{
	if (dd->version == 0 || dd->version > MAX_VERSION || dd->block_size < 512 ||
	    dd->block_size > MAX_BLOCK_SIZE || (dd->block_size & (dd->block_size - 1)) ||
	    dd->sub_blocks == 0 || dd->nr_pfns == 0)
		return false;
	if (dd->nr_pfns == UINT32_MAX && dd->version >= 6)
		return dd->bitmap_blocks >= blocks_for(dd);	/* the true number is elsewhere */
	return dd->bitmap_blocks >= blocks_for(dd) && dd->bitmap_blocks <= 2 * blocks_for(dd) + 2;
}

/*
 * The library reads the header as a 32-bit writer's first, and is content with less: a time stamp
 * of a 64-bit header can pass for a block size.  What follows is an allocation of any size and a
 * crash.
 */
static bool library_misreads(const struct po_diskdump *dd, const uint8_t *head)
{
	for (int big = 0; dd->abi.ptr_size == 8 && big < 2; big++) {
		const struct po_abi abi = { .big_endian = big, .ptr_size = 4 };
		uint64_t block_size = po_load(&abi, head + 416, 4);
		uint64_t blocks = po_load(&abi, head + 424, 4);
		if (block_size >= 512 && (block_size & (block_size - 1)) == 0 &&
		    blocks >= po_load(&abi, head + 428, 4) / 8 / block_size)
			return true;
	}
	return false;
}

static int load_header(struct po_diskdump *dd, const struct po_file *file,
		       struct pageowner_error *err)
{
	static const struct po_abi readings[] = {
		{ false, 8 }, { false, 4 }, { true, 8 }, { true, 4 },
	};

	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		dd->abi = readings[i];
		load_fields(dd, file->head);
		if (!makes_sense(dd))
			continue;
		if (!library_misreads(dd, file->head))
			return PAGEOWNER_OK;
		return po_fail(err, PAGEOWNER_EUNSUPP, "kdump header: libkdumpfile would take its "
			       "time stamp for the block size of a 32-bit dump");
	}
	return po_fail(err, PAGEOWNER_ECORRUPT, "kdump header: block size, bitmap size and number "
		       "of pages do not fit together");
}

static int truncated(const struct po_diskdump *dd, const char *what, uint64_t end,
		     struct pageowner_error *err)
{
	return po_fail(err, PAGEOWNER_ECORRUPT, "truncated: the %s reaches to 0x%" PRIx64
		       ", the file ends at 0x%" PRIx64, what, end, po_mapped_size(dd->map));
}

/*
 * Take len bytes at offset if they are the kernel's note.  Damage there is no failure: the note
 * only helps.
 */
static int try_vmcoreinfo(struct po_diskdump *dd, uint64_t offset, uint64_t len,
			  struct pageowner_error *err)
{
	static const char begin[] = "OSRELEASE=";
	size_t done;

	if (dd->vmcoreinfo || offset == 0 || len < sizeof(begin) || len > VMCOREINFO_MAX ||
	    offset > po_mapped_size(dd->map))
		return PAGEOWNER_OK;
	_cleanup_(po_freep) char *text = malloc((size_t)len);
	if (!text)
		return po_fail_nomem(err, "VMCOREINFO");
	if (po_mapped_read(dd->map, offset, text, (size_t)len, &done) != PO_HAVE ||
	    memcmp(text, begin, sizeof(begin) - 1) != 0)
		return PAGEOWNER_OK;
	dd->vmcoreinfo = po_take(text);
	dd->vmcoreinfo_len = (size_t)len;
	return PAGEOWNER_OK;
}

static int load_vmcoreinfo(struct po_diskdump *dd, const uint8_t *sub,
			   struct pageowner_error *err)
{
	const struct po_abi *abi = &dd->abi;

	if (dd->version < 3)
		return PAGEOWNER_OK;
	if (abi->ptr_size == 8)
		return try_vmcoreinfo(dd, po_load(abi, sub + 32, 8), po_load(abi, sub + 40, 8),
				      err);
	/* 32-bit writers align the 64-bit offset to 4 bytes (i386) or to 8 (arm) */
	int rc = try_vmcoreinfo(dd, po_load(abi, sub + 20, 8), po_load(abi, sub + 28, 4), err);
	if (rc < 0)
		return rc;
	return try_vmcoreinfo(dd, po_load(abi, sub + 24, 8), po_load(abi, sub + 32, 4), err);
}

/*
 * The library allocates what the sub-header asks for and only then looks at the file.  A 32-bit
 * writer cannot ask for much.
 */
static int check_blobs(const struct po_diskdump *dd, const uint8_t *sub,
		       struct pageowner_error *err)
{
	static const struct {
		uint8_t at, version;
		const char *name;
	} blobs[] = { { 32, 3, "VMCOREINFO" }, { 48, 4, "notes" }, { 64, 5, "erase info" } };

	for (size_t i = 0; dd->abi.ptr_size == 8 && i < sizeof(blobs) / sizeof(blobs[0]); i++) {
		uint64_t offset = po_load(&dd->abi, sub + blobs[i].at, 8), end;
		uint64_t bytes = po_load(&dd->abi, sub + blobs[i].at + 8, 8);
		if (dd->version < blobs[i].version || bytes == 0)
			continue;
		if (po_add(offset, bytes, &end) || end > po_mapped_size(dd->map))
			return po_fail(err, PAGEOWNER_ECORRUPT, "%s of 0x%" PRIx64 " bytes at 0x%"
				       PRIx64 ": the file ends at 0x%" PRIx64, blobs[i].name, bytes,
				       offset, po_mapped_size(dd->map));
	}
	return PAGEOWNER_OK;
}

/* Fields came with versions: split with 2, VMCOREINFO with 3, 64-bit page numbers with 6. */
static int load_sub_header(struct po_diskdump *dd, struct pageowner_error *err)
{
	const bool wide = dd->abi.ptr_size == 8;
	uint8_t sub[104];
	size_t done;

	if (po_mapped_read(dd->map, dd->block_size, sub, sizeof(sub), &done) != PO_HAVE)
		return truncated(dd, "sub-header", (uint64_t)dd->block_size + sizeof(sub), err);
	if (wide && dd->version >= 6 && po_load(&dd->abi, sub + 96, 8) != 0)
		dd->nr_pfns = po_load(&dd->abi, sub + 96, 8);
	int rc = check_blobs(dd, sub, err);
	if (rc == PAGEOWNER_OK)
		rc = load_vmcoreinfo(dd, sub, err);
	if (rc < 0)
		return rc;
	dd->end_pfn = dd->nr_pfns;
	dd->split = dd->version >= 2 && po_load(&dd->abi, sub + (wide ? 12 : 8), 4) != 0;
	if (!dd->split)
		return PAGEOWNER_OK;
	/* a 32-bit writer has no page number that needs more than its long */
	size_t at = !wide ? 12 : dd->version >= 6 ? 80 : 16;
	dd->start_pfn = po_load(&dd->abi, sub + at, wide ? 8 : 4);
	dd->end_pfn = po_load(&dd->abi, sub + at + (wide ? 8 : 4), wide ? 8 : 4);
	if (dd->end_pfn > dd->nr_pfns)
		dd->end_pfn = dd->nr_pfns;
	if (dd->start_pfn > dd->end_pfn)
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "part of pfn 0x%" PRIx64 " to 0x%" PRIx64, dd->start_pfn,
			       dd->end_pfn);
	return PAGEOWNER_OK;
}

static int load_bitmaps(struct po_diskdump *dd, struct pageowner_error *err)
{
	if (dd->nr_pfns > MAX_PFNS)
		return po_fail(err, PAGEOWNER_ECORRUPT, "kdump header: 0x%" PRIx64 " pages",
			       dd->nr_pfns);
	/* one bitmap serves as both in dumps that were never filtered */
	bool two = dd->bitmap_blocks >= 2 * blocks_for(dd);
	uint64_t blocks = two ? dd->bitmap_blocks / 2 : dd->bitmap_blocks;
	uint64_t at = (1 + (uint64_t)dd->sub_blocks) * dd->block_size;

	if (blocks < blocks_for(dd))
		return po_fail(err, PAGEOWNER_ECORRUPT, "kdump header: bitmaps of %" PRIu64
			       " blocks for 0x%" PRIx64 " pages", dd->bitmap_blocks, dd->nr_pfns);
	dd->table = at + dd->bitmap_blocks * dd->block_size;
	if (dd->table > po_mapped_size(dd->map))
		return truncated(dd, "page bitmap", dd->table, err);
	int rc = load_bitmap(&dd->ram, dd->map, at, dd->nr_pfns, err);
	if (rc == PAGEOWNER_OK)
		rc = load_bitmap(&dd->dumped, dd->map, two ? at + blocks * dd->block_size : at,
				 dd->nr_pfns, err);
	return rc < 0 ? rc : build_ranks(dd, err);
}

static void load_names(struct po_diskdump *dd, const uint8_t *head)
{
	memcpy(dd->identity, head, sizeof(dd->identity));
	for (size_t i = 0; i + 1 < sizeof(dd->machine) && i < 65; i++) {
		if (!isalnum(head[UTSNAME_MACHINE + i]) && head[UTSNAME_MACHINE + i] != '_')
			break;
		dd->machine[i] = (char)head[UTSNAME_MACHINE + i];
	}
}

int po_diskdump_open(const struct po_file *file, struct po_diskdump **ret,
		     struct pageowner_error *err)
{
	_cleanup_(po_diskdump_closep) struct po_diskdump *dd = calloc(1, sizeof(*dd));

	if (!dd)
		return po_fail_nomem(err, file->path);
	int rc = po_mapped_open(file, &dd->map, err);
	if (rc < 0)
		return rc;
	rc = load_header(dd, file, err);
	if (rc == PAGEOWNER_OK)
		rc = load_sub_header(dd, err);
	if (rc == PAGEOWNER_OK)
		rc = load_bitmaps(dd, err);
	if (rc < 0)
		return po_within(err, rc, "%s", file->path);
	load_names(dd, file->head);
	*ret = po_take(dd);
	return PAGEOWNER_OK;
}

void po_diskdump_close(struct po_diskdump *dd)
{
	if (!dd)
		return;
	free_bitmap(&dd->ram);
	free_bitmap(&dd->dumped);
	free(dd->ranks);
	free(dd->vmcoreinfo);
	po_mapped_close(dd->map);
	free(dd);
}

/* --- pages ----------------------------------------------------------------------------------- */

/* What the index-th descriptor of this file says. */
static enum po_cause read_descriptor(const struct po_diskdump *dd, uint64_t index, struct po_diskdump_place *ret)
{
	uint8_t desc[DESCRIPTOR_SIZE];
	size_t done;
	enum po_cause cause = po_mapped_read(dd->map, dd->table + index * DESCRIPTOR_SIZE, desc,
					     sizeof(desc), &done);

	if (cause != PO_HAVE)
		return cause;
	uint64_t offset = po_load(&dd->abi, desc, 8), end;
	uint32_t bytes = (uint32_t)po_load(&dd->abi, desc + 8, 4);
	*ret = (struct po_diskdump_place){ offset, bytes, (uint32_t)po_load(&dd->abi, desc + 12, 4) };
	if (offset == 0 && bytes == 0)
		return PO_TRUNCATED;	/* its writer never came to it */
	if (bytes == 0 || bytes > dd->block_size || po_add(offset, bytes, &end))
		return PO_IOERR;
	return po_mapped_has(dd->map, offset, bytes) ? PO_HAVE : PO_TRUNCATED;
}

enum po_cause po_diskdump_page(const struct po_diskdump *dd, uint64_t pfn, struct po_diskdump_place *ret)
{
	if (pfn >= dd->nr_pfns || !bit_of(&dd->ram, pfn))
		return PO_HOLE;
	if (!bit_of(&dd->dumped, pfn))
		return PO_EXCLUDED;
	if (pfn < dd->start_pfn || pfn >= dd->end_pfn)
		return PO_HOLE;
	return read_descriptor(dd, rank(dd, pfn) - rank(dd, dd->start_pfn), ret);
}

/* From the end: what is cut off are the last pages, whatever the sample skips. */
static bool is_cut(const struct po_diskdump *dd, uint64_t nr, uint64_t from_end)
{
	struct po_diskdump_place place;

	return read_descriptor(dd, nr - 1 - from_end, &place) == PO_TRUNCATED;
}

/* Most files are whole, and touching all of a table of hundreds of megabytes takes longer than what is asked of it. */
static bool looks_whole(const struct po_diskdump *dd, uint64_t nr)
{
	for (uint64_t at = 0; at < nr; at += nr / RUNS + 1)
		for (uint64_t i = at; i < nr && i - at < (at ? RUN : LAST_RUN); i++)
			if (is_cut(dd, nr, i))
				return false;
	return true;
}

uint64_t po_diskdump_count_cut(const struct po_diskdump *dd)
{
	uint64_t nr = po_diskdump_count_dumped(dd, dd->start_pfn, dd->end_pfn);
	uint64_t step = nr / CUT_SAMPLES + 1, cut = 0;

	if (looks_whole(dd, nr))
		return 0;
	for (uint64_t i = 0; i < nr; i += step)
		if (is_cut(dd, nr, i))
			cut += step;
	return cut < nr ? cut : nr;
}

bool po_diskdump_same(const struct po_diskdump *a, const struct po_diskdump *b)
{
	size_t bytes = (size_t)((a->nr_pfns + 7) / 8);

	return a->nr_pfns == b->nr_pfns && a->block_size == b->block_size &&
	       memcmp(a->identity, b->identity, sizeof(a->identity)) == 0 &&
	       memcmp(a->ram.bits, b->ram.bits, bytes) == 0 &&
	       memcmp(a->dumped.bits, b->dumped.bits, bytes) == 0;
}

bool po_diskdump_unfinished(const struct po_diskdump *dd)
{
	return dd->status & STATUS_INCOMPLETE;
}

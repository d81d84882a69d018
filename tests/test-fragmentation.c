/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fragmentation against what the guest itself said: mixed blocks and blocks by migratetype in its pagetypeinfo, the largest
 * free order in its buddyinfo, and in its page_owner which pages are of another migratetype than their block, and whose.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pageowner/pageowner.h>

#include "each-fixture.h"
#include "harness.h"

#define MAX_TYPES 16

static FILE *open_words(const char *dir, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/words/%s.txt", dir, name);
	return fopen(path, "r");
}

static bool find_zone(const struct pageowner_fragmentation *f, unsigned node, const char *name, size_t *ret,
		      struct pageowner_fragmentation_zone *z)
{
	for (*ret = 0; pageowner_fragmentation_zone(f, *ret, z); ++*ret)
		if (z->node == node && !strcmp(z->name, name))
			return true;
	return false;
}

/* The numbers of a line "Node 0, zone DMA32 7 51 …", and which zone it is. */
static size_t parse_zone(const struct pageowner_fragmentation *f, const char *line, uint64_t *number, size_t cap,
			 size_t *ret_zone, struct pageowner_fragmentation_zone *z)
{
	unsigned node;
	char name[32];
	int at = 0;
	size_t nr = 0;

	if (sscanf(line, "Node %u, zone %31s%n", &node, name, &at) != 2 || !CHECK(find_zone(f, node, name, ret_zone, z)))
		return 0;
	for (char *end; nr < cap; nr++, at = (int)(end - line)) {
		number[nr] = strtoull(line + at, &end, 10);
		if (end == line + at)
			break;
	}
	return nr;
}

/* The tables of pagetypeinfo; how many lines of them were compared. */
static unsigned compare_blocks(const char *dir, const struct pageowner_fragmentation *f)
{
	enum { NONE, BLOCKS, MIXED } table = NONE;
	struct pageowner_fragmentation_zone z;
	struct pageowner_fragmentation_type t;
	uint64_t number[MAX_TYPES];
	char line[512];
	unsigned lines = 0;
	size_t zone;
	FILE *words = open_words(dir, "pagetypeinfo");

	while (words && fgets(line, sizeof(line), words)) {
		if (!strncmp(line, "Number of ", 10))
			table = strstr(line, "mixed") ? MIXED : BLOCKS;
		else if (strncmp(line, "Node", 4) || strstr(line, ", type "))
			table = NONE;
		if (table == NONE || strncmp(line, "Node", 4))
			continue;
		size_t nr = parse_zone(f, line, number, MAX_TYPES, &zone, &z);
		for (unsigned i = 0; i < nr; i++)
			if (CHECK_INT(pageowner_fragmentation_type(f, zone, i, &t), 1))
				CHECK_INT(table == MIXED ? t.mixed : t.blocks, number[i]);
		lines++;
	}
	if (words)
		(void)fclose(words);
	return lines;
}

static unsigned compare_free(const char *dir, const struct pageowner_fragmentation *f)
{
	struct pageowner_fragmentation_zone z;
	uint64_t number[64];
	char line[512];
	unsigned lines = 0;
	size_t zone;
	FILE *words = open_words(dir, "buddyinfo");

	while (words && fgets(line, sizeof(line), words)) {
		size_t nr = parse_zone(f, line, number, 64, &zone, &z);
		int largest = (int)nr - 1;

		while (largest >= 0 && !number[largest])
			largest--;
		if (nr)
			CHECK_INT(z.free_order, largest);
		lines += nr != 0;
	}
	if (words)
		(void)fclose(words);
	return lines;
}

/* --- page_owner's text --------------------------------------------------------------------------- */

/* Foreign pages of the text with one stack and the same migratetypes. */
struct owner {
	uint64_t hash, pages;
	bool met;
};

struct owners {
	struct owner owner[4096];
	size_t nr;
	uint64_t pages, blocks[4096];
	size_t nr_blocks;
};

static uint64_t hash(uint64_t h, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return h;
}

static struct owner *owner_of(struct owners *o, uint64_t h)
{
	size_t i = 0;

	while (i < o->nr && o->owner[i].hash != h)
		i++;
	if (i == o->nr && i < sizeof(o->owner) / sizeof(*o->owner))
		o->owner[o->nr++] = (struct owner){ .hash = h };
	return i < o->nr ? &o->owner[i] : NULL;
}

static uint64_t hash_types(const char *page_type, const char *block_type)
{
	uint64_t h = hash(0xcbf29ce484222325u, page_type, strlen(page_type) + 1);

	return hash(h, block_type, strlen(block_type) + 1);
}

static void take_block(struct owners *o, uint64_t block)
{
	for (size_t i = 0; i < o->nr_blocks; i++)
		if (o->blocks[i] == block)
			return;
	if (CHECK(o->nr_blocks < sizeof(o->blocks) / sizeof(*o->blocks)))
		o->blocks[o->nr_blocks++] = block;
}

static bool is_mobility(const char *type)
{
	return !strcmp(type, "Unmovable") || !strcmp(type, "Movable") || !strcmp(type, "Reclaimable");
}

/* What could become of the page frames, by the guest's words alone. */
enum {
	IS_MOVABLE = 1,	/* free or movable */
	IS_CLEAN = 2,	/* or foreign */
};

struct frames {
	uint8_t *at;
	size_t nr;
};

/* include/uapi/linux/kernel-page-flags.h: hwpoison, no page, offline, reserved */
#define NOT_FREE ((uint64_t)1 << 19 | (uint64_t)1 << 20 | (uint64_t)1 << 23 | (uint64_t)1 << 32)

/* All are free but for those whose flags say otherwise; the records of page_owner take theirs out. */
static struct frames read_frames(const char *dir)
{
	struct frames f = { .at = NULL };
	uint64_t flags;
	size_t room = 0;
	FILE *words = open_words(dir, "kpageflags");

	while (words && fread(&flags, sizeof(flags), 1, words) == 1) {
		if (f.nr == room) {
			room = room ? 2 * room : 65536;
			f.at = realloc(f.at, room);
			if (!f.at)
				abort();
		}
		f.at[f.nr++] = flags & NOT_FREE ? 0 : IS_MOVABLE | IS_CLEAN;
	}
	if (words)
		(void)fclose(words);
	return f;
}

static void take_record(struct owners *o, struct frames *f, const char *record, const char *end)
{
	const char *line = memchr(record, '\n', (size_t)(end - record));
	char page_type[32], block_type[32];
	unsigned long long pfn, block;
	unsigned order;

	if (sscanf(record, "Page allocated via order %u,", &order) != 1 || !line ||
	    sscanf(line, " PFN %lli type %31s Block %llu type %31s", (long long *)&pfn, page_type, &block, block_type) != 4)
		return;
	bool foreign = strcmp(page_type, block_type) && is_mobility(block_type);
	for (uint64_t i = 0; i < (uint64_t)1 << order && pfn + i < f->nr; i++)
		f->at[pfn + i] = !strcmp(page_type, "Movable") ? IS_MOVABLE | IS_CLEAN : foreign ? IS_CLEAN : 0;
	if (!foreign)
		return;
	/* the frames: lines that begin with a blank; other lines stand before them, and behind since 5.12 */
	uint64_t h = hash_types(page_type, block_type);
	for (const char *at = line + 1, *next; at < end; at = next) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		next = nl ? nl + 1 : end;
		if (*at == ' ')
			h = hash(h, at + 1, (size_t)(next - at - 1));
	}
	struct owner *owner = owner_of(o, h);
	if (!CHECK(owner != NULL))
		return;
	owner->pages += (uint64_t)1 << order;
	o->pages += (uint64_t)1 << order;
	take_block(o, block);
}

static void read_owners(const char *dir, struct owners *o, struct frames *f)
{
	FILE *words = open_words(dir, "page_owner");
	char *text = NULL;
	size_t room = 0;
	ssize_t len = words ? getdelim(&text, &room, '\0', words) : -1;

	for (const char *at = text, *all = len > 0 ? text + len : NULL, *end; all && at < all; at = end) {
		end = test_record_end(at, (size_t)(all - at));
		take_record(o, f, at, end);
	}
	free(text);
	if (words)
		(void)fclose(words);
}

static void compare_owners(const struct pageowner_fragmentation *f, struct owners *o)
{
	struct pageowner_fragmentation_stack s;
	struct pageowner_fragmentation_block b;
	uint64_t last = UINT64_MAX, pages = 0, in_blocks = 0;
	size_t blocks = 0;

	for (size_t i = 0; pageowner_fragmentation_stack(f, i, &s); i++) {
		uint64_t h = hash_types(s.page_type, s.block_type);

		CHECK(s.pages <= last && s.blocks && s.blocks <= s.pages && s.alone <= s.blocks);
		last = s.pages;
		pages += s.pages;
		for (uint32_t k = 0; s.stack && k < s.stack->nr_frames; k++) {
			h = hash(h, s.stack->frames[k].text, strlen(s.stack->frames[k].text));
			h = hash(h, "\n", 1);
		}
		struct owner *owner = owner_of(o, h);
		if (!CHECK(owner != NULL))
			return;
		owner->pages -= s.pages;	/* of all zones: in the end there are none left */
	}
	for (size_t i = 0; i < o->nr; i++)
		CHECK_INT(o->owner[i].pages, 0);
	for (; pageowner_fragmentation_block(f, blocks, &b); blocks++) {
		CHECK(b.stacks > 0 && b.foreign_pages >= b.stacks);
		CHECK_INT(pageowner_fragmentation_stack(f, b.most, &s), 1);
		CHECK_INT(s.zone, b.zone);
		in_blocks += b.foreign_pages;
	}
	CHECK_INT(pages, o->pages);
	CHECK_INT(in_blocks, o->pages);
	CHECK_INT(blocks, o->nr_blocks);
}

/* --- orders -------------------------------------------------------------------------------------- */

/* Page frames of a zone. */
struct span {
	uint64_t from, to;
};

/* The largest aligned range that can become all of state, up to an order; and how many there are of one order. */
static int largest(const struct frames *f, const struct span *in, uint8_t state, unsigned max_order,
		   unsigned block_order, uint64_t *blocks)
{
	int best = -1;

	*blocks = 0;
	for (unsigned order = 0; order <= max_order; order++) {
		uint64_t size = (uint64_t)1 << order, pfn = (in->from + size - 1) & ~(size - 1);

		for (; pfn + size <= in->to; pfn += size) {
			uint64_t i = 0;

			while (i < size && f->at[pfn + i] & state)
				i++;
			if (i < size)
				continue;
			best = (int)order;
			*blocks += order == block_order;
		}
	}
	return best;
}

/* Of pagetypeinfo; the largest order is that of the last column. */
static void read_block_orders(const char *dir, unsigned *block_order, unsigned *max_order)
{
	char line[512];
	FILE *words = open_words(dir, "pagetypeinfo");

	while (words && fgets(line, sizeof(line), words)) {
		(void)sscanf(line, "Page block order: %u", block_order);
		if (strncmp(line, "Free pages count", 16))
			continue;
		char *end = line + strcspn(line, "\n");
		while (end > line && end[-1] == ' ')
			*--end = '\0';
		*max_order = (unsigned)strtoul(strrchr(line, ' ') + 1, NULL, 10);
	}
	if (words)
		(void)fclose(words);
}

/* Zones lie apart from each other in all guests. */
static unsigned compare_orders(const char *dir, const struct pageowner_fragmentation *f, const struct frames *frames)
{
	struct pageowner_fragmentation_zone z;
	unsigned block_order = 0, max_order = 0, nr = 0, node = 0;
	unsigned long long spanned = 0, start;
	char line[512], name[32] = "";
	uint64_t blocks;
	size_t zone;
	FILE *words = open_words(dir, "zoneinfo");

	read_block_orders(dir, &block_order, &max_order);
	while (words && fgets(line, sizeof(line), words)) {
		(void)sscanf(line, "Node %u, zone %31s", &node, name);
		(void)sscanf(line, " spanned %llu", &spanned);
		if (sscanf(line, " start_pfn: %llu", &start) != 1 || !spanned)
			continue;
		const struct span in = { start, start + spanned };
		if (!CHECK(find_zone(f, node, name, &zone, &z)) || !CHECK(in.to <= frames->nr))
			continue;
		CHECK_INT(z.movable_order, largest(frames, &in, IS_MOVABLE, max_order, block_order, &blocks));
		CHECK_INT(z.movable_blocks, blocks);
		CHECK_INT(z.clean_order, largest(frames, &in, IS_CLEAN, max_order, block_order, &blocks));
		CHECK_INT(z.clean_blocks, blocks);
		printf("# %s: order %d, %" PRIu64 " pageblocks without foreign pages, and %" PRIu64 " with them\n", name,
		       z.clean_order, z.clean_blocks, z.movable_blocks);
		nr++;
	}
	if (words)
		(void)fclose(words);
	return nr;
}

/* --- what must hold of any machine --------------------------------------------------------------- */

static void check_sums(const struct pageowner_fragmentation *f)
{
	struct pageowner_fragmentation_zone z;
	struct pageowner_fragmentation_type t;
	struct pageowner_fragmentation_stack s;
	uint64_t pages = 0, foreign = 0;
	size_t zones = 0;

	for (; pageowner_fragmentation_zone(f, zones, &z); zones++) {
		uint64_t blocks = 0;

		for (unsigned i = 0; pageowner_fragmentation_type(f, zones, i, &t); i++) {
			blocks += t.blocks;
			foreign += t.foreign_pages;
			CHECK(t.polluted <= t.foreign_pages);
		}
		CHECK_INT(blocks, z.blocks);
		CHECK(z.free_blocks <= z.blocks);
		if (!pageowner_fragmentation_has_owners(f)) {
			CHECK_INT(z.movable_order, -1);
			CHECK_INT(z.clean_order, -1);
			continue;
		}
		CHECK(z.free_order <= z.movable_order && z.movable_order <= z.clean_order);
		CHECK(z.free_blocks <= z.movable_blocks && z.movable_blocks <= z.clean_blocks);
		CHECK(z.clean_blocks <= z.blocks);
	}
	CHECK(zones > 0);
	for (size_t i = 0; pageowner_fragmentation_stack(f, i, &s); i++)
		pages += s.pages;
	CHECK_INT(pages, foreign);
}

static void look_at_fixture(const char *dir, struct pageowner_session *s)
{
	struct pageowner_error err = { 0, "" };
	struct pageowner_fragmentation *f;
	static struct owners owners;

	if (!CHECK_INT(pageowner_fragmentation_new(s, NULL, &f, &err), PAGEOWNER_OK)) {
		CHECK_STR(err.text, "");
		return;
	}
	CHECK_INT(pageowner_fragmentation_has_owners(f), pageowner_ready(s, NULL) == PAGEOWNER_OK);
	CHECK(!pageowner_fragmentation_flaw(f));
	check_sums(f);
	memset(&owners, 0, sizeof(owners));
	struct frames frames = read_frames(dir);
	read_owners(dir, &owners, &frames);
	unsigned blocks = compare_blocks(dir, f), zones = compare_free(dir, f);
	if (zones) {	/* there are words of the dump's moment */
		CHECK(blocks >= 2);
		compare_owners(f, &owners);
		CHECK_INT(compare_orders(dir, f, &frames), zones);
	}
	free(frames.at);
	printf("# %u lines of blocks, %u of free lists; %" PRIu64 " foreign pages in %zu blocks\n", blocks, zones,
	       owners.pages, owners.nr_blocks);
	pageowner_fragmentation_free(f);
}

TEST(mixed_blocks_free_orders_and_foreign_pages_are_what_the_kernel_says)
{
	test_each_fixture(look_at_fixture);
}

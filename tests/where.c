/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a dump keeps what a report needs, for tests that take it away or spoil it: prints PFN ranges of
 * struct pages, page_ext and the stack depot, and physical addresses of fields of one record.
 *
 *   where -k VMLINUX DUMP
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pageowner/record.h>

#include "kernel/census.h"
#include "lib/session.h"

static void print_range(struct pageowner_session *s, const char *name, uint64_t kva, uint64_t bytes)
{
	uint64_t paddr;

	if (po_memory_translate(s->mem, kva, &paddr, NULL) == PAGEOWNER_OK)
		printf("%s %" PRIx64 "-%" PRIx64 "\n", name, paddr >> 12, (paddr + bytes - 1) >> 12);
}

static void print_field(struct pageowner_session *s, const char *name, uint64_t kva)
{
	uint64_t paddr;

	if (po_memory_translate(s->mem, kva, &paddr, NULL) == PAGEOWNER_OK)
		printf("%s %" PRIx64 "\n", name, paddr);
}

/*
 * The kernel address of physical address 0 in the direct map, which the depot's pools are in: as shells reckon, a signed
 * number of 64 bits.
 */
static void print_direct(struct pageowner_session *s, uint64_t kva)
{
	uint64_t paddr;

	if (po_memory_translate(s->mem, kva, &paddr, NULL) == PAGEOWNER_OK && s->kernel.abi.ptr_size == 8)
		printf("direct %" PRId64 "\n", (int64_t)(kva - paddr));
}

#define BLOCK 1024

/* The block of page frames with most records, and an order-0 record in it. */
struct dense {
	uint64_t block;
	struct pageowner_record rec;
};

static void find_dense(struct pageowner_session *s, struct dense *ret)
{
	struct pageowner_record rec, single = { .pfn = 0 };
	struct pageowner_iter *it;
	unsigned nr = 0, most = 0;
	uint64_t block = 0;

	if (pageowner_iter_new(s, NULL, &it, NULL) < 0)
		return;
	while (pageowner_iter_next(it, &rec, NULL) == 1) {
		if (rec.pfn / BLOCK != block)
			nr = 0;
		block = rec.pfn / BLOCK;
		if (rec.order == 0)
			single = rec;
		if (++nr > most && single.pfn / BLOCK == block) {
			most = nr;
			*ret = (struct dense){ block * BLOCK, single };
		}
	}
	pageowner_iter_free(it);
}

/* The same handle, one granule further into the pool: the middle of a record. */
static void print_other_handle(const struct pageowner_session *s, uint32_t handle)
{
	uint32_t other = handle + (1u << s->depot.offset.bit_shift);

	printf("other_handle %02x%02x%02x%02x\n", other & 255, other >> 8 & 255, other >> 16 & 255,
	       other >> 24);
}

/* The number of frames in the depot record of a handle, and its count where the kernel keeps one. */
static void print_stack_size(struct pageowner_session *s, uint32_t handle)
{
	const struct po_depot *d = &s->depot;
	uint64_t index = (handle >> d->index.bit_shift & ((1u << d->index.bit_size) - 1)) - d->bias;
	uint64_t offset = handle >> d->offset.bit_shift & ((1u << d->offset.bit_size) - 1), pool;

	if (po_memory_read_ptr(s->mem, d->pools + index * 8, &pool, NULL) < 0)
		return;
	print_field(s, "stack_size", pool + offset * 16 + PO_OFFSET(&s->kernel.l, stack_record, size));
	if (PO_HAS(&s->kernel.l, stack_record, count))
		print_field(s, "stack_count", pool + offset * 16 + PO_OFFSET(&s->kernel.l, stack_record, count));
}

/* A member of a page frame's struct page, or the flags of its page_ext entry; flags that also say reserved, as bytes. */
static void print_page_field(struct pageowner_session *s, const char *what, const char *member, uint64_t pfn)
{
	const struct po_kernel *k = &s->kernel;
	const struct po_layout *l = &k->l;
	const struct po_chunk *c = po_memmap_chunk(&k->map, pfn, false);
	uint64_t page = c->mem_map + (pfn - c->pfn) * k->map.page_size, at, value = 0;
	char name[64];

	if (!strcmp(member, "flags"))
		at = page + (PO_HAS(l, page, flags_f) ? PO_OFFSET(l, page, flags_f) : PO_OFFSET(l, page, flags));
	else if (!strcmp(member, "refcount"))
		at = page + (PO_HAS(l, page, refcount) ? PO_OFFSET(l, page, refcount) : PO_OFFSET(l, page, count));
	else if (!strcmp(member, "mapcount"))
		at = page + k->page.type_offset;
	else
		at = c->page_ext + (pfn - c->pfn) * k->ext.stride + PO_OFFSET(l, page_ext, flags);
	(void)snprintf(name, sizeof(name), "%s_%s", what, member);
	print_field(s, name, at);
	if (strcmp(member, "flags") != 0)
		return;
	(void)po_memory_read_uint(s->mem, at, 4, &value, NULL);
	value |= (uint64_t)1 << PO_ENUM(l, PG_reserved);
	printf("reserved_flags %02x%02x%02x%02x\n", (unsigned)value & 255, (unsigned)value >> 8 & 255,
	       (unsigned)value >> 16 & 255, (unsigned)value >> 24 & 255);
}

/* Pages to be spoilt: one that is free, with its page_ext, and three of processes. */
static void print_pages(struct pageowner_session *s)
{
	struct po_census *census;
	struct po_census_block b;
	struct pageowner_error err;
	uint64_t unused = 0, anon[3] = { 0 };
	unsigned nr = 0;

	if (po_census_open(&s->kernel, s->mem, s->symbols, &census, &err) < 0)
		return;
	while (po_census_next(census, &b) == 1)
		for (uint64_t i = 0; i < b.nr; i++) {
			if (b.row[i] == PAGEOWNER_ROW_FREE && !unused)
				unused = b.pfn + i;
			if (b.row[i] == PAGEOWNER_ROW_ANON && b.facts[i] == 0 && nr < 3)
				anon[nr++] = b.pfn + i;
		}
	po_census_free(census);
	printf("free_pfn %" PRIx64 "\nunreferenced_pfn %" PRIx64 "\novermapped_pfn %" PRIx64 "\nodd_pfn %" PRIx64 "\n", unused,
	       anon[0], anon[1], anon[2]);
	print_page_field(s, "free", "ext", unused);
	print_page_field(s, "unreferenced", "refcount", anon[0]);
	print_page_field(s, "overmapped", "mapcount", anon[1]);
	print_page_field(s, "odd", "flags", anon[2]);
}

/* What makes a page frame the first of a free block of the largest order, though it is none, and lies where none could. */
static void print_free(struct pageowner_session *s, uint64_t page)
{
	const struct po_kernel *k = &s->kernel;
	const uint32_t type = k->page.buddy_want;
	uint64_t at_type, at_order;

	if (po_memory_translate(s->mem, page + k->page.type_offset, &at_type, NULL) < 0 ||
	    po_memory_translate(s->mem, page + PO_OFFSET(&k->l, page, private), &at_order, NULL) < 0)
		return;
	printf("free_type %" PRIx64 "=%02x%02x%02x%02x\n", at_type, type & 255, type >> 8 & 255, type >> 16 & 255,
	       type >> 24);
	printf("free_order %" PRIx64 "=%02x\n", at_order, k->max_order);
}

int main(int argc, char **argv)
{
	const char *dump = argc > 3 ? argv[3] : NULL;
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1,
					    .vmlinux = argc > 2 ? argv[2] : NULL, .all_types = 1 };
	struct pageowner_session *s;
	struct pageowner_error err;

	if (!dump || pageowner_open(&o, &s, &err) < 0) {
		fprintf(stderr, "where: %s\n", dump ? err.text : "usage: where -k VMLINUX DUMP");
		return 1;
	}
	const struct po_kernel *k = &s->kernel;
	const struct po_chunk *c = &k->map.chunk[0];
	struct dense d = { 0 };
	uint64_t pool = 0;

	find_dense(s, &d);
	print_range(s, "page_ext", c->page_ext + d.block * k->ext.stride, BLOCK * k->ext.stride);
	print_range(s, "page", c->mem_map + d.block * k->map.page_size, BLOCK * k->map.page_size);
	(void)po_memory_read_ptr(s->mem, s->depot.pools, &pool, NULL);
	print_range(s, "depot", pool, 4096);
	print_direct(s, pool);
	uint64_t owner = c->page_ext + d.rec.pfn * k->ext.stride + k->ext.owner_offset;
	print_field(s, "record_handle", owner + PO_OFFSET(&k->l, page_owner, handle));
	print_field(s, "record_order", owner + PO_OFFSET(&k->l, page_owner, order));
	print_other_handle(s, d.rec.handle);
	print_stack_size(s, d.rec.handle);
	print_free(s, c->mem_map + (d.block + BLOCK - 100) * k->map.page_size);
	printf("record_pfn %" PRIx64 "\n", d.rec.pfn);
	print_pages(s);
	pageowner_close(s);
	return 0;
}

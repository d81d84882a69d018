/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a dump keeps what a report needs, for tests that take it away or spoil it: prints PFN ranges of
 * struct pages, page_ext and the stack depot, and physical addresses of fields of one record.
 *
 *   where -k VMLINUX DUMP
 */
#include <inttypes.h>
#include <stdio.h>

#include <pageowner/record.h>

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

/* An order-0 record in the middle of memory. */
static uint64_t find_record(struct pageowner_session *s)
{
	const struct pageowner_iter_options options = { sizeof(options), 0x4000, UINT64_MAX };
	struct pageowner_record rec;
	struct pageowner_iter *it;
	uint64_t pfn = 0;

	if (pageowner_iter_new(s, &options, &it, NULL) < 0)
		return 0;
	while (!pfn && pageowner_iter_next(it, &rec, NULL) == 1)
		if (rec.order == 0)
			pfn = rec.pfn;
	pageowner_iter_free(it);
	return pfn;
}

int main(int argc, char **argv)
{
	const char *dump = argc > 3 ? argv[3] : NULL;
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dump, .nr_dumps = 1,
					    .vmlinux = argc > 2 ? argv[2] : NULL };
	struct pageowner_session *s;
	struct pageowner_error err;

	if (!dump || pageowner_open(&o, &s, &err) < 0) {
		fprintf(stderr, "where: %s\n", dump ? err.text : "usage: where -k VMLINUX DUMP");
		return 1;
	}
	const struct po_kernel *k = &s->kernel;
	const struct po_chunk *c = &k->map.chunk[0];
	uint64_t pool = 0, pfn = find_record(s);

	/* the entries of 1024 page frames in the middle of the dump */
	print_range(s, "page_ext", c->page_ext + 0x4000 * k->ext_stride, 1024 * k->ext_stride);
	print_range(s, "page", c->mem_map + 0x4000 * k->map.page_size, 1024 * k->map.page_size);
	(void)po_memory_read_ptr(s->mem, s->depot.pools, &pool, NULL);
	print_range(s, "depot", pool, 4096);
	uint64_t owner = c->page_ext + pfn * k->ext_stride + k->owner_offset;
	print_field(s, "record_handle", owner + PO_OFFSET(&k->l, page_owner, handle));
	print_field(s, "record_order", owner + PO_OFFSET(&k->l, page_owner, order));
	pageowner_close(s);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel counts a zone's present pages once and keeps no list of them.  Memblock has the ranges, where it is kept;
 * the resource tree has them as "System RAM"; else whatever has a struct page is taken for RAM.  The zones' own counts
 * say which of them is right.
 */
#include "kernel/ram.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/grow.h"
#include "base/status.h"
#include "kernel/memblock.h"

#define MAX_RESOURCES	65536
#define MAX_DEPTH	16
#define MAX_RESOURCE	256		/* bytes of the struct */
#define MAX_RESERVED	1024		/* regions of the device tree; the kernel has room for 64 */

/* Ranges of page frames, growing. */
struct ranges {
	struct po_pfn_range *range;
	size_t nr, room;
};

static int add_range(struct ranges *r, uint64_t pfn, uint64_t nr)
{
	struct po_pfn_range *grown = po_grow(r->range, r->nr, &r->room, sizeof(*grown), 16);
	if (!grown)
		return PAGEOWNER_ENOMEM;
	r->range = grown;
	r->range[r->nr++] = (struct po_pfn_range){ pfn, nr };
	return PAGEOWNER_OK;
}

static int by_pfn(const void *a, const void *b)
{
	const struct po_pfn_range *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* --- the resource tree --------------------------------------------------------------------------- */

struct resources {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_ram *ram;
	struct ranges found;	/* "System RAM", whole pages */
	unsigned left;		/* of MAX_RESOURCES */
};

static int add_name(struct po_ram *ram, uint64_t pfn, uint64_t nr, const char *name)
{
	if ((ram->nr_names & (ram->nr_names + 1)) == 0) {	/* full at 2^n - 1 */
		struct po_ram_name *grown = realloc(ram->name, (2 * ram->nr_names + 1) * sizeof(*grown));
		if (!grown)
			return PAGEOWNER_ENOMEM;
		ram->name = grown;
	}
	struct po_ram_name *n = &ram->name[ram->nr_names++];
	n->pfn = pfn;
	n->nr = nr;
	memccpy(n->name, name, '\0', sizeof(n->name));
	n->name[sizeof(n->name) - 1] = '\0';
	return PAGEOWNER_OK;
}

static int walk_resources(struct resources *r, uint64_t at, unsigned depth, bool in_ram, struct pageowner_error *err);

/* One resource: RAM by its name, which never changed, while its flag came with 4.6; what is named inside of RAM. */
static int take_resource(struct resources *r, const uint8_t *raw, unsigned depth, bool in_ram,
			 struct pageowner_error *err)
{
	const struct po_layout *l = &r->k->l;
	uint64_t start = po_member_load(&r->k->abi, PO_AT(l, resource, start), raw);
	uint64_t end = po_member_load(&r->k->abi, PO_AT(l, resource, end), raw);
	uint64_t name_at = po_member_load(&r->k->abi, PO_AT(l, resource, name), raw);
	uint64_t child = po_member_load(&r->k->abi, PO_AT(l, resource, child), raw);
	uint64_t mask = po_kernel_page_size(r->k) - 1;
	char name[PO_RAM_NAME_MAX] = "";
	int rc = PAGEOWNER_OK;

	if (name_at)
		(void)po_memory_read_string(r->mem, name_at, name, sizeof(name), NULL);
	bool is_ram = !strncmp(name, "System RAM", strlen("System RAM"));
	uint64_t first = (start + mask) >> r->k->page_shift, last = (end + 1) >> r->k->page_shift;
	if (end < start || end == UINT64_MAX || last < first)
		first = last = 0;
	/* the innermost name counts: children go before their parent */
	if (child)
		rc = walk_resources(r, child, depth + 1, in_ram || is_ram, err);
	if (rc == PAGEOWNER_OK && is_ram && !in_ram && last > first)
		rc = add_range(&r->found, first, last - first);
	if (rc == PAGEOWNER_OK && in_ram && !is_ram && name[0] && end >= start)
		rc = add_name(r->ram, start >> r->k->page_shift, (end >> r->k->page_shift) + 1 -
			      (start >> r->k->page_shift), name);
	return rc;
}

static int walk_resources(struct resources *r, uint64_t at, unsigned depth, bool in_ram, struct pageowner_error *err)
{
	const struct po_layout *l = &r->k->l;
	uint8_t raw[MAX_RESOURCE];

	for (; at; at = po_member_load(&r->k->abi, PO_AT(l, resource, sibling), raw)) {
		if (depth == MAX_DEPTH || r->left-- == 0)
			return po_fail(err, PAGEOWNER_ECORRUPT, "does not end");
		int rc = po_memory_read(r->mem, at, raw, PO_SIZE(l, resource), err);
		if (rc == PAGEOWNER_OK)
			rc = take_resource(r, raw, depth, in_ram, err);
		if (rc < 0)
			return rc;
	}
	return PAGEOWNER_OK;
}

static int read_resources(struct resources *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->k->l;
	uint64_t root = PO_SYM(l, iomem_resource), child;

	r->left = MAX_RESOURCES;
	if (!root || !PO_HAS(l, resource, start) || !PO_HAS(l, resource, end) || !PO_HAS(l, resource, name) ||
	    !PO_HAS(l, resource, sibling) || !PO_HAS(l, resource, child) || PO_SIZE(l, resource) > MAX_RESOURCE)
		return po_fail(err, PAGEOWNER_ENOTYPE, "resource tree: type information lacks struct resource");
	int rc = po_memory_read_ptr(r->mem, root + PO_OFFSET(l, resource, child), &child, err);
	if (rc == PAGEOWNER_OK)
		rc = walk_resources(r, child, 0, false, err);
	for (size_t i = 0; i < r->found.nr; i++)
		r->ram->system += r->found.range[i].nr;
	return rc < 0 ? po_within(err, rc, "resource tree") : rc;
}

/* --- names of the device tree -------------------------------------------------------------------- */

static int read_reserved_mem(const struct po_kernel *k, struct po_memory *mem, struct po_ram *ram,
			     struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t nr, at = PO_SYM(l, reserved_mem), size = PO_SIZE(l, reserved_mem), base, len, name_at;
	char name[PO_RAM_NAME_MAX];

	if (!at || !PO_HAS_SYM(l, reserved_mem_count) || !size || !PO_HAS(l, reserved_mem, name) ||
	    !PO_HAS(l, reserved_mem, base) || !PO_HAS(l, reserved_mem, size))
		return PAGEOWNER_OK;
	int rc = po_memory_read_uint(mem, PO_SYM(l, reserved_mem_count), 4, &nr, err);
	/* an array, or since 6.13 a pointer to a larger one that took its place */
	if (rc == PAGEOWNER_OK && l->symbol[PO_S_reserved_mem].size == k->abi.ptr_size)
		rc = po_memory_read_ptr(mem, at, &at, err);
	if (rc == PAGEOWNER_OK && nr > MAX_RESERVED)
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " regions", nr);
	for (uint64_t i = 0; i < nr && rc == PAGEOWNER_OK; i++, at += size) {
		const struct po_member *b = PO_AT(l, reserved_mem, base), *s = PO_AT(l, reserved_mem, size);

		rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, reserved_mem, name), &name_at, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(mem, at + b->offset, b->size, &base, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(mem, at + s->offset, s->size, &len, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_string(mem, name_at, name, sizeof(name), err);
		if (rc >= 0)
			rc = len ? add_name(ram, base >> k->page_shift, len >> k->page_shift, name) : PAGEOWNER_OK;
	}
	return rc < 0 ? po_within(err, rc, "reserved_mem") : rc;
}

/* --- which ranges are right ---------------------------------------------------------------------- */

static int read_counts(const struct po_kernel *k, struct po_memory *mem, struct po_ram *ram,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t v;

	if (!PO_HAS(l, zone, present_pages))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks zone.present_pages");
	for (size_t i = 0; i < k->zones.nr; i++) {
		const struct po_zone *z = &k->zones.zone[i];
		int rc = po_memory_read_ptr(mem, z->kva + PO_OFFSET(l, zone, present_pages), &v, err);

		if (rc == PAGEOWNER_OK && v > z->spanned)
			rc = po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " pages present of %" PRIu64, v, z->spanned);
		ram->present += v;
		if (rc == PAGEOWNER_OK && PO_HAS(l, zone, managed_pages))
			rc = po_memory_read_ptr(mem, z->kva + PO_OFFSET(l, zone, managed_pages), &v, err);
		if (rc < 0)
			return po_within(err, rc, "zone %u of node %u", z->index, k->zones.node[z->node].id);
		ram->managed += v;
	}
	return ram->present ? PAGEOWNER_OK : po_fail(err, PAGEOWNER_ENODATA, "no zone has pages that are present");
}

/* What of the candidates lies in the zones, without overlap; its pages. */
static int within_zones(const struct po_kernel *k, const struct ranges *all, struct ranges *ret, uint64_t *ret_pages)
{
	uint64_t done = 0;

	*ret_pages = 0;
	for (size_t i = 0; i < all->nr; i++) {
		uint64_t from = all->range[i].pfn, to = from + all->range[i].nr;

		if (from < done)
			from = done;
		for (size_t j = 0; j < k->zones.nr; j++) {
			const struct po_zone *z = &k->zones.zone[j];
			uint64_t a = z->pfn > from ? z->pfn : from;
			uint64_t b = z->pfn + z->spanned < to ? z->pfn + z->spanned : to;

			if (a >= b)
				continue;
			if (add_range(ret, a, b - a) < 0)
				return PAGEOWNER_ENOMEM;
			*ret_pages += b - a;
		}
		if (to > done)
			done = to;
	}
	if (ret->nr)
		qsort(ret->range, ret->nr, sizeof(*ret->range), by_pfn);
	return PAGEOWNER_OK;
}

/* Take the candidates if nothing was taken yet or they come nearer to the zones' counts. */
static int consider(const struct po_kernel *k, struct po_ram *ram, struct ranges *all, const char *how)
{
	struct ranges in = { .nr = 0 };
	uint64_t pages, best = 0;

	if (!all->nr || (ram->how && !ram->untold))
		return PAGEOWNER_OK;
	qsort(all->range, all->nr, sizeof(*all->range), by_pfn);
	if (within_zones(k, all, &in, &pages) < 0) {
		free(in.range);
		return PAGEOWNER_ENOMEM;
	}
	best = ram->untold;
	/* more than there is cannot be right: rows would add up to more than RAM */
	if (pages > ram->present || (ram->how && ram->present - pages >= best)) {
		free(in.range);
		return PAGEOWNER_OK;
	}
	free(ram->range);
	ram->range = in.range;
	ram->nr = in.nr;
	ram->untold = ram->present - pages;
	ram->how = how;
	return PAGEOWNER_OK;
}

static int find_ranges(const struct po_kernel *k, struct po_memory *mem, struct po_ram *ram, struct ranges *resources,
		       struct pageowner_error *flaw)
{
	struct ranges all = { .nr = 0 };
	int rc = po_memblock_read(k, mem, true, &all.range, &all.nr, NULL);

	if (rc != PAGEOWNER_ENOMEM)
		rc = consider(k, ram, &all, "memblock");
	free(all.range);
	if (rc == PAGEOWNER_OK)
		rc = consider(k, ram, resources, "resource tree");
	all = (struct ranges){ .nr = 0 };
	for (size_t i = 0; i < k->map.nr && rc == PAGEOWNER_OK; i++)
		rc = add_range(&all, k->map.chunk[i].pfn, k->map.chunk[i].nr);
	if (rc == PAGEOWNER_OK)
		rc = consider(k, ram, &all, "struct pages");
	free(all.range);
	if (rc == PAGEOWNER_OK && !ram->how) {
		ram->untold = ram->present;
		ram->how = "nothing";
	}
	if (rc == PAGEOWNER_OK && ram->untold && flaw->code == PAGEOWNER_OK)
		(void)po_fail(flaw, PAGEOWNER_ENODATA, "%" PRIu64 " of %" PRIu64 " present pages: where they are is not "
			      "known", ram->untold, ram->present);
	return rc;
}

int po_ram_open(const struct po_kernel *k, struct po_memory *mem, struct po_ram *ret,
		struct pageowner_error *flaw, struct pageowner_error *err)
{
	struct resources res = { .k = k, .mem = mem, .ram = ret };

	*ret = (struct po_ram){ .how = NULL };
	*flaw = (struct pageowner_error){ .code = PAGEOWNER_OK };
	int rc = read_counts(k, mem, ret, err);
	if (rc < 0)
		return rc;
	rc = read_reserved_mem(k, mem, ret, flaw);
	if (rc != PAGEOWNER_ENOMEM)
		rc = read_resources(&res, flaw);
	if (rc != PAGEOWNER_ENOMEM)
		rc = find_ranges(k, mem, ret, &res.found, flaw);
	free(res.found.range);
	if (rc == PAGEOWNER_ENOMEM) {
		po_ram_fini(ret);
		return po_fail_nomem(err, "RAM");
	}
	return PAGEOWNER_OK;
}

void po_ram_fini(struct po_ram *ram)
{
	free(ram->range);
	free(ram->name);
	*ram = (struct po_ram){ .how = NULL };
}

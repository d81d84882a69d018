/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cma.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define MAX_AREAS	256
#define MAX_RANGES	64
#define MAX_STRUCT	4096

/* A range of pages with its bitmap: what an area is, until 6.14; of a few of which it is made, since. */
struct range {
	uint64_t pfn, nr, bitmap;
};

struct loader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_cma *out;
	struct pageowner_error *flaw;
};

#define FIELD(ld, strct, id, raw) po_member_load(&(ld)->k->abi, PO_AT(&(ld)->k->l, strct, id), raw)

/* unsigned longs of the dump, as bytes in ascending order of bits */
static int read_bitmap(const struct loader *ld, struct po_cma_area *a, uint64_t at, struct pageowner_error *err)
{
	size_t word = ld->k->abi.ptr_size, bits = (size_t)(a->nr >> a->order);
	size_t len = (bits + 8 * word - 1) / (8 * word) * word;

	a->bitmap = calloc(1, len + 1);
	if (!a->bitmap)
		return po_fail_nomem(err, "CMA");
	int rc = po_memory_read(ld->mem, at, a->bitmap, len, err);
	for (size_t i = 0; rc == PAGEOWNER_OK && ld->k->abi.big_endian && i < len; i += word)
		for (size_t j = 0; j < word / 2; j++) {
			uint8_t b = a->bitmap[i + j];
			a->bitmap[i + j] = a->bitmap[i + word - 1 - j];
			a->bitmap[i + word - 1 - j] = b;
		}
	return rc;
}

static void measure(struct po_cma_area *a)
{
	uint64_t gap = 0, bits = a->nr >> a->order;

	for (uint64_t i = 0; i < bits; i++) {
		bool set = a->bitmap[i / 8] >> i % 8 & 1;

		gap = set ? 0 : gap + 1;
		a->used += set;
		if (gap > a->largest_gap)
			a->largest_gap = gap;
	}
	a->used <<= a->order;
	a->largest_gap <<= a->order;
}

static int add_area(struct loader *ld, const char *name, unsigned order, const struct range *r,
		    struct pageowner_error *err)
{
	struct po_cma_area *grown, *a;

	if (!r->nr)
		return PAGEOWNER_OK;
	if (order > 31 || r->pfn >= ld->k->max_pfn || r->nr > ld->k->max_pfn - r->pfn)
		return po_fail(err, PAGEOWNER_ECORRUPT, "0x%" PRIx64 " pages at PFN 0x%" PRIx64, r->nr, r->pfn);
	for (size_t i = 0; i < ld->out->nr; i++)	/* a page frame is in one area at most */
		if (r->pfn < ld->out->area[i].pfn + ld->out->area[i].nr && ld->out->area[i].pfn < r->pfn + r->nr)
			return po_fail(err, PAGEOWNER_ECORRUPT, "PFN 0x%" PRIx64 " lies in area \"%s\", too", r->pfn,
				       ld->out->area[i].name);
	grown = realloc(ld->out->area, (ld->out->nr + 1) * sizeof(*grown));
	if (!grown)
		return po_fail_nomem(err, "CMA");
	ld->out->area = grown;
	a = &grown[ld->out->nr];
	*a = (struct po_cma_area){ .pfn = r->pfn, .nr = r->nr, .order = order };
	memccpy(a->name, name, '\0', sizeof(a->name) - 1);
	int rc = read_bitmap(ld, a, r->bitmap, err);
	if (rc < 0) {
		free(a->bitmap);
		return rc;
	}
	measure(a);
	ld->out->nr++;
	return PAGEOWNER_OK;
}

/* An array; a pointer until 5.8. */
static void read_name(const struct loader *ld, const uint8_t *raw, char *buf, size_t cap)
{
	const struct po_layout *l = &ld->k->l;
	const struct po_member *m = PO_AT(l, cma, name);

	buf[0] = '\0';
	if (!PO_HAS(l, cma, name))
		return;
	if (m->type.kind == PO_KIND_POINTER) {
		(void)po_memory_read_string(ld->mem, po_member_load(&ld->k->abi, m, raw), buf, cap, NULL);
		return;
	}
	size_t n = m->type.size < cap - 1 ? (size_t)m->type.size : cap - 1;
	memcpy(buf, raw + m->offset, n);
	buf[n] = '\0';
}

static int load_ranges(struct loader *ld, const uint8_t *raw, const char *name, unsigned order,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t nr = FIELD(ld, cma, nranges, raw), room = PO_AT(l, cma, ranges)->type.nr_elems;
	int rc = PAGEOWNER_OK;

	if (nr > room || nr > MAX_RANGES)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " ranges", nr);
	for (uint64_t i = 0; i < nr && rc == PAGEOWNER_OK; i++) {
		const uint8_t *at = raw + PO_OFFSET(l, cma, ranges) + i * PO_SIZE(l, cma_memrange);
		const struct range r = { FIELD(ld, cma_memrange, base_pfn, at), FIELD(ld, cma_memrange, count, at),
					 FIELD(ld, cma_memrange, bitmap, at) };

		rc = add_area(ld, name, order, &r, err);
	}
	return rc;
}

static int load_area(struct loader *ld, const uint8_t *raw, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	char name[PO_CMA_NAME_MAX];
	unsigned order = (unsigned)FIELD(ld, cma, order_per_bit, raw);
	int rc;

	read_name(ld, raw, name, sizeof(name));
	if (PO_HAS(l, cma, ranges)) {
		rc = load_ranges(ld, raw, name, order, err);
	} else {
		const struct range r = { FIELD(ld, cma, base_pfn, raw), FIELD(ld, cma, count, raw),
					 FIELD(ld, cma, bitmap, raw) };
		rc = add_area(ld, name, order, &r, err);
	}
	return rc < 0 ? po_within(err, rc, "CMA area \"%s\"", name) : rc;
}

static bool is_known(const struct po_layout *l)
{
	bool plain = PO_HAS(l, cma, base_pfn) && PO_HAS(l, cma, bitmap) && PO_HAS(l, cma, count);
	bool ranges = PO_HAS(l, cma, nranges) && PO_HAS(l, cma, ranges) && PO_SIZE(l, cma_memrange) &&
		      PO_HAS(l, cma_memrange, base_pfn) && PO_HAS(l, cma_memrange, count) &&
		      PO_HAS(l, cma_memrange, bitmap);

	return PO_SIZE(l, cma) && PO_SIZE(l, cma) <= MAX_STRUCT && PO_HAS(l, cma, order_per_bit) && (plain || ranges);
}

int po_cma_open(const struct po_kernel *k, struct po_memory *mem, struct po_cma *ret, struct pageowner_error *flaw,
		struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct loader ld = { .k = k, .mem = mem, .out = ret, .flaw = flaw };
	uint64_t at = PO_SYM(l, cma_areas), nr;
	struct pageowner_error why;

	*ret = (struct po_cma){ .nr = 0 };
	*flaw = (struct pageowner_error){ .code = PAGEOWNER_OK };
	if (!at || !PO_HAS_SYM(l, cma_area_count))
		return PAGEOWNER_OK;
	if (!is_known(l))
		return po_fail(err, PAGEOWNER_ENOTYPE, "CMA areas: type information lacks struct cma");
	int rc = po_kernel_read_variable(k, mem, PO_S_cma_area_count, &nr, err);
	if (rc == PAGEOWNER_OK && nr > MAX_AREAS)
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " CMA areas", nr);
	_cleanup_(po_freep) uint8_t *raw = malloc(PO_SIZE(l, cma));
	if (rc == PAGEOWNER_OK && !raw)
		return po_fail_nomem(err, "CMA");
	for (uint64_t i = 0; rc == PAGEOWNER_OK && i < nr; i++) {
		int one = po_memory_read(mem, at + i * PO_SIZE(l, cma), raw, PO_SIZE(l, cma), &why);
		if (one == PAGEOWNER_OK)
			one = load_area(&ld, raw, &why);
		if (one == PAGEOWNER_ENOMEM)
			rc = po_fail_nomem(err, "CMA");
		else if (one < 0 && flaw->code == PAGEOWNER_OK)
			*flaw = why;
	}
	if (rc < 0)
		po_cma_fini(ret);
	return rc;
}

void po_cma_fini(struct po_cma *c)
{
	for (size_t i = 0; i < c->nr; i++)
		free(c->area[i].bitmap);
	free(c->area);
	*c = (struct po_cma){ .nr = 0 };
}

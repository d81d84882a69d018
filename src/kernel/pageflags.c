/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/pageflags.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "kernel/kernel.h"
#include "memory/vmcoreinfo.h"

#define SAMPLES		64	/* struct pages looked at in one place of a zone */
#define MIN_CPUPID	8	/* LAST__PID_SHIFT: the process's part of lastcpupid alone */

static unsigned log2_up(uint64_t v)
{
	unsigned n = 0;

	while (n < 63 && (uint64_t)1 << n < v)
		n++;
	return n;
}

/* SECTIONS_WIDTH: with a vmemmap no page has to tell its section. */
static int sections_width(const struct po_kernel *k, unsigned *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	int64_t physmem;

	*ret = 0;
	if (!k->map.section_shift || PO_HAS_SYM(l, vmemmap_alloc_block))
		return PAGEOWNER_OK;
	if (po_vmcoreinfo_number(k->note, "NUMBER(MAX_PHYSMEM_BITS)", &physmem) &&
	    physmem > k->map.section_shift + k->page_shift && physmem < 64)
		*ret = (unsigned)physmem - k->map.section_shift - k->page_shift;
	else if (PO_HAS_VAR(l, mem_section) && PO_VAR(l, mem_section)->elem_kind == PO_KIND_STRUCT)
		*ret = log2_up(PO_VAR(l, mem_section)->nr_elems);
	else
		return po_fail(err, PAGEOWNER_ENOTYPE, "page flags: how many sections there may be is not known");
	return PAGEOWNER_OK;
}

/* --- pages that are known ------------------------------------------------------------------------ */

struct check {
	const struct po_kernel *k;
	const struct po_flag_place *node, *zone;
	unsigned agree, disagree;
	unsigned runs[64];	/* by the number of ones right below the zone */
};

static uint64_t field_of(const struct po_flag_place *p, uint64_t flags)
{
	return p->width ? flags >> p->shift & (((uint64_t)1 << p->width) - 1) : 0;
}

static void check_page(struct check *c, const struct po_zone *zone, uint64_t flags)
{
	const struct po_layout *l = &c->k->l;
	unsigned run = 0;

	if (field_of(c->zone, flags) != zone->index ||
	    (c->node->width && field_of(c->node, flags) != c->k->zones.node[zone->node].id)) {
		c->disagree++;
		return;
	}
	c->agree++;
	if (PO_HAS_ENUM(l, PG_lru) && (flags >> (PO_ENUM(l, PG_lru) & 63) & 1))
		return;		/* it has a last CPU, and a generation below */
	for (unsigned bit = c->zone->shift; bit-- > 0 && (flags >> bit & 1);)
		run++;
	c->runs[run & 63]++;
}

static void check_zone(struct check *c, struct po_memory *mem, const struct po_zone *zone, uint64_t pfn)
{
	const struct po_chunk *chunk = po_memmap_chunk(&c->k->map, pfn, false);
	uint8_t raw[256];

	for (uint64_t i = 0; chunk && i < SAMPLES && pfn + i < chunk->pfn + chunk->nr; i++) {
		uint64_t at = chunk->mem_map + (pfn + i - chunk->pfn) * c->k->map.page_size;

		if (pfn + i >= zone->pfn + zone->spanned ||
		    po_memory_read(mem, at, raw, c->k->map.page_size, NULL) < 0)
			return;
		check_page(c, zone, po_page_flags(c->k, raw));
	}
}

static void check_pages(struct check *c, struct po_memory *mem)
{
	for (size_t i = 0; i < c->k->zones.nr; i++) {
		const struct po_zone *zone = &c->k->zones.zone[i];

		/* both ends of a zone are there, what is between may be a hole */
		check_zone(c, mem, zone, zone->pfn);
		if (zone->spanned > SAMPLES)
			check_zone(c, mem, zone, zone->pfn + zone->spanned - SAMPLES);
	}
}

/*
 * A page of the kernel's own has had no last process: all bits of lastcpupid are set, and those below are not.  The
 * width itself follows from CONFIG_NR_CPUS by a rule that changed (6.9), and stands nowhere.
 */
static unsigned cpupid_width(const struct check *c)
{
	unsigned best = 0;

	for (unsigned run = MIN_CPUPID; run < 64; run++)
		if (c->runs[run] > c->runs[best] || best == 0)
			best = run;
	return best && c->runs[best] ? best : 0;
}

int po_page_flag_places(const struct po_kernel *k, struct po_memory *mem,
			struct po_flag_place ret[PO_MAX_PLACES], size_t *ret_nr, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	enum { SECTION, NODE, ZONE, CPUPID, KASAN };
	struct po_flag_place place[PO_MAX_PLACES] = {
		[SECTION] = { .name = "section" }, [NODE] = { .name = "node" }, [ZONE] = { .name = "zone" },
		[CPUPID] = { .name = "lastcpupid", .hex = true }, [KASAN] = { .name = "kasantag", .hex = true },
	};
	struct check c = { .k = k, .node = &place[NODE], .zone = &place[ZONE] };
	unsigned top = k->abi.ptr_size * 8u, room;
	int rc = sections_width(k, &place[SECTION].width, err);

	if (rc < 0)
		return rc;
	if (!PO_HAS_ENUM(l, __MAX_NR_ZONES) || !PO_HAS_ENUM(l, __NR_PAGEFLAGS))
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "page flags: type information lacks __MAX_NR_ZONES or __NR_PAGEFLAGS");
	room = top - (unsigned)PO_ENUM(l, __NR_PAGEFLAGS);
	place[ZONE].width = log2_up((uint64_t)PO_ENUM(l, __MAX_NR_ZONES));
	place[NODE].width = log2_up(k->zones.max_nodes);
	if (place[ZONE].width + place[SECTION].width + place[NODE].width > room)
		place[NODE].width = 0;
	if (place[ZONE].width + place[SECTION].width > room)
		return po_fail(err, PAGEOWNER_ECORRUPT, "page flags: %u bits for sections, %u for zones",
			       place[SECTION].width, place[ZONE].width);
	for (size_t i = SECTION; i <= ZONE; i++)
		place[i].shift = top -= place[i].width;
	check_pages(&c, mem);
	if (c.disagree >= c.agree)
		return po_fail(err, PAGEOWNER_ECORRUPT, "page flags: where a page's zone is told is not known: %u "
			       "of %u pages contradict", c.disagree, c.agree + c.disagree);
	if (PO_HAS_SYM(l, sched_numa_balancing))
		place[CPUPID].width = cpupid_width(&c);
	if (PO_HAS_SYM(l, kasan_flag_enabled) || PO_HAS_SYM(l, __hwasan_tag_memory))
		place[KASAN].width = 8;
	for (size_t i = CPUPID; i <= KASAN; i++)
		place[i].shift = top -= place[i].width;
	*ret_nr = 0;
	for (size_t i = 0; i < PO_MAX_PLACES; i++)
		if (place[i].width)	/* one without bits is not printed */
			ret[(*ret_nr)++] = place[i];
	return PAGEOWNER_OK;
}

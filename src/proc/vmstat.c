/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include <inttypes.h>

#include "base/status.h"

/* --- limits of dirty pages ----------------------------------------------------------------------- */

struct highmem {
	const struct po_vmstat *v;
	uint64_t pages;
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int of_zone(const struct po_proc *p, const struct po_vmstat *v, uint64_t zone, const char *name, uint64_t *ret,
		   struct pageowner_error *err)
{
	int index = po_vmstat_find(v, name);

	*ret = 0;
	return index < 0 ? PAGEOWNER_OK : po_vmstat_of_zone(v, p->k, p->mem, zone, (unsigned)index, ret, err);
}

static int add_highmem(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	struct highmem *h = arg;
	uint64_t free_pages, high, inactive = 0, active = 0;

	if (!z->populated || !po_proc_is_highmem(p, z))
		return PAGEOWNER_OK;
	int rc = of_zone(p, h->v, z->kva, "nr_free_pages", &free_pages, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_watermark(p, z->kva, 2, &high, err);
	if (rc == PAGEOWNER_OK)
		rc = of_zone(p, h->v, z->kva, "nr_zone_inactive_file", &inactive, err);
	if (rc == PAGEOWNER_OK)
		rc = of_zone(p, h->v, z->kva, "nr_zone_active_file", &active, err);
	if (rc == PAGEOWNER_OK)
		h->pages += free_pages - less(free_pages, high) + inactive + active;
	return rc;
}

/* global_dirtyable_memory() */
static int dirtyable(const struct po_proc *p, const struct po_vmstat *v, uint64_t *ret, struct pageowner_error *err)
{
	struct highmem h = { .v = v };
	uint64_t reserve, inactive = 0, active = 0, highmem_too = 0;
	int rc = po_proc_counter(p, v, "nr_free_pages", ret, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_variable(p, PO_S_totalreserve_pages, &reserve, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_counter(p, v, "nr_inactive_file", &inactive, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_counter(p, v, "nr_active_file", &active, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_optional(p, PO_S_vm_highmem_is_dirtyable, &highmem_too, err);
	if (rc == PAGEOWNER_OK && !highmem_too)
		rc = po_proc_for_each_zone(p, NULL, add_highmem, &h, err);
	if (rc < 0)
		return rc;
	*ret -= less(*ret, reserve);
	*ret += inactive + active;
	*ret -= less(h.pages, *ret);
	*ret += 1;
	return PAGEOWNER_OK;
}

static int limit(const struct po_proc *p, unsigned bytes_of, unsigned ratio_of, uint64_t memory, uint64_t *ret,
		 struct pageowner_error *err)
{
	uint64_t page = po_kernel_page_size(p->k), bytes, ratio;
	int rc = po_proc_variable(p, bytes_of, &bytes, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_variable(p, ratio_of, &ratio, err);
	if (rc == PAGEOWNER_OK)
		*ret = bytes ? (bytes + page - 1) / page : ratio * page / 100 * memory / page;
	return rc;
}

/* global_dirty_limits(), for a task that is not a real-time one. */
static int dirty_limits(const struct po_proc *p, const struct po_vmstat *v, uint64_t *background, uint64_t *threshold,
			struct pageowner_error *err)
{
	uint64_t memory;
	int rc = dirtyable(p, v, &memory, err);

	if (rc == PAGEOWNER_OK)
		rc = limit(p, PO_S_vm_dirty_bytes, PO_S_vm_dirty_ratio, memory, threshold, err);
	if (rc == PAGEOWNER_OK)
		rc = limit(p, PO_S_dirty_background_bytes, PO_S_dirty_background_ratio, memory, background, err);
	if (rc == PAGEOWNER_OK && *background >= *threshold)
		*background = *threshold / 2;
	return rc;
}

/* --- the file ------------------------------------------------------------------------------------ */

static int no_counter(const struct po_proc *p, const struct po_vmstat *v, const char *name, uint64_t *ret,
		      struct pageowner_error *err)
{
	uint64_t background = 0, threshold = 0;

	if (!strcmp(name, "nr_memmap_pages"))
		return po_proc_variable(p, PO_S_nr_memmap_pages, ret, err);
	if (!strcmp(name, "nr_memmap_boot_pages"))
		return po_proc_variable(p, PO_S_nr_memmap_boot_pages, ret, err);
	int rc = dirty_limits(p, v, &background, &threshold, err);
	*ret = !strcmp(name, "nr_dirty_threshold") ? threshold : background;
	return rc;
}

static int put_item(const struct po_proc *p, const struct po_vmstat *v, unsigned i, struct pageowner_error *err)
{
	unsigned other = v->nr_zone + v->nr_numa + v->nr_node;
	const char *name = v->name[i];
	uint64_t n = 0;
	int rc = i >= other && i < other + v->nr_other ? no_counter(p, v, name, &n, err) :
							 po_vmstat_global(v, p->k, p->mem, i, &n, err);

	if (rc < 0)
		return rc;
	if (v->thp_in_pages && po_vmstat_is_thp(v, i))
		n /= v->thp_pages;
	if (!strcmp(name, "pgpgin") || !strcmp(name, "pgpgout"))
		n /= 2;		/* of sectors */
	po_proc_put(p, "%s %" PRIu64 "\n", name, n);
	return PAGEOWNER_OK;
}

int po_proc_vmstat(const struct po_proc *p, struct pageowner_error *err)
{
	struct po_vmstat v;
	int rc = po_vmstat_open(&v, p->k, p->mem, err);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < v.nr && rc == PAGEOWNER_OK; i++)
		rc = put_item(p, &v, i, err);
	if (rc == PAGEOWNER_OK && po_proc_string(p, "nr_unstable 0\n"))
		po_proc_put(p, "nr_unstable 0\n");
	po_vmstat_fini(&v);
	return rc;
}

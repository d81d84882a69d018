/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc/proc.h"

#include "kernel/percpu.h"

int po_proc_variable(const struct po_proc *p, unsigned symbol, uint64_t *ret, struct pageowner_error *err)
{
	*ret = 0;
	return po_kernel_read_variable(p->k, p->mem, symbol, ret, err);
}

int po_proc_optional(const struct po_proc *p, unsigned symbol, uint64_t *ret, struct pageowner_error *err)
{
	*ret = 0;
	return p->k->l.symbol[symbol].have ? po_kernel_read_variable(p->k, p->mem, symbol, ret, err) : PAGEOWNER_OK;
}

int po_proc_counter(const struct po_proc *p, const struct po_vmstat *v, const char *name, uint64_t *ret,
		    struct pageowner_error *err)
{
	int index = po_vmstat_find(v, name);

	*ret = 0;
	return index < 0 ? PAGEOWNER_OK : po_vmstat_global(v, p->k, p->mem, (unsigned)index, ret, err);
}

int po_proc_watermark(const struct po_proc *p, uint64_t zone, unsigned which, uint64_t *ret,
		      struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	uint64_t array = zone + (PO_HAS(l, zone, _watermark) ? PO_OFFSET(l, zone, _watermark) :
							       PO_OFFSET(l, zone, watermark)), boost = 0;
	int rc = po_memory_read_ptr(p->mem, array + which * p->k->abi.ptr_size, ret, err);

	if (rc == PAGEOWNER_OK && PO_HAS(l, zone, watermark_boost))
		rc = po_zone_number(p->mem, zone, PO_AT(l, zone, watermark_boost), &boost, err);
	*ret += boost;
	return rc;
}

int po_proc_pcp(const struct po_proc *p, uint64_t zone, unsigned cpu, uint64_t *pcp, uint64_t *stats,
		struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	bool apart = PO_HAS(l, zone, per_cpu_pageset);	/* from the counters: since 5.14 */
	uint64_t of_stats;
	int rc = po_zone_number(p->mem, zone, apart ? PO_AT(l, zone, per_cpu_pageset) : PO_AT(l, zone, pageset), pcp,
				err);

	of_stats = *pcp;
	if (rc == PAGEOWNER_OK && apart && PO_HAS(l, zone, per_cpu_zonestats))
		rc = po_zone_number(p->mem, zone, PO_AT(l, zone, per_cpu_zonestats), &of_stats, err);
	if (rc == PAGEOWNER_OK)
		rc = po_percpu_at(p->k, p->mem, *pcp, cpu, pcp, err);
	if (rc == PAGEOWNER_OK)
		rc = po_percpu_at(p->k, p->mem, of_stats, cpu, stats, err);
	if (!apart)
		*pcp += PO_OFFSET(l, per_cpu_pageset, pcp);
	return rc;
}

bool po_proc_has_pcp(const struct po_layout *l)
{
	return PO_HAS(l, zone, per_cpu_pageset) || (PO_HAS(l, zone, pageset) && PO_HAS(l, per_cpu_pageset, pcp));
}

/* is_highmem(): also the movable zone, if it was taken of highmem. */
bool po_proc_is_highmem(const struct po_proc *p, const struct po_proc_zone *z)
{
	char of[PO_ZONE_NAME_MAX];
	uint64_t index;

	if (!strcmp(z->name, "HighMem"))
		return true;
	return !strcmp(z->name, "Movable") && PO_HAS_SYM(&p->k->l, movable_zone) &&
	       po_kernel_read_variable(p->k, p->mem, PO_S_movable_zone, &index, NULL) == PAGEOWNER_OK &&
	       index < po_zones_per_node(p->k) &&
	       po_zone_name(p->k, p->mem, po_zone_at(p->k, z->node, (unsigned)index), of, NULL) >= 0 &&
	       !strcmp(of, "HighMem");
}

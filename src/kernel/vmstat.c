/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/vmstat.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "kernel/percpu.h"

#define MAX_ITEMS	1024
#define MAX_NAME	64

/* --- the table ----------------------------------------------------------------------------------- */

static int read_names(struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem,
		      struct pageowner_error *err)
{
	uint64_t table = PO_SYM(&k->l, vmstat_text), at;
	char buf[MAX_NAME];
	int rc = 0;

	v->nr = (unsigned)(k->l.symbol[PO_S_vmstat_text].size / k->abi.ptr_size);
	if (!table || !v->nr || v->nr > MAX_ITEMS)
		return po_fail(err, PAGEOWNER_ENOSYM, "this kernel has no table vmstat_text, or one of an absurd size");
	v->name = po_arena_alloc(&v->arena, v->nr * sizeof(*v->name));
	for (unsigned i = 0; v->name && i < v->nr; i++) {
		rc = po_memory_read_ptr(mem, table + i * k->abi.ptr_size, &at, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_string(mem, at, buf, sizeof(buf), err);
		if (rc < 0)
			return po_within(err, rc, "table vmstat_text, entry %u", i);
		v->name[i] = po_arena_strndup(&v->arena, buf, (size_t)rc);
		if (!v->name[i])
			return po_fail_nomem(err, "vmstat_text");
	}
	return v->name ? PAGEOWNER_OK : po_fail_nomem(err, "vmstat_text");
}

static bool is_no_counter(const char *name)
{
	static const char *const names[] = { "nr_dirty_threshold", "nr_dirty_background_threshold", "nr_memmap_pages",
					     "nr_memmap_boot_pages" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* How many of each kind: the arrays that hold them tell. */
static int split(struct po_vmstat *v, const struct po_layout *l, struct pageowner_error *err)
{
	uint64_t zone = PO_HAS(l, zone, vm_stat) ? PO_AT(l, zone, vm_stat)->type.nr_elems : 0;
	uint64_t node = PO_HAS(l, pglist_data, vm_stat) ? PO_AT(l, pglist_data, vm_stat)->type.nr_elems : 0;
	uint64_t numa = PO_HAS(l, zone, vm_numa_event) ? PO_AT(l, zone, vm_numa_event)->type.nr_elems :
			PO_HAS(l, zone, vm_numa_stat)  ? PO_AT(l, zone, vm_numa_stat)->type.nr_elems : 0;
	uint64_t event = PO_HAS(l, vm_event_state, event) ? PO_AT(l, vm_event_state, event)->type.nr_elems : 0;

	if (!zone)
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks zone.vm_stat");
	if (zone > MAX_ITEMS || node > MAX_ITEMS || numa > MAX_ITEMS || event > MAX_ITEMS ||
	    zone + numa + node > v->nr)
		return po_fail(err, PAGEOWNER_ECORRUPT, "counters: %u names for %" PRIu64 " items of zones, %" PRIu64
			       " of NUMA, %" PRIu64 " of nodes", v->nr, zone, numa, node);
	v->nr_zone = (unsigned)zone;
	v->nr_numa = (unsigned)numa;
	v->nr_node = (unsigned)node;
	unsigned at = v->nr_zone + v->nr_numa + v->nr_node;
	while (at + v->nr_other < v->nr && is_no_counter(v->name[at + v->nr_other]))
		v->nr_other++;
	at += v->nr_other;
	/* with CONFIG_MEMCG the names of events are there even if nothing counts them */
	v->nr_event = PO_HAS_SYM(l, vm_event_states) && at + event <= v->nr ? (unsigned)event : 0;
	v->nr = at + v->nr_event;
	return PAGEOWNER_OK;
}

int po_vmstat_open(struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_xlat *xlat = po_memory_xlat(mem);

	*v = (struct po_vmstat){ .nr = 0 };
	int rc = read_names(v, k, mem, err);
	if (rc == PAGEOWNER_OK)
		rc = split(v, &k->l, err);
	if (rc < 0) {
		po_vmstat_fini(v);
		return rc;
	}
	/*
	 * Huge pages came to be counted by base pages in the release that moved page tables from the zones' counters to
	 * the nodes' (5.11, commits 69473e5de873 and f0c0c115fb81).
	 */
	int tables = po_vmstat_find(v, "nr_page_table_pages");
	v->thp_in_pages = tables >= 0 && (unsigned)tables >= v->nr_zone + v->nr_numa;
	v->thp_pages = (uint64_t)1 << (xlat ? xlat->ops->level_bits : k->page_shift - 3);
	return PAGEOWNER_OK;
}

void po_vmstat_fini(struct po_vmstat *v)
{
	po_arena_fini(&v->arena);
	*v = (struct po_vmstat){ .nr = 0 };
}

int po_vmstat_find(const struct po_vmstat *v, const char *name)
{
	for (unsigned i = 0; i < v->nr; i++)
		if (!strcmp(v->name[i], name))
			return (int)i;
	return -1;
}

bool po_vmstat_is_thp(const struct po_vmstat *v, unsigned index)
{
	static const char *const names[] = { "nr_anon_transparent_hugepages", "nr_shmem_hugepages",
					     "nr_shmem_pmdmapped", "nr_file_hugepages", "nr_file_pmdmapped" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(v->name[index], names[i]))
			return true;
	return false;
}

/* --- counters ------------------------------------------------------------------------------------ */

/* An atomic_long_t of an array. */
static int read_counter(const struct po_kernel *k, struct po_memory *mem, uint64_t array, unsigned item, uint64_t *ret,
			struct pageowner_error *err)
{
	int rc = po_memory_read_ptr(mem, array + (uint64_t)item * k->abi.ptr_size, ret, err);

	if (rc == PAGEOWNER_OK && po_sign_extend(*ret, k->abi.ptr_size * 8u) < 0)
		*ret = 0;
	return rc;
}

/* What processors have counted of a zone's NUMA events and not yet added to the zone's: unsigned, of one width each. */
static int add_pending(const struct po_kernel *k, struct po_memory *mem, uint64_t zone, unsigned item, uint64_t *sum,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	bool events = PO_HAS(l, zone, per_cpu_zonestats) && PO_HAS(l, per_cpu_zonestat, vm_numa_event);
	const struct po_member *where = events ? PO_AT(l, zone, per_cpu_zonestats) : PO_AT(l, zone, pageset);
	const struct po_member *array = events ? PO_AT(l, per_cpu_zonestat, vm_numa_event) :
						 PO_AT(l, per_cpu_pageset, vm_numa_stat_diff);
	uint64_t pointer, at, v;
	int rc;

	if (!events && !(PO_HAS(l, zone, pageset) && PO_HAS(l, per_cpu_pageset, vm_numa_stat_diff)))
		return PAGEOWNER_OK;
	rc = po_zone_number(mem, zone, where, &pointer, err);
	for (unsigned cpu = 0; rc == PAGEOWNER_OK && cpu < po_cpus_max(k, mem); cpu++) {
		if (!po_cpu_is_online(k, mem, cpu))
			continue;
		rc = po_percpu_at(k, mem, pointer, cpu, &at, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(mem, at + array->offset + item * array->type.elem_size,
						 array->type.elem_size, &v, err);
		if (rc == PAGEOWNER_OK)
			*sum += v;
	}
	return rc;
}

static int numa_of_zone(const struct po_kernel *k, struct po_memory *mem, uint64_t zone, unsigned item, uint64_t *ret,
			struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_member *m = PO_HAS(l, zone, vm_numa_event) ? PO_AT(l, zone, vm_numa_event) :
								     PO_AT(l, zone, vm_numa_stat);
	int rc = read_counter(k, mem, zone + m->offset, item, ret, err);

	return rc == PAGEOWNER_OK ? add_pending(k, mem, zone, item, ret, err) : rc;
}

/* Since 5.14 the reader folds what is pending first; before, the global sum goes without it. */
static int global_numa(const struct po_kernel *k, struct po_memory *mem, unsigned item, uint64_t *ret,
		       struct pageowner_error *err)
{
	bool events = PO_HAS_SYM(&k->l, vm_numa_event) && PO_HAS(&k->l, zone, vm_numa_event);
	int rc = read_counter(k, mem, events ? PO_SYM(&k->l, vm_numa_event) : PO_SYM(&k->l, vm_numa_stat), item, ret,
			      err);

	for (size_t i = 0; events && i < k->zones.nr && rc == PAGEOWNER_OK; i++)
		rc = add_pending(k, mem, k->zones.zone[i].kva, item, ret, err);
	return rc;
}

static int global_event(const struct po_kernel *k, struct po_memory *mem, unsigned item, uint64_t *ret,
			struct pageowner_error *err)
{
	uint64_t offset = PO_OFFSET(&k->l, vm_event_state, event) + (uint64_t)item * k->abi.ptr_size, at, v;
	int rc = PAGEOWNER_OK;

	*ret = 0;
	for (unsigned cpu = 0; rc == PAGEOWNER_OK && cpu < po_cpus_max(k, mem); cpu++) {
		if (!po_cpu_is_online(k, mem, cpu))
			continue;
		rc = po_percpu_variable(k, mem, PO_S_vm_event_states, cpu, &at, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_ptr(mem, at + offset, &v, err);
		if (rc == PAGEOWNER_OK)
			*ret += v;
	}
	*ret = po_wrap(&k->abi, *ret);
	return rc;
}

int po_vmstat_global(const struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem, unsigned index,
		     uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	unsigned numa = v->nr_zone, node = numa + v->nr_numa, other = node + v->nr_node, event = other + v->nr_other;
	int rc;

	if (index >= v->nr || (index >= other && index < event))
		return po_fail(err, PAGEOWNER_EINVAL, "counter %u", index);
	if (index < numa)
		rc = read_counter(k, mem, PO_HAS_SYM(l, vm_zone_stat) ? PO_SYM(l, vm_zone_stat) : PO_SYM(l, vm_stat),
				  index, ret, err);
	else if (index < node)
		rc = global_numa(k, mem, index - numa, ret, err);
	else if (index < other)
		rc = read_counter(k, mem, PO_SYM(l, vm_node_stat), index - node, ret, err);
	else
		rc = global_event(k, mem, index - event, ret, err);
	return rc < 0 ? po_within(err, rc, "counter %s", v->name[index]) : rc;
}

int po_vmstat_of_zone(const struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem, uint64_t zone,
		      unsigned index, uint64_t *ret, struct pageowner_error *err)
{
	if (index >= v->nr_zone + v->nr_numa)
		return po_fail(err, PAGEOWNER_EINVAL, "counter %u", index);
	int rc = index < v->nr_zone ?
			 read_counter(k, mem, zone + PO_OFFSET(&k->l, zone, vm_stat), index, ret, err) :
			 numa_of_zone(k, mem, zone, index - v->nr_zone, ret, err);
	return rc < 0 ? po_within(err, rc, "counter %s of a zone", v->name[index]) : rc;
}

int po_vmstat_of_node(const struct po_vmstat *v, const struct po_kernel *k, struct po_memory *mem,
		      const struct po_node *node, unsigned index, uint64_t *ret, struct pageowner_error *err)
{
	unsigned first = v->nr_zone + v->nr_numa;

	if (index < first || index >= first + v->nr_node)
		return po_fail(err, PAGEOWNER_EINVAL, "counter %u", index);
	int rc = read_counter(k, mem, node->kva + PO_OFFSET(&k->l, pglist_data, vm_stat), index - first, ret, err);
	return rc < 0 ? po_within(err, rc, "counter %s of node %u", v->name[index], node->id) : rc;
}

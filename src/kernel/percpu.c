/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/percpu.h"

#include "base/status.h"

#define MAX_CPUS 8192

unsigned po_cpus_max(const struct po_kernel *k, struct po_memory *mem)
{
	const struct po_layout *l = &k->l;
	uint64_t nr = l->symbol[PO_S___per_cpu_offset].size / k->abi.ptr_size, ids;

	if (!PO_HAS_SYM(l, __per_cpu_offset))
		return 1;
	if (nr == 0 || nr > MAX_CPUS)
		nr = MAX_CPUS;
	if (PO_HAS_SYM(l, nr_cpu_ids) && po_kernel_read_variable(k, mem, PO_S_nr_cpu_ids, &ids, NULL) == PAGEOWNER_OK &&
	    ids && ids < nr)
		nr = ids;
	return (unsigned)nr;
}

bool po_cpu_is_possible(const struct po_kernel *k, struct po_memory *mem, unsigned cpu)
{
	const struct po_layout *l = &k->l;
	uint64_t mask = PO_HAS_SYM(l, __cpu_possible_mask) ? PO_SYM(l, __cpu_possible_mask) :
							     PO_SYM(l, cpu_possible_bits);
	unsigned bits = k->abi.ptr_size * 8u;
	uint64_t word;

	if (!mask || po_memory_read_ptr(mem, mask + cpu / bits * k->abi.ptr_size, &word, NULL) < 0)
		return true;
	return word >> cpu % bits & 1;
}

bool po_cpu_is_online(const struct po_kernel *k, struct po_memory *mem, unsigned cpu)
{
	const struct po_layout *l = &k->l;
	uint64_t mask = PO_HAS_SYM(l, __cpu_online_mask) ? PO_SYM(l, __cpu_online_mask) : PO_SYM(l, cpu_online_bits);
	unsigned bits = k->abi.ptr_size * 8u;
	uint64_t word;

	if (!mask)	/* without CONFIG_SMP, from some release on */
		return cpu == 0;
	return po_memory_read_ptr(mem, mask + cpu / bits * k->abi.ptr_size, &word, NULL) == PAGEOWNER_OK &&
	       (word >> cpu % bits & 1);
}

int po_percpu_at(const struct po_kernel *k, struct po_memory *mem, uint64_t pointer, unsigned cpu, uint64_t *ret,
		 struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t offset = 0;
	int rc = PAGEOWNER_OK;

	if (PO_HAS_SYM(l, __per_cpu_offset))
		rc = po_memory_read_ptr(mem, PO_SYM(l, __per_cpu_offset) + (uint64_t)cpu * k->abi.ptr_size, &offset,
					err);
	*ret = po_wrap(&k->abi, pointer + offset);
	return rc < 0 ? po_within(err, rc, "__per_cpu_offset[%u]", cpu) : rc;
}

int po_percpu_variable(const struct po_kernel *k, struct po_memory *mem, unsigned symbol, unsigned cpu, uint64_t *ret,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_wanted *start = &l->symbol[PO_S___per_cpu_start];
	uint64_t at = po_layout_address(l, symbol);

	if (!l->symbol[symbol].have)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: this kernel has no such symbol", l->symbol[symbol].name);
	/* x86_64 until 6.14: offsets into a section that begins at 0, which is not moved with the kernel */
	if (PO_HAS_SYM(l, __per_cpu_offset) && start->have && start->link == 0)
		at = l->symbol[symbol].link;
	return po_percpu_at(k, mem, at, cpu, ret, err);
}

int po_percpu_counter(const struct po_kernel *k, struct po_memory *mem, uint64_t at, bool sum, uint64_t *ret,
		      struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t counters = 0, v;

	*ret = 0;
	if (!PO_HAS(l, percpu_counter, count))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct percpu_counter");
	int rc = po_memory_read_uint(mem, at + PO_OFFSET(l, percpu_counter, count), 8, ret, err);
	if (rc == PAGEOWNER_OK && sum && PO_HAS(l, percpu_counter, counters))
		rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, percpu_counter, counters), &counters, err);
	for (unsigned cpu = 0; rc == PAGEOWNER_OK && counters && cpu < po_cpus_max(k, mem); cpu++) {
		if (!po_cpu_is_online(k, mem, cpu))
			continue;
		rc = po_percpu_at(k, mem, counters, cpu, &at, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(mem, at, 4, &v, err);
		*ret += rc == PAGEOWNER_OK ? (uint64_t)po_sign_extend(v, 32) : 0;
	}
	if ((int64_t)*ret < 0)
		*ret = 0;
	return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/task.h"

#include <inttypes.h>

#include "base/status.h"

#define MAX_TASKS (4u << 20)	/* PID_MAX_LIMIT */

/* The struct task_struct of a process, by the list of all of them. */
static int find_task(const struct po_kernel *k, struct po_memory *mem, int32_t pid, uint64_t *ret,
		     struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	const struct po_member *pid_at = PO_AT(l, task_struct, pid);
	uint64_t first = PO_SYM(l, init_task), task = first, v;

	if (!first || !PO_HAS(l, task_struct, tasks) || !PO_HAS(l, task_struct, pid))
		return po_fail(err, PAGEOWNER_ENOTYPE, "processes: neither init_task nor its list is known");
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		int rc = po_memory_read_uint(mem, task + pid_at->offset, 4, &v, err);
		if (rc == PAGEOWNER_OK && (int32_t)v == pid) {
			*ret = task;
			return PAGEOWNER_OK;
		}
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_ptr(mem, task + PO_OFFSET(l, task_struct, tasks), &task, err);
		if (rc < 0)
			return po_within(err, rc, "list of processes");
		task = po_wrap(&k->abi, task - PO_OFFSET(l, task_struct, tasks));
		if (task == first)
			return po_fail(err, PAGEOWNER_EINVAL, "no process has PID %d", pid);
	}
	return po_fail(err, PAGEOWNER_ECORRUPT, "list of processes: does not end");
}

static int find_pgd(const struct po_kernel *k, struct po_memory *mem, int32_t pid, uint64_t *ret,
		    struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t task = 0, mm, pgd;
	int rc = find_task(k, mem, pid, &task, err);

	if (rc < 0)
		return rc;
	if (!PO_HAS(l, task_struct, mm) || !PO_HAS(l, mm_struct, pgd))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks task_struct.mm or mm_struct.pgd");
	rc = po_memory_read_ptr(mem, task + PO_OFFSET(l, task_struct, mm), &mm, err);
	if (rc == PAGEOWNER_OK && !mm)
		return po_fail(err, PAGEOWNER_EINVAL,
			       "process %d has no memory of its own (it is the kernel's, or ending)", pid);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, mm + PO_OFFSET(l, mm_struct, pgd), &pgd, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_translate(mem, pgd, ret, err);
	return rc < 0 ? po_within(err, rc, "page tables of process %d", pid) : rc;
}

int po_task_translate(const struct po_kernel *k, struct po_memory *mem, int32_t pid, uint64_t uva, uint64_t *ret,
		      struct pageowner_error *err)
{
	const struct po_xlat *kernel = po_memory_xlat(mem);
	struct po_leaf leaf;

	if (!kernel)
		return po_fail(err, PAGEOWNER_EUNSUPP, "which page tables this machine has is not known");
	struct po_xlat user = *kernel;
	user.lower_half = true;
	int rc = find_pgd(k, mem, pid, &user.root, err);
	if (rc < 0)
		return rc;
	rc = user.ops->walk(&user, mem, uva, &leaf, err);
	if (rc < 0)
		return po_within(err, rc, "process %d: address 0x%" PRIx64, pid, uva);
	if (rc == 0)
		return po_fail(err, PAGEOWNER_ENODATA, "process %d: address 0x%" PRIx64 ": not mapped", pid, uva);
	*ret = leaf.paddr + (uva - leaf.kva);
	return PAGEOWNER_OK;
}

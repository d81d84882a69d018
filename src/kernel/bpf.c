/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code that BPF compiled at run time has names, too: a list of struct bpf_ksym. */
#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "kernel/modules.h"

#define MAX_FUNCTIONS 65536

static int load_one(const struct po_kernel *k, struct po_memory *mem, uint64_t at,
		    struct po_symbols *syms, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t start, end;
	char name[512];
	size_t cap = PO_AT(l, bpf_ksym, name)->size < sizeof(name) ?
			     (size_t)PO_AT(l, bpf_ksym, name)->size : sizeof(name);
	int rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, bpf_ksym, start), &start, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, at + PO_OFFSET(l, bpf_ksym, end), &end, err);
	if (rc == PAGEOWNER_OK && (!cap || end < start))
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "0x%" PRIx64 "-0x%" PRIx64, start, end);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(mem, at + PO_OFFSET(l, bpf_ksym, name), name, cap, err);
	if (rc < 0)
		return po_within(err, rc, "BPF symbol at 0x%" PRIx64, at);
	return po_symbols_add_function(syms, start, end, name, err);
}

int po_bpf_symbols_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
			struct pageowner_error *first, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t head = PO_SYM(l, bpf_kallsyms), at;

	first->code = PAGEOWNER_OK;
	if (!head || !PO_HAS(l, bpf_ksym, start) || !PO_HAS(l, bpf_ksym, end) ||
	    !PO_HAS(l, bpf_ksym, name) || !PO_HAS(l, bpf_ksym, lnode))
		return PAGEOWNER_OK;
	int rc = po_memory_read_ptr(mem, head, &at, first);
	for (unsigned i = 0; rc == PAGEOWNER_OK && at != head && i < MAX_FUNCTIONS; i++) {
		struct pageowner_error one;
		rc = load_one(k, mem, at - PO_OFFSET(l, bpf_ksym, lnode), syms, &one);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "BPF symbols");
		if (rc < 0 && first->code == PAGEOWNER_OK)
			*first = one;
		rc = po_memory_read_ptr(mem, at, &at, first->code == PAGEOWNER_OK ? first : NULL);
	}
	return PAGEOWNER_OK;
}

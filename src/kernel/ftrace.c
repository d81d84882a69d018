/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * While functions are traced, ftrace keeps the names of those in a module's init text beyond their end: for each
 * module a list of functions.  They are what the kernel's lookup asks last.
 */
#include <inttypes.h>

#include "base/status.h"
#include "kernel/list.h"
#include "kernel/modules.h"

#define MAX_MODULES 4096
#define MAX_FUNCTIONS 65536	/* of all modules together */

struct loader {
	const struct po_layout *l;
	struct po_memory *mem;
	struct po_symbols *syms;
	unsigned left;		/* of MAX_FUNCTIONS */
	char module[64];
};

static int load_function(const struct loader *ld, uint64_t func, struct pageowner_error *err)
{
	const struct po_layout *l = ld->l;
	uint64_t text, ip, size;
	char name[PO_SYMBOL_NAME];
	int rc = po_memory_read_ptr(ld->mem, func + PO_OFFSET(l, ftrace_mod_func, name), &text, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(ld->mem, func + PO_OFFSET(l, ftrace_mod_func, ip), &ip, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(ld->mem, func + PO_OFFSET(l, ftrace_mod_func, size),
					 (size_t)PO_AT(l, ftrace_mod_func, size)->size, &size, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(ld->mem, text, name, sizeof(name), err);
	if (rc < 0)
		return rc;
	return po_symbols_add_function(ld->syms, ip, ip + size, name, ld->module, err);
}

static int load_functions(struct loader *ld, uint64_t head, struct pageowner_error *err)
{
	struct po_list list = po_list_of(ld->mem, head, ld->left);
	uint64_t at;
	int rc;

	while ((rc = po_list_next(&list, &at, err)) == 1) {
		rc = load_function(ld, at - PO_OFFSET(ld->l, ftrace_mod_func, list), err);
		if (rc < 0)
			return rc;
		ld->left--;
	}
	return rc;
}

static int load_module(struct loader *ld, uint64_t map, struct pageowner_error *err)
{
	const struct po_layout *l = ld->l;
	const struct po_member *name = PO_AT(l, module, name);
	size_t cap = name->size < sizeof(ld->module) ? (size_t)name->size : sizeof(ld->module);
	uint64_t mod;
	int rc = po_memory_read_ptr(ld->mem, map + PO_OFFSET(l, ftrace_mod_map, mod), &mod, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(ld->mem, mod + name->offset, ld->module, cap, err);
	return rc < 0 ? rc : load_functions(ld, map + PO_OFFSET(l, ftrace_mod_map, funcs), err);
}

int po_ftrace_symbols_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
			   struct pageowner_error *first, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct loader ld = { .l = l, .mem = mem, .syms = syms, .left = MAX_FUNCTIONS };
	struct po_list list = po_list_of(mem, PO_SYM(l, ftrace_mod_maps), MAX_MODULES);
	uint64_t at;
	int rc;

	first->code = PAGEOWNER_OK;
	if (!list.head || !PO_HAS(l, module, name) || !PO_HAS(l, ftrace_mod_map, list) ||
	    !PO_HAS(l, ftrace_mod_map, mod) || !PO_HAS(l, ftrace_mod_map, funcs) ||
	    !PO_HAS(l, ftrace_mod_func, list) || !PO_HAS(l, ftrace_mod_func, name) ||
	    !PO_HAS(l, ftrace_mod_func, ip) || !PO_HAS(l, ftrace_mod_func, size))
		return PAGEOWNER_OK;
	while ((rc = po_list_next(&list, &at, first)) == 1) {
		rc = load_module(&ld, at - PO_OFFSET(l, ftrace_mod_map, list), first);
		if (rc < 0)
			break;
	}
	if (rc == PAGEOWNER_ENOMEM)
		return po_fail_nomem(err, "names kept by ftrace");
	if (rc < 0)
		po_within(first, rc, "names kept by ftrace");
	else
		first->code = PAGEOWNER_OK;
	return PAGEOWNER_OK;
}

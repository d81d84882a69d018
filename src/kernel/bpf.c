/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Code that BPF compiled at run time has names, too: a list of struct bpf_ksym since 5.7.  Before, it is of the
 * programs (since 4.12), and their names are made when they are asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "kernel/list.h"
#include "kernel/modules.h"

#define MAX_FUNCTIONS 65536
#define TAG_BYTES 8		/* BPF_TAG_SIZE, also of the text that bpftool shows */
#define NAME_MAX_LEN 1024

struct loader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_symbols *syms;
	struct po_list list;
	int (*load)(const struct loader *ld, uint64_t at, struct pageowner_error *err);
	uint64_t link;		/* offset of the list's links in what load is given */
};

static int load_ksym(const struct loader *ld, uint64_t at, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t start, end;
	char name[NAME_MAX_LEN];
	size_t cap = PO_AT(l, bpf_ksym, name)->size < sizeof(name) ?
			     (size_t)PO_AT(l, bpf_ksym, name)->size : sizeof(name);
	int rc = po_memory_read_ptr(ld->mem, at + PO_OFFSET(l, bpf_ksym, start), &start, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(ld->mem, at + PO_OFFSET(l, bpf_ksym, end), &end, err);
	if (rc == PAGEOWNER_OK && (!cap || end < start))
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "0x%" PRIx64 "-0x%" PRIx64, start, end);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(ld->mem, at + PO_OFFSET(l, bpf_ksym, name), name, cap, err);
	return rc < 0 ? rc : po_symbols_add_function(ld->syms, start, end, name, NULL, err);
}

/* --- programs, until 5.6 ------------------------------------------------------------------------- */

static int read_member(const struct loader *ld, uint64_t at, const struct po_member *m, uint64_t *ret,
		       struct pageowner_error *err)
{
	return po_memory_read_uint(ld->mem, at + m->offset, (size_t)m->size, ret, err);
}

/*
 * The name that the program's own BTF has for it: its function's type, whose first word is where the name stands.
 * Both structs are of the uapi: bpf_func_info of two words, the second of which is the type, and btf_type.
 */
static int name_of_btf(const struct loader *ld, uint64_t aux, char *name, size_t cap,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	const unsigned ptr = ld->k->abi.ptr_size;
	uint64_t btf, info, idx, type_id, types, type, name_off, strings;
	int rc = read_member(ld, aux, PO_AT(l, bpf_prog_aux, btf), &btf, err);

	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, aux, PO_AT(l, bpf_prog_aux, func_info), &info, err);
	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, aux, PO_AT(l, bpf_prog_aux, func_idx), &idx, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(ld->mem, info + idx * 8 + 4, 4, &type_id, err);
	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, btf, PO_AT(l, btf, types), &types, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(ld->mem, types + type_id * ptr, &type, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(ld->mem, type, 4, &name_off, err);
	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, btf, PO_AT(l, btf, strings), &strings, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_string(ld->mem, strings + name_off, name, cap, err);
	return rc < 0 ? rc : PAGEOWNER_OK;
}

static int name_of_program(const struct loader *ld, uint64_t aux, char *name, size_t cap,
			   struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	uint64_t has_info = 0;

	*name = '\0';
	if (PO_HAS(l, bpf_prog_aux, func_info_cnt) && PO_HAS(l, bpf_prog_aux, func_info) &&
	    PO_HAS(l, bpf_prog_aux, func_idx) && PO_HAS(l, bpf_prog_aux, btf) && PO_HAS(l, btf, types) &&
	    PO_HAS(l, btf, strings)) {
		int rc = read_member(ld, aux, PO_AT(l, bpf_prog_aux, func_info_cnt), &has_info, err);
		if (rc < 0 || has_info)
			return rc < 0 ? rc : name_of_btf(ld, aux, name, cap, err);
	}
	if (!PO_HAS(l, bpf_prog_aux, name))
		return PAGEOWNER_OK;
	if (PO_AT(l, bpf_prog_aux, name)->size < cap)
		cap = (size_t)PO_AT(l, bpf_prog_aux, name)->size;
	int rc = po_memory_read_string(ld->mem, aux + PO_OFFSET(l, bpf_prog_aux, name), name, cap, err);
	return rc < 0 ? rc : PAGEOWNER_OK;
}

/* "bpf_prog_" and the tag in hexadecimal; a name, if there is one, after another underscore. */
static int load_program(const struct loader *ld, uint64_t aux, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	const uint64_t page = po_kernel_page_size(ld->k);
	uint64_t prog, func, pages;
	uint8_t tag[TAG_BYTES];
	char name[NAME_MAX_LEN], whole[NAME_MAX_LEN + 64];
	int rc = read_member(ld, aux, PO_AT(l, bpf_prog_aux, prog), &prog, err);

	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, prog, PO_AT(l, bpf_prog, bpf_func), &func, err);
	/* the code's header is at the start of its page */
	if (rc == PAGEOWNER_OK)
		rc = read_member(ld, func & ~(page - 1), PO_AT(l, bpf_binary_header, pages), &pages, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read(ld->mem, prog + PO_OFFSET(l, bpf_prog, tag), tag, sizeof(tag), err);
	if (rc == PAGEOWNER_OK)
		rc = name_of_program(ld, aux, name, sizeof(name), err);
	if (rc < 0)
		return rc;
	int len = snprintf(whole, sizeof(whole), "bpf_prog_");
	for (unsigned i = 0; i < TAG_BYTES; i++)
		len += snprintf(whole + len, sizeof(whole) - (size_t)len, "%02x", tag[i]);
	if (*name)
		(void)snprintf(whole + len, sizeof(whole) - (size_t)len, "_%s", name);
	func &= ~(page - 1);
	return po_symbols_add_function(ld->syms, func, func + (uint32_t)pages * page, whole, NULL, err);
}

/* --- both ---------------------------------------------------------------------------------------- */

static int load_all(struct loader *ld, struct pageowner_error *first, struct pageowner_error *err)
{
	struct pageowner_error one;
	uint64_t at;
	int rc;

	while ((rc = po_list_next(&ld->list, &at, &one)) == 1) {
		rc = ld->load(ld, at - ld->link, &one);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "BPF symbols");
		if (rc < 0 && first->code == PAGEOWNER_OK) {
			*first = one;
			po_within(first, rc, "BPF symbol at 0x%" PRIx64, at - ld->link);
		}
	}
	if (rc < 0 && first->code == PAGEOWNER_OK) {
		*first = one;
		po_within(first, rc, "BPF symbols");
	}
	return PAGEOWNER_OK;
}

int po_bpf_symbols_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
			struct pageowner_error *first, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t head = PO_SYM(l, bpf_kallsyms);
	struct loader ld = { .k = k, .mem = mem, .syms = syms };

	first->code = PAGEOWNER_OK;
	if (PO_HAS(l, bpf_ksym, start) && PO_HAS(l, bpf_ksym, end) && PO_HAS(l, bpf_ksym, name) &&
	    PO_HAS(l, bpf_ksym, lnode)) {
		ld.load = load_ksym;
		ld.link = PO_OFFSET(l, bpf_ksym, lnode);
	} else if (PO_HAS(l, bpf_prog_aux, ksym_lnode) && PO_HAS(l, bpf_prog_aux, prog) &&
		   PO_HAS(l, bpf_prog, tag) && PO_HAS(l, bpf_prog, bpf_func) &&
		   PO_HAS(l, bpf_binary_header, pages)) {
		ld.load = load_program;
		ld.link = PO_OFFSET(l, bpf_prog_aux, ksym_lnode);
	}
	if (!head || !ld.load)
		return PAGEOWNER_OK;
	ld.list = po_list_of(mem, head, MAX_FUNCTIONS);
	return load_all(&ld, first, err);
}

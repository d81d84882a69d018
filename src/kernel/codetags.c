/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/codetags.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/status.h"
#include "kernel/percpu.h"
#include "kernel/xarray.h"

#define MAX_TAG		256		/* bytes of a struct alloc_tag */
#define MAX_TAGS	(1u << 22)	/* of a kernel and all its modules: there are some 5000 */
#define INACCURATE	1u		/* CODETAG_FLAG_INACCURATE */
#define FIRST_INDEX	2u		/* CODETAG_ID_FIRST: before it are "none" and "empty" */
#define EMPTY		1u		/* CODETAG_EMPTY, with CONFIG_MEM_ALLOC_PROFILING_DEBUG */

/* Variables of the init section are gone. */
static bool is_kept(const struct po_layout *l, unsigned symbol)
{
	uint64_t at = po_layout_address(l, symbol);

	return at && !(PO_HAS_SYM(l, __init_begin) && PO_HAS_SYM(l, __init_end) && at >= PO_SYM(l, __init_begin) &&
		       at < PO_SYM(l, __init_end));
}

static int check_tag(const struct po_layout *l, struct pageowner_error *err)
{
	if (!PO_HAS_SYM(l, alloc_tag_cttype))
		return po_fail(err, PAGEOWNER_EUNSUPP, "this kernel does not profile allocations "
			       "(CONFIG_MEM_ALLOC_PROFILING is off)");
	if (!l->strct[PO_T_alloc_tag].have || PO_SIZE(l, alloc_tag) > MAX_TAG || PO_SIZE(l, alloc_tag) == 0 ||
	    !PO_HAS(l, alloc_tag, line) || !PO_HAS(l, alloc_tag, module) || !PO_HAS(l, alloc_tag, function) ||
	    !PO_HAS(l, alloc_tag, file) || !PO_HAS(l, alloc_tag, counters) || !PO_HAS(l, alloc_tag_counters, bytes) ||
	    !PO_HAS(l, alloc_tag_counters, calls))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct alloc_tag");
	return PAGEOWNER_OK;
}

/* The kernel's struct codetag_type of allocations. */
static int find_type(const struct po_kernel *k, struct po_memory *mem, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t support = 1;
	int rc = check_tag(l, err);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, PO_SYM(l, alloc_tag_cttype), ret, err);
	/* a bool that is given up after boot; the file goes with it (6.13) */
	if (rc == PAGEOWNER_OK && is_kept(l, PO_S_mem_profiling_support))
		rc = po_memory_read_uint(mem, PO_SYM(l, mem_profiling_support), 1, &support, err);
	if (rc == PAGEOWNER_OK && (!*ret || !support))
		return po_fail(err, PAGEOWNER_EUNSUPP, "allocation profiling was off in this kernel "
			       "(sysctl.vm.mem_profiling=never)");
	return rc;
}

/* --- all of them --------------------------------------------------------------------------------- */

struct walk {
	const struct po_kernel *k;
	struct po_memory *mem;
	po_codetag_fn *fn;
	void *arg;
	struct pageowner_error *flaw;
	uint64_t left;
};

/* A struct codetag_module: the tags of the kernel or of a module are an array. */
static int visit_range(void *arg, uint64_t at)
{
	struct walk *w = arg;
	const struct po_layout *l = &w->k->l;
	struct pageowner_error why;
	uint64_t start, stop = 0, size = PO_SIZE(l, alloc_tag);
	int rc = po_memory_read_ptr(w->mem, at + PO_OFFSET(l, codetag_module, start), &start, &why);

	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(w->mem, at + PO_OFFSET(l, codetag_module, stop), &stop, &why);
	if (rc == PAGEOWNER_OK && stop > start && (stop - start) / size > w->left)
		rc = po_fail(&why, PAGEOWNER_ECORRUPT, "allocation tags from 0x%" PRIx64 " to 0x%" PRIx64, start, stop);
	if (rc < 0) {
		if (w->flaw->code == PAGEOWNER_OK)
			*w->flaw = why;
		return PAGEOWNER_OK;
	}
	for (; start < stop && rc == PAGEOWNER_OK; start += size, w->left--)
		rc = w->fn(w->arg, start);
	return rc;
}

int po_codetags_each(const struct po_kernel *k, struct po_memory *mem, po_codetag_fn *fn, void *arg,
		     struct pageowner_error *flaw, struct pageowner_error *err)
{
	struct walk w = { .k = k, .mem = mem, .fn = fn, .arg = arg, .flaw = flaw, .left = MAX_TAGS };
	struct pageowner_error of_array;
	uint64_t type, head = 0;

	flaw->code = PAGEOWNER_OK;
	int rc = find_type(k, mem, &type, err);
	if (rc == PAGEOWNER_OK && (!PO_HAS(&k->l, codetag_type, modules) || !PO_HAS(&k->l, codetag_module, start) ||
				   !PO_HAS(&k->l, codetag_module, stop)))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct codetag_type");
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, type + PO_OFFSET(&k->l, codetag_type, modules), &head, err);
	if (rc == PAGEOWNER_OK)
		rc = po_xarray_each(k, mem, head, visit_range, &w, &of_array, err);
	if (rc == PAGEOWNER_OK && flaw->code == PAGEOWNER_OK)
		*flaw = of_array;
	return rc;
}

/* --- one ----------------------------------------------------------------------------------------- */

static int read_text(const struct po_kernel *k, struct po_memory *mem, const uint8_t *raw, const struct po_member *m,
		     char *buf, size_t cap, struct pageowner_error *err)
{
	uint64_t at = po_member_load(&k->abi, m, raw);

	buf[0] = '\0';
	int rc = at ? po_memory_read_string(mem, at, buf, cap, err) : 0;
	return rc < 0 ? rc : PAGEOWNER_OK;
}

/* alloc_tag_read() */
static int read_counters(const struct po_kernel *k, struct po_memory *mem, uint64_t counters, struct po_codetag *ret,
			 struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at, bytes, calls;
	int rc = PAGEOWNER_OK;

	for (unsigned cpu = 0; rc == PAGEOWNER_OK && counters && cpu < po_cpus_max(k, mem); cpu++) {
		if (!po_cpu_is_possible(k, mem, cpu))
			continue;
		rc = po_percpu_at(k, mem, counters, cpu, &at, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(mem, at + PO_OFFSET(l, alloc_tag_counters, bytes), 8, &bytes, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(mem, at + PO_OFFSET(l, alloc_tag_counters, calls), 8, &calls, err);
		if (rc < 0)
			break;
		ret->bytes += bytes;
		ret->calls += calls;
	}
	return rc;
}

int po_codetag_read(const struct po_kernel *k, struct po_memory *mem, uint64_t kva, struct po_codetag *ret,
		    struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint8_t raw[MAX_TAG];
	int rc = po_memory_read(mem, kva, raw, PO_SIZE(l, alloc_tag), err);

	if (rc < 0)
		return po_within(err, rc, "allocation tag at 0x%" PRIx64, kva);
	ret->kva = kva;
	ret->bytes = ret->calls = 0;
	ret->line = (uint32_t)po_member_load(&k->abi, PO_AT(l, alloc_tag, line), raw);
	ret->inaccurate = PO_HAS(l, alloc_tag, flags) &&
			  (po_member_load(&k->abi, PO_AT(l, alloc_tag, flags), raw) & INACCURATE);
	rc = read_text(k, mem, raw, PO_AT(l, alloc_tag, module), ret->module, sizeof(ret->module), err);
	if (rc == PAGEOWNER_OK)
		rc = read_text(k, mem, raw, PO_AT(l, alloc_tag, function), ret->function, sizeof(ret->function), err);
	if (rc == PAGEOWNER_OK)
		rc = read_text(k, mem, raw, PO_AT(l, alloc_tag, file), ret->file, sizeof(ret->file), err);
	if (rc == PAGEOWNER_OK)
		rc = read_counters(k, mem, po_member_load(&k->abi, PO_AT(l, alloc_tag, counters), raw), ret, err);
	return rc < 0 ? po_within(err, rc, "allocation tag at 0x%" PRIx64, kva) : rc;
}

/* codetag_to_text() */
void po_codetag_text(const struct po_codetag *t, char buf[PO_CODETAG_TEXT])
{
	if (t->module[0])
		(void)snprintf(buf, PO_CODETAG_TEXT, "%s:%" PRIu32 " [%s] func:%s", t->file, t->line, t->module,
			       t->function);
	else
		(void)snprintf(buf, PO_CODETAG_TEXT, "%s:%" PRIu32 " func:%s", t->file, t->line, t->function);
}

/* --- of a page ----------------------------------------------------------------------------------- */

/* A static key: its count comes first. */
static bool is_compressed(const struct po_kernel *k, struct po_memory *mem)
{
	uint64_t enabled = 0;

	return PO_HAS_SYM(&k->l, mem_profiling_compressed) &&
	       po_memory_read_uint(mem, PO_SYM(&k->l, mem_profiling_compressed), 4, &enabled, NULL) == PAGEOWNER_OK &&
	       enabled;
}

/* The index in the page's flags: first the kernel's tags are counted, then those of modules (6.13). */
static int of_flags(const struct po_kernel *k, struct po_memory *mem, uint64_t flags, uint64_t *ret,
		    struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t offset, mask, first = 0, count = 0;

	if (!PO_HAS_SYM(l, alloc_tag_ref_offs) || !PO_HAS_SYM(l, alloc_tag_ref_mask) || !PO_HAS_SYM(l, kernel_tags) ||
	    !PO_HAS(l, alloc_tag_kernel_section, first_tag) || !PO_HAS(l, alloc_tag_kernel_section, count))
		return po_fail(err, PAGEOWNER_ENOTYPE, "allocation tags: type information or symbols do not tell "
			       "where they are in a page's flags");
	int rc = po_memory_read_uint(mem, PO_SYM(l, alloc_tag_ref_offs), 4, &offset, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, PO_SYM(l, alloc_tag_ref_mask), &mask, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, PO_SYM(l, kernel_tags) + PO_OFFSET(l, alloc_tag_kernel_section, first_tag),
					&first, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_ptr(mem, PO_SYM(l, kernel_tags) + PO_OFFSET(l, alloc_tag_kernel_section, count),
					&count, err);
	if (rc < 0 || offset >= k->abi.ptr_size * 8u)
		return rc < 0 ? rc : po_fail(err, PAGEOWNER_ECORRUPT, "allocation tags: at bit %" PRIu64 " of flags",
					     offset);
	uint64_t index = flags >> offset & mask;
	if (index < FIRST_INDEX)
		return 0;
	index -= FIRST_INDEX;
	if (index >= count) {
		if (!PO_HAS_SYM(l, module_tags))
			return 0;
		index -= count;
		rc = po_memory_read_ptr(mem, PO_SYM(l, module_tags), &first, err);
	}
	*ret = po_wrap(&k->abi, first + index * PO_SIZE(l, alloc_tag));
	return rc < 0 ? rc : 1;
}

int po_codetag_of_page(const struct po_kernel *k, struct po_memory *mem, const uint8_t *raw, const uint8_t *ext,
		       uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t offset, type;

	if (find_type(k, mem, &type, NULL) < 0)
		return 0;
	if (is_compressed(k, mem))
		return raw ? of_flags(k, mem, po_page_flags(k, raw), ret, err) : 0;
	if (!ext || !PO_HAS_SYM(l, page_alloc_tagging_ops) || !PO_HAS(l, page_ext_operations, offset))
		return 0;
	int rc = po_memory_read_ptr(mem, PO_SYM(l, page_alloc_tagging_ops) + PO_OFFSET(l, page_ext_operations, offset),
				    &offset, err);
	if (rc < 0)
		return rc;
	if (offset < PO_SIZE(l, page_ext) || offset > k->ext.stride - k->abi.ptr_size)
		return 0;	/* it was not asked for at boot: there is no such field in an entry */
	*ret = po_load_ptr(&k->abi, ext + offset);
	return *ret > EMPTY;
}

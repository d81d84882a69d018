/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owner/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define MAX_FLAG_NAMES	128
#define MAX_NAMES	64
#define NAME_MAX_LEN	64

/* --- tables of names ----------------------------------------------------------------------------- */

static const char *read_name(struct po_words *w, struct po_memory *mem, uint64_t kva)
{
	char buf[NAME_MAX_LEN];
	int len = kva ? po_memory_read_string(mem, kva, buf, sizeof(buf), NULL) : -1;

	return len < 0 ? NULL : po_arena_strndup(&w->arena, buf, (size_t)len);
}

static int read_flag_names(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			   unsigned symbol, struct po_flag_name **ret, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at = po_layout_address(l, symbol), name = 0;
	uint64_t stride = l->strct[PO_T_trace_print_flags].have ? PO_SIZE(l, trace_print_flags) :
								   2u * k->abi.ptr_size;
	uint64_t name_at = PO_HAS(l, trace_print_flags, name) ? PO_OFFSET(l, trace_print_flags, name) :
								k->abi.ptr_size;
	struct po_flag_name *out = po_arena_alloc(&w->arena, (MAX_FLAG_NAMES + 1) * sizeof(*out));

	if (!at)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: this kernel has no such table",
			       l->symbol[symbol].name);
	if (!out)
		return po_fail_nomem(err, "flag names");
	for (size_t i = 0; i < MAX_FLAG_NAMES; i++, at += stride) {
		int rc = po_memory_read_ptr(mem, at, &out[i].mask, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_ptr(mem, at + name_at, &name, err);
		if (rc < 0)
			return po_within(err, rc, "table %s", l->symbol[symbol].name);
		out[i].name = read_name(w, mem, name);
		if (!name) {
			*ret = out;
			return PAGEOWNER_OK;
		}
		if (!out[i].name)
			return po_fail(err, PAGEOWNER_ENODATA, "table %s: a name is not in the dump",
				       l->symbol[symbol].name);
	}
	return po_fail(err, PAGEOWNER_ECORRUPT, "table %s: does not end", l->symbol[symbol].name);
}

/* An array of pointers to strings; a NULL entry stays NULL. */
static int read_strings(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
			unsigned symbol, size_t nr, const char ***ret, struct pageowner_error *err)
{
	uint64_t at = po_layout_address(&k->l, symbol), p;

	if (!at || nr == 0 || nr > MAX_NAMES)
		return po_fail(err, PAGEOWNER_ENOSYM, "table %s: %zu names", k->l.symbol[symbol].name,
			       at ? nr : 0);
	const char **out = po_arena_alloc(&w->arena, nr * sizeof(*out));
	if (!out)
		return po_fail_nomem(err, "names");
	for (size_t i = 0; i < nr; i++) {
		int rc = po_memory_read_ptr(mem, at + i * k->abi.ptr_size, &p, err);
		if (rc < 0)
			return po_within(err, rc, "table %s", k->l.symbol[symbol].name);
		out[i] = read_name(w, mem, p);
	}
	*ret = out;
	return PAGEOWNER_OK;
}

/* Fields are printed since commit 23efd0804c0a ("vsprintf: dump full information of page flags", 5.13). */
static int read_field(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		      uint64_t at, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct po_flag_field *f = &w->field[w->nr_fields];
	uint8_t raw[64];
	uint64_t base = 10;
	int rc = po_memory_read(mem, at, raw, PO_SIZE(l, page_flags_fields), err);

	if (rc < 0)
		return po_within(err, rc, "table pff");
	f->width = (unsigned)po_member_load(&k->abi, PO_AT(l, page_flags_fields, width), raw);
	f->shift = (unsigned)po_member_load(&k->abi, PO_AT(l, page_flags_fields, shift), raw);
	/* an int in the kernel, widened with its sign when it meets the unsigned long of flags */
	f->mask = (uint64_t)po_sign_extend(
		po_member_load(&k->abi, PO_AT(l, page_flags_fields, mask), raw), 32);
	f->name = read_name(w, mem, po_member_load(&k->abi, PO_AT(l, page_flags_fields, name), raw));
	if (!f->name || f->shift > 63)
		return po_fail(err, PAGEOWNER_ECORRUPT, "table pff: entry at shift %u", f->shift);
	uint64_t spec = po_member_load(&k->abi, PO_AT(l, page_flags_fields, spec), raw);
	uint8_t spec_raw[32];
	if (PO_HAS(l, printf_spec, base) && PO_SIZE(l, printf_spec) <= sizeof(spec_raw) &&
	    po_memory_read(mem, spec, spec_raw, PO_SIZE(l, printf_spec), NULL) == PAGEOWNER_OK)
		base = po_member_load(&k->abi, PO_AT(l, printf_spec, base), spec_raw);
	else
		base = !strcmp(f->name, "lastcpupid") || !strcmp(f->name, "kasantag") ? 16 : 10;
	f->hex = base == 16;
	if (f->width)	/* one without bits is not printed */
		w->nr_fields++;
	return PAGEOWNER_OK;
}

static int read_fields(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t at = PO_SYM(l, pff);

	if (!at)
		return PAGEOWNER_OK;
	if (!PO_HAS_VAR(l, pff) || !PO_HAS(l, page_flags_fields, spec) ||
	    PO_SIZE(l, page_flags_fields) > 64 || PO_VAR(l, pff)->nr_elems > 16)
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "type information lacks: struct page_flags_fields (lib/vsprintf.c)");
	w->field = po_arena_alloc(&w->arena, (PO_VAR(l, pff)->nr_elems + 1) * sizeof(*w->field));
	if (!w->field)
		return po_fail_nomem(err, "page flag fields");
	int rc = PAGEOWNER_OK;
	for (uint64_t i = 0; i < PO_VAR(l, pff)->nr_elems && rc == PAGEOWNER_OK; i++)
		rc = read_field(w, k, mem, at + i * PO_SIZE(l, page_flags_fields), err);
	return rc;
}

static int read_tables(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		       struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	int rc = read_flag_names(w, k, mem, PO_S_gfpflag_names, &w->gfp, err);

	if (rc == PAGEOWNER_OK)
		rc = read_flag_names(w, k, mem, PO_S_pageflag_names, &w->page, err);
	if (rc == PAGEOWNER_OK)
		rc = read_fields(w, k, mem, err);
	if (rc < 0)
		return rc;
	w->nr_migratetypes = (size_t)PO_ENUM(l, MIGRATE_TYPES);
	rc = read_strings(w, k, mem, PO_S_migratetype_names, w->nr_migratetypes, &w->migratetype, err);
	if (rc < 0)
		return rc;
	w->nr_reasons = (size_t)(l->symbol[PO_S_migrate_reason_names].size / k->abi.ptr_size);
	return read_strings(w, k, mem, PO_S_migrate_reason_names, w->nr_reasons, &w->reason, err);
}

/* --- format strings ------------------------------------------------------------------------------ */

/* The first string of the read-only data that begins so and holds within; NULL: none. */
static const char *find_string(const struct po_blob *rodata, const char *start, const char *within)
{
	const char *data = rodata->data, *end = data + rodata->len, *p = data;

	while ((p = memmem(p, (size_t)(end - p), start, strlen(start)))) {
		if ((p == data || p[-1] == '\0') && memchr(p, '\0', (size_t)(end - p)) &&
		    strstr(p, within))
			return p;
		p++;
	}
	return NULL;
}

static int open_line(struct po_words *w, struct po_line *f, const struct po_blob *rodata,
		     const char *start, const char *within, struct pageowner_error *err)
{
	const char *s = find_string(rodata, start, within);

	if (!s)
		return po_fail(err, PAGEOWNER_EUNSUPP,
			       "no format string that begins with \"%s\" in the kernel's read-only data",
			       start);
	s = po_arena_strndup(&w->arena, s, strlen(s));
	return s ? po_line_parse(f, s, err) : po_fail_nomem(err, "format strings");
}

/* A line may ask for what this kernel's struct page_owner does not have: then one of the two is misread. */
static int check_members(const struct po_line *line, const struct po_layout *l,
			 struct pageowner_error *err)
{
	static const struct {
		enum po_item_field field;
		unsigned member;
		const char *name;
	} needs[] = {
		{ PO_ITEM_PID, PO_M_page_owner__pid, "pid" },
		{ PO_ITEM_TGID, PO_M_page_owner__tgid, "tgid" },
		{ PO_ITEM_COMM, PO_M_page_owner__comm, "comm" },
		{ PO_ITEM_TS, PO_M_page_owner__ts_nsec, "ts_nsec" },
		{ PO_ITEM_FREE_TS, PO_M_page_owner__free_ts_nsec, "free_ts_nsec" },
	};

	for (unsigned i = 0; i < line->nr; i++)
		for (size_t n = 0; n < sizeof(needs) / sizeof(*needs); n++)
			if (line->item[i].field == needs[n].field && !l->member[needs[n].member].have)
				return po_fail(err, PAGEOWNER_EUNSUPP,
					       "this kernel prints page_owner.%s, which its type information "
					       "lacks: \"%.*s\"", needs[n].name,
					       (int)strcspn(line->source, "\n"), line->source);
	return PAGEOWNER_OK;
}

static int read_formats(struct po_words *w, const struct po_layout *l, const struct po_blob *rodata,
			struct pageowner_error *err)
{
	int rc = open_line(w, &w->head, rodata, "Page allocated via order ", "\n", err);

	if (rc == PAGEOWNER_OK)
		rc = open_line(w, &w->pfn, rodata, "PFN ", " Block %lu", err);
	if (rc == PAGEOWNER_OK)
		rc = open_line(w, &w->migrated, rodata, "Page has been migrated, last migrate ", "\n", err);
	if (rc == PAGEOWNER_OK)
		rc = check_members(&w->head, l, err);
	if (rc < 0)
		return rc;
	/* until 4.9 */
	w->frame_address = find_string(rodata, "%*c[<%p>] %pS\n", "") != NULL;
	/* commit fcf8935832b8 (5.18) */
	w->slab_line = find_string(rodata, "Slab cache page\n", "") != NULL;
	w->memcg_line = find_string(rodata, "Charged %sto %smemcg %s\n", "") != NULL;
	const char *charged = find_string(rodata, "Charged ", "memcg");
	if (charged && !w->memcg_line)
		return po_fail(err, PAGEOWNER_EUNSUPP, "this kernel prints an unknown memcg line: \"%.*s\"",
			       (int)strcspn(charged, "\n"), charged);
	return PAGEOWNER_OK;
}

int po_words_open(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		  const struct po_blob *rodata, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t off = 0;
	int rc = read_formats(w, l, rodata, err);

	if (rc == PAGEOWNER_OK)
		rc = read_tables(w, k, mem, err);
	if (rc < 0)
		return rc;
	int64_t nr_flags = PO_ENUM(l, __NR_PAGEFLAGS);
	w->page_flags_mask = nr_flags > 0 && nr_flags < 64 ? ((uint64_t)1 << nr_flags) - 1 : UINT64_MAX;
	w->movable_shift = PO_HAS_ENUM(l, ___GFP_MOVABLE_BIT) ?
				   (unsigned)PO_ENUM(l, ___GFP_MOVABLE_BIT) & 31 : 3;
	if (PO_HAS_SYM(l, page_group_by_mobility_disabled))
		(void)po_kernel_read_variable(k, mem, PO_S_page_group_by_mobility_disabled, &off, NULL);
	w->no_mobility = off != 0;
	w->not_migrated = PO_HAS_ENUM(l, MR_NEVER) ? PO_ENUM(l, MR_NEVER) : -1;
	/* the kernel's buffer is a page since 5.0; before, it was as large as the reader's */
	w->record_max = PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ? (size_t)po_kernel_page_size(k) : 0;
	return PAGEOWNER_OK;
}

void po_words_fini(struct po_words *w)
{
	po_arena_fini(&w->arena);
}

int po_words_gfp_type(const struct po_words *w, uint32_t gfp)
{
	return w->no_mobility ? 0 : (int)(gfp >> w->movable_shift & 3);
}

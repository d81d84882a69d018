/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions lead to their units through .debug_aranges, which gcc writes and clang does not.  What
 * that does not find is found by the names of source files, for which every unit has to be looked
 * at.
 */
#include "types/select.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "types/dwarf-defs.h"

void po_selection_fini(struct po_selection *sel)
{
	free(po_take(sel->units));
	sel->nr = sel->size = 0;
}

/* For one more. */
static int make_room(struct po_selection *sel, struct pageowner_error *err)
{
	if (sel->nr < sel->size)
		return PAGEOWNER_OK;
	size_t size = sel->size ? 2 * sel->size : 16;
	void *units = reallocarray(sel->units, size, sizeof(*sel->units));
	if (!units)
		return po_fail_nomem(err, sel->path);
	sel->units = units;
	sel->size = size;
	return PAGEOWNER_OK;
}

static bool is_gcc(const struct po_unit_root *root)
{
	return root->producer && strncmp(root->producer, "GNU ", 4) == 0;
}

static bool is_asm(const struct po_unit_root *root)
{
	return root->producer && strncmp(root->producer, "GNU AS", 6) == 0;
}

/* "GNU C11 12.2.0 -mno-sse …" is gcc 12.2.0, "Debian clang version 14.0.6" is clang 14.0.6. */
static void describe_unit(struct po_selection *sel, const struct po_unit *unit,
			  const struct po_unit_root *root)
{
	const char *clang = root->producer ? strstr(root->producer, "clang version ") : NULL;
	char version[32] = "";

	if (clang)
		(void)sscanf(clang, "clang version %31[0-9.]", version);
	else if (is_gcc(root))
		(void)sscanf(root->producer, "GNU %*s %31[0-9.]", version);
	snprintf(sel->description, sizeof(sel->description), "DWARF %u%s%s", unit->version,
		 !version[0] ? "" : clang ? ", clang " : ", gcc ", version);
}

static int add_unit(struct po_selection *sel, const struct po_unit *raw,
		    const struct po_unit_root *root, struct pageowner_error *err)
{
	for (size_t i = 0; i < sel->nr && !sel->all; i++) {
		if (sel->units[i].raw.start == raw->start)
			return PAGEOWNER_OK;
	}
	int rc = make_room(sel, err);
	if (rc < 0)
		return rc;
	sel->units[sel->nr++] = (struct po_selected_unit){
		.raw = *raw, .name = root->name, .root = raw->root, .nests = !is_gcc(root),
	};
	if (root->skeleton)
		sel->nr_skeletons++;
	else if (!is_asm(root) && sel->nr_full++ == 0)
		describe_unit(sel, raw, root);
	return PAGEOWNER_OK;
}

static int bad_unit(const struct po_selection *sel, uint64_t at, struct pageowner_error *err)
{
	return po_fail(err, PAGEOWNER_ECORRUPT, "%s: .debug_info: bad unit at %#" PRIx64,
		       sel->path, at);
}

static bool has_types(const struct po_unit *raw)
{
	return raw->kind == DW_UT_compile || raw->kind == DW_UT_partial ||
	       raw->kind == DW_UT_skeleton;
}

/* Of a unit that cannot be read, everything is unknown. */
static struct po_unit_root root_of(const struct po_selection *sel, const struct po_unit *raw)
{
	struct po_unit_root root = { 0 };

	(void)po_units_root(&sel->sections, raw, &root);
	return root;
}

/* Units that hold the code at these addresses. */
static int add_hinted(struct po_selection *sel, const uint64_t *hints, struct pageowner_error *err)
{
	size_t nr = 0;

	while (hints && hints[nr])
		nr++;
	if (nr == 0)
		return PAGEOWNER_OK;
	_cleanup_(po_freep) uint64_t *starts = malloc(nr * sizeof(*starts));
	if (!starts)
		return po_fail_nomem(err, sel->path);
	memset(starts, 0xff, nr * sizeof(*starts));
	po_units_of_addresses(&sel->sections, hints, starts);
	for (size_t i = 0; i < nr; i++) {
		struct po_unit raw;
		uint64_t at = starts[i];
		if (at == UINT64_MAX || po_units_next(&sel->sections, &at, &raw) != 1)
			continue;
		struct po_unit_root root = root_of(sel, &raw);
		int rc = add_unit(sel, &raw, &root, err);
		if (rc < 0)
			return rc;
	}
	return PAGEOWNER_OK;
}

struct wanted {
	const char *end;	/* of the name */
	bool found;
};

/* Whether a unit of this name is wanted, and of how many names it is the first. */
static bool match_name(struct wanted *wanted, size_t nr, const char *name, size_t *first)
{
	bool matched = false;

	for (size_t i = 0; i < nr && name; i++) {
		if (!po_units_name_ends(name, wanted[i].end))
			continue;
		matched = true;
		*first += !wanted[i].found;
		wanted[i].found = true;
	}
	return matched;
}

/*
 * Where clang's ThinLTO moved functions between files, the object of another file has a unit of that name, too, with
 * no more types than they need: all of a name are taken then, and it takes the whole of the list to know them.
 */
static int scan_names(struct po_selection *sel, struct wanted *wanted, size_t nr, size_t missing,
		      struct pageowner_error *err)
{
	uint64_t at = 0;
	struct po_unit raw;
	bool clang = false;
	int rc;

	if (missing == 0)
		return PAGEOWNER_OK;
	while ((missing > 0 || clang) && (rc = po_units_next(&sel->sections, &at, &raw)) != 0) {
		size_t first = 0;
		if (rc < 0)
			return bad_unit(sel, at, err);
		if (raw.kind != DW_UT_compile && raw.kind != DW_UT_skeleton)
			continue;
		struct po_unit_root root = root_of(sel, &raw);
		if (!match_name(wanted, nr, root.name, &first))
			continue;
		clang |= !is_gcc(&root);
		if (!first && is_gcc(&root))
			continue;
		rc = add_unit(sel, &raw, &root, err);
		if (rc < 0)
			return rc;
		missing -= first;
	}
	return PAGEOWNER_OK;
}

/* Units of these names, where the addresses did not lead to them. */
static int add_named(struct po_selection *sel, const char *const *names,
		     struct pageowner_error *err)
{
	size_t nr = 0, found = 0;

	while (names && names[nr])
		nr++;
	_cleanup_(po_freep) struct wanted *wanted = calloc(nr + 1, sizeof(*wanted));
	if (!wanted)
		return po_fail_nomem(err, sel->path);
	for (size_t i = 0; i < nr; i++)
		wanted[i].end = names[i];
	for (size_t i = 0; i < sel->nr; i++)
		(void)match_name(wanted, nr, sel->units[i].name, &found);
	return scan_names(sel, wanted, nr, nr - found, err);
}

static bool is_among(const struct po_selected_unit *units, size_t nr, uint64_t start)
{
	for (size_t i = 0; i < nr; i++) {
		if (units[i].raw.start == start)
			return true;
	}
	return false;
}

int po_selection_widen(struct po_selection *sel, struct pageowner_error *err)
{
	size_t nr_before = sel->nr;
	uint64_t at = 0;
	struct po_unit raw;
	int rc;

	sel->all = true;
	while ((rc = po_units_next(&sel->sections, &at, &raw)) > 0) {
		if (!has_types(&raw) || is_among(sel->units, nr_before, raw.start))
			continue;
		struct po_unit_root root = root_of(sel, &raw);
		rc = add_unit(sel, &raw, &root, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? bad_unit(sel, at, err) : PAGEOWNER_OK;
}

int po_selection_init(struct po_selection *sel, const uint64_t *hints, const char *const *names,
		      struct pageowner_error *err)
{
	int rc = add_hinted(sel, hints, err);
	if (rc >= 0)
		rc = add_named(sel, names, err);
	if (rc >= 0 && sel->nr == 0)
		rc = po_selection_widen(sel, err);
	if (rc < 0)
		return rc;
	if (sel->nr == 0)
		return po_fail(err, PAGEOWNER_ENOTYPE, "%s: .debug_info is empty", sel->path);
	if (sel->nr_full == 0 && sel->nr_skeletons > 0)
		return po_fail(err, PAGEOWNER_ENOTYPE, "%s: the debug information is split: only "
			       "its skeleton is here, the types are in .dwo files",
			       sel->path);
	return PAGEOWNER_OK;
}

int po_selection_add_holding(struct po_selection *sel, uint64_t entry, struct pageowner_error *err)
{
	uint64_t at = 0;
	struct po_unit raw;
	int rc;

	while ((rc = po_units_next(&sel->sections, &at, &raw)) > 0 && raw.end <= entry)
		;
	if (rc <= 0)
		return bad_unit(sel, at, err);
	struct po_unit_root root = root_of(sel, &raw);
	return add_unit(sel, &raw, &root, err);
}

bool po_selection_self_contained(const struct po_selection *sel)
{
	for (size_t i = 0; i < sel->nr; i++) {
		if (po_units_refers_out(&sel->sections, &sel->units[i].raw))
			return false;
	}
	return true;
}

int po_selection_copy(struct po_selection *sel, uint8_t **ret, size_t *ret_len,
		      struct pageowner_error *err)
{
	size_t len = 0, to = 0;

	for (size_t i = 0; i < sel->nr; i++)
		len += sel->units[i].raw.end - sel->units[i].raw.start;
	uint8_t *copy = malloc(len);
	if (!copy)
		return po_fail_nomem(err, sel->path);
	for (size_t i = 0; i < sel->nr; i++) {
		struct po_selected_unit *u = &sel->units[i];
		size_t unit_len = u->raw.end - u->raw.start;
		memcpy(copy + to, sel->sections.info.p + u->raw.start, unit_len);
		u->root = to + u->raw.root - u->raw.start;
		to += unit_len;
	}
	*ret = copy;
	*ret_len = len;
	return PAGEOWNER_OK;
}

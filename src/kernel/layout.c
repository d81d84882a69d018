/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/layout.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"

/* A row of fields.def that asks for a type. */
struct row {
	const char *kind;	/* for messages */
	const char *owner;	/* struct of a member, file of a variable; or NULL */
	const char *name;
	enum po_need need;
	unsigned at;
	int (*resolve)(struct po_layout *l, struct po_types *types, const struct row *row,
		       struct pageowner_error *err);
	bool *(*have)(struct po_layout *l, unsigned at);
};

static bool *have_struct(struct po_layout *l, unsigned at) { return &l->strct[at].have; }
static bool *have_member(struct po_layout *l, unsigned at) { return &l->member[at].have; }
static bool *have_enumerator(struct po_layout *l, unsigned at) { return &l->enumerator[at].have; }
static bool *have_variable(struct po_layout *l, unsigned at) { return &l->variable[at].have; }

static int resolve_struct(struct po_layout *l, struct po_types *types, const struct row *row,
			  struct pageowner_error *err)
{
	return po_types_struct_size(types, row->name, &l->strct[row->at].size, err);
}

static int resolve_member(struct po_layout *l, struct po_types *types, const struct row *row,
			  struct pageowner_error *err)
{
	return po_types_member(types, row->owner, row->name, &l->member[row->at].at, err);
}

static int resolve_enumerator(struct po_layout *l, struct po_types *types, const struct row *row,
			      struct pageowner_error *err)
{
	return po_types_enumerator(types, NULL, row->name, &l->enumerator[row->at].value, err);
}

static int resolve_variable(struct po_layout *l, struct po_types *types, const struct row *row,
			    struct pageowner_error *err)
{
	return po_types_variable(types, row->owner, row->name, &l->variable[row->at].type, err);
}

static const struct row rows[] = {
#define STRUCT(name, need) \
	{ "struct", NULL, #name, need, PO_T_##name, resolve_struct, have_struct },
#define MEMBER(strct, id, path, need) \
	{ "member", #strct, path, need, PO_M_##strct##__##id, resolve_member, have_member },
#define ENUMERATOR(name, need) \
	{ "enumerator", NULL, #name, need, PO_E_##name, resolve_enumerator, have_enumerator },
#define VARIABLE(name, file, need) \
	{ "variable", file, #name, need, PO_V_##name, resolve_variable, have_variable },
#include "kernel/fields.def"
};

#define NR_ROWS (sizeof(rows) / sizeof(*rows))

const char *const po_layout_units[] = {
	"mm/page_owner.c", "lib/stackdepot.c", "mm/page_alloc.c",   "lib/vsprintf.c",
	"mm/memcontrol.c", "mm/debug.c",       "kernel/kallsyms.c", "mm/page_ext.c",
	"mm/sparse.c",	   "mm/memblock.c",    NULL,
};

uint64_t po_layout_address(const struct po_layout *l, unsigned symbol)
{
	const struct po_wanted *w = &l->symbol[symbol];

	return w->have ? po_wrap(&l->abi, w->link + l->slide) : 0;
}

int po_layout_resolve_symbols(struct po_layout *l, struct po_elf *elf, struct pageowner_error *err)
{
	static const struct po_wanted wanted[] = {
#define SYMBOL(n, f) { .name = #n, .file = f },
#include "kernel/fields.def"
	};

	l->abi = *po_elf_abi(elf);
	memcpy(l->symbol, wanted, sizeof(wanted));
	return po_vmlinux_resolve(elf, l->symbol, PO_NR_S, err);
}

/* What is asked for, as a reader would write it. */
static void row_text(const struct row *row, char *buf, size_t cap)
{
	if (row->resolve == resolve_member)
		(void)snprintf(buf, cap, "%s.%s", row->owner, row->name);
	else
		(void)snprintf(buf, cap, "%s %s", row->kind, row->name);
}

/* One pass over the rows that have no answer yet: how many needed ones are still missing. */
static int resolve_pass(struct po_layout *l, struct po_types *types, enum po_need need, struct pageowner_error *err)
{
	int missing = 0;

	for (size_t i = 0; i < NR_ROWS; i++) {
		bool *have = rows[i].have(l, rows[i].at);
		char text[96];

		if (*have)
			continue;
		int rc = rows[i].resolve(l, types, &rows[i], err);
		if (rc < 0) {
			row_text(&rows[i], text, sizeof(text));
			return po_within(err, rc, "type information of %s", text);
		}
		*have = rc == 1;
		missing += rc == 0 && rows[i].need >= need;
	}
	return missing;
}

static int fail_missing(struct po_layout *l, enum po_need need, struct pageowner_error *err)
{
	char list[600] = "", text[96];
	size_t len = 0;

	for (size_t i = 0; i < NR_ROWS; i++) {
		if (rows[i].need < need || *rows[i].have(l, rows[i].at))
			continue;
		row_text(&rows[i], text, sizeof(text));
		if (len + strlen(text) + 8 > sizeof(list)) {
			memcpy(list + len, ", …", sizeof(", …"));
			break;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "", text);
	}
	return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks: %s", list);
}

/*
 * Of these either one or the other is needed, or one because of the other.  A compile unit may be called otherwise than
 * expected: worth a look into all of them.
 */
static bool is_incomplete(const struct po_layout *l, bool owned)
{
	bool handle = PO_HAS(l, page_owner, handle) || PO_HAS(l, page_ext, handle);
	bool depot = PO_HAS(l, stack_record, entries) && PO_HAS(l, handle_parts, offset);

	if (owned && (!(PO_HAS(l, page_owner, order) || PO_HAS(l, page_ext, order)) || (handle && !depot)))
		return true;
	return !PO_HAS_ENUM(l, __NR_PAGEFLAGS);
}

int po_layout_resolve_types(struct po_layout *l, struct po_types *types, bool owned,
			    struct pageowner_error *err)
{
	enum po_need need = owned ? OWNED : NEEDED;
	int missing = resolve_pass(l, types, need, err);

	if (missing > 0 || (missing == 0 && is_incomplete(l, owned))) {
		int rc = po_types_widen(types, err);
		if (rc < 0)
			return rc;
		missing = rc == 1 ? resolve_pass(l, types, need, err) : missing;
	}
	return missing > 0 ? fail_missing(l, need, err) : missing;
}

void po_layout_for_each(const struct po_layout *l,
			void (*fn)(void *arg, const char *kind, const char *name, bool have,
				   bool needed),
			void *arg)
{
	char text[96];

	for (unsigned i = 0; i < PO_NR_S; i++)
		fn(arg, "symbol", l->symbol[i].name, l->symbol[i].have, false);
	for (size_t i = 0; i < NR_ROWS; i++) {
		row_text(&rows[i], text, sizeof(text));
		fn(arg, rows[i].kind, text, *rows[i].have((struct po_layout *)(uintptr_t)l, rows[i].at),
		   rows[i].need != OPTIONAL);
	}
}

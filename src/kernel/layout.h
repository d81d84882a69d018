/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields.def resolved against one kernel, once, at open; immutable afterwards. */
#ifndef PO_KERNEL_LAYOUT_H
#define PO_KERNEL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "memory/memory.h"
#include "symbols/vmlinux.h"
#include "types/types.h"

enum po_need { OPTIONAL, OWNED, NEEDED };

enum {
#define SYMBOL(name, file) PO_S_##name,
#include "kernel/fields.def"
	PO_NR_S
};

enum {
#define STRUCT(name, need) PO_T_##name,
#include "kernel/fields.def"
	PO_NR_T
};

enum {
#define MEMBER(strct, id, path, need) PO_M_##strct##__##id,
#include "kernel/fields.def"
	PO_NR_M
};

enum {
#define ENUMERATOR(name, need) PO_E_##name,
#include "kernel/fields.def"
	PO_NR_E
};

enum {
#define VARIABLE(name, file, need) PO_V_##name,
#include "kernel/fields.def"
	PO_NR_V
};

struct po_layout {
	struct po_abi abi;
	uint64_t slide;			/* added to link addresses */
	struct po_wanted symbol[PO_NR_S];
	struct {
		bool have;
		uint64_t size;
	} strct[PO_NR_T];
	struct {
		bool have;
		struct po_member at;
	} member[PO_NR_M];
	struct {
		bool have;
		int64_t value;
	} enumerator[PO_NR_E];
	struct {
		bool have;
		bool inferred;		/* not told by the type information */
		struct po_type_info type;
	} variable[PO_NR_V];
};

/* Short forms for one layout pointer `l`. */
#define PO_HAS_SYM(l, name) ((l)->symbol[PO_S_##name].have)
/* run-time address of a symbol, 0 if the kernel has none */
#define PO_SYM(l, name) po_layout_address((l), PO_S_##name)
#define PO_HAS(l, strct, id) ((l)->member[PO_M_##strct##__##id].have)
#define PO_AT(l, strct, id) (&(l)->member[PO_M_##strct##__##id].at)
#define PO_OFFSET(l, strct, id) (PO_AT(l, strct, id)->offset)
#define PO_SIZE(l, name) ((l)->strct[PO_T_##name].size)
#define PO_HAS_ENUM(l, name) ((l)->enumerator[PO_E_##name].have)
#define PO_ENUM(l, name) ((l)->enumerator[PO_E_##name].value)
#define PO_HAS_VAR(l, name) ((l)->variable[PO_V_##name].have)
#define PO_VAR(l, name) (&(l)->variable[PO_V_##name].type)

uint64_t po_layout_address(const struct po_layout *l, unsigned symbol);

/* The symbols, by one pass over vmlinux's table; the slide is set later, when the kernel is found. */
int po_layout_resolve_symbols(struct po_layout *l, struct po_elf *elf, struct pageowner_error *err);

/* Where the types are: compile units by functions in them and by the ends of their names. */
extern const char *const po_layout_units[];

/* The types.  owned: page_owner ran.  ENOTYPE: needed ones are missing, and the message names them. */
int po_layout_resolve_types(struct po_layout *l, struct po_types *types, bool owned,
			    struct pageowner_error *err);

/*
 * What the type information does not tell of variables, from their symbols' sizes and contents.  The
 * types are resolved, the slide is known, mem can translate.  What cannot be told stays absent.
 */
void po_layout_infer_variables(struct po_layout *l, struct po_memory *mem);

/* Calls fn with the text of every type that is asked for ("struct page", "page.flags", …). */
void po_layout_for_each(const struct po_layout *l,
			void (*fn)(void *arg, const char *kind, const char *name, bool have,
				   bool needed),
			void *arg);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the text, all of them the kernel's own: names out of its tables, and lines out of the
 * format strings that its printf was given.  Immutable after open.
 */
#ifndef PO_OWNER_WORDS_H
#define PO_OWNER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/arena.h"
#include "kernel/kernel.h"

/* One line of a table of flag names: struct trace_print_flags. */
struct po_flag_name {
	uint64_t mask;
	const char *name;
};

/* A number in the upper bits of page flags: struct page_flags_fields. */
struct po_flag_field {
	unsigned width, shift;
	uint64_t mask;
	bool hex;
	const char *name;
};

/* What a conversion of a format string stands for. */
enum po_item_field {
	PO_ITEM_LITERAL,
	PO_ITEM_ORDER,
	PO_ITEM_GFP,
	PO_ITEM_GFP_NAMES,
	PO_ITEM_PID,
	PO_ITEM_TGID,
	PO_ITEM_COMM,
	PO_ITEM_TS,
	PO_ITEM_FREE_TS,
	PO_ITEM_PFN,
	PO_ITEM_PAGE_TYPE,
	PO_ITEM_BLOCK,
	PO_ITEM_BLOCK_TYPE,
	PO_ITEM_FLAGS,
	PO_ITEM_FLAG_NAMES,
	PO_ITEM_REASON,
	PO_ITEM_FALLBACK,	/* whether block type and page type differ (until 4.5) */
	PO_ITEM_FLAG_LETTER,	/* one page flag, or a space (until 4.5); len is its index */
	PO_ITEM_FREE_PID,	/* a pid, in a line about the release */
	PO_ITEM_FREE_TGID,
};

#define PO_NR_LETTERS 12

enum po_item_style {
	PO_STYLE_DECIMAL,
	PO_STYLE_SIGNED,
	PO_STYLE_HEX,		/* without 0x */
	PO_STYLE_HEX_PREFIX,	/* the kernel writes 0x0, unlike libc */
	PO_STYLE_STRING,
	PO_STYLE_NAMES,		/* %pGg; %pGp within a "0x…(" of the caller's own */
	PO_STYLE_FULL,		/* %pGp that writes number, names and fields itself (5.16) */
};

struct po_item {
	enum po_item_field field;
	enum po_item_style style;
	const char *text;	/* of a literal */
	size_t len;
};

#define PO_MAX_ITEMS 32

struct po_line {
	const char *source;	/* the kernel's format string; NULL: this kernel prints no such line */
	struct po_item item[PO_MAX_ITEMS];
	unsigned nr;
};

/*
 * What dump_page() says of a page's owner (since 4.6).  Lines that this kernel has no words for are NULL, or ours where
 * something has to be said.
 */
struct po_dumped_words {
	const char *allocated, *freed;		/* "page_owner tracks the page as …" (5.4) */
	const char *no_ext, *no_info, *no_stack, *no_free_stack;
	struct po_line last, free, migrated;
	const char *trouble;			/* a line that is not understood and replaced; NULL: none */
};

struct po_words {
	struct po_arena arena;
	struct po_flag_name *gfp, *page;	/* ended by name NULL */
	struct po_flag_field *field;
	size_t nr_fields;
	bool fields_worked_out;			/* the kernel has no table of them */
	uint64_t page_flags_mask;		/* the bits that have names */
	const char **migratetype;
	size_t nr_migratetypes;
	const char **reason;
	size_t nr_reasons;
	struct {
		char name;
		uint64_t mask;			/* any of these page flags */
	} letter[PO_NR_LETTERS];
	int64_t not_migrated;			/* value of last_migrate_reason for "never" */
	struct po_line head, pfn, migrated;
	struct po_dumped_words dumped;
	bool frame_address;			/* "[<addr>] " before the symbol (before 4.10) */
	bool slab_line, memcg_line;		/* "Slab cache page", "Charged …to …memcg …" */
	const char *count_label;		/* before the number of pages of a stack: "nr_base_pages: " */
	const char *unknown_line;		/* a line more that this kernel may print; NULL: none */
	size_t record_max;			/* a record of so many bytes is refused; 0: no limit */
};

/* Read-only data of the kernel, where its format strings are. */
struct po_blob {
	const void *data;
	size_t len;
};

int po_words_open(struct po_words *w, const struct po_kernel *k, struct po_memory *mem,
		  const struct po_blob *rodata, struct pageowner_error *err);
void po_words_fini(struct po_words *w);

/* Take a format string apart; EUNSUPP names a field that is not known.  For tests, too. */
int po_line_parse(struct po_line *f, const char *source, struct pageowner_error *err);

#endif

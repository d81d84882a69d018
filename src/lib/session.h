/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layers of one dump, opened in order: the one place that sees them all. */
#ifndef PO_LIB_SESSION_H
#define PO_LIB_SESSION_H

#include <pageowner/session.h>

#include "base/arena.h"
#include "elf/elf.h"
#include "image/image.h"
#include "kernel/kernel.h"
#include "memory/find.h"
#include "memory/memory.h"
#include "owner/depot.h"
#include "owner/saved.h"
#include "owner/words.h"
#include "symbols/symbols.h"

#define PO_MAX_FACTS	48
#define PO_MAX_NOTICES	32
#define PO_MAX_JOBS	64

struct pageowner_iter;
struct po_walk;

struct pageowner_session {
	struct po_arena arena;		/* facts and notices */
	unsigned jobs;			/* threads that may walk */
	struct po_saved_text *text;	/* the source, and then none of what follows is there */
	struct po_image *image;
	struct po_memory *mem;		/* the opening handle; iterators clone it */
	struct po_elf *elf;		/* vmlinux */
	char *note;			/* VMCOREINFO; owned */
	struct po_found found;
	struct po_kernel kernel;
	struct po_symbols *symbols;
	struct po_words words;
	struct po_depot depot;
	bool incomplete;		/* symbols of modules are missing */
	bool kernel_ready;		/* page frames and symbols can be told of */
	struct pageowner_error why_no_kernel;
	bool ready;			/* everything is open: iterators can be made */
	struct pageowner_error why_not;	/* when it is not */
	struct pageowner_fact fact[PO_MAX_FACTS];
	size_t nr_facts;
	const char *notice[PO_MAX_NOTICES];
	size_t nr_notices;
};

/* As pageowner_open(), of an image that is open and is taken over (also when it fails). */
int po_session_open(struct po_image *img, const struct pageowner_open_options *options, struct pageowner_session **ret,
		    struct pageowner_error *err);

/* Bytes of a page; of a text that is what was told, or 4096. */
uint64_t po_session_page_size(const struct pageowner_session *s, unsigned told);

/* The walk of an iterator; NULL: it is of a text. */
struct po_walk *po_iter_walk(struct pageowner_iter *it);

/* vmlinux by the note's release and build-id in the usual places; a path to be freed, or NULL. */
char *po_find_vmlinux(const char *note, char *tried, size_t tried_cap);

/*
 * What vmlinux is needed for, out of the running kernel itself (live.c): its symbols and its read-only data, at the
 * addresses where they are.  Fails with what it does not tell: that it has types, too, unless they are at hand.
 */
int po_live_vmlinux(const struct pageowner_session *s, bool has_types, struct po_elf **ret, struct pageowner_error *err);

#define PO_LIVE_BTF "/sys/kernel/btf/vmlinux"

/*
 * Of a vmlinux without debug information, the separate file that has it: by build-id or debuglink, beside it
 * or in the usual places.  1 and an open file; 0: there is none.
 */
int po_find_debug_file(struct po_elf *elf, struct po_elf **ret);
/* False: their build-ids differ. */
bool po_may_be_same_build(struct po_elf *a, struct po_elf *b);

/*
 * The types of all that is read of the kernel (typeinfo.c): of the file of BTF or of debug information that is named; else
 * of vmlinux, as DWARF or BTF; else of the BTF that the kernel carries in its own memory.
 */
int po_session_resolve_types(struct pageowner_session *s, const struct pageowner_open_options *o, bool owned,
			     struct pageowner_error *err);

/* The kernel's read-only data, or all of it that there is. */
struct po_rodata {
	struct po_blob blob;
	uint64_t kva;
	void *copy;		/* owned, if it is not vmlinux's */
};

/* From vmlinux (the same build, as was proven), else out of the dump. */
int po_session_rodata(struct pageowner_session *s, struct po_rodata *ro, struct pageowner_error *err);
void po_rodata_fini(struct po_rodata *ro);

/* Record a fact; how may be NULL.  Facts beyond the table are dropped. */
void po_session_fact(struct pageowner_session *s, const char *name, const char *how, const char *fmt,
		     ...) __attribute__((format(printf, 4, 5)));
void po_session_notice(struct pageowner_session *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What was found, layer by layer (facts.c). */
void po_facts_text(struct pageowner_session *s);
void po_facts_image(struct pageowner_session *s);
void po_facts_kernel(struct pageowner_session *s);
void po_facts_owner(struct pageowner_session *s);

#endif

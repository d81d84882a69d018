/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One page frame's record out of the bytes of its page_ext entry and its struct page. */
#ifndef PO_OWNER_RECORD_H
#define PO_OWNER_RECORD_H

#include <pageowner/record.h>

#include "base/arena.h"
#include "kernel/kernel.h"
#include "owner/depot.h"
#include "owner/stack.h"
#include "owner/words.h"
#include "symbols/symbols.h"

/* What reading records stands on; all of it immutable and outliving the reader. */
struct po_record_base {
	const struct po_kernel *k;
	const struct po_words *words;
	const struct po_depot *depot;
	const struct po_symbols *symbols;
	const struct po_memory *mem;	/* cloned */
};

struct po_memcg_slot;
struct po_cache_slot;

/* What is kept from record to record; belongs to one thread. */
struct po_reader {
	struct po_record_base b;
	struct po_memory *mem;
	struct po_stacks stacks;
	struct po_arena arena;		/* names of cgroups and caches */
	struct po_memcg_slot *memcg;
	struct po_cache_slot *cache;	/* NULL until one is asked for */
	uint32_t have;			/* of each record */
	uint32_t owner_bit;		/* page_ext flags that a record needs */
	uint32_t allocated_bit;		/* the same one when freed pages keep no record (before 5.4) */
	/* flaws of records so far */
	uint64_t bad_stacks, bad_stack_records, bad_memcg_records, bad_block_records;
};

int po_reader_init(struct po_reader *r, const struct po_record_base *base, struct pageowner_error *err);
void po_reader_fini(struct po_reader *r);

/* What a page_ext entry says of its page before anything is decoded. */
enum po_owned {
	PO_OWNED_NEVER,		/* nobody since page_owner started, or freed since where that leaves no record */
	PO_OWNED_FREED,		/* the record is that of the last owner */
	PO_OWNED_NOW,
};

enum po_owned po_record_owned(const struct po_reader *r, const uint8_t *ext);
bool po_reader_keeps_freed(const struct po_reader *r);

/* Order and handle alone, which tell whether there is a record to be read. */
void po_record_peek(const struct po_reader *r, const uint8_t *ext, struct pageowner_record *rec);

/*
 * Fill rec, which was zeroed, then peeked at, and whose pfn is set.  chunk holds the PFN; page may be NULL: what depends on it stays
 * absent.  1; flaws that leave a record useful are told in err; negative: out of memory.
 */
int po_record_read(struct po_reader *r, const struct po_chunk *chunk, const uint8_t *ext, const uint8_t *page,
		   struct pageowner_record *rec, struct pageowner_error *err);

/* Who freed the page, and where: what the kernel keeps of it.  As po_record_read(). */
int po_record_read_free(struct po_reader *r, const uint8_t *ext, struct pageowner_record *rec,
			struct pageowner_error *err);

/*
 * The slab cache of a record that was read, if its page is a slab's, in a kernel whose caches have names.  page: its struct
 * page, which is at kva.  As po_record_read().
 */
int po_record_read_slab(struct po_reader *r, uint64_t kva, const uint8_t *page, struct pageowner_record *rec,
			struct pageowner_error *err);

#endif

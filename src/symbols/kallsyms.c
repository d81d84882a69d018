/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables are decoded as little as needed: addresses are searched as they stand, a name is expanded
 * from the nearest marker.  Which of the four address forms is in use is told by no flag; the right one is
 * the one in which _stext is found at its own address under its own name.
 */
#include "symbols/kallsyms.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define MAX_SYMS	(4u << 20)
#define MAX_NAMES	(128u << 20)
#define MARKER_STEP	256

enum form {
	ABSOLUTE,	/* kallsyms_addresses */
	RELATIVE,	/* kallsyms_relative_base + u32: commit 2213e9a66bb8 (4.6) */
	PERCPU,		/* the same, negative offsets relative and positive ones absolute */
	PLACE,		/* relative to the entry's own place (7.0) */
	EMBEDDED,	/* the 32-bit value itself (7.0, 32-bit and not relocatable) */
	NR_FORMS,
};

static const char *const form_words[NR_FORMS] = {
	[ABSOLUTE] = "absolute addresses",
	[RELATIVE] = "offsets from a base",
	[PERCPU] = "offsets from a base, absolute per-CPU symbols",
	[PLACE] = "place-relative offsets",
	[EMBEDDED] = "32-bit addresses",
};

struct po_kallsyms {
	struct po_kallsyms_where at;
	struct po_abi abi;
	enum form form;
	bool all;		/* CONFIG_KALLSYMS_ALL */
	bool long_names;	/* the top bit of a length means that it has two bytes */
	uint64_t base;
	uint32_t nr;
	uint8_t *addrs;		/* nr entries of 4 bytes or a pointer, as they are in the dump */
	uint8_t *names;
	size_t names_len;
	uint8_t *markers;
	uint8_t tokens[32768];	/* 256 strings; the table of a kernel is about 1 KiB */
	uint8_t token_index[512];
};

void po_kallsyms_close(struct po_kallsyms *ks)
{
	if (!ks)
		return;
	free(ks->addrs);
	free(ks->names);
	free(ks->markers);
	free(ks);
}

PO_DEFINE_CLEANUP(struct po_kallsyms, po_kallsyms_close);

uint64_t po_kallsyms_markers(const struct po_kallsyms *ks)
{
	return ks->at.markers;
}

const char *po_kallsyms_describe(const struct po_kallsyms *ks)
{
	return form_words[ks->form];
}

const struct po_abi *po_kallsyms_abi(const struct po_kallsyms *ks)
{
	return &ks->abi;
}

size_t po_kallsyms_count(const struct po_kallsyms *ks)
{
	return ks->nr;
}

bool po_kallsyms_all(const struct po_kallsyms *ks)
{
	return ks->all;
}

bool po_kallsyms_sorted(const struct po_kallsyms *ks)
{
	return ks->at.seqs_of_names;
}

bool po_kallsyms_is_token(const struct po_kallsyms *ks, uint64_t kva)
{
	size_t last = (size_t)po_load(&ks->abi, ks->token_index + 510, 2);

	last += last < sizeof(ks->tokens) ?
			strnlen((const char *)ks->tokens + last, sizeof(ks->tokens) - last) : 0;
	return kva - ks->at.token_table <= last;
}

/* --- addresses ----------------------------------------------------------------------------------- */

static uint64_t address_of(const struct po_kallsyms *ks, uint32_t i)
{
	if (ks->form == ABSOLUTE)
		return po_load_ptr(&ks->abi, ks->addrs + (size_t)i * ks->abi.ptr_size);

	uint32_t raw = (uint32_t)po_load(&ks->abi, ks->addrs + (size_t)i * 4, 4);
	int32_t off = (int32_t)raw;
	switch (ks->form) {
	case PERCPU:
		return off >= 0 ? (uint64_t)off : po_wrap(&ks->abi, ks->base - 1 - (int64_t)off);
	case PLACE:
		return po_wrap(&ks->abi, ks->at.offsets + (uint64_t)i * 4 + (uint64_t)(int64_t)off);
	case EMBEDDED:
		return raw;
	default:
		return po_wrap(&ks->abi, ks->base + raw);
	}
}

/* As get_symbol_pos() in kernel/kallsyms.c: the first of the last group at or below kva. */
static uint32_t position_of(const struct po_kallsyms *ks, uint64_t kva)
{
	uint32_t low = 0, high = ks->nr;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		if (address_of(ks, mid) <= kva)
			low = mid;
		else
			high = mid;
	}
	while (low && address_of(ks, low - 1) == address_of(ks, low))
		low--;
	return low;
}

/* --- names --------------------------------------------------------------------------------------- */

/* Length of the record at off and of its header; 0 when it does not fit. */
static size_t record_len(const struct po_kallsyms *ks, size_t off, size_t *header)
{
	if (off >= ks->names_len)
		return 0;
	size_t len = ks->names[off];
	*header = 1;
	if (ks->long_names && (len & 0x80)) {
		if (off + 1 >= ks->names_len)
			return 0;
		len = (len & 0x7f) | (size_t)ks->names[off + 1] << 7;
		*header = 2;
	}
	return len && len <= ks->names_len - off - *header ? len : 0;
}

static size_t marker_of(const struct po_kallsyms *ks, uint32_t block)
{
	return (size_t)po_load(&ks->abi, ks->markers + block * ks->at.marker_size, ks->at.marker_size);
}

/* The record n after that at off; SIZE_MAX on corrupt tables. */
static size_t skip_records(const struct po_kallsyms *ks, size_t off, uint32_t n)
{
	size_t header, len;

	for (; n > 0; n--) {
		len = record_len(ks, off, &header);
		if (!len)
			return SIZE_MAX;
		off += header + len;
	}
	return off;
}

/* Expand the record at off: the type letter and the name.  Returns the name's length, 0 on corrupt tables. */
static size_t expand_at(const struct po_kallsyms *ks, size_t off, char *type, char *name, size_t cap)
{
	size_t header, len = record_len(ks, off, &header), out = 0;

	*type = '\0';
	for (size_t k = 0; k < len; k++) {
		uint8_t token = ks->names[off + header + k];
		size_t t = (size_t)po_load(&ks->abi, ks->token_index + token * 2u, 2);
		for (; t < sizeof(ks->tokens) && ks->tokens[t]; t++) {
			if (!*type)
				*type = (char)ks->tokens[t];	/* the first character is nm's letter */
			else if (out + 1 < cap)
				name[out++] = (char)ks->tokens[t];
		}
	}
	name[out] = '\0';
	return out;
}

static size_t expand(const struct po_kallsyms *ks, uint32_t i, char *name, size_t cap)
{
	char type;

	return expand_at(ks, skip_records(ks, marker_of(ks, i / MARKER_STEP), i % MARKER_STEP), &type,
			 name, cap);
}

/* Whether the group of symbols at kva contains this name. */
static bool has_name_at(const struct po_kallsyms *ks, uint64_t kva, const char *want)
{
	char name[64];

	for (uint32_t i = position_of(ks, kva); i < ks->nr && address_of(ks, i) == kva; i++)
		if (expand(ks, i, name, sizeof(name)) && !strcmp(name, want))
			return true;
	return false;
}

bool po_kallsyms_lookup(const struct po_kallsyms *ks, uint64_t kva, char *name, size_t cap,
			uint64_t *ret_start, uint64_t *ret_size)
{
	const struct po_kallsyms_where *at = &ks->at;
	bool init_text = kva >= at->sinittext && kva < at->einittext;
	bool ours = ks->all ? (kva >= at->stext && kva < at->end) ||
				      (kva >= at->init_begin && kva < at->init_end) :
			      (kva >= at->stext && kva < at->etext) || init_text;

	if (!ours || !ks->nr)
		return false;
	uint32_t i = position_of(ks, kva), k = i + 1;
	uint64_t start = address_of(ks, i), end = 0;
	if (start > kva || !expand(ks, i, name, cap))
		return false;
	while (k < ks->nr && address_of(ks, k) <= start)
		k++;
	if (k < ks->nr)
		end = address_of(ks, k);
	else
		end = init_text ? at->einittext : ks->all ? at->end : at->etext;
	*ret_start = start;
	*ret_size = end - start;
	return true;
}

/* --- all names ----------------------------------------------------------------------------------- */

void po_kallsyms_for_each(const struct po_kallsyms *ks,
			  bool (*fn)(void *arg, char type, const char *name, uint64_t kva), void *arg)
{
	size_t off = ks->nr ? marker_of(ks, 0) : 0;
	char name[PO_KALLSYMS_NAME_MAX], type;

	for (uint32_t i = 0; i < ks->nr && expand_at(ks, off, &type, name, sizeof(name)); i++) {
		if (!fn(arg, type, name, address_of(ks, i)))
			return;
		off = skip_records(ks, off, 1);
	}
}

/* The numbers of the symbols in the order of their names: 3 bytes each, the highest first, on every machine. */
static uint32_t seq_of(const uint8_t *seqs, uint32_t i)
{
	return (uint32_t)seqs[3 * i] << 16 | (uint32_t)seqs[3 * i + 1] << 8 | seqs[3 * i + 2];
}

static bool in_order(const struct po_kallsyms *ks, const uint32_t *offset, const uint8_t *seqs,
		     void (*cut)(char *name))
{
	char name[2][PO_KALLSYMS_NAME_MAX] = { "", "" }, type;

	for (uint32_t i = 0; i < ks->nr; i++) {
		uint32_t seq = seq_of(seqs, i);
		if (seq >= ks->nr ||
		    !expand_at(ks, offset[seq], &type, name[i % 2], sizeof(name[0])))
			return false;
		if (cut)
			cut(name[i % 2]);
		if (strcmp(name[(i + 1) % 2], name[i % 2]) > 0)
			return false;
	}
	return true;
}

int po_kallsyms_order(const struct po_kallsyms *ks, struct po_memory *mem, void (*const *cuts)(char *name),
		      size_t nr_cuts, struct pageowner_error *err)
{
	_cleanup_(po_freep) uint8_t *seqs = malloc(3 * (size_t)ks->nr);
	_cleanup_(po_freep) uint32_t *offset = malloc(ks->nr * sizeof(*offset));

	if (!seqs || !offset)
		return po_fail_nomem(err, "kallsyms");
	if (!ks->at.seqs_of_names ||
	    po_memory_read(mem, ks->at.seqs_of_names, seqs, 3 * (size_t)ks->nr, NULL) < 0)
		return 0;
	size_t off = marker_of(ks, 0);
	for (uint32_t i = 0; i < ks->nr; i++) {
		offset[i] = (uint32_t)off;	/* below MAX_NAMES */
		off = skip_records(ks, off, 1);
	}
	for (size_t i = 0; i < nr_cuts; i++)
		if (in_order(ks, offset, seqs, cuts[i]))
			return (int)i + 1;
	return 0;
}

/* --- opening ------------------------------------------------------------------------------------- */

static int load_block(struct po_memory *mem, uint64_t kva, size_t len, uint8_t **ret,
		      struct pageowner_error *err)
{
	_cleanup_(po_freep) uint8_t *buf = malloc(len ? len : 1);

	if (!buf)
		return po_fail_nomem(err, "kallsyms");
	int rc = po_memory_read(mem, kva, buf, len, err);
	if (rc < 0)
		return rc;
	*ret = po_take(buf);
	return PAGEOWNER_OK;
}

/* The names end where the next table begins: their length stands nowhere. */
static uint64_t names_end(const struct po_kallsyms_where *at)
{
	const uint64_t others[] = { at->markers, at->token_table, at->token_index,
				    at->offsets, at->addresses,	  at->seqs_of_names };
	uint64_t end = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i] > at->names && (!end || others[i] < end))
			end = others[i];
	return end;
}

/* Each form that the symbols allow, until one finds _stext in its place. */
static int choose_form(struct po_kallsyms *ks, struct pageowner_error *err)
{
	static const enum form by_base[] = { PERCPU, RELATIVE, NR_FORMS };
	static const enum form by_place[] = { PLACE, EMBEDDED, NR_FORMS };
	static const enum form by_address[] = { ABSOLUTE, NR_FORMS };
	const enum form *f = ks->at.relative_base ? by_base :
			     ks->at.offsets	  ? by_place :
						    by_address;

	for (; *f != NR_FORMS; f++) {
		ks->form = *f;
		if (has_name_at(ks, ks->at.stext, "_stext") || has_name_at(ks, ks->at.text, "_text"))
			return PAGEOWNER_OK;
	}
	return po_fail(err, PAGEOWNER_ECORRUPT,
		       "kallsyms: no known form of the address table leads to _stext");
}

/* Whether the block's records end where the next begins; the last one's, but for alignment, with the table. */
static bool block_fits(const struct po_kallsyms *ks, uint32_t block)
{
	uint32_t left = ks->nr - block * MARKER_STEP;
	size_t end = skip_records(ks, marker_of(ks, block), left < MARKER_STEP ? left : MARKER_STEP);

	if (left > MARKER_STEP)
		return end == marker_of(ks, block + 1);
	return end <= ks->names_len && end + 8 > ks->names_len;
}

/*
 * A length above 127 has two bytes since commit 73bbb94466fd ("kallsyms: support big kernel symbols", 6.1).  Before,
 * it is a plain one, and has to be told only if a vendor's longer KSYM_NAME_LEN brought it about: the first block in
 * which the two differ does.
 */
static void choose_lengths(struct po_kallsyms *ks)
{
	for (uint32_t block = 0; block * MARKER_STEP < ks->nr; block++) {
		ks->long_names = true;
		bool two = block_fits(ks, block);
		ks->long_names = false;
		bool one = block_fits(ks, block);
		if (one != two) {
			ks->long_names = two;
			return;
		}
	}
	ks->long_names = true;
}

/*
 * Where the markers are, if no symbol tells: aligned behind the last name.  The first one is 0, the second the place of
 * the record that follows MARKER_STEP others, which tells the width of a marker, too, and that of lengths.
 */
static int find_markers(struct po_kallsyms *ks, struct pageowner_error *err)
{
	for (int two = 1; two >= 0; two--) {
		ks->long_names = two;
		const size_t end = skip_records(ks, 0, ks->nr), second = skip_records(ks, 0, MARKER_STEP);
		for (size_t at = end & ~(size_t)7; end != SIZE_MAX && at < end + 8; at += 4)
			for (size_t size = 4; size <= 8; size += 4) {
				if (at < end || at + 2 * size > ks->names_len ||
				    po_load(&ks->abi, ks->names + at, size) != 0 ||
				    po_load(&ks->abi, ks->names + at + size, size) != second)
					continue;
				ks->at.markers = ks->at.names + at;
				ks->at.marker_size = size;
				ks->names_len = at;
				return PAGEOWNER_OK;
			}
	}
	return po_fail(err, PAGEOWNER_ECORRUPT, "the markers are not behind the names");
}

static int load_tables(struct po_kallsyms *ks, struct po_memory *mem, struct pageowner_error *err)
{
	const struct po_kallsyms_where *at = &ks->at;
	uint64_t nr, end = names_end(at), token_len;
	int rc = po_memory_read_uint(mem, at->num_syms, at->num_syms_size, &nr, err);

	if (rc < 0)
		return rc;
	if (nr == 0 || nr > MAX_SYMS || !end || end - at->names > MAX_NAMES)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%llu symbols in %llu bytes",
			       (unsigned long long)nr, (unsigned long long)(end - at->names));
	ks->nr = (uint32_t)nr;
	ks->names_len = (size_t)(end - at->names);
	size_t entry = at->offsets ? 4 : ks->abi.ptr_size;
	rc = load_block(mem, at->offsets ? at->offsets : at->addresses, ks->nr * entry, &ks->addrs, err);
	if (rc == PAGEOWNER_OK)
		rc = load_block(mem, at->names, ks->names_len, &ks->names, err);
	if (rc == PAGEOWNER_OK && !at->markers)
		rc = find_markers(ks, err);
	if (rc == PAGEOWNER_OK)
		rc = load_block(mem, at->markers,
				(ks->nr + MARKER_STEP - 1) / MARKER_STEP * at->marker_size,
				&ks->markers, err);
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read(mem, at->token_index, ks->token_index, sizeof(ks->token_index),
				    err);
	if (rc < 0)
		return rc;
	/* the token table ends with its last string: at most 255 bytes after the last index */
	token_len = po_load(&ks->abi, ks->token_index + 510, 2) + 256;
	if (at->token_index > at->token_table && at->token_index - at->token_table < token_len)
		token_len = at->token_index - at->token_table;
	if (token_len >= sizeof(ks->tokens))
		token_len = sizeof(ks->tokens) - 1;
	rc = po_memory_read(mem, at->token_table, ks->tokens, token_len, err);
	if (rc == PAGEOWNER_OK && at->relative_base)
		rc = po_memory_read_ptr(mem, at->relative_base, &ks->base, err);
	return rc;
}

int po_kallsyms_open(struct po_memory *mem, const struct po_kallsyms_where *where,
		     struct po_kallsyms **ret, struct pageowner_error *err)
{
	_cleanup_(po_kallsyms_closep) struct po_kallsyms *ks = calloc(1, sizeof(*ks));

	if (!ks)
		return po_fail_nomem(err, "kallsyms");
	ks->at = *where;
	ks->abi = *po_memory_abi(mem);
	if (!where->num_syms || !where->names || !where->token_table ||
	    !where->token_index || !(where->offsets || where->addresses))
		return po_fail(err, PAGEOWNER_ENOSYM,
			       "kallsyms: this kernel has no symbol table of its own");
	int rc = load_tables(ks, mem, err);
	if (rc < 0)
		return po_within(err, rc, "kallsyms");
	choose_lengths(ks);
	rc = choose_form(ks, err);
	if (rc < 0)
		return rc;
	ks->all = where->banner && has_name_at(ks, where->banner, "linux_banner");
	*ret = po_take(ks);
	return PAGEOWNER_OK;
}

int po_kallsyms_none(const struct po_abi *abi, struct po_kallsyms **ret, struct pageowner_error *err)
{
	struct po_kallsyms *ks = calloc(1, sizeof(*ks));

	if (!ks)
		return po_fail_nomem(err, "kallsyms");
	ks->abi = *abi;
	*ret = ks;
	return PAGEOWNER_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads by kernel address: translate a page at a time behind a small software TLB, and keep "not in the
 * dump" apart from "bad".  An image that translates by itself (a debugger, /proc/kcore) is asked first, and the page tables
 * for what it does not know.
 */
#include "memory/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define TLB_SIZE	1024		/* entries of one 4 KiB page each, direct mapped */
#define TLB_SHIFT	12
#define TLB_PAGE	(1ull << TLB_SHIFT)

struct tlb_entry {
	uint64_t page;			/* kva >> TLB_SHIFT, plus 1 so that zero is empty */
	uint64_t paddr;
};

struct po_memory {
	struct po_image *img;
	bool owns_image;
	struct po_abi abi;
	struct po_xlat xlat;
	struct po_leaf last;		/* the last leaf larger than a TLB page */
	struct tlb_entry tlb[TLB_SIZE];
	struct po_memory_counts counts;
	/* pages counted so far, so that each counts once: and open addressing, number + 1 */
	struct po_missing *missing;
	uint32_t *seen;
	size_t nr_missing, cap_seen;
};

int po_memory_new(struct po_image *img, const struct po_abi *abi, struct po_memory **ret,
		  struct pageowner_error *err)
{
	struct po_memory *mem = calloc(1, sizeof(*mem));

	if (!mem)
		return po_fail_nomem(err, "memory");
	mem->img = img;
	mem->abi = *abi;
	for (int i = 0; i < PO_NR_CAUSES; i++)
		mem->counts.first[i] = UINT64_MAX;
	*ret = mem;
	return PAGEOWNER_OK;
}

int po_memory_clone(const struct po_memory *mem, struct po_memory **ret,
		    struct pageowner_error *err)
{
	struct po_image *img = mem->img;
	bool own = img->ops->clone != NULL;	/* the caller's memory has one handle, for one thread */
	int rc = own ? po_image_clone(mem->img, &img, err) : PAGEOWNER_OK;

	if (rc < 0)
		return po_within(err, rc, "second handle on the dump");
	rc = po_memory_new(img, &mem->abi, ret, err);
	if (rc < 0) {
		if (own)
			po_image_close(img);
		return rc;
	}
	(*ret)->owns_image = own;
	(*ret)->xlat = mem->xlat;
	return PAGEOWNER_OK;
}

void po_memory_free(struct po_memory *mem)
{
	if (!mem)
		return;
	if (mem->owns_image)
		po_image_close(mem->img);
	free(mem->missing);
	free(mem->seen);
	free(mem);
}

void po_memory_set_xlat(struct po_memory *mem, const struct po_xlat *xlat)
{
	mem->xlat = *xlat;
	mem->last.size = 0;
	memset(mem->tlb, 0, sizeof(mem->tlb));
}

const struct po_xlat *po_memory_xlat(const struct po_memory *mem)
{
	return mem->xlat.ops ? &mem->xlat : NULL;
}

struct po_image *po_memory_image(const struct po_memory *mem)
{
	return mem->img;
}

const struct po_abi *po_memory_abi(const struct po_memory *mem)
{
	return &mem->abi;
}

const struct po_memory_counts *po_memory_counts(const struct po_memory *mem)
{
	return &mem->counts;
}

/* --- what was missing ---------------------------------------------------------------------------- */

static bool same_missing(const struct po_missing *a, const struct po_missing *b)
{
	/* why a page is missing never changes: only physical and virtual ones are to be told apart */
	return a->page == b->page && (a->cause == PO_NR_CAUSES) == (b->cause == PO_NR_CAUSES);
}

/* Where it is, or goes. */
static uint32_t *seen_slot(const struct po_memory *mem, const struct po_missing *m)
{
	size_t i = (size_t)(m->page * 0x9e3779b97f4a7c15ull >> 20) & (mem->cap_seen - 1);

	while (mem->seen[i] && !same_missing(&mem->missing[mem->seen[i] - 1], m))
		i = (i + 1) & (mem->cap_seen - 1);
	return &mem->seen[i];
}

static bool seen_grow(struct po_memory *mem)
{
	size_t cap = mem->cap_seen ? mem->cap_seen * 2 : 256;
	struct po_missing *missing = cap <= UINT32_MAX ? realloc(mem->missing, cap / 2 * sizeof(*missing)) : NULL;

	if (!missing)
		return false;
	mem->missing = missing;
	uint32_t *seen = calloc(cap, sizeof(*seen));
	if (!seen)
		return false;
	free(mem->seen);
	mem->seen = seen;
	mem->cap_seen = cap;
	for (size_t i = 0; i < mem->nr_missing; i++)
		*seen_slot(mem, &missing[i]) = (uint32_t)i + 1;
	return true;
}

static void count_missing(struct po_memory *mem, const struct po_missing *m)
{
	struct po_memory_counts *c = &mem->counts;

	if (mem->nr_missing * 2 >= mem->cap_seen && !seen_grow(mem))
		return;
	uint32_t *slot = seen_slot(mem, m);
	if (*slot)
		return;
	mem->missing[mem->nr_missing++] = *m;
	*slot = (uint32_t)mem->nr_missing;
	if (m->cause == PO_NR_CAUSES) {
		c->untranslated++;
		return;
	}
	const uint64_t first = m->page << TLB_SHIFT, last = first | (TLB_PAGE - 1);
	c->pages[m->cause]++;
	c->first[m->cause] = first < c->first[m->cause] ? first : c->first[m->cause];
	c->last[m->cause] = last > c->last[m->cause] ? last : c->last[m->cause];
}

static void count_page(struct po_memory *mem, uint64_t paddr, enum po_cause cause)
{
	count_missing(mem, &(struct po_missing){ paddr >> TLB_SHIFT, (uint8_t)cause });
}

static void count_unmapped(struct po_memory *mem, uint64_t kva)
{
	count_missing(mem, &(struct po_missing){ kva >> TLB_SHIFT, PO_NR_CAUSES });
}

const struct po_missing *po_memory_missing(const struct po_memory *mem, size_t *ret_nr)
{
	*ret_nr = mem->nr_missing;
	return mem->missing;
}

void po_memory_miss(struct po_memory *mem, const struct po_missing *missing, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		count_missing(mem, &missing[i]);
}

/* --- physical reads ------------------------------------------------------------------------------ */

/* Like the image's own read, but goes on over zeroed pages, which it counts. */
static enum po_cause read_image(struct po_memory *mem, uint64_t paddr, uint8_t *buf, size_t len,
				size_t *done)
{
	*done = 0;
	while (*done < len) {
		size_t n = 0;
		enum po_cause cause = mem->img->ops->read(mem->img, paddr + *done, buf + *done,
							  len - *done, &n);
		if (cause == PO_ZEROED)
			for (uint64_t p = (paddr + *done) & ~(TLB_PAGE - 1); p < paddr + *done + n;
			     p += TLB_PAGE)
				count_page(mem, p, PO_ZEROED);
		*done += n;
		if (cause != PO_HAVE && cause != PO_ZEROED)
			return cause;
		if (n == 0)
			return PO_IOERR;	/* an image that claims success and gives nothing */
	}
	return PO_HAVE;
}

static int fail_cause(struct pageowner_error *err, enum po_cause cause, uint64_t paddr)
{
	return po_fail(err, cause == PO_IOERR ? PAGEOWNER_EIO : PAGEOWNER_ENODATA,
		       "physical address 0x%" PRIx64 ": %s", paddr, po_cause_words[cause]);
}

int po_memory_read_phys(struct po_memory *mem, uint64_t paddr, void *buf, size_t len,
			struct pageowner_error *err)
{
	size_t done;
	enum po_cause cause = read_image(mem, paddr, buf, len, &done);

	return cause == PO_HAVE ? PAGEOWNER_OK : fail_cause(err, cause, paddr + done);
}

/* --- translation --------------------------------------------------------------------------------- */

/* 1 and *ret; 0: not mapped; negative: failed. */
static int translate(struct po_memory *mem, uint64_t kva, uint64_t *ret,
		     struct pageowner_error *err)
{
	if (kva - mem->last.kva < mem->last.size) {
		*ret = mem->last.paddr + (kva - mem->last.kva);
		return 1;
	}
	struct tlb_entry *e = &mem->tlb[(kva >> TLB_SHIFT) % TLB_SIZE];
	if (e->page == (kva >> TLB_SHIFT) + 1) {
		*ret = e->paddr + (kva & (TLB_PAGE - 1));
		return 1;
	}
	if (!mem->xlat.ops)
		return po_fail(err, PAGEOWNER_EINVAL, "no page tables are known yet");

	struct po_leaf leaf;
	int rc = mem->xlat.ops->walk(&mem->xlat, mem, kva, &leaf, err);
	if (rc <= 0)
		return rc;
	*ret = leaf.paddr + (kva - leaf.kva);
	if (mem->img->live)
		return 1;
	if (leaf.size > TLB_PAGE)
		mem->last = leaf;
	if (leaf.size <= 16 * TLB_PAGE)	/* pages of 4 to 64 KiB; larger leaves are few */
		*e = (struct tlb_entry){ (kva >> TLB_SHIFT) + 1, *ret & ~(TLB_PAGE - 1) };
	return 1;
}

int po_memory_translate(struct po_memory *mem, uint64_t kva, uint64_t *ret,
			struct pageowner_error *err)
{
	int rc = translate(mem, kva, ret, err);

	if (rc == 0)
		return po_fail(err, PAGEOWNER_ENODATA, "address 0x%" PRIx64 ": not mapped", kva);
	return rc < 0 ? po_within(err, rc, "address 0x%" PRIx64, kva) : PAGEOWNER_OK;
}

/* One step of a virtual read, within a page: how far it came and why it stopped. */
struct step {
	size_t done;
	enum po_cause cause;
	uint64_t paddr;		/* of the first byte not delivered; UINT64_MAX when not mapped */
	int rc;			/* negative: a page table itself failed, err tells */
};

static void read_step(struct po_memory *mem, uint64_t kva, uint8_t *buf, size_t len,
		      struct step *s, struct pageowner_error *err)
{
	*s = (struct step){ .paddr = UINT64_MAX };
	if (mem->img->ops->read_virt) {
		s->cause = mem->img->ops->read_virt(mem->img, kva, buf, len, &s->done);
		if (s->cause == PO_ZEROED)
			s->cause = PO_HAVE;
		if (s->cause == PO_HAVE && s->done == 0)
			s->cause = PO_IOERR;
		if (s->cause != PO_HOLE || s->done || !mem->xlat.ops)
			return;
	}
	uint64_t paddr;
	s->rc = translate(mem, kva, &paddr, err);
	if (s->rc <= 0) {
		s->cause = PO_HOLE;
		count_unmapped(mem, kva);
		return;
	}
	s->rc = 0;
	size_t in_page = TLB_PAGE - (kva & (TLB_PAGE - 1));
	if (kva - mem->last.kva < mem->last.size) {	/* a large leaf is contiguous for longer */
		uint64_t in_leaf = mem->last.size - (kva - mem->last.kva);
		in_page = in_leaf > len ? len : (size_t)in_leaf;
	}
	if (len > in_page)
		len = in_page;
	s->cause = read_image(mem, paddr, buf, len, &s->done);
	s->paddr = paddr + s->done;
}

int po_memory_read(struct po_memory *mem, uint64_t kva, void *buf, size_t len,
		   struct pageowner_error *err)
{
	uint8_t *to = buf;

	kva = po_wrap(&mem->abi, kva);
	while (len > 0) {
		struct step s;
		read_step(mem, kva, to, len, &s, err);
		if (s.rc < 0)
			return po_within(err, s.rc, "address 0x%" PRIx64, kva);
		to += s.done;
		kva += s.done;
		len -= s.done;
		if (s.cause == PO_HAVE)
			continue;
		if (s.paddr == UINT64_MAX)
			return po_fail(err, s.cause == PO_IOERR ? PAGEOWNER_EIO : PAGEOWNER_ENODATA,
				       "address 0x%" PRIx64 ": %s", kva,
				       mem->img->ops->read_virt ? po_cause_words[s.cause] :
								  "not mapped");
		count_page(mem, s.paddr & ~(TLB_PAGE - 1), s.cause);
		return po_within(err, fail_cause(err, s.cause, s.paddr), "address 0x%" PRIx64, kva);
	}
	return PAGEOWNER_OK;
}

int po_memory_read_uint(struct po_memory *mem, uint64_t kva, size_t bytes, uint64_t *ret,
			struct pageowner_error *err)
{
	uint8_t raw[8];
	int rc = bytes <= sizeof(raw) ?
			 po_memory_read(mem, kva, raw, bytes, err) :
			 po_fail(err, PAGEOWNER_ECORRUPT, "a number of %zu bytes", bytes);

	if (rc < 0)
		return rc;
	*ret = po_load(&mem->abi, raw, bytes);
	return PAGEOWNER_OK;
}

int po_memory_read_ptr(struct po_memory *mem, uint64_t kva, uint64_t *ret,
		       struct pageowner_error *err)
{
	return po_memory_read_uint(mem, kva, mem->abi.ptr_size, ret, err);
}

int po_memory_read_string(struct po_memory *mem, uint64_t kva, char *buf, size_t cap,
			  struct pageowner_error *err)
{
	size_t len = 0;

	while (len + 1 < cap) {
		size_t n = 64 - ((kva + len) & 63);	/* never across a page for its own sake */
		if (n > cap - 1 - len)
			n = cap - 1 - len;
		int rc = po_memory_read(mem, kva + len, buf + len, n, err);
		if (rc < 0)
			return po_within(err, rc, "string at 0x%" PRIx64, kva);
		const char *end = memchr(buf + len, '\0', n);
		if (end)
			return (int)(end - buf);
		len += n;
	}
	buf[len] = '\0';
	return (int)len;
}

/* --- blocks -------------------------------------------------------------------------------------- */

static void add_gap(struct po_gaps *gaps, const struct po_gap *g)
{
	struct po_gap *last = gaps->nr ? &gaps->gap[gaps->nr - 1] : NULL;

	if (last && ((last->to == g->from && last->cause == g->cause) || gaps->nr == PO_MAX_GAPS))
		last->to = g->to;
	else
		gaps->gap[gaps->nr++] = *g;
}

void po_memory_read_sparse(struct po_memory *mem, uint64_t kva, void *buf, size_t len,
			   struct po_gaps *gaps)
{
	uint8_t *to = buf;
	size_t at = 0;

	gaps->nr = 0;
	kva = po_wrap(&mem->abi, kva);
	while (at < len) {
		struct step s;
		read_step(mem, kva + at, to + at, len - at, &s, NULL);
		at += s.done;
		if (s.cause == PO_HAVE)
			continue;
		size_t skip = TLB_PAGE - ((kva + at) & (TLB_PAGE - 1));
		if (skip > len - at)
			skip = len - at;
		memset(to + at, 0, skip);
		add_gap(gaps, &(struct po_gap){ at, at + skip, s.cause, s.paddr });
		if (s.paddr != UINT64_MAX)
			count_page(mem, s.paddr & ~(TLB_PAGE - 1), s.cause);
		at += skip;
	}
}

const struct po_gap *po_gaps_touch(const struct po_gaps *gaps, size_t from, size_t to)
{
	for (unsigned i = 0; i < gaps->nr; i++)
		if (gaps->gap[i].from < to && from < gaps->gap[i].to)
			return &gaps->gap[i];
	return NULL;
}

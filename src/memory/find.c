/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel image is searched by the bytes of linux_banner at addresses congruent to its link address,
 * first in large steps, then in small ones: images are placed on 2 MiB boundaries mostly, on 64 KiB
 * seldom, never below a page.  Memory holds stale copies of banners (the boot loader's, the log's), so a
 * hit counts only if a second read-only blob lies at the same displacement, and if the page tables that
 * the image itself holds lead the banner's address back to where it was found.  That works the same with
 * and without VMCOREINFO and KASLR; VMCOREINFO, where there is one, only says where to look first.  A container that knows
 * kernel addresses by itself (/proc/kcore) is looked at through these.
 */
#include "memory/find.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "memory/others.h"
#include "memory/vmcoreinfo.h"

#define MAX_PROBES (1ull << 24)	/* 64 GiB in steps of a page: a header may promise any size */
#define X86_64_KERNEL_MAP	0xffffffff80000000ull	/* __START_KERNEL_map */

struct search {
	struct po_memory *mem;
	const struct po_find *find;
	struct po_found *ret;
	uint64_t last_stride;		/* multiples of this were looked at before */
	uint64_t probes;		/* left for this stride */
	bool table_missing;		/* why tells of a page table that is not in the dump */
	bool floating;			/* addresses are offsets of an image whose base is unknown */
	struct pageowner_error why;	/* why the last candidate was refused */
};

static bool bytes_are(struct po_memory *mem, uint64_t paddr, const void *want, size_t len)
{
	uint8_t buf[1024];

	if (len > sizeof(buf))
		len = sizeof(buf);
	return po_memory_read_phys(mem, paddr, buf, len, NULL) == PAGEOWNER_OK &&
	       !memcmp(buf, want, len);
}

static int read_number(struct search *s, uint64_t paddr, uint64_t *ret)
{
	uint8_t raw[8];
	const struct po_abi *abi = po_memory_abi(s->mem);
	int rc = po_memory_read_phys(s->mem, paddr, raw, abi->ptr_size, &s->why);

	if (rc == PAGEOWNER_OK)
		*ret = po_load(abi, raw, abi->ptr_size);
	return rc;
}

#define MAX_SLIDES 8

/* How far addresses moved: what the image says, or what is possible; the page tables decide. */
struct slides {
	uint64_t at[MAX_SLIDES];
	unsigned nr;
	uint64_t enc_mask;
};

static int slides_x86_64(struct search *s, uint64_t delta, struct slides *ret)
{
	const struct po_find *f = s->find;
	uint64_t phys_base;
	int rc = f->phys_base_at ? read_number(s, f->phys_base_at + delta, &phys_base) :
				   po_fail(&s->why, PAGEOWNER_ENOSYM, "vmlinux has no such symbol");

	if (rc < 0)
		return po_within(&s->why, rc, "phys_base");
	ret->at[ret->nr++] = delta + X86_64_KERNEL_MAP - phys_base;
	if (f->sme_mask_at)
		(void)read_number(s, f->sme_mask_at + delta, &ret->enc_mask);
	return PAGEOWNER_OK;
}

static int slides_arm64(struct search *s, uint64_t delta, struct slides *ret)
{
	uint64_t voffset;

	ret->at[ret->nr++] = 0;
	if (!s->find->kimage_voffset_at)
		return PAGEOWNER_OK;	/* before 4.6 the image lies in the linear map, never moved */
	int rc = read_number(s, s->find->kimage_voffset_at + delta, &voffset);
	if (rc < 0)
		return po_within(&s->why, rc, "kimage_voffset");
	ret->at[0] = delta + voffset;	/* virtual = physical + kimage_voffset */
	return PAGEOWNER_OK;
}

/* The linear map begins at PAGE_OFFSET, one of the VMSPLIT choices; both slides are the same. */
static int slides_i386(struct search *s, uint64_t delta, struct slides *ret)
{
	static const uint32_t page_offset[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
						0x40000000 };

	(void)s;
	for (size_t i = 0; i < sizeof(page_offset) / sizeof(*page_offset); i++)
		ret->at[ret->nr++] = (uint32_t)(delta + page_offset[i]);
	return PAGEOWNER_OK;
}

static int find_slides(struct search *s, uint64_t delta, struct slides *ret)
{
	*ret = (struct slides){ .nr = 0 };
	switch (s->find->machine) {
	case EM_X86_64:
		return slides_x86_64(s, delta, ret);
	case EM_AARCH64:
		return slides_arm64(s, delta, ret);
	case EM_386:
		return slides_i386(s, delta, ret);
	default:	/* arm is linked where it runs */
		ret->at[ret->nr++] = 0;
		return PAGEOWNER_OK;
	}
}

/* Whether tables of this format lead the banner's address, so moved, to where it was found. */
static bool leads_home(struct search *s, const struct po_xlat *xlat, uint64_t slide,
		       uint64_t banner_paddr)
{
	uint64_t kva = po_wrap(po_memory_abi(s->mem), s->find->banner_at + slide);
	struct po_leaf leaf;
	int rc = xlat->ops->walk(xlat, s->mem, kva, &leaf, s->table_missing ? NULL : &s->why);

	if (rc == 1 && leaf.paddr + (kva - leaf.kva) == banner_paddr)
		return true;
	if (rc < 0)
		s->table_missing = true;
	else if (!s->table_missing)	/* that a table is not in the dump says more */
		po_fail(&s->why, PAGEOWNER_ECORRUPT, "its page tables at 0x%" PRIx64 " do not map it",
			xlat->root);
	return false;
}

/* The format and slide whose tables translate the banner's address to the place where the banner is. */
static int prove(struct search *s, uint64_t banner_paddr)
{
	const struct po_find *f = s->find;
	uint64_t delta = banner_paddr - f->banner_at;
	struct slides slides;

	s->why.code = PAGEOWNER_OK;
	s->table_missing = false;
	int rc = find_slides(s, delta, &slides);

	if (rc < 0)
		return rc;
	for (const struct po_xlat_ops *ops = po_xlat_formats; ops->name; ops++) {
		struct po_xlat xlat = { .ops = ops, .root = f->root_at + delta, .enc_mask = slides.enc_mask };

		for (unsigned i = 0; ops->machine == f->machine && i < slides.nr; i++) {
			if (!leads_home(s, &xlat, slides.at[i], banner_paddr))
				continue;
			s->ret->banner_paddr = banner_paddr;
			s->ret->slide = slides.at[i];
			s->ret->xlat = xlat;
			return PAGEOWNER_OK;
		}
	}
	return s->why.code ? s->why.code : po_fail(&s->why, PAGEOWNER_EUNSUPP, "no page-table format");
}

/* --- an image whose address is unknown ----------------------------------------------------------- */

/* Bases that are possible: those which put every table that the top one points to within the image. */
struct window {
	uint64_t low, high;
};

static bool find_window(struct search *s, const struct po_xlat *xlat, uint64_t size, struct window *ret)
{
	const struct po_xlat_ops *ops = xlat->ops;
	unsigned top_shift = ops->page_shift + ops->level_bits * (ops->levels - 1);
	size_t nr = (size_t)1 << (ops->va_bits - top_shift);
	_cleanup_(po_freep) uint8_t *raw = malloc(nr * ops->entry_bytes);	/* 64 KiB at most */

	*ret = (struct window){ 0, UINT64_MAX };
	if (!raw || po_memory_read_phys(s->mem, xlat->root, raw, nr * ops->entry_bytes, &s->why) < 0)
		return false;
	for (size_t i = 0; i < nr; i++) {
		unsigned shift = top_shift;
		uint64_t at;
		uint64_t entry = po_load(po_memory_abi(s->mem), raw + i * ops->entry_bytes,
					 ops->entry_bytes);

		if (ops->classify(xlat, entry, &shift, &at) != PO_ENTRY_TABLE)
			continue;
		if (at < ret->high)
			ret->high = at;
		if (at >= size && at - size + 1 > ret->low)
			ret->low = at - size + 1;
	}
	return ret->high != UINT64_MAX && ret->low <= ret->high;
}

/* The base in the window, in steps, with which the banner at that offset of the image leads home. */
static bool try_bases(struct search *s, uint64_t offset, const struct window *w, uint64_t step)
{
	struct po_image *img = po_memory_image(s->mem);
	uint64_t base = (w->low + step - 1) / step * step;

	for (unsigned left = 1u << 24; base <= w->high && left > 0; base += step, left--) {
		img->ops->rebase(img, base);
		if (prove(s, base + offset) == PAGEOWNER_OK) {
			s->ret->base_found = true;
			s->ret->base = base;
			return true;
		}
	}
	img->ops->rebase(img, 0);
	return false;
}

/*
 * A raw image does not say where it belongs, but the page tables in it are full of addresses: the tables below the
 * top one lie in it, which leaves few bases, and with the right one alone the banner's address leads home.
 */
static bool find_base(struct search *s, uint64_t offset)
{
	static const uint64_t steps[] = { 2u << 20, 64u << 10, 4u << 10 };
	const struct po_find *f = s->find;
	uint64_t size = po_memory_image(s->mem)->max_paddr, enc_mask = 0;

	if (f->sme_mask_at)
		(void)read_number(s, f->sme_mask_at + (offset - f->banner_at), &enc_mask);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		for (const struct po_xlat_ops *ops = po_xlat_formats; ops->name; ops++) {
			struct po_xlat xlat = { .ops = ops, .root = f->root_at + (offset - f->banner_at),
						.enc_mask = enc_mask };
			struct window w;

			if (ops->machine == f->machine && find_window(s, &xlat, size, &w) &&
			    try_bases(s, offset, &w, steps[i]))
				return true;
		}
	po_fail(&s->why, PAGEOWNER_ECORRUPT, "no base address agrees with its page tables");
	return false;
}

/* --- the search ---------------------------------------------------------------------------------- */

static bool try_banner(struct search *s, uint64_t paddr)
{
	const struct po_find *f = s->find;

	if (!bytes_are(s->mem, paddr, f->banner, f->banner_len))
		return false;
	s->ret->nr_candidates++;
	if (!bytes_are(s->mem, paddr + (f->proof_at - f->banner_at), f->proof, f->proof_len))
		return false;
	if (s->floating ? find_base(s, paddr) : prove(s, paddr) == PAGEOWNER_OK)
		return true;
	po_within(&s->why, s->why.code, "kernel image with its banner at 0x%" PRIx64, paddr);
	return false;
}

/* Every address of memory that is congruent to the link address, multiples of last_stride left out. */
static bool search_stride(struct search *s, uint64_t stride)
{
	const struct po_image_ops *ops = po_memory_image(s->mem)->ops;
	uint64_t from = 0, start, len, offset = s->find->banner_at % stride;

	s->probes = MAX_PROBES;
	while (ops->next_range && s->probes && ops->next_range(po_memory_image(s->mem), from, &start, &len) == 1) {
		uint64_t p = start - start % stride + offset;

		if (p < start)
			p += stride;
		for (; p - start < len; p += stride) {	/* also where start + len is the end of all */
			if (s->last_stride &&
			    p % s->last_stride == s->find->banner_at % s->last_stride)
				continue;
			if (s->probes-- == 1)
				break;
			if (try_banner(s, p))
				return true;
		}
		from = start + len;
	}
	s->last_stride = stride;
	return false;
}

/* Where the note says that the kernel is. */
static bool try_note(struct search *s, const char *note)
{
	int64_t phys_base;
	uint64_t offset;

	if (!note || s->find->machine != EM_X86_64 ||
	    !po_vmcoreinfo_number(note, "NUMBER(phys_base)", &phys_base) ||
	    !po_vmcoreinfo_address(note, "KERNELOFFSET", &offset))
		return false;
	return try_banner(s, s->find->banner_at + offset - X86_64_KERNEL_MAP + (uint64_t)phys_base);
}

/* Read-only bytes at a kernel address, by the container's own translation. */
static bool virt_bytes_are(struct search *s, uint64_t kva, const void *want, size_t len)
{
	_cleanup_(po_freep) uint8_t *buf = malloc(len);

	return buf && po_memory_read(s->mem, kva, buf, len, NULL) == PAGEOWNER_OK && !memcmp(buf, want, len);
}

/*
 * One of the ranges that the container lists begins with the image.  Page tables are only needed for what is in no range, and
 * for lack of physical addresses (before 4.11) there may be none.
 */
static bool try_segments(struct search *s)
{
	struct po_image *img = po_memory_image(s->mem);
	const struct po_find *f = s->find;
	uint64_t kva, paddr;

	for (size_t i = 0; img->ops->segment && img->ops->segment(img, i, &kva, &paddr) == 1; i++) {
		const uint64_t slide = kva - f->text_at;

		if (!f->text_at || !virt_bytes_are(s, f->banner_at + slide, f->banner, f->banner_len) ||
		    !virt_bytes_are(s, f->proof_at + slide, f->proof, f->proof_len))
			continue;
		s->ret->by_segment = true;
		if (paddr == UINT64_MAX || !try_banner(s, paddr + (f->banner_at - f->text_at)))
			s->ret->slide = slide;
		return true;
	}
	return false;
}

/* --- when it is not there ------------------------------------------------------------------------ */

/* As uname says it; arm and i386 have several. */
static const char *uname_of(unsigned machine)
{
	return machine == EM_X86_64 ? "x86_64" : machine == EM_AARCH64 ? "aarch64" :
	       machine == EM_ARM    ? "arm"    : machine == EM_386     ? "i686"    : "another machine";
}

static bool same_machine(unsigned machine, const char *uname)
{
	if (machine == EM_ARM)
		return !strncmp(uname, "arm", 3);
	if (machine == EM_386)
		return uname[0] == 'i' && !strcmp(uname + 2, "86");
	return !strcmp(uname, uname_of(machine));
}

static int not_found(struct search *s, struct pageowner_error *err)
{
	int len = (int)strcspn(s->find->banner, "\n");
	struct po_others o;

	po_others_scan(s->mem, s->find->banner, (size_t)len, &o);
	if (o.same)
		return po_fail(err, PAGEOWNER_ENODATA,
			       "the kernel of vmlinux was in this memory, but its image is not "
			       "complete in the dump: %s",
			       s->why.code ? s->why.text : "its read-only data is missing");
	if (o.machine[0] && !same_machine(s->find->machine, o.machine))
		return po_fail(err, PAGEOWNER_EMISMATCH,
			       "vmlinux is of another machine: vmlinux is of %s, the dump is of %s: \"%s\"",
			       uname_of(s->find->machine), o.machine, o.banner);
	if (!o.banner[0] && s->ret->nr_candidates == 0)
		return po_fail(err, PAGEOWNER_ENODATA,
			       "no kernel in this memory: the text \"Linux version\" of vmlinux "
			       "(\"%.*s\") is nowhere in the dump", len, s->find->banner);
	return po_fail(err, PAGEOWNER_EMISMATCH,
		       "vmlinux is of another kernel: vmlinux is \"%.*s\", the dump is of \"%s\"", len,
		       s->find->banner, o.banner[0] ? o.banner : "(unreadable)");
}

int po_find_kernel(struct po_memory *mem, const struct po_find *find, const char *note,
		   struct po_found *ret, struct pageowner_error *err)
{
	static const uint64_t strides[] = { 2u << 20, 64u << 10, 4u << 10 };
	struct po_found found = { 0 };
	struct search s = { .mem = mem, .find = find, .ret = &found };

	s.why.code = PAGEOWNER_OK;
	s.floating = po_memory_image(mem)->floating;
	found.by_hint = !s.floating && find->has_hint && try_banner(&s, find->hint);
	if (!found.by_hint && !try_segments(&s))
		found.by_note = !s.floating && try_note(&s, note);
	/* offsets are congruent to addresses only as far as the base is: by pages */
	for (size_t i = s.floating ? 2 : 0; !found.by_segment && !found.xlat.ops && i < sizeof(strides) / sizeof(*strides); i++)
		(void)search_stride(&s, strides[i]);
	if (!found.by_segment && !found.xlat.ops)
		return not_found(&s, err);
	*ret = found;
	return PAGEOWNER_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The running kernel in physical memory, found by its contents.  What vmlinux knows comes in as plain
 * data; nothing here knows ELF.
 */
#ifndef PO_MEMORY_FIND_H
#define PO_MEMORY_FIND_H

#include "memory/memory.h"

/* Link addresses are 0 where the kernel has no such symbol. */
struct po_find {
	unsigned machine;		/* ELF e_machine */
	uint64_t banner_at;		/* linux_banner */
	const char *banner;
	size_t banner_len;		/* with the final \0 */
	uint64_t proof_at;		/* a second read-only blob: a banner alone has copies elsewhere */
	const void *proof;
	size_t proof_len;
	uint64_t text_at;		/* _text: where a container that lists kernel addresses begins the image */
	uint64_t root_at;		/* top page table: init_top_pgt, swapper_pg_dir */
	uint64_t phys_base_at;		/* x86_64 */
	uint64_t sme_mask_at;		/* x86_64: sme_me_mask */
	uint64_t kimage_voffset_at;	/* arm64 since 4.6 */
	bool has_hint;			/* where the banner should be, */
	uint64_t hint;			/* at this physical address */
};

struct po_found {
	uint64_t banner_paddr;
	uint64_t slide;			/* run-time address = link address + slide */
	struct po_xlat xlat;		/* without ops: the container alone knows where addresses lie */
	bool by_segment;		/* the container's list of kernel addresses told where (and the proof held) */
	bool by_note;			/* VMCOREINFO told where to look (and the proof held) */
	bool by_hint;			/* the hint was right */
	unsigned nr_candidates;		/* banners met on the way */
	bool base_found;		/* of a floating image, which was moved there */
	uint64_t base;
};

/*
 * Find the kernel; note is VMCOREINFO or NULL.  EMISMATCH: memory holds other kernels, which the message
 * names; ENODATA: no kernel at all.
 */
int po_find_kernel(struct po_memory *mem, const struct po_find *find, const char *note,
		   struct po_found *ret, struct pageowner_error *err);

#endif

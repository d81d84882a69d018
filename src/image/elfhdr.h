/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers and notes of an ELF core, of either class and byte order, read through whatever holds its bytes. */
#ifndef PO_IMAGE_ELFHDR_H
#define PO_IMAGE_ELFHDR_H

#include "base/load.h"
#include "image/image.h"

#define PO_PT_LOAD 1
#define PO_PT_NOTE 4

struct po_elf_layout;

struct po_elfhdr {
	/* Reads at an offset of the file; *done and the result as in struct po_image_ops. */
	enum po_cause (*read)(const void *self, uint64_t offset, void *buf, size_t len, size_t *done);
	const void *self;
	const struct po_elf_layout *layout;
	struct po_abi abi;		/* byte order of the headers; ptr_size: bytes of an address in them */
	uint64_t phoff;
	uint32_t phentsize, phnum;
	uint64_t notes_left;
};

struct po_phdr {
	uint64_t type, offset, vaddr, paddr, filesz, memsz;
};

/* Whether these are the first bytes of an ELF core. */
bool po_elfhdr_probe(const struct po_file *file);

/*
 * Take read and self, and read the header of a file whose first bytes were probed; size: of the file, or UINT64_MAX.  Sets
 * img->machine.
 */
int po_elfhdr_open(struct po_elfhdr *eh, struct po_image *img, uint64_t size, struct pageowner_error *err);

int po_elfhdr_phdr(const struct po_elfhdr *eh, uint32_t index, struct po_phdr *ret, struct pageowner_error *err);

/* No address there: the kernel writes -1, as wide as an address is. */
uint64_t po_elfhdr_no_address(const struct po_elfhdr *eh);

/*
 * Set img->vmcoreinfo from the notes of a PT_NOTE, if it is there and none was found before.  What is damaged there ends
 * the walk and is no failure.
 */
int po_elfhdr_notes(struct po_elfhdr *eh, const struct po_phdr *ph, struct po_image *img, struct pageowner_error *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/elfhdr.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define ET_CORE 4
#define PN_XNUM 0xffff		/* too many for the header: the number is in section header 0 */

/* Notes are some KiB per processor.  All PT_NOTEs together, so that no table can make us loop. */
#define NOTES_MAX ((uint64_t)64 << 20)
#define VMCOREINFO_MAX ((size_t)1 << 20)

/* Offsets of the fields we read, by class. */
struct po_elf_layout {
	uint8_t word;			/* bytes of an address or offset */
	uint8_t ehdr_size, e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize;
	uint8_t phdr_size, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz;
	uint8_t shdr_size, sh_info;
};

static const struct po_elf_layout layout32 = {
	.word = 4,
	.ehdr_size = 52, .e_phoff = 28, .e_shoff = 32, .e_phentsize = 42, .e_phnum = 44,
	.e_shentsize = 46,
	.phdr_size = 32, .p_offset = 4, .p_vaddr = 8, .p_paddr = 12, .p_filesz = 16, .p_memsz = 20,
	.shdr_size = 40, .sh_info = 28,
};

static const struct po_elf_layout layout64 = {
	.word = 8,
	.ehdr_size = 64, .e_phoff = 32, .e_shoff = 40, .e_phentsize = 54, .e_phnum = 56,
	.e_shentsize = 58,
	.phdr_size = 56, .p_offset = 8, .p_vaddr = 16, .p_paddr = 24, .p_filesz = 32, .p_memsz = 40,
	.shdr_size = 64, .sh_info = 44,
};

bool po_elfhdr_probe(const struct po_file *file)
{
	const uint8_t *h = file->head;

	if (file->head_len < 20 || memcmp(h, "\177ELF", 4) != 0 || h[4] < 1 || h[4] > 2 ||
	    h[5] < 1 || h[5] > 2)
		return false;
	return (h[5] == 2 ? po_load_be(h + 16, 2) : po_load_le(h + 16, 2)) == ET_CORE;
}

static uint64_t word(const struct po_elfhdr *eh, const void *at)
{
	return po_load(&eh->abi, at, eh->layout->word);
}

uint64_t po_elfhdr_no_address(const struct po_elfhdr *eh)
{
	return eh->layout->word == 4 ? UINT32_MAX : UINT64_MAX;
}

/* A struct of the file: all of it or a failure that names it. */
static int read_struct(const struct po_elfhdr *eh, uint64_t offset, void *buf, size_t len,
		       const char *what, struct pageowner_error *err)
{
	size_t done;
	enum po_cause cause = eh->read(eh->self, offset, buf, len, &done);

	if (cause == PO_HAVE)
		return PAGEOWNER_OK;
	return po_fail(err, cause == PO_TRUNCATED ? PAGEOWNER_ECORRUPT : PAGEOWNER_EIO,
		       "%s at 0x%" PRIx64 ": %s", what, offset, po_cause_words[cause]);
}

/* The number of program headers, when the header's 16 bits are too few. */
static int read_big_phnum(struct po_elfhdr *eh, const uint8_t *ehdr, struct pageowner_error *err)
{
	uint8_t shdr[64];
	uint64_t shoff = word(eh, ehdr + eh->layout->e_shoff);

	if (shoff == 0)
		return po_fail(err, PAGEOWNER_ECORRUPT, "ELF header: the number of program headers "
			       "is said to be in section header 0, but there is none");
	int rc = read_struct(eh, shoff, shdr, eh->layout->shdr_size, "section header 0", err);
	if (rc < 0)
		return rc;
	eh->phnum = (uint32_t)po_load(&eh->abi, shdr + eh->layout->sh_info, 4);
	return PAGEOWNER_OK;
}

static int read_ehdr(struct po_elfhdr *eh, uint64_t size, struct pageowner_error *err)
{
	uint8_t ehdr[64];
	int rc = read_struct(eh, 0, ehdr, eh->layout->ehdr_size, "ELF header", err);

	if (rc < 0)
		return rc;
	eh->phoff = word(eh, ehdr + eh->layout->e_phoff);
	eh->phentsize = (uint32_t)po_load(&eh->abi, ehdr + eh->layout->e_phentsize, 2);
	eh->phnum = (uint32_t)po_load(&eh->abi, ehdr + eh->layout->e_phnum, 2);
	if (eh->phnum == PN_XNUM) {
		rc = read_big_phnum(eh, ehdr, err);
		if (rc < 0)
			return rc;
	}
	if (eh->phnum == 0 || eh->phoff == 0)
		return po_fail(err, PAGEOWNER_ECORRUPT, "ELF header: no program headers");
	if (eh->phentsize < eh->layout->phdr_size)
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "ELF header: program headers of %" PRIu32 " bytes", eh->phentsize);

	uint64_t end;
	if (po_add(eh->phoff, (uint64_t)eh->phnum * eh->phentsize, &end) || end > size)
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "truncated: the table of %" PRIu32 " program headers at 0x%" PRIx64
			       " is cut off, the file ends at 0x%" PRIx64, eh->phnum, eh->phoff, size);
	return PAGEOWNER_OK;
}

static const char *machine_name(uint64_t e_machine)
{
	switch (e_machine) {
	case 3: return "i386";
	case 40: return "arm";
	case 62: return "x86_64";
	case 183: return "arm64";
	default: return NULL;
	}
}

int po_elfhdr_open(struct po_elfhdr *eh, struct po_image *img, uint64_t size, struct pageowner_error *err)
{
	uint8_t ident[20];
	int rc = read_struct(eh, 0, ident, sizeof(ident), "ELF header", err);

	if (rc < 0)
		return rc;
	eh->layout = ident[4] == 1 ? &layout32 : &layout64;
	eh->abi = (struct po_abi){ .big_endian = ident[5] == 2, .ptr_size = eh->layout->word };
	eh->notes_left = NOTES_MAX;
	const char *machine = machine_name(po_load(&eh->abi, ident + 18, 2));
	if (machine && po_image_set(&img->machine, "%s", machine) < 0)
		return po_fail_nomem(err, "ELF header");
	return read_ehdr(eh, size, err);
}

int po_elfhdr_phdr(const struct po_elfhdr *eh, uint32_t index, struct po_phdr *ret, struct pageowner_error *err)
{
	const struct po_elf_layout *l = eh->layout;
	uint8_t phdr[56];
	int rc = read_struct(eh, eh->phoff + (uint64_t)index * eh->phentsize, phdr, l->phdr_size, "program header", err);

	if (rc < 0)
		return rc;
	*ret = (struct po_phdr){
		.type = po_load(&eh->abi, phdr, 4),
		.offset = word(eh, phdr + l->p_offset),
		.vaddr = word(eh, phdr + l->p_vaddr),
		.paddr = word(eh, phdr + l->p_paddr),
		.filesz = word(eh, phdr + l->p_filesz),
		.memsz = word(eh, phdr + l->p_memsz),
	};
	return PAGEOWNER_OK;
}

static uint64_t align4(uint32_t v)
{
	return ((uint64_t)v + 3) & ~(uint64_t)3;
}

static int take_vmcoreinfo(const struct po_elfhdr *eh, uint64_t offset, uint32_t descsz, struct po_image *img,
			   struct pageowner_error *err)
{
	size_t len = descsz < VMCOREINFO_MAX ? descsz : VMCOREINFO_MAX, done;
	_cleanup_(po_freep) char *text = malloc(len + 1);

	if (!text)
		return po_fail_nomem(err, "VMCOREINFO");
	(void)eh->read(eh->self, offset, text, len, &done);
	if (done != len)
		return PAGEOWNER_OK;	/* it only helps; the cut is told with the memory's */
	if (po_image_set_vmcoreinfo(img, text, len) < 0)
		return po_fail_nomem(err, "VMCOREINFO");
	return PAGEOWNER_OK;
}

int po_elfhdr_notes(struct po_elfhdr *eh, const struct po_phdr *ph, struct po_image *img, struct pageowner_error *err)
{
	uint64_t at = ph->offset, left = ph->filesz;
	uint8_t note[12 + 12];
	size_t done;

	if (left > eh->notes_left)
		left = eh->notes_left;
	eh->notes_left -= left;
	while (left >= sizeof(note) && !img->vmcoreinfo) {
		if (eh->read(eh->self, at, note, sizeof(note), &done) != PO_HAVE)
			break;
		uint32_t namesz = (uint32_t)po_load(&eh->abi, note, 4);
		uint32_t descsz = (uint32_t)po_load(&eh->abi, note + 4, 4);
		uint64_t name_end = 12 + align4(namesz);
		uint64_t end = name_end + align4(descsz);
		if (name_end + descsz > left)
			break;
		if (namesz == sizeof("VMCOREINFO") && memcmp(note + 12, "VMCOREINFO", 11) == 0)
			return take_vmcoreinfo(eh, at + name_end, descsz, img, err);
		if (end > left)
			break;
		at += end;
		left -= end;
	}
	return PAGEOWNER_OK;
}

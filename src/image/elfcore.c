/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF cores of machines: QEMU's, makedumpfile's, copies of /proc/vmcore.  Of the program headers
 * only p_paddr is believed.  The class of the file says nothing about the width of the machine
 * (QEMU writes ELFCLASS64 cores of i386 guests), and p_vaddr says nothing at all.
 *
 * Bytes past p_filesz were dropped by a filter (makedumpfile -E), bytes past the end of the file
 * were lost: the difference is kept for every address.
 */
#include "image/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/load.h"
#include "base/status.h"
#include "image/extents.h"
#include "image/mapped.h"
#include "image/pieces.h"

#define ET_CORE 4
#define PT_LOAD 1
#define PT_NOTE 4
#define PN_XNUM 0xffff		/* too many for the header: the number is in section header 0 */

/* Notes are some KiB per processor.  All PT_NOTEs together, so that no table can make us loop. */
#define NOTES_MAX ((uint64_t)64 << 20)
#define VMCOREINFO_MAX ((size_t)1 << 20)

/* How many pages are compared where two segments claim the same memory from different places. */
#define CONFLICT_SAMPLES 32
#define CONFLICT_STEPS 65536

/* Offsets of the fields we read, by class. */
struct layout {
	uint8_t word;			/* bytes of an address or offset */
	uint8_t ehdr_size, e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize;
	uint8_t phdr_size, p_offset, p_paddr, p_filesz, p_memsz;
	uint8_t shdr_size, sh_info;
};

static const struct layout layout32 = {
	.word = 4,
	.ehdr_size = 52, .e_phoff = 28, .e_shoff = 32, .e_phentsize = 42, .e_phnum = 44,
	.e_shentsize = 46,
	.phdr_size = 32, .p_offset = 4, .p_paddr = 12, .p_filesz = 16, .p_memsz = 20,
	.shdr_size = 40, .sh_info = 28,
};

static const struct layout layout64 = {
	.word = 8,
	.ehdr_size = 64, .e_phoff = 32, .e_shoff = 40, .e_phentsize = 54, .e_phnum = 56,
	.e_shentsize = 58,
	.phdr_size = 56, .p_offset = 8, .p_paddr = 24, .p_filesz = 32, .p_memsz = 40,
	.shdr_size = 64, .sh_info = 44,
};

/* While the headers are read. */
struct reader {
	const struct po_file *file;
	const struct layout *layout;
	struct po_abi abi;
	struct po_image *img;
	struct po_pieces *core;
	const struct po_mapped *map;
	struct po_extents pieces;	/* as the headers say, before overlaps are settled */
	uint64_t phoff;
	uint32_t phentsize, phnum;
	uint32_t loads;			/* PT_LOADs with a physical address */
	bool some_paddr;		/* one of them is not 0 */
	uint64_t notes_left;
	struct pageowner_error *err;
};

static const struct po_image_ops elf_ops = {
	.name = "ELF core",
	PO_PIECES_OPS,
};

static bool elf_probe(const struct po_file *file)
{
	const uint8_t *h = file->head;

	if (file->head_len < 20 || memcmp(h, "\177ELF", 4) != 0 || h[4] < 1 || h[4] > 2 ||
	    h[5] < 1 || h[5] > 2)
		return false;
	return (h[5] == 2 ? po_load_be(h + 16, 2) : po_load_le(h + 16, 2)) == ET_CORE;
}

static uint64_t word(const struct reader *rd, const void *at)
{
	return po_load(&rd->abi, at, rd->layout->word);
}

/* A struct of the file: all of it or a failure that names it. */
static int read_struct(const struct reader *rd, uint64_t offset, void *buf, size_t len,
		       const char *what)
{
	size_t done;
	enum po_cause cause = po_mapped_read(rd->map, offset, buf, len, &done);

	if (cause == PO_HAVE)
		return PAGEOWNER_OK;
	return po_fail(rd->err, cause == PO_TRUNCATED ? PAGEOWNER_ECORRUPT : PAGEOWNER_EIO,
		       "%s at 0x%" PRIx64 ": %s", what, offset, po_cause_words[cause]);
}

/* The number of program headers, when the header's 16 bits are too few. */
static int read_big_phnum(struct reader *rd, const uint8_t *ehdr)
{
	uint8_t shdr[64];
	uint64_t shoff = word(rd, ehdr + rd->layout->e_shoff);

	if (shoff == 0)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT, "ELF header: the number of program headers "
			       "is said to be in section header 0, but there is none");
	int rc = read_struct(rd, shoff, shdr, rd->layout->shdr_size, "section header 0");
	if (rc < 0)
		return rc;
	rd->phnum = (uint32_t)po_load(&rd->abi, shdr + rd->layout->sh_info, 4);
	return PAGEOWNER_OK;
}

static int read_ehdr(struct reader *rd)
{
	uint8_t ehdr[64];
	int rc = read_struct(rd, 0, ehdr, rd->layout->ehdr_size, "ELF header");

	if (rc < 0)
		return rc;
	rd->phoff = word(rd, ehdr + rd->layout->e_phoff);
	rd->phentsize = (uint32_t)po_load(&rd->abi, ehdr + rd->layout->e_phentsize, 2);
	rd->phnum = (uint32_t)po_load(&rd->abi, ehdr + rd->layout->e_phnum, 2);
	if (rd->phnum == PN_XNUM) {
		rc = read_big_phnum(rd, ehdr);
		if (rc < 0)
			return rc;
	}
	if (rd->phnum == 0 || rd->phoff == 0)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT, "ELF header: no program headers");
	if (rd->phentsize < rd->layout->phdr_size)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT,
			       "ELF header: program headers of %" PRIu32 " bytes", rd->phentsize);

	uint64_t end;
	if (po_add(rd->phoff, (uint64_t)rd->phnum * rd->phentsize, &end) || end > rd->file->size)
		return po_fail(rd->err, PAGEOWNER_ECORRUPT,
			       "truncated: the table of %" PRIu32 " program headers at 0x%" PRIx64
			       " is cut off, the file ends at 0x%" PRIx64, rd->phnum, rd->phoff,
			       rd->file->size);
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

/* One PT_LOAD: what is in the file, what was cut off, what was dropped. */
static int add_load(struct reader *rd, uint32_t index, const uint8_t *phdr)
{
	uint64_t offset = word(rd, phdr + rd->layout->p_offset);
	uint64_t paddr = word(rd, phdr + rd->layout->p_paddr);
	uint64_t filesz = word(rd, phdr + rd->layout->p_filesz);
	uint64_t memsz = word(rd, phdr + rd->layout->p_memsz);
	uint64_t end, file_end;

	/* "no physical address": the virtual areas of the kernel's own headers */
	if (paddr == (rd->layout->word == 4 ? UINT32_MAX : UINT64_MAX))
		return PAGEOWNER_OK;
	if (memsz < filesz)
		memsz = filesz;
	if (memsz == 0)
		return PAGEOWNER_OK;
	if (po_add(paddr, memsz, &end) || po_add(offset, filesz, &file_end))
		return po_fail(rd->err, PAGEOWNER_ECORRUPT,
			       "program header %" PRIu32 ": 0x%" PRIx64 " bytes of memory at 0x%"
			       PRIx64 ", 0x%" PRIx64 " of file at 0x%" PRIx64, index, memsz, paddr,
			       filesz, offset);
	rd->loads++;
	rd->some_paddr |= paddr != 0;

	uint64_t size = rd->file->size;
	uint64_t held = file_end <= size ? filesz : offset < size ? size - offset : 0;
	const struct po_extent parts[] = {
		{ paddr, paddr + held, offset, index, PO_HAVE, 0 },
		{ paddr + held, paddr + filesz, offset + held, index, PO_TRUNCATED, 0 },
		{ paddr + filesz, end, file_end, index, PO_ZEROED, 0 },
	};
	for (size_t i = 0; i < 3; i++)
		if (po_extents_add(&rd->pieces, &parts[i]) < 0)
			return po_fail_nomem(rd->err, "program headers");
	return PAGEOWNER_OK;
}

static uint64_t align4(uint32_t v)
{
	return ((uint64_t)v + 3) & ~(uint64_t)3;
}

static int take_vmcoreinfo(struct reader *rd, uint64_t offset, uint32_t descsz)
{
	size_t len = descsz < VMCOREINFO_MAX ? descsz : VMCOREINFO_MAX, done;
	_cleanup_(po_freep) char *text = malloc(len + 1);

	if (!text)
		return po_fail_nomem(rd->err, "VMCOREINFO");
	(void)po_mapped_read(rd->map, offset, text, len, &done);
	if (done != len)
		return PAGEOWNER_OK;	/* it only helps; the cut is told with the memory's */
	if (po_image_set_vmcoreinfo(rd->img, text, len) < 0)
		return po_fail_nomem(rd->err, "VMCOREINFO");
	return PAGEOWNER_OK;
}

/* Walk the notes of one PT_NOTE; what is damaged there ends the walk and is no failure. */
static int read_notes(struct reader *rd, const uint8_t *phdr)
{
	uint64_t at = word(rd, phdr + rd->layout->p_offset);
	uint64_t left = word(rd, phdr + rd->layout->p_filesz);
	uint8_t note[12 + 12];
	size_t done;

	if (left > rd->notes_left)
		left = rd->notes_left;
	rd->notes_left -= left;
	while (left >= sizeof(note) && !rd->img->vmcoreinfo) {
		if (po_mapped_read(rd->map, at, note, sizeof(note), &done) != PO_HAVE)
			break;
		uint32_t namesz = (uint32_t)po_load(&rd->abi, note, 4);
		uint32_t descsz = (uint32_t)po_load(&rd->abi, note + 4, 4);
		uint64_t name_end = 12 + align4(namesz);
		uint64_t end = name_end + align4(descsz);
		if (name_end + descsz > left)
			break;
		if (namesz == sizeof("VMCOREINFO") && memcmp(note + 12, "VMCOREINFO", 11) == 0)
			return take_vmcoreinfo(rd, at + name_end, descsz);
		if (end > left)
			break;
		at += end;
		left -= end;
	}
	return PAGEOWNER_OK;
}

static int read_phdrs(struct reader *rd)
{
	uint8_t phdr[56];
	int rc = PAGEOWNER_OK;

	for (uint32_t i = 0; i < rd->phnum && rc == PAGEOWNER_OK; i++) {
		rc = read_struct(rd, rd->phoff + (uint64_t)i * rd->phentsize, phdr,
				 rd->layout->phdr_size, "program header");
		if (rc < 0)
			break;
		uint64_t type = po_load(&rd->abi, phdr, 4);
		if (type == PT_LOAD)
			rc = add_load(rd, i, phdr);
		else if (type == PT_NOTE)
			rc = read_notes(rd, phdr);
	}
	return rc;
}

/* Do the page of piece p at paddr and the page that won over it hold the same bytes? */
static bool same_bytes(const struct reader *rd, const struct po_extent *p,
		       const struct po_extent *e, uint64_t paddr)
{
	uint8_t a[4096], b[4096];
	size_t len = sizeof(a), got_a, got_b;
	uint64_t end = p->end < e->end ? p->end : e->end;

	if (len > end - paddr)
		len = (size_t)(end - paddr);
	if (po_mapped_read(rd->map, p->offset + (paddr - p->start), a, len, &got_a) ||
	    po_mapped_read(rd->map, e->offset + (paddr - e->start), b, len, &got_b))
		return true;	/* cannot tell: reading it will */
	return memcmp(a, b, len) == 0;
}

/*
 * Kernels describe their text twice, so overlaps are normal and the same bytes stand on both
 * places. If a sample shows that they do not, the user must know which of them is used.
 */
static int tell_conflict(struct reader *rd)
{
	const struct po_extents *ext = &rd->core->extents;
	unsigned samples = CONFLICT_SAMPLES, steps = CONFLICT_STEPS;

	for (size_t i = 0; i < rd->pieces.nr; i++) {
		const struct po_extent *p = &rd->pieces.at[i];
		size_t k = po_extents_find(ext, p->start, SIZE_MAX);
		if (p->cause != PO_HAVE)
			continue;
		for (; k < ext->nr && ext->at[k].start < p->end; k++) {
			const struct po_extent *e = &ext->at[k];
			uint64_t at = e->start > p->start ? e->start : p->start;
			if (steps-- == 0 || samples == 0)
				return 0;
			if (e->order == p->order || e->cause != PO_HAVE ||
			    e->offset + (at - e->start) == p->offset + (at - p->start))
				continue;
			samples--;
			if (same_bytes(rd, p, e, at))
				continue;
			return po_image_notice(rd->img, "dump: %s: program headers %" PRIu32
					       " and %" PRIu32 " give different bytes for 0x%"
					       PRIx64 ", the former's are used", rd->file->path,
					       e->order, p->order, at);
		}
	}
	return 0;
}

/* The words that follow from the settled extents. */
static int describe(struct reader *rd, uint64_t doubled)
{
	struct po_image *img = rd->img;
	char twice[64] = "";

	if (doubled)
		(void)snprintf(twice, sizeof(twice), ", %s described twice",
			       po_size_words(doubled).text);
	if (po_image_set(&img->description, "ELF core, %" PRIu32 " segments%s", rd->loads,
			 twice) < 0)
		return -1;
	if (img->truncated && po_pieces_tell_cut(rd->img, rd->file) < 0)
		return -1;
	return doubled ? tell_conflict(rd) : 0;
}

static int settle(struct reader *rd)
{
	uint64_t doubled;

	if (rd->loads == 0)
		return po_fail(rd->err, PAGEOWNER_EFORMAT,
			       "an ELF core without memory at physical addresses");
	if (rd->loads > 1 && !rd->some_paddr)
		return po_fail(rd->err, PAGEOWNER_EFORMAT,
			       "the ELF core of a process (all physical addresses are 0), not of a "
			       "machine");
	for (size_t i = 0; i < rd->pieces.nr; i++)
		if (po_extents_add(&rd->core->extents, &rd->pieces.at[i]) < 0)
			return po_fail_nomem(rd->err, "program headers");
	if (po_pieces_settle(rd->img, &doubled) < 0 || describe(rd, doubled) < 0)
		return po_fail_nomem(rd->err, "program headers");
	return PAGEOWNER_OK;
}

static int read_core(struct po_image *img, const struct po_file *file, struct pageowner_error *err)
{
	struct po_pieces *core = po_pieces_of(img);
	struct reader rd = {
		.file = file,
		.layout = file->head[4] == 1 ? &layout32 : &layout64,
		.abi = { .big_endian = file->head[5] == 2 },
		.img = img,
		.core = core,
		.map = core->map[0],
		.notes_left = NOTES_MAX,
		.err = err,
	};
	const char *machine = machine_name(po_load(&rd.abi, file->head + 18, 2));

	if (machine && po_image_set(&img->machine, "%s", machine) < 0)
		return po_fail_nomem(err, "ELF header");
	int rc = read_ehdr(&rd);
	if (rc == PAGEOWNER_OK)
		rc = read_phdrs(&rd);
	if (rc == PAGEOWNER_OK)
		rc = settle(&rd);
	po_extents_fini(&rd.pieces);
	return rc;
}

static int elf_open(const struct po_file *files, size_t nr, struct po_image **ret,
		    struct pageowner_error *err)
{
	_cleanup_(po_image_closep) struct po_image *img = NULL;

	if (nr > 1)
		return po_fail(err, PAGEOWNER_EINVAL,
			       "%s: an ELF core is one file, but %zu were given", files[0].path,
			       nr);
	int rc = po_pieces_new(&elf_ops, 1, &img, err);
	if (rc == PAGEOWNER_OK)
		rc = po_pieces_add_file(img, &files[0], err);
	if (rc < 0)
		return rc;
	rc = read_core(img, &files[0], err);
	if (rc < 0)
		return po_within(err, rc, "%s", files[0].path);
	*ret = po_take(img);
	return PAGEOWNER_OK;
}

const struct po_format po_format_elfcore = {
	.name = "ELF core",
	.probe = elf_probe,
	.open = elf_open,
};

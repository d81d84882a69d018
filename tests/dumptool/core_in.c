// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads an ELF core into a map of physical memory.
 *
 * QEMU writes ELFCLASS64 for 32-bit guests too and puts the program headers at 192; /proc/vmcore
 * lists the kernel text twice, once alone and once within its RAM range.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dumptool.h"

struct core *core_new(void)
{
	struct core *core = xmalloc(sizeof(*core));

	core->class = ELFCLASS64;
	core->machine = EM_X86_64;
	core->page_size = 4096;
	core->notes = xmalloc(0);
	return core;
}

void core_free(struct core *core)
{
	if (!core)
		return;
	if (core->map)
		munmap(core->map, core->size);
	for (size_t i = 0; i < core->nr_patches; i++)
		free(core->patches[i].bytes);
	free(core->patches);
	free(core->pieces);
	free(core->notes);
	free(core);
}

void core_add_piece(struct core *core, const struct piece *piece)
{
	if (!piece->len)
		return;
	if (core->nr_pieces == core->max_pieces) {
		core->max_pieces = core->max_pieces ? 2 * core->max_pieces : 64;
		core->pieces = xrealloc(core->pieces, core->max_pieces * sizeof(*core->pieces));
	}
	core->pieces[core->nr_pieces++] = *piece;
}

/* A copy of a structure at off; the file may hold it at any alignment. */
static void fetch(const struct core *core, uint64_t off, void *ret, size_t len)
{
	if (off > core->size || len > core->size - off)
		die("truncated: %zu bytes at %#llx", len, (unsigned long long)off);
	memcpy(ret, core->map + off, len);
}

static Elf64_Phdr fetch_phdr(const struct core *core, uint64_t off)
{
	Elf64_Phdr ph;
	Elf32_Phdr ph32;

	if (core->class == ELFCLASS64) {
		fetch(core, off, &ph, sizeof(ph));
		return ph;
	}
	fetch(core, off, &ph32, sizeof(ph32));
	return (Elf64_Phdr){
		.p_type = ph32.p_type, .p_flags = ph32.p_flags, .p_offset = ph32.p_offset,
		.p_vaddr = ph32.p_vaddr, .p_paddr = ph32.p_paddr, .p_filesz = ph32.p_filesz,
		.p_memsz = ph32.p_memsz, .p_align = ph32.p_align,
	};
}

static void add_load(struct core *core, const Elf64_Phdr *ph)
{
	struct piece piece = { .pa = ph->p_paddr, .len = ph->p_filesz, .off = ph->p_offset };

	/* /proc/kcore's way to say that this is not RAM */
	if (ph->p_paddr == UINT64_MAX || (core->class == ELFCLASS32 && ph->p_paddr == UINT32_MAX))
		return;
	if (piece.len && (piece.off > core->size || piece.len > core->size - piece.off))
		die("truncated: the segment at %#llx ends past the end of the file",
		    (unsigned long long)piece.pa);
	if (ph->p_memsz > UINT64_MAX - ph->p_paddr)
		die("the segment at %#llx is too long", (unsigned long long)piece.pa);
	core_add_piece(core, &piece);
	if (ph->p_memsz <= ph->p_filesz)
		return;
	piece.pa += piece.len;
	piece.len = ph->p_memsz - ph->p_filesz;
	piece.kind = PIECE_EXCLUDED;
	core_add_piece(core, &piece);
}

static void add_notes(struct core *core, const Elf64_Phdr *ph)
{
	size_t len = (size_t)round_up(ph->p_filesz, 4);

	if (ph->p_filesz > core->size)
		die("truncated: notes");
	core->notes = xrealloc(core->notes, core->notes_len + len);
	memset(core->notes + core->notes_len, 0, len);
	fetch(core, ph->p_offset, core->notes + core->notes_len, (size_t)ph->p_filesz);
	core->notes_len += len;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *pa = a, *pb = b;

	if (pa->pa != pb->pa)
		return pa->pa < pb->pa ? -1 : 1;
	/* the longer one first: the shorter one then vanishes within it */
	return (pa->len < pb->len) - (pa->len > pb->len);
}

static void sort_pieces(struct core *core)
{
	uint64_t end = 0;
	size_t nr = 0;

	if (!core->nr_pieces)
		die("no PT_LOAD segment");
	qsort(core->pieces, core->nr_pieces, sizeof(*core->pieces), compare_pieces);
	for (size_t i = 0; i < core->nr_pieces; i++) {
		struct piece piece = core->pieces[i];
		uint64_t cut = piece.pa < end ? min_u64(end - piece.pa, piece.len) : 0;

		piece.pa += cut;
		piece.off += cut;
		piece.len -= cut;
		if (!piece.len)
			continue;
		end = piece.pa + piece.len;
		core->pieces[nr++] = piece;
	}
	core->nr_pieces = nr;
}

/* With 65535 segments or more their number is in sh_info of section 0. */
static uint32_t nr_headers(const struct core *core, const Elf64_Ehdr *eh)
{
	Elf64_Shdr sh;
	Elf32_Shdr sh32;

	if (eh->e_phnum != PN_XNUM)
		return eh->e_phnum;
	if (core->class == ELFCLASS64) {
		fetch(core, eh->e_shoff, &sh, sizeof(sh));
		return sh.sh_info;
	}
	fetch(core, eh->e_shoff, &sh32, sizeof(sh32));
	return sh32.sh_info;
}

static Elf64_Ehdr fetch_ehdr(struct core *core, const char *path)
{
	Elf64_Ehdr eh = { 0 };
	Elf32_Ehdr eh32;

	fetch(core, 0, eh.e_ident, EI_NIDENT);
	core->class = eh.e_ident[EI_CLASS];
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (core->class != ELFCLASS64 && core->class != ELFCLASS32))
		die("%s: not a little-endian ELF file", path);
	if (core->class == ELFCLASS64) {
		fetch(core, 0, &eh, sizeof(eh));
	} else {
		fetch(core, 0, &eh32, sizeof(eh32));
		eh.e_type = eh32.e_type;
		eh.e_machine = eh32.e_machine;
		eh.e_flags = eh32.e_flags;
		eh.e_phoff = eh32.e_phoff;
		eh.e_phentsize = eh32.e_phentsize;
		eh.e_phnum = eh32.e_phnum;
		eh.e_shoff = eh32.e_shoff;
	}
	if (eh.e_type != ET_CORE)
		die("%s: not a core", path);
	return eh;
}

static void map_file(struct core *core, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		die("%s: not a file with something in it", path);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	close(fd);
	core->map = map;
	core->size = (size_t)st.st_size;
	core->dev = st.st_dev;
	core->ino = st.st_ino;
}

struct core *core_open(const char *path)
{
	struct core *core = core_new();
	Elf64_Ehdr eh;
	char *page_size;

	map_file(core, path);
	eh = fetch_ehdr(core, path);
	core->machine = eh.e_machine;
	core->flags = eh.e_flags;
	core->phoff = eh.e_phoff;
	for (uint32_t i = 0, nr = nr_headers(core, &eh); i < nr; i++) {
		Elf64_Phdr ph = fetch_phdr(core, eh.e_phoff + (uint64_t)i * eh.e_phentsize);

		if (ph.p_type == PT_LOAD)
			add_load(core, &ph);
		else if (ph.p_type == PT_NOTE)
			add_notes(core, &ph);
	}
	sort_pieces(core);
	page_size = vmcoreinfo_value(core, "PAGESIZE");
	if (page_size)
		core->page_size = parse_number(page_size, 10, "PAGESIZE in VMCOREINFO");
	free(page_size);
	return core;
}

/* The piece that holds pa, or else the first one after it, or NULL. */
const struct piece *core_next_piece(const struct core *core, uint64_t pa)
{
	size_t lo = 0, hi = core->nr_pieces;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (core->pieces[mid].pa + core->pieces[mid].len <= pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < core->nr_pieces ? &core->pieces[lo] : NULL;
}

static void apply_patches(const struct core *core, uint64_t pa, uint8_t *buf, uint64_t len)
{
	for (size_t i = 0; i < core->nr_patches; i++) {
		const struct patch *patch = &core->patches[i];
		uint64_t first = max_u64(pa, patch->pa);
		uint64_t end = min_u64(pa + len, patch->pa + patch->len);

		if (first < end)
			memcpy(buf + (first - pa), patch->bytes + (first - patch->pa),
			       (size_t)(end - first));
	}
}

/* Fills buf, with zeros where there is no data; returns how many bytes of it are data. */
uint64_t core_read(const struct core *core, uint64_t pa, void *buf, uint64_t len)
{
	const struct piece *piece = core_next_piece(core, pa);
	const struct piece *stop = core->pieces + core->nr_pieces;
	uint64_t present = 0;

	memset(buf, 0, (size_t)len);
	for (; piece && piece < stop && piece->pa < pa + len; piece++) {
		uint64_t first = max_u64(pa, piece->pa);
		uint64_t end = min_u64(pa + len, piece->pa + piece->len);
		uint8_t *to = (uint8_t *)buf + (first - pa);

		if (piece->kind == PIECE_EXCLUDED)
			continue;
		if (core->map)
			memcpy(to, core->map + piece->off + (first - piece->pa),
			       (size_t)(end - first));
		else
			synth_fill(first, to, end - first);
		present += end - first;
	}
	apply_patches(core, pa, buf, len);
	return present;
}

uint64_t core_end(const struct core *core)
{
	const struct piece *last;

	if (!core->nr_pieces)
		die("no memory is left");
	last = &core->pieces[core->nr_pieces - 1];
	return last->pa + last->len;
}

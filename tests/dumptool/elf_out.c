// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writes an ELF core.
 *
 * Filtered pages are expressed as makedumpfile -E does: a PT_LOAD holds p_filesz bytes of data, and
 * what p_memsz has beyond that was excluded.  A PT_LOAD without any data has p_offset 0.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

struct load {
	uint64_t pa;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t off;
};

struct elf {
	const struct core *core;
	const struct options *opt;
	struct out *out;
	int class;
	struct load *loads;
	size_t nr_loads;
	size_t max_loads;
	uint64_t nr_headers;
	uint64_t phoff;
	uint64_t shoff;
	uint64_t notes_off;
};

static struct load *add_load(struct elf *elf, uint64_t pa)
{
	if (elf->nr_loads == elf->max_loads) {
		elf->max_loads = elf->max_loads ? 2 * elf->max_loads : 64;
		elf->loads = xrealloc(elf->loads, elf->max_loads * sizeof(*elf->loads));
	}
	elf->loads[elf->nr_loads] = (struct load){ .pa = pa };
	return &elf->loads[elf->nr_loads++];
}

static void add_data(struct elf *elf, const struct piece *piece)
{
	uint64_t step = elf->opt->segment_pages * elf->core->page_size;

	for (uint64_t done = 0, part; done < piece->len; done += part) {
		struct load *load = add_load(elf, piece->pa + done);

		part = step ? min_u64(step, piece->len - done) : piece->len;
		load->filesz = part;
		load->memsz = part;
	}
}

static void add_excluded(struct elf *elf, const struct piece *piece)
{
	struct load *last = elf->nr_loads ? &elf->loads[elf->nr_loads - 1] : NULL;

	if (!last || last->pa + last->memsz != piece->pa)
		last = add_load(elf, piece->pa);
	last->memsz += piece->len;
}

static void make_loads(struct elf *elf)
{
	uint32_t seed = elf->opt->shuffle;

	for (size_t i = 0; i < elf->core->nr_pieces; i++) {
		const struct piece *piece = &elf->core->pieces[i];

		if (piece->kind == PIECE_DATA)
			add_data(elf, piece);
		else
			add_excluded(elf, piece);
	}
	for (size_t i = elf->nr_loads; seed && i > 1; i--) {
		size_t j = prng(&seed) % i;
		struct load load = elf->loads[j];

		elf->loads[j] = elf->loads[i - 1];
		elf->loads[i - 1] = load;
	}
}

static size_t sized(const struct elf *elf, size_t size64, size_t size32)
{
	return elf->class == ELFCLASS64 ? size64 : size32;
}

/* Header, program headers, section header, notes, data; or the program headers last. */
static void lay_out(struct elf *elf)
{
	const struct options *opt = elf->opt;
	uint64_t pos = sized(elf, sizeof(Elf64_Ehdr), sizeof(Elf32_Ehdr));
	uint64_t phsize;

	elf->nr_headers = elf->nr_loads + (elf->core->notes_len ? 1 : 0);
	phsize = elf->nr_headers * sized(elf, sizeof(Elf64_Phdr), sizeof(Elf32_Phdr));
	if (opt->phoff && opt->phoff < pos)
		die("phoff: the ELF header takes %llu bytes", (unsigned long long)pos);
	if (!opt->phoff_end) {
		elf->phoff = opt->phoff ? opt->phoff : pos;
		pos = elf->phoff + phsize;
	}
	if (elf->nr_headers >= PN_XNUM) {
		elf->shoff = round_up(pos, 8);
		pos = elf->shoff + sized(elf, sizeof(Elf64_Shdr), sizeof(Elf32_Shdr));
	}
	elf->notes_off = pos;
	pos += elf->core->notes_len;
	for (size_t i = 0; i < elf->nr_loads; i++) {
		if (!elf->loads[i].filesz)
			continue;
		pos = opt->align ? round_up(pos, opt->align) : pos;
		elf->loads[i].off = pos;
		pos += elf->loads[i].filesz;
	}
	if (opt->phoff_end)
		elf->phoff = round_up(pos, 8);
	if (elf->class == ELFCLASS32 && max_u64(pos, elf->phoff + phsize) > UINT32_MAX)
		die("class 32: the file would have 4 GiB or more");
}

static void write_ehdr(const struct elf *elf)
{
	bool many = elf->nr_headers >= PN_XNUM;
	Elf64_Ehdr eh = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, (unsigned char)elf->class,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = elf->core->machine,
		.e_version = EV_CURRENT,
		.e_phoff = elf->phoff,
		.e_shoff = elf->shoff,
		.e_flags = elf->core->flags,
		.e_ehsize = (Elf64_Half)sized(elf, sizeof(Elf64_Ehdr), sizeof(Elf32_Ehdr)),
		.e_phentsize = (Elf64_Half)sized(elf, sizeof(Elf64_Phdr), sizeof(Elf32_Phdr)),
		.e_phnum = many ? PN_XNUM : (Elf64_Half)elf->nr_headers,
		.e_shentsize = (Elf64_Half)sized(elf, sizeof(Elf64_Shdr), sizeof(Elf32_Shdr)),
		.e_shnum = many,
	};
	Elf32_Ehdr eh32 = {
		.e_type = eh.e_type, .e_machine = eh.e_machine, .e_version = eh.e_version,
		.e_phoff = (Elf32_Off)eh.e_phoff, .e_shoff = (Elf32_Off)eh.e_shoff,
		.e_flags = eh.e_flags, .e_ehsize = eh.e_ehsize, .e_phentsize = eh.e_phentsize,
		.e_phnum = eh.e_phnum, .e_shentsize = eh.e_shentsize, .e_shnum = eh.e_shnum,
	};

	memcpy(eh32.e_ident, eh.e_ident, EI_NIDENT);
	if (elf->class == ELFCLASS64)
		out_write(elf->out, 0, &eh, sizeof(eh));
	else
		out_write(elf->out, 0, &eh32, sizeof(eh32));
}

static void write_shdr(const struct elf *elf)
{
	Elf64_Shdr sh = { .sh_info = (Elf64_Word)elf->nr_headers };
	Elf32_Shdr sh32 = { .sh_info = sh.sh_info };

	if (elf->class == ELFCLASS64)
		out_write(elf->out, elf->shoff, &sh, sizeof(sh));
	else
		out_write(elf->out, elf->shoff, &sh32, sizeof(sh32));
}

static uint64_t vaddr_of(const struct elf *elf, uint64_t pa)
{
	switch (elf->opt->vaddr) {
	case VADDR_ZERO:
		return 0;
	case VADDR_BASE:
		return elf->opt->vaddr_base + pa;
	case VADDR_PADDR:
		break;
	}
	return pa;
}

static size_t put_phdr(const struct elf *elf, uint8_t *to, const Elf64_Phdr *ph)
{
	Elf32_Phdr ph32 = {
		.p_type = ph->p_type, .p_offset = (Elf32_Off)ph->p_offset,
		.p_vaddr = (Elf32_Addr)ph->p_vaddr, .p_paddr = (Elf32_Addr)ph->p_paddr,
		.p_filesz = (Elf32_Word)ph->p_filesz, .p_memsz = (Elf32_Word)ph->p_memsz,
	};

	if (elf->class == ELFCLASS64) {
		memcpy(to, ph, sizeof(*ph));
		return sizeof(*ph);
	}
	if (ph->p_paddr + ph->p_memsz > 1ULL << 32)
		die("class 32: memory at %#llx", (unsigned long long)ph->p_paddr);
	memcpy(to, &ph32, sizeof(ph32));
	return sizeof(ph32);
}

static void write_phdrs(const struct elf *elf)
{
	uint8_t *table = xmalloc((size_t)elf->nr_headers * sizeof(Elf64_Phdr)), *to = table;

	if (elf->core->notes_len) {
		Elf64_Phdr ph = {
			.p_type = PT_NOTE,
			.p_offset = elf->notes_off,
			.p_filesz = elf->core->notes_len,
			.p_memsz = elf->core->notes_len,
		};

		to += put_phdr(elf, to, &ph);
	}
	for (size_t i = 0; i < elf->nr_loads; i++) {
		const struct load *load = &elf->loads[i];
		Elf64_Phdr ph = {
			.p_type = PT_LOAD,
			.p_offset = load->off,
			.p_vaddr = vaddr_of(elf, load->pa),
			.p_paddr = load->pa,
			.p_filesz = load->filesz,
			.p_memsz = load->memsz,
		};

		to += put_phdr(elf, to, &ph);
	}
	out_write(elf->out, elf->phoff, table, (size_t)(to - table));
	free(table);
}

static void write_load(const struct elf *elf, const struct load *load)
{
	uint8_t *buf = xmalloc(CHUNK);

	for (uint64_t done = 0, part; done < load->filesz; done += part) {
		part = min_u64(CHUNK, load->filesz - done);
		core_read(elf->core, load->pa + done, buf, part);
		out_write(elf->out, load->off + done, buf, (size_t)part);
	}
	free(buf);
}

void elf_write(const struct core *core, const struct options *opt, const char *path)
{
	struct elf elf = { .core = core, .opt = opt, .class = core->class };

	if (opt->class)
		elf.class = opt->class == 32 ? ELFCLASS32 : ELFCLASS64;
	make_loads(&elf);
	lay_out(&elf);
	elf.out = out_open(path, core, opt);
	write_ehdr(&elf);
	if (elf.shoff)
		write_shdr(&elf);
	write_phdrs(&elf);
	out_write(elf.out, elf.notes_off, core->notes, core->notes_len);
	for (size_t i = 0; i < elf.nr_loads; i++)
		write_load(&elf, &elf.loads[i]);
	out_close(elf.out);
	free(elf.loads);
}

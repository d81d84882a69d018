/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ELF file in memory, with what a kernel that has no file is known by: its read-only data and its symbols. */
#include "elf/elf.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/status.h"

enum { SECTION_NULL, SECTION_RODATA, SECTION_SYMTAB, SECTION_STRTAB, SECTION_SHSTRTAB, NR_SECTIONS };

static const char section_names[] = "\0.rodata\0.symtab\0.strtab\0.shstrtab";

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_DATA ELFDATA2LSB
#else
#define HOST_DATA ELFDATA2MSB
#endif

static size_t names_size(const struct po_elf_recipe *r)
{
	size_t len = 1;

	for (size_t i = 0; i < r->nr_symbols; i++)
		len += strlen(r->symbol[i].name) + 1;
	return len;
}

static void put_symbols(FILE *f, const struct po_elf_recipe *r)
{
	Elf64_Sym sym = { 0 };
	size_t name = 1;

	(void)fwrite(&sym, sizeof(sym), 1, f);
	for (size_t i = 0; i < r->nr_symbols; i++) {
		const struct po_elf_symbol *s = &r->symbol[i];
		sym = (Elf64_Sym){ .st_name = (Elf64_Word)name, .st_info = ELF64_ST_INFO(s->bind, s->type),
				   .st_shndx = SHN_ABS, .st_value = s->value, .st_size = s->size };
		(void)fwrite(&sym, sizeof(sym), 1, f);
		name += strlen(s->name) + 1;
	}
	(void)fputc('\0', f);
	for (size_t i = 0; i < r->nr_symbols; i++)
		(void)fwrite(r->symbol[i].name, strlen(r->symbol[i].name) + 1, 1, f);
}

static void put_file(FILE *f, const struct po_elf_recipe *r)
{
	const size_t symtab = (r->nr_symbols + 1) * sizeof(Elf64_Sym), strtab = names_size(r);
	const Elf64_Off rodata_at = sizeof(Elf64_Ehdr) + NR_SECTIONS * sizeof(Elf64_Shdr);
	const Elf64_Off symtab_at = rodata_at + ((r->rodata_len + 7) & ~(size_t)7);
	const Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, HOST_DATA, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = (Elf64_Half)r->machine, .e_version = EV_CURRENT,
		.e_shoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr), .e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = NR_SECTIONS, .e_shstrndx = SECTION_SHSTRTAB,
	};
	const Elf64_Shdr shdr[NR_SECTIONS] = {
		[SECTION_RODATA] = { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, .sh_addr = r->rodata_at,
				     .sh_offset = rodata_at, .sh_size = r->rodata_len, .sh_addralign = 8 },
		[SECTION_SYMTAB] = { .sh_name = 9, .sh_type = SHT_SYMTAB, .sh_offset = symtab_at, .sh_size = symtab,
				     .sh_link = SECTION_STRTAB, .sh_info = 1, .sh_addralign = 8,
				     .sh_entsize = sizeof(Elf64_Sym) },
		[SECTION_STRTAB] = { .sh_name = 17, .sh_type = SHT_STRTAB, .sh_offset = symtab_at + symtab,
				     .sh_size = strtab, .sh_addralign = 1 },
		[SECTION_SHSTRTAB] = { .sh_name = 25, .sh_type = SHT_STRTAB, .sh_offset = symtab_at + symtab + strtab,
				       .sh_size = sizeof(section_names), .sh_addralign = 1 },
	};

	(void)fwrite(&ehdr, sizeof(ehdr), 1, f);
	(void)fwrite(shdr, sizeof(shdr), 1, f);
	(void)fwrite(r->rodata, r->rodata_len, 1, f);
	for (size_t i = r->rodata_len; i % 8; i++)
		(void)fputc('\0', f);
	put_symbols(f, r);
	(void)fwrite(section_names, sizeof(section_names), 1, f);
}

int po_elf_make(const char *name, const struct po_elf_recipe *recipe, struct po_elf **ret, struct pageowner_error *err)
{
	_cleanup_(po_closefdp) int fd = memfd_create("pageowner", MFD_CLOEXEC);
	int copy = fd < 0 ? -1 : dup(fd);
	FILE *f = copy >= 0 ? fdopen(copy, "w") : NULL;

	if (!f) {
		if (copy >= 0)
			close(copy);
		return po_fail(err, PAGEOWNER_EIO, "%s: cannot be made in memory", name);
	}
	put_file(f, recipe);
	const bool bad = ferror(f);
	if (fclose(f) != 0 || bad)
		return po_fail_nomem(err, name);
	const int made = fd;
	fd = -1;
	return po_elf_open_fd(made, name, ret, err);
}

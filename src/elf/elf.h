/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ELF file (vmlinux, its separate debug file) as sections, symbols and notes.  The door to
 * libelf: nothing of libelf shows here.  Immutable after open.
 */
#ifndef PO_ELF_ELF_H
#define PO_ELF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/load.h"

struct po_elf;

struct po_elf_section {
	const char *name;	/* borrowed from the file; ".zdebug_x" is given as ".debug_x" */
	uint64_t addr;
	uint64_t size;		/* in memory, decompressed */
	uint64_t file_offset;
	unsigned index;
	bool alloc;
	bool nobits;		/* no contents in the file (SHT_NOBITS) */
	bool compressed;
};

struct po_elf_symbol {
	const char *name;	/* borrowed */
	const char *file;	/* last STT_FILE name before a local symbol, or NULL; borrowed */
	uint64_t value;
	uint64_t size;
	uint8_t type, bind;
	bool undefined;
};

/* Open an ELF file of any class and byte order.  EFORMAT: not ELF at all. */
int po_elf_open(const char *path, struct po_elf **ret, struct pageowner_error *err);
/* The same of an open file, whose descriptor is taken over (also when it fails); name: for messages. */
int po_elf_open_fd(int fd, const char *name, struct po_elf **ret, struct pageowner_error *err);
void po_elf_close(struct po_elf *elf);

/*
 * Make one in memory, of a 64-bit machine with this host's byte order: read-only data at its address in .rodata, and
 * symbols (without files) in .symtab.  Nothing is borrowed.
 */
struct po_elf_recipe {
	unsigned machine;
	uint64_t rodata_at;
	const void *rodata;
	size_t rodata_len;
	const struct po_elf_symbol *symbol;
	size_t nr_symbols;
};
int po_elf_make(const char *name, const struct po_elf_recipe *recipe, struct po_elf **ret, struct pageowner_error *err);

const char *po_elf_path(const struct po_elf *elf);
const struct po_abi *po_elf_abi(const struct po_elf *elf);
unsigned po_elf_machine(const struct po_elf *elf);	/* EM_… */
const char *po_elf_machine_name(unsigned em);		/* "x86_64", "arm", "unknown machine" */
unsigned po_elf_type(const struct po_elf *elf);		/* ET_… */

size_t po_elf_nr_sections(const struct po_elf *elf);
/* Section i (as in the section header table); false past the end. */
bool po_elf_section(const struct po_elf *elf, size_t i, struct po_elf_section *ret);
bool po_elf_section_named(const struct po_elf *elf, const char *name, struct po_elf_section *ret);

/*
 * Contents of a section, decompressed if need be (zlib and zstd, also the old .zdebug form); the
 * bytes are borrowed until the file is closed and are loaded once.  1; 0 when it has none (NOBITS,
 * empty).  Thread safety: calls for one struct po_elf come from one thread.
 */
int po_elf_section_data(struct po_elf *elf, size_t i, const void **ret, size_t *ret_len,
			struct pageowner_error *err);

/*
 * Bytes at a link address, borrowed until the file is closed: from the allocated section that holds
 * [addr, addr+len) with contents in the file.  1, or 0 when the file does not hold them.
 */
int po_elf_bytes_at(struct po_elf *elf, uint64_t addr, size_t len, const void **ret,
		    struct pageowner_error *err);

/*
 * Call fn for every symbol of .symtab, in file order, until it returns non-zero (then that is
 * returned).
 */
int po_elf_for_each_symbol(struct po_elf *elf,
			   int (*fn)(void *arg, const struct po_elf_symbol *sym), void *arg,
			   struct pageowner_error *err);

/* The GNU build-id note: its length, 0 if there is none. */
size_t po_elf_build_id(struct po_elf *elf, const uint8_t **ret);

/* Name in .gnu_debuglink (borrowed) and its CRC-32, or NULL. */
const char *po_elf_debuglink(struct po_elf *elf, uint32_t *ret_crc);

#endif

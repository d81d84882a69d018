/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to libelf.  What it knows of its traps:
 *
 * - Sections are handed out as elf_rawdata(): bytes of the mapped file, no copy and no conversion.
 * - elf_compress() writes into section headers, which are the mapping itself where byte order and
 *   class allow; so the file is mapped privately and writable (ELF_C_READ_MMAP_PRIVATE).
 * - libelf knows zstd only since 0.189: that form is undone here, with libzstd, for every release.
 * - elf_compress_gnu() undoes the old .zdebug form, but leaves the name.
 */
#include "elf/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/status.h"

#define CH_TYPE_ZSTD 2	/* ELFCOMPRESS_ZSTD: elf.h of glibc before 2.37 lacks it */

/* Deflate cannot do better than this; zstd can, so there only an absurd size is turned away. */
#define ZLIB_MAX_RATIO 1100
#define MAX_DECOMPRESSED ((uint64_t)1 << 36)

#define ZDEBUG_HEADER 12	/* "ZLIB" and the size, 8 bytes, big endian */

struct section {
	struct po_elf_section pub;
	Elf_Scn *scn;
	uint32_t type;
	bool zdebug;
	char *own_name;		/* of a .zdebug section */
	const void *data;	/* once loaded */
	size_t len;
	void *own_data;		/* decompressed here */
};

struct po_elf {
	char *path;
	int fd;
	Elf *elf;
	struct po_abi abi;
	unsigned machine, type;
	struct section *sections;
	size_t nr_sections;
};

static int fail_elf(const struct po_elf *elf, struct pageowner_error *err, const char *what)
{
	return po_fail(err, PAGEOWNER_ECORRUPT, "%s: %s: %s", elf->path, what, elf_errmsg(-1));
}

/* How large a compressed section says it will be. */
static int compressed_size(const struct po_elf *elf, const struct section *s, uint64_t *ret,
			   struct pageowner_error *err)
{
	if (s->zdebug) {
		Elf_Data *raw = elf_rawdata(s->scn, NULL);
		if (!raw || !raw->d_buf || raw->d_size < ZDEBUG_HEADER ||
		    memcmp(raw->d_buf, "ZLIB", 4) != 0)
			return po_fail(err, PAGEOWNER_ECORRUPT, "%s: %s: bad compression header",
				       elf->path, s->pub.name);
		*ret = po_load_be((const uint8_t *)raw->d_buf + 4, 8);
		return PAGEOWNER_OK;
	}
	GElf_Chdr chdr;
	if (!gelf_getchdr(s->scn, &chdr))
		return fail_elf(elf, err, s->pub.name);
	*ret = chdr.ch_size;
	return PAGEOWNER_OK;
}

/* ".zdebug_info" becomes ".debug_info", so that nobody else has to know of that form. */
static int rename_zdebug(struct section *s, struct pageowner_error *err)
{
	size_t len = strlen(s->pub.name);

	s->own_name = malloc(len);
	if (!s->own_name)
		return po_fail_nomem(err, "section names");
	s->own_name[0] = '.';
	memcpy(s->own_name + 1, s->pub.name + 2, len - 1);
	s->pub.name = s->own_name;
	s->zdebug = true;
	return PAGEOWNER_OK;
}

static int read_section(struct po_elf *elf, Elf_Scn *scn, size_t names, struct pageowner_error *err)
{
	struct section *s = &elf->sections[elf->nr_sections];
	GElf_Shdr shdr;

	if (!gelf_getshdr(scn, &shdr))
		return fail_elf(elf, err, "section header");
	const char *name = elf_strptr(elf->elf, names, shdr.sh_name);
	s->scn = scn;
	s->type = shdr.sh_type;
	s->pub = (struct po_elf_section){
		.name = name ? name : "",
		.addr = shdr.sh_addr,
		.size = shdr.sh_size,
		.file_offset = shdr.sh_offset,
		.index = (unsigned)elf_ndxscn(scn),
		.alloc = shdr.sh_flags & SHF_ALLOC,
		.nobits = shdr.sh_type == SHT_NOBITS || shdr.sh_type == SHT_NULL,
		.compressed = shdr.sh_flags & SHF_COMPRESSED,
	};
	elf->nr_sections++;

	int rc = PAGEOWNER_OK;
	if (strncmp(s->pub.name, ".zdebug_", 8) == 0 && !s->pub.nobits) {
		s->pub.compressed = true;
		rc = rename_zdebug(s, err);
	}
	if (rc < 0 || !s->pub.compressed || s->pub.nobits)
		return rc;
	/* A size that cannot be read is told when the section is asked for, not before. */
	if (compressed_size(elf, s, &s->pub.size, NULL) < 0)
		s->pub.size = 0;
	return PAGEOWNER_OK;
}

static int read_sections(struct po_elf *elf, struct pageowner_error *err)
{
	size_t nr, names;

	if (elf_getshdrnum(elf->elf, &nr) < 0)
		return fail_elf(elf, err, "section headers");
	if (nr == 0)
		return PAGEOWNER_OK;
	if (elf_getshdrstrndx(elf->elf, &names) < 0)
		return fail_elf(elf, err, "section names");
	elf->sections = calloc(nr, sizeof(*elf->sections));
	if (!elf->sections)
		return po_fail_nomem(err, "sections");
	for (size_t i = 0; i < nr; i++) {
		Elf_Scn *scn = elf_getscn(elf->elf, i);
		if (!scn)
			return fail_elf(elf, err, "section headers");
		int rc = read_section(elf, scn, names, err);
		if (rc < 0)
			return rc;
	}
	return PAGEOWNER_OK;
}

static int read_header(struct po_elf *elf, struct pageowner_error *err)
{
	GElf_Ehdr ehdr;

	if (elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &ehdr))
		return po_fail(err, PAGEOWNER_EFORMAT, "%s: not an ELF file", elf->path);
	elf->machine = ehdr.e_machine;
	elf->type = ehdr.e_type;
	elf->abi.big_endian = ehdr.e_ident[EI_DATA] == ELFDATA2MSB;
	elf->abi.ptr_size = ehdr.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
	return PAGEOWNER_OK;
}

PO_DEFINE_CLEANUP(struct po_elf, po_elf_close);

int po_elf_open_fd(int fd, const char *name, struct po_elf **ret, struct pageowner_error *err)
{
	_cleanup_(po_closefdp) int own = fd;
	_cleanup_(po_elf_closep) struct po_elf *elf = calloc(1, sizeof(*elf));

	if (!elf)
		return po_fail_nomem(err, name);
	elf->fd = -1;
	elf->path = strdup(name);
	if (!elf->path)
		return po_fail_nomem(err, name);
	elf->fd = own;
	own = -1;

	(void)elf_version(EV_CURRENT);
	elf->elf = elf_begin(elf->fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	if (!elf->elf)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", name, elf_errmsg(-1));
	int rc = read_header(elf, err);
	if (rc >= 0)
		rc = read_sections(elf, err);
	if (rc < 0)
		return rc;
	*ret = po_take(elf);
	return PAGEOWNER_OK;
}

int po_elf_open(const char *path, struct po_elf **ret, struct pageowner_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", path, strerror(errno));
	return po_elf_open_fd(fd, path, ret, err);
}

void po_elf_close(struct po_elf *elf)
{
	if (!elf)
		return;
	for (size_t i = 0; i < elf->nr_sections; i++) {
		free(elf->sections[i].own_name);
		free(elf->sections[i].own_data);
	}
	free(elf->sections);
	elf_end(elf->elf);
	if (elf->fd >= 0)
		close(elf->fd);
	free(elf->path);
	free(elf);
}

const char *po_elf_path(const struct po_elf *elf)
{
	return elf->path;
}

const struct po_abi *po_elf_abi(const struct po_elf *elf)
{
	return &elf->abi;
}

unsigned po_elf_machine(const struct po_elf *elf)
{
	return elf->machine;
}

unsigned po_elf_type(const struct po_elf *elf)
{
	return elf->type;
}

const char *po_elf_machine_name(unsigned em)
{
	switch (em) {
	case EM_X86_64:		return "x86_64";
	case EM_386:		return "i386";
	case EM_AARCH64:	return "arm64";
	case EM_ARM:		return "arm";
	case EM_S390:		return "s390";
	case EM_PPC64:		return "ppc64";
	case EM_PPC:		return "ppc";
	case EM_MIPS:		return "mips";
	case EM_RISCV:		return "riscv";
	case EM_SPARCV9:	return "sparc64";
	case 258:		return "loongarch";	/* EM_LOONGARCH, glibc 2.36 */
	default:		return "unknown machine";
	}
}

size_t po_elf_nr_sections(const struct po_elf *elf)
{
	return elf->nr_sections;
}

bool po_elf_section(const struct po_elf *elf, size_t i, struct po_elf_section *ret)
{
	if (i >= elf->nr_sections)
		return false;
	*ret = elf->sections[i].pub;
	return true;
}

bool po_elf_section_named(const struct po_elf *elf, const char *name, struct po_elf_section *ret)
{
	for (size_t i = 0; i < elf->nr_sections; i++) {
		if (strcmp(elf->sections[i].pub.name, name) == 0)
			return po_elf_section(elf, i, ret);
	}
	return false;
}

static int decompress_zstd(struct po_elf *elf, struct section *s, uint64_t size,
			   struct pageowner_error *err)
{
	size_t header = elf->abi.ptr_size == 4 ? sizeof(Elf32_Chdr) : sizeof(Elf64_Chdr);
	Elf_Data *raw = elf_rawdata(s->scn, NULL);

	if (!raw || !raw->d_buf || raw->d_size < header)
		return fail_elf(elf, err, s->pub.name);
	s->own_data = malloc(size ? size : 1);
	if (!s->own_data)
		return po_fail_nomem(err, s->pub.name);
	size_t got = ZSTD_decompress(s->own_data, size, (const uint8_t *)raw->d_buf + header,
				     raw->d_size - header);
	if (ZSTD_isError(got))
		return po_fail(err, PAGEOWNER_ECORRUPT, "%s: %s: %s", elf->path, s->pub.name,
			       ZSTD_getErrorName(got));
	if (got != size)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%s: %s: %zu bytes, not %" PRIu64,
			       elf->path, s->pub.name, got, size);
	s->data = s->own_data;
	s->len = got;
	return PAGEOWNER_OK;
}

static int decompress_zlib(struct po_elf *elf, struct section *s, uint64_t size,
			   struct pageowner_error *err)
{
	Elf_Data *raw = elf_rawdata(s->scn, NULL);

	if (raw && size / ZLIB_MAX_RATIO > raw->d_size)
		return po_fail(err, PAGEOWNER_ECORRUPT,
			       "%s: %s: %zu bytes cannot expand to %" PRIu64, elf->path,
			       s->pub.name, raw->d_size, size);
	int rc = s->zdebug ? elf_compress_gnu(s->scn, 0, 0) : elf_compress(s->scn, 0, 0);
	if (rc < 0)
		return fail_elf(elf, err, s->pub.name);
	return PAGEOWNER_OK;
}

static int decompress(struct po_elf *elf, struct section *s, struct pageowner_error *err)
{
	uint64_t size;
	int rc = compressed_size(elf, s, &size, err);
	if (rc < 0)
		return rc;
	if (size > MAX_DECOMPRESSED)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%s: %s: absurd size %#" PRIx64, elf->path,
			       s->pub.name, size);
	GElf_Chdr chdr;
	if (!s->zdebug && gelf_getchdr(s->scn, &chdr) && chdr.ch_type == CH_TYPE_ZSTD)
		return decompress_zstd(elf, s, size, err);
	return decompress_zlib(elf, s, size, err);
}

static int load_section(struct po_elf *elf, struct section *s, struct pageowner_error *err)
{
	if (s->pub.compressed) {
		int rc = decompress(elf, s, err);
		if (rc < 0)
			return rc;
	}
	if (!s->data) {
		Elf_Data *raw = elf_rawdata(s->scn, NULL);
		if (!raw)
			return fail_elf(elf, err, s->pub.name);
		s->data = raw->d_buf;
		s->len = raw->d_size;
	}
	return PAGEOWNER_OK;
}

int po_elf_section_data(struct po_elf *elf, size_t i, const void **ret, size_t *ret_len,
			struct pageowner_error *err)
{
	if (i >= elf->nr_sections)
		return po_fail(err, PAGEOWNER_EINVAL, "%s: no section %zu", elf->path, i);
	struct section *s = &elf->sections[i];
	if (s->pub.nobits || (s->pub.size == 0 && !s->pub.compressed))
		return 0;
	if (!s->data) {
		int rc = load_section(elf, s, err);
		if (rc < 0)
			return rc;
	}
	if (!s->data || s->len == 0)
		return 0;
	*ret = s->data;
	*ret_len = s->len;
	return 1;
}

static bool holds(const struct section *s, uint64_t addr, size_t len)
{
	return s->pub.alloc && !s->pub.nobits && !s->pub.compressed && addr >= s->pub.addr &&
	       addr - s->pub.addr < s->pub.size && len <= s->pub.size - (addr - s->pub.addr);
}

int po_elf_bytes_at(struct po_elf *elf, uint64_t addr, size_t len, const void **ret,
		    struct pageowner_error *err)
{
	for (size_t i = 0; i < elf->nr_sections; i++) {
		if (!holds(&elf->sections[i], addr, len))
			continue;
		const void *data;
		size_t data_len;
		int rc = po_elf_section_data(elf, i, &data, &data_len, err);
		if (rc <= 0)
			return rc;
		uint64_t at = addr - elf->sections[i].pub.addr;
		if (at > data_len || len > data_len - at)
			continue;
		*ret = (const uint8_t *)data + at;
		return 1;
	}
	return 0;
}

/* A string table of which every offset below len is the start of a terminated string. */
static int string_table(struct po_elf *elf, size_t i, const char **ret, size_t *ret_len,
			struct pageowner_error *err)
{
	const void *data;
	int rc = po_elf_section_data(elf, i, &data, ret_len, err);
	if (rc < 0)
		return rc;
	*ret = rc ? data : "";
	if (rc == 0)
		*ret_len = 1;
	while (*ret_len && (*ret)[*ret_len - 1] != '\0')
		--*ret_len;
	return PAGEOWNER_OK;
}

struct symbol_table {
	Elf_Data *data;
	size_t nr;
	const char *names;
	size_t names_len;
};

/* 1, or 0 when the file has none. */
static int find_symtab(struct po_elf *elf, struct symbol_table *ret, struct pageowner_error *err)
{
	size_t i = 0;

	while (i < elf->nr_sections && elf->sections[i].type != SHT_SYMTAB)
		i++;
	if (i == elf->nr_sections)
		return 0;
	GElf_Shdr shdr;
	ret->data = elf_getdata(elf->sections[i].scn, NULL);
	if (!ret->data || !gelf_getshdr(elf->sections[i].scn, &shdr))
		return fail_elf(elf, err, "symbol table");
	size_t one = gelf_fsize(elf->elf, ELF_T_SYM, 1, EV_CURRENT);
	ret->nr = one ? shdr.sh_size / one : 0;
	int rc = string_table(elf, shdr.sh_link, &ret->names, &ret->names_len, err);
	return rc < 0 ? rc : 1;
}

int po_elf_for_each_symbol(struct po_elf *elf,
			   int (*fn)(void *arg, const struct po_elf_symbol *sym), void *arg,
			   struct pageowner_error *err)
{
	struct symbol_table tab;
	int rc = find_symtab(elf, &tab, err);
	if (rc <= 0)
		return rc;

	const char *file = NULL;
	for (size_t i = 1; i < tab.nr; i++) {	/* the first is always empty */
		GElf_Sym sym;
		if (i > INT32_MAX || !gelf_getsym(tab.data, (int)i, &sym))
			return fail_elf(elf, err, "symbol table");
		const char *name = sym.st_name < tab.names_len ? tab.names + sym.st_name : "";
		uint8_t type = GELF_ST_TYPE(sym.st_info);
		uint8_t bind = GELF_ST_BIND(sym.st_info);
		if (type == STT_FILE)
			file = name;
		struct po_elf_symbol pub = {
			.name = name,
			.file = bind == STB_LOCAL && type != STT_FILE ? file : NULL,
			.value = sym.st_value,
			.size = sym.st_size,
			.type = type,
			.bind = bind,
			.undefined = sym.st_shndx == SHN_UNDEF,
		};
		rc = fn(arg, &pub);
		if (rc)
			return rc;
	}
	return PAGEOWNER_OK;
}

/* vmlinux has its build-id among others in .notes, so names of sections do not help. */
static size_t build_id_in(Elf_Data *data, const uint8_t **ret)
{
	GElf_Nhdr note;
	size_t at = 0, next, name_at, desc_at;

	while ((next = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
		const char *bytes = data->d_buf;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz > 0 &&
		    memcmp(bytes + name_at, "GNU", 4) == 0) {
			*ret = (const uint8_t *)bytes + desc_at;
			return note.n_descsz;
		}
		at = next;
	}
	return 0;
}

size_t po_elf_build_id(struct po_elf *elf, const uint8_t **ret)
{
	for (size_t i = 0; i < elf->nr_sections; i++) {
		const struct section *s = &elf->sections[i];
		if (s->type != SHT_NOTE || s->pub.compressed)
			continue;
		Elf_Data *data = elf_getdata(s->scn, NULL);
		size_t len = data && data->d_buf ? build_id_in(data, ret) : 0;
		if (len)
			return len;
	}
	return 0;
}

const char *po_elf_debuglink(struct po_elf *elf, uint32_t *ret_crc)
{
	struct po_elf_section s;
	const void *data;
	size_t len;

	if (!po_elf_section_named(elf, ".gnu_debuglink", &s) ||
	    po_elf_section_data(elf, s.index, &data, &len, NULL) <= 0)
		return NULL;
	size_t name_len = strnlen(data, len);
	size_t crc_at = (name_len + 1 + 3) & ~(size_t)3;
	if (name_len == 0 || crc_at > len || len - crc_at < 4)
		return NULL;
	*ret_crc = (uint32_t)po_load(&elf->abi, (const uint8_t *)data + crc_at, 4);
	return data;
}

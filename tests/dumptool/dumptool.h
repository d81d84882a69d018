/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dumptool: one stored dump, turned into every container that the tests need.
 *
 * A test tool: it stops with a message at the first thing it does not like.  Input and output are
 * little-endian, and so is the host.
 */
#ifndef DUMPTOOL_H
#define DUMPTOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define CHUNK		65536U	/* bytes copied at a time */

/* util.c */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void *xmalloc(size_t size);
void *xrealloc(void *ptr, size_t size);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool all_zero(const uint8_t *buf, size_t len);
uint32_t prng(uint32_t *state);
uint64_t parse_number(const char *text, int base, const char *what);

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* Physical byte ranges, end exclusive: ranges.c */
struct range {
	uint64_t first;
	uint64_t end;
};

struct ranges {
	struct range *v;
	size_t nr;
	size_t max;
};

struct range parse_range(const char *text, const char *what);
void ranges_add(struct ranges *list, uint64_t first, uint64_t end);
void ranges_add_pfns(struct ranges *list, const char *text, uint64_t page_size);
void ranges_read_pfns(struct ranges *list, const char *path, uint64_t page_size);
void ranges_sort(struct ranges *list);
void ranges_free(struct ranges *list);

/* The memory of a dump: core_in.c */
enum piece_kind {
	PIECE_DATA,	/* in the input file at off */
	PIECE_EXCLUDED,	/* known RAM, filtered out */
};

struct piece {
	uint64_t pa;
	uint64_t len;
	uint64_t off;
	enum piece_kind kind;
};

struct patch {
	uint64_t pa;
	size_t len;
	uint8_t *bytes;
};

struct core {
	uint8_t *map;		/* the input file, or NULL: synthetic pages */
	size_t size;
	dev_t dev;		/* so that no output goes over it */
	ino_t ino;
	uint8_t class;
	uint16_t machine;
	uint32_t flags;
	uint64_t phoff;
	uint64_t page_size;
	uint8_t *notes;
	size_t notes_len;
	struct piece *pieces;	/* by address, without overlaps */
	size_t nr_pieces;
	size_t max_pieces;
	struct patch *patches;
	size_t nr_patches;
};

struct core *core_open(const char *path);
struct core *core_new(void);
void core_free(struct core *core);
void core_add_piece(struct core *core, const struct piece *piece);
uint64_t core_read(const struct core *core, uint64_t pa, void *buf, uint64_t len);
uint64_t core_end(const struct core *core);
const struct piece *core_next_piece(const struct core *core, uint64_t pa);

/* Changes to what a dump holds: edit.c */
void core_drop(struct core *core, const struct ranges *list);
void core_exclude(struct core *core, const struct ranges *list);
void core_zero_pages(const struct core *core, struct ranges *list);
void core_corrupt(struct core *core, const char *text);
void core_spans(const struct core *core, struct ranges *list);

/* ELF notes: notes.c */
struct note {
	const char *name;
	size_t name_len;
	uint32_t type;
	const uint8_t *desc;
	size_t desc_len;
	size_t next;
};

bool note_at(const struct core *core, size_t pos, struct note *ret);
bool vmcoreinfo_find(const struct core *core, struct note *ret);
char *vmcoreinfo_value(const struct core *core, const char *key);
void core_add_note(struct core *core, const char *name, uint32_t type, const void *desc,
		   size_t len);
void core_drop_vmcoreinfo(struct core *core);

/* synth.c */
void synth_fill(uint64_t pa, uint8_t *buf, uint64_t len);
void synth_core(struct core *core, char **maps, int nr_maps, uint64_t page_size);

/* Options: options.c */
enum codec {
	CODEC_NONE,
	CODEC_ZLIB,
	CODEC_LZO,
	CODEC_SNAPPY,
	CODEC_ZSTD,
	CODEC_MIXED,	/* another one for each page */
};

enum vaddr_mode {
	VADDR_PADDR,
	VADDR_ZERO,
	VADDR_BASE,
};

struct options {
	const char *to;
	/* what is in it */
	uint64_t page_size;
	char **drops;
	size_t nr_drops;
	char **corrupts;
	size_t nr_corrupts;
	const char *exclude;
	bool exclude_zero;
	uint64_t exclude_min;
	bool no_vmcoreinfo;
	/* ELF */
	int class;
	uint64_t phoff;
	bool phoff_end;
	enum vaddr_mode vaddr;
	uint64_t vaddr_base;
	uint64_t segment_pages;
	uint32_t shuffle;
	uint64_t align;
	/* kdump */
	enum codec codec;
	uint64_t block_size;
	const char *release;
	const char *version;
	const char *machine;
	bool no_utsname;
	uint64_t split;
	bool split_empty;
	/* flattened */
	bool flat;
	bool no_end_mark;
	bool no_overlap;
	/* raw and LiME */
	struct ranges banks;
};

extern const char usage_text[];
int options_parse(struct options *opt, int argc, char **argv);
void options_free(struct options *opt);

/* An output file, plain or flattened: flat_out.c.  Every byte is to be written once. */
struct out;

struct out *out_open(const char *path, const struct core *core, const struct options *opt);
void out_write(struct out *out, uint64_t off, const void *buf, size_t len);
void out_extend(struct out *out, uint64_t size);
void out_close(struct out *out);

/* Page compression: codec.c */
struct packer;

struct packer *packer_new(enum codec codec, size_t page_size);
size_t packer_pack(struct packer *pk, const uint8_t *page, uint64_t pfn, const uint8_t **ret,
		   uint32_t *flags);
uint32_t packer_status(const struct packer *pk);
void packer_free(struct packer *pk);

/* The containers */
void elf_write(const struct core *core, const struct options *opt, const char *path);
void kdump_write(const struct core *core, const struct options *opt, const char *path);
void raw_write(const struct core *core, const struct options *opt, char **paths, int nr_paths);
void lime_write(const struct core *core, const struct options *opt, const char *path);
void padded_write(const struct core *core, const struct options *opt, const char *path);

#endif

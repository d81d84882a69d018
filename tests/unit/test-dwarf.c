/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layouts, asked of every compiler, DWARF version and width that is at hand. */
#include "build.h"
#include "base/cleanup.h"
#include "elf/elf.h"
#include "harness.h"
#include "types/types.h"

PO_DEFINE_CLEANUP(struct po_elf, po_elf_close);

#define SOURCE(...) #__VA_ARGS__

static const char common[] = SOURCE(
	typedef unsigned int u32;
	typedef u32 depot_stack_handle_t;

	struct plain {
		char c; short s; int i; long l; long long ll; unsigned char uc; _Bool b;
		void *p; char **pp; const volatile unsigned cu; double d;
		int (*fn)(int); struct only_declared *od; const char *const *const *ppp;
	};

	union parts_first {
		depot_stack_handle_t handle;
		struct { u32 slabindex : 16; u32 offset : 10; u32 valid : 1; u32 extra : 5; };
	};
	union parts_plus_1 {
		depot_stack_handle_t handle;
		struct { u32 pool_index_plus_1 : 17; u32 offset : 10; u32 extra : 5; };
	};
	union parts_old {
		depot_stack_handle_t handle;
		struct { u32 slabindex : 21; u32 offset : 10; u32 valid : 1; };
	};
	struct odd_bits {
		char c; unsigned long long wide : 37; int neg : 5; unsigned char in_char : 3;
	};
	struct packed_bits {
		char c; unsigned b3 : 3; unsigned b9 : 9; unsigned b30 : 30; char end;
	} __attribute__((packed));

	struct inner { short first; int second; };
	typedef struct inner inner_t;
	typedef const inner_t inner_again_t;
	struct outer {
		int a;
		union {
			struct { int x; int y; };
			long long whole;
			struct { char pad[3]; char deep; struct inner in; } named;
		};
		inner_again_t in;
		union { struct { union { char bottom; }; }; } ;
	};
	typedef struct { int v; } no_tag_t;
	typedef union { int i; char c[8]; } union_t;
	typedef int row_t[3];
	struct arrays {
		int one[3]; short two[2][5]; struct inner tab[4]; row_t rows[2]; char *names[7];
		unsigned char cube[2][3][4]; int none[0]; long end[];
	};

	enum colour { RED, GREEN = 5, BLUE };
	enum below { LOW = -3, HIGH = 300, BYTE = 255, TOP = 0x7fffffff };
	enum wide { WIDE = 0x123456789a, TOP_BIT = 0x80000000 };
	enum { ANON_A = 7, ANON_B };
	typedef enum { IN_TYPEDEF = 11 } enum_t;
	struct has_enums {
		enum colour colour; enum below below; enum { WITHIN = 21 } within; enum_t t;
		struct { struct within_it { char c[6]; } in; } deep;
	};
);

static const char source_a[] = SOURCE(
	struct elsewhere;
	typedef struct elsewhere elsewhere_t;
	struct only_a { char x[11]; };
	static int twin[3];
	static void *slabs[8192];
	struct inner **two_stars;
	extern int table[];
	extern struct elsewhere there;
	int table[5];

	union parts_first first = {
		.slabindex = 0x9234, .offset = 0x2a5, .valid = 1, .extra = 0x15
	};
	union parts_plus_1 plus_1 = { .pool_index_plus_1 = 0x19234, .offset = 0x15a, .extra = 0xa };
	union parts_old old = { .slabindex = 0x1abcde, .offset = 0x155, .valid = 1 };
	struct odd_bits odd = { 1, 0x1f23456789ULL & 0x1fffffffffULL, -3, 5 };
	struct packed_bits packed = { 1, 5, 0x155, 0x2aaaaaa5, 2 };

	struct plain plain; struct outer outer; struct arrays arrays; enum colour colour;
	enum below below; enum wide wide; struct has_enums has_enums;
	no_tag_t no_tag; union_t a_union;
	struct only_a only_a; struct elsewhere *pointer_to_it; elsewhere_t **by_typedef;
	int anon = ANON_A;

	void *function_in_a(void) { twin[0]++; slabs[1] = &there; return twin; }
);

static const char source_b[] = SOURCE(
	struct elsewhere { int head; struct inner tail; };
	struct only_b { char x[13]; };
	struct elsewhere there;
	struct only_b only_b;
	static long twin[4];
	enum { ONLY_B = 77 };
	int b = ONLY_B;
	void *function_in_b(void) { twin[0]++; return twin; }
);

struct config {
	const char *cc;		/* NULL: $CC, or cc */
	const char *flags;
	const char *after;	/* a command for the result */
	int ptr_size;
	const char *description;
};

#if defined(__x86_64__)
#define M32 "-m32 "
#endif

#define PACK "objcopy --compress-debug-sections="

static const struct config configs[] = {
	{ NULL, "-gdwarf-5", NULL, sizeof(void *), "DWARF 5" },
	{ NULL, "-gdwarf-4", NULL, sizeof(void *), "DWARF 4" },
	{ "clang", "-gdwarf-5", NULL, sizeof(void *), "DWARF 5, clang" },
	{ "clang", "-gdwarf-4", NULL, sizeof(void *), "DWARF 4, clang" },
	{ "gcc", "-gdwarf-5", NULL, sizeof(void *), "DWARF 5, gcc" },
	{ "gcc", "-gdwarf-3", NULL, sizeof(void *), "DWARF 3, gcc" },
	{ "gcc", "-gdwarf-2 -gstrict-dwarf", NULL, sizeof(void *), "DWARF 2, gcc" },
	{ "gcc", "-gdwarf-5", PACK "zlib", sizeof(void *), "DWARF 5" },
	{ "gcc", "-gdwarf-4", PACK "zlib-gnu", sizeof(void *), "DWARF 4" },
	{ "clang", "-gdwarf-5", PACK "zstd", sizeof(void *), "DWARF 5" },
	{ "gcc", "-gdwarf-5 -flto", NULL, sizeof(void *), "DWARF 5" },
	{ "gcc", "-gdwarf-5 -gdwarf64", NULL, sizeof(void *), "DWARF 5" },
#ifdef M32
	{ "gcc", M32 "-gdwarf-5", NULL, 4, "DWARF 5, gcc" },
	{ "gcc", M32 "-gdwarf-4", NULL, 4, "DWARF 4, gcc" },
	{ "clang", M32 "-gdwarf-5", NULL, 4, "DWARF 5, clang" },
	{ "clang", M32 "-gdwarf-4", NULL, 4, "DWARF 4, clang" },
#endif
};

#define NR_CONFIGS (sizeof(configs) / sizeof(configs[0]))

static void write_sources(void)
{
	char text[sizeof(common) + sizeof(source_a) + sizeof(source_b)];

	snprintf(text, sizeof(text), "%s\n%s\n", common, source_a);
	write_file("a.c", text);
	snprintf(text, sizeof(text), "%s\n%s\n", common, source_b);
	write_file("b.c", text);
}

/* Built once; NULL: cannot be built here. */
static const char *built(const struct config *c)
{
	static int done[NR_CONFIGS];	/* 1: built, -1: cannot be */
	size_t i = (size_t)(c - configs);
	const char *cc = c->cc ? c->cc : getenv("CC");

	if (!done[i]) {
		write_sources();
		done[i] = run("%s %s -O0 -fPIC -shared -nostdlib -fno-eliminate-unused-debug-types "
			      "a.c b.c -o %zu.so", cc ? cc : "cc", c->flags, i) &&
			  (!c->after || run("%s %zu.so", c->after, i)) ? 1 : -1;
	}
	return done[i] > 0 ? in_dir("%zu.so", i) : NULL;
}

struct world {
	const struct config *config;
	struct po_elf *elf;
	struct po_types *types;
};

static void close_world(struct world *w)
{
	po_types_close(w->types);
	po_elf_close(w->elf);
}

static bool open_world(struct world *w, const char *path, const uint64_t *hints,
		       const char *const *units)
{
	struct pageowner_error err = { 0 };
	int rc = po_elf_open(path, &w->elf, &err);

	if (rc >= 0)
		rc = po_types_open_dwarf(w->elf, hints, units, &w->types, &err);
	if (rc < 0)
		CHECK_STR(err.text, "");
	return rc >= 0;
}

static void for_each_config(void (*check)(struct world *w))
{
	int nr = 0;

	for (size_t i = 0; i < NR_CONFIGS; i++) {
		_cleanup_(close_world) struct world w = { .config = &configs[i] };
		const char *path = built(w.config);
		printf("# %s %s %s%s\n", w.config->cc ? w.config->cc : "cc", w.config->flags,
		       w.config->after ? w.config->after : "", path ? "" : ": cannot be built");
		if (!path || !open_world(&w, path, NULL, NULL))
			continue;
		check(&w);
		nr++;
	}
	if (!nr)
		test_skip("no compiler");
}

static struct po_member member(struct world *w, const char *strct, const char *name)
{
	struct pageowner_error err = { 0 };
	struct po_member m = { .offset = UINT64_MAX };
	int rc = po_types_member(w->types, strct, name, &m, &err);

	if (rc != 1)
		printf("# %s.%s: %d %s\n", strct, name, rc, err.text);
	CHECK_INT(rc, 1);
	return m;
}

/* Offset and size for pointers of 8 bytes, and of 4. */
static void check_place(struct world *w, const char *strct, const char *name, const uint64_t *want)
{
	struct po_member m = member(w, strct, name);
	bool wide = w->config->ptr_size == 8;

	if (m.offset != want[!wide] || m.size != want[2 + !wide] || m.bit_size)
		printf("# %s.%s at %ju, %ju bytes, %u bits\n", strct, name, (uintmax_t)m.offset,
		       (uintmax_t)m.size, m.bit_size);
	CHECK_INT(m.offset, want[!wide]);
	CHECK_INT(m.size, want[2 + !wide]);
	CHECK_INT(m.bit_size, 0);
}

#define PLACE(strct, name, ...) check_place(w, strct, name, (const uint64_t[]){ __VA_ARGS__ })

static void check_size(struct world *w, const char *strct, uint64_t want64, uint64_t want32)
{
	uint64_t size = 0;

	CHECK_INT(po_types_struct_size(w->types, strct, &size, NULL), 1);
	CHECK_INT(size, w->config->ptr_size == 8 ? want64 : want32);
}

static void plain_members(struct world *w)
{
	PLACE("plain", "c", 0, 0, 1, 1);
	PLACE("plain", "s", 2, 2, 2, 2);
	PLACE("plain", "i", 4, 4, 4, 4);
	PLACE("plain", "l", 8, 8, 8, 4);
	PLACE("plain", "ll", 16, 12, 8, 8);
	PLACE("plain", "b", 25, 21, 1, 1);
	PLACE("plain", "p", 32, 24, 8, 4);
	PLACE("plain", "cu", 48, 32, 4, 4);
	check_size(w, "plain", 88, 56);
	CHECK_INT(member(w, "plain", "i").type.kind, PO_KIND_INT);
	CHECK_INT(member(w, "plain", "i").type.is_signed, true);
	CHECK_INT(member(w, "plain", "uc").type.is_signed, false);
	CHECK_INT(member(w, "plain", "cu").type.is_signed, false);
	CHECK_INT(member(w, "plain", "b").type.kind, PO_KIND_INT);
	CHECK_INT(member(w, "plain", "d").type.kind, PO_KIND_OTHER);
}

TEST(dwarf_plain_members)
{
	for_each_config(plain_members);
}

static void pointers(struct world *w)
{
	CHECK_INT(member(w, "plain", "p").type.kind, PO_KIND_POINTER);
	CHECK_INT(member(w, "plain", "p").type.size, w->config->ptr_size);
	CHECK_INT(member(w, "plain", "p").type.pointer_depth, 1);
	CHECK_INT(member(w, "plain", "pp").type.pointer_depth, 2);
	CHECK_INT(member(w, "plain", "fn").type.pointer_depth, 1);
	CHECK_INT(member(w, "plain", "od").type.pointer_depth, 1);
	CHECK_INT(member(w, "plain", "ppp").type.pointer_depth, 3);
	CHECK_INT(member(w, "plain", "i").type.pointer_depth, 0);
}

TEST(dwarf_pointers)
{
	for_each_config(pointers);
}

static void anonymous_members(struct world *w)
{
	PLACE("outer", "a", 0, 0, 4, 4);
	PLACE("outer", "x", 8, 4, 4, 4);
	PLACE("outer", "y", 12, 8, 4, 4);
	PLACE("outer", "whole", 8, 4, 8, 8);
	PLACE("outer", "named", 8, 4, 12, 12);
	PLACE("outer", "named.deep", 11, 7, 1, 1);
	PLACE("outer", "named.in.second", 16, 12, 4, 4);
	PLACE("outer", "in", 24, 16, 8, 8);
	PLACE("outer", "in.second", 28, 20, 4, 4);
	PLACE("outer", "bottom", 32, 24, 1, 1);
	CHECK_INT(member(w, "outer", "named").type.kind, PO_KIND_STRUCT);
}

TEST(dwarf_members_of_anonymous_structs)
{
	for_each_config(anonymous_members);
}

static void absent(struct world *w)
{
	struct po_member m;
	struct po_type_info info;
	uint64_t size;
	int64_t value;

	CHECK_INT(po_types_struct_size(w->types, "nothing", &size, NULL), 0);
	CHECK_INT(po_types_struct_size(w->types, "only_declared", &size, NULL), 0);
	CHECK_INT(po_types_struct_size(w->types, "depot_stack_handle_t", &size, NULL), 0);
	CHECK_INT(po_types_struct_size(w->types, "colour", &size, NULL), 0);
	CHECK_INT(po_types_member(w->types, "nothing", "a", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "outer", "nothing", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "outer", "deep", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "outer", "a.x", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "outer", "named.nothing", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "outer", "", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "outer", "named.", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "arrays", "tab.first", &m, NULL), 0);
	CHECK_INT(po_types_member(w->types, "plain", "od.x", &m, NULL), 0);
	CHECK_INT(po_types_enumerator(w->types, NULL, "NOTHING", &value, NULL), 0);
	CHECK_INT(po_types_enumerator(w->types, "colour", "LOW", &value, NULL), 0);
	CHECK_INT(po_types_enumerator(w->types, "nothing", "RED", &value, NULL), 0);
	CHECK_INT(po_types_enumerator(w->types, "plain", "RED", &value, NULL), 0);
	CHECK_INT(po_types_variable(w->types, NULL, "nothing", &info, NULL), 0);
	CHECK_INT(po_types_variable(w->types, "a.c", "function_in_a", &info, NULL), 0);
}

TEST(dwarf_what_is_not_there)
{
	for_each_config(absent);
}

static int find_value(void *arg, const struct po_elf_symbol *sym)
{
	struct po_elf_symbol *wanted = arg;

	if (strcmp(sym->name, wanted->name) != 0)
		return 0;
	*wanted = *sym;
	return 1;
}

static uint64_t address_of(struct po_elf *elf, const char *name)
{
	struct po_elf_symbol sym = { .name = name };

	CHECK_INT(po_elf_for_each_symbol(elf, find_value, &sym, NULL), 1);
	return sym.value;
}

/* What the compiler put into the variable is what the layout makes of its bytes. */
static void check_bits(struct world *w, const char *strct, const char *name, const char *variable,
		       uint64_t want)
{
	struct po_member m = member(w, strct, name);
	uint64_t size = 0;
	const void *bytes;

	CHECK_INT(po_types_struct_size(w->types, strct, &size, NULL), 1);
	CHECK(m.offset + m.size <= size);
	if (!CHECK(po_elf_bytes_at(w->elf, address_of(w->elf, variable), size, &bytes, NULL) == 1))
		return;
	uint64_t got = po_member_load(po_elf_abi(w->elf), &m, bytes);
	if (got != want)
		printf("# %s.%s at %ju, %ju bytes, %u bits at %u\n", strct, name,
		       (uintmax_t)m.offset, (uintmax_t)m.size, m.bit_size, m.bit_shift);
	CHECK_INT(got, want);
}

static void bit_fields(struct world *w)
{
	CHECK_INT(member(w, "parts_first", "valid").bit_size, 1);
	CHECK_INT(member(w, "parts_first", "valid").bit_shift, 26);
	CHECK_INT(member(w, "parts_first", "valid").size, 4);
	CHECK_INT(member(w, "parts_first", "handle").bit_size, 0);
	check_bits(w, "parts_first", "slabindex", "first", 0x9234);
	check_bits(w, "parts_first", "offset", "first", 0x2a5);
	check_bits(w, "parts_first", "valid", "first", 1);
	check_bits(w, "parts_first", "extra", "first", 0x15);
	check_bits(w, "parts_plus_1", "pool_index_plus_1", "plus_1", 0x19234);
	check_bits(w, "parts_plus_1", "offset", "plus_1", 0x15a);
	check_bits(w, "parts_plus_1", "extra", "plus_1", 0xa);
	check_bits(w, "parts_old", "slabindex", "old", 0x1abcde);
	check_bits(w, "parts_old", "offset", "old", 0x155);
	check_bits(w, "parts_old", "valid", "old", 1);
	check_bits(w, "odd_bits", "wide", "odd", 0x1f23456789 & 0x1fffffffff);
	check_bits(w, "odd_bits", "neg", "odd", 0x1d);
	check_bits(w, "odd_bits", "in_char", "odd", 5);
	check_bits(w, "packed_bits", "b3", "packed", 5);
	check_bits(w, "packed_bits", "b9", "packed", 0x155);
	check_bits(w, "packed_bits", "b30", "packed", 0x2aaaaaa5);
	check_bits(w, "packed_bits", "end", "packed", 2);
	CHECK_INT(member(w, "odd_bits", "neg").type.is_signed, true);
}

TEST(dwarf_bit_fields)
{
	for_each_config(bit_fields);
}

static void check_array(const struct po_type_info *info, uint64_t size, uint64_t elem_size,
			uint64_t dim0, uint64_t dim1)
{
	CHECK_INT(info->kind, PO_KIND_ARRAY);
	CHECK_INT(info->size, size);
	CHECK_INT(info->elem_size, elem_size);
	CHECK_INT(info->nr_elems, elem_size ? size / elem_size : 0);
	CHECK_INT(info->dim[0], dim0);
	CHECK_INT(info->dim[1], dim1);
}

static void arrays(struct world *w)
{
	uint64_t ptr = (uint64_t)w->config->ptr_size;
	struct po_type_info info = member(w, "arrays", "one").type;

	check_array(&info, 12, 4, 3, 0);
	CHECK_INT(info.elem_kind, PO_KIND_INT);
	CHECK_INT(info.is_signed, true);
	info = member(w, "arrays", "two").type;
	check_array(&info, 20, 2, 2, 5);
	info = member(w, "arrays", "tab").type;
	check_array(&info, 32, 8, 4, 0);
	CHECK_INT(info.elem_kind, PO_KIND_STRUCT);
	info = member(w, "arrays", "rows").type;
	check_array(&info, 24, 4, 2, 3);
	info = member(w, "arrays", "names").type;
	check_array(&info, 7 * ptr, ptr, 7, 0);
	CHECK_INT(info.elem_kind, PO_KIND_POINTER);
	CHECK_INT(info.pointer_depth, 1);
	info = member(w, "arrays", "cube").type;
	check_array(&info, 24, 1, 2, 3);
	info = member(w, "arrays", "none").type;
	check_array(&info, 0, 4, 0, 0);
	info = member(w, "arrays", "end").type;
	check_array(&info, 0, ptr, 0, 0);
	CHECK_INT(member(w, "arrays", "end").size, 0);
}

TEST(dwarf_arrays)
{
	for_each_config(arrays);
}

static void check_enumerator(struct world *w, const char *enm, const char *name, int64_t want)
{
	struct pageowner_error err = { 0 };
	int64_t got = -12345;

	if (!CHECK(po_types_enumerator(w->types, enm, name, &got, &err) == 1))
		printf("# %s: %s\n", name, err.text);
	CHECK_INT(got, want);
}

static void enumerators(struct world *w)
{
	check_enumerator(w, "colour", "RED", 0);
	check_enumerator(w, "colour", "BLUE", 6);
	check_enumerator(w, NULL, "GREEN", 5);
	check_enumerator(w, "below", "LOW", -3);
	check_enumerator(w, NULL, "LOW", -3);
	check_enumerator(w, NULL, "HIGH", 300);
	check_enumerator(w, NULL, "BYTE", 255);
	check_enumerator(w, NULL, "TOP", 0x7fffffff);
	check_enumerator(w, NULL, "WIDE", 0x123456789a);
	check_enumerator(w, NULL, "TOP_BIT", 0x80000000);
	check_enumerator(w, NULL, "ANON_B", 8);
	check_enumerator(w, "enum_t", "IN_TYPEDEF", 11);
	check_enumerator(w, NULL, "IN_TYPEDEF", 11);
	check_enumerator(w, NULL, "WITHIN", 21);
	check_enumerator(w, NULL, "ONLY_B", 77);
	CHECK_INT(member(w, "has_enums", "colour").type.kind, PO_KIND_ENUM);
	CHECK_INT(member(w, "has_enums", "colour").type.size, 4);
}

TEST(dwarf_enumerators)
{
	for_each_config(enumerators);
}

static void typedefs(struct world *w)
{
	check_size(w, "inner_t", 8, 8);
	check_size(w, "inner_again_t", 8, 8);
	check_size(w, "no_tag_t", 4, 4);
	check_size(w, "within_it", 6, 6);
	PLACE("no_tag_t", "v", 0, 0, 4, 4);
	PLACE("union_t", "c", 0, 0, 8, 8);
	PLACE("inner_again_t", "second", 4, 4, 4, 4);
	CHECK_INT(member(w, "parts_first", "handle").type.kind, PO_KIND_INT);
	/* Where the typedef is, there is only a declaration. */
	PLACE("elsewhere_t", "tail.second", 8, 8, 4, 4);
	PLACE("elsewhere", "tail", 4, 4, 8, 8);
}

TEST(dwarf_typedefs_and_declarations)
{
	for_each_config(typedefs);
}

static struct po_type_info variable(struct world *w, const char *file, const char *name)
{
	struct pageowner_error err = { 0 };
	struct po_type_info info = { .kind = PO_KIND_OTHER };
	int rc = po_types_variable(w->types, file, name, &info, &err);

	if (rc != 1)
		printf("# %s: %d %s\n", name, rc, err.text);
	CHECK_INT(rc, 1);
	return info;
}

static void variables(struct world *w)
{
	uint64_t ptr = (uint64_t)w->config->ptr_size;
	struct po_type_info info = variable(w, NULL, "slabs");

	check_array(&info, 8192 * ptr, ptr, 8192, 0);
	CHECK_INT(info.pointer_depth, 1);
	info = variable(w, NULL, "two_stars");
	CHECK_INT(info.kind, PO_KIND_POINTER);
	CHECK_INT(info.pointer_depth, 2);
	info = variable(w, "a.c", "twin");
	check_array(&info, 12, 4, 3, 0);
	info = variable(w, "b.c", "twin");
	check_array(&info, 4 * ptr, ptr, 4, 0);
	info = variable(w, NULL, "table");
	check_array(&info, 20, 4, 5, 0);
	info = variable(w, "a.c", "there");
	CHECK_INT(info.kind, PO_KIND_STRUCT);
	CHECK_INT(info.size, 12);
}

TEST(dwarf_variables)
{
	for_each_config(variables);
}

static void description(struct world *w)
{
	const char *got = po_types_describe(w->types), *want = w->config->description;

	if (strncmp(got, want, strlen(want)) != 0)
		CHECK_STR(got, want);
}

TEST(dwarf_description)
{
	for_each_config(description);
}

/* With units or addresses given, others are not looked into before the search is widened. */
static void check_b_only(struct world *w)
{
	int64_t value;
	uint64_t size;

	check_size(w, "only_b", 13, 13);
	check_enumerator(w, NULL, "ONLY_B", 77);
	CHECK_INT(po_types_struct_size(w->types, "only_a", &size, NULL), 0);
	CHECK_INT(po_types_widen(w->types, NULL), 1);
	check_size(w, "only_a", 11, 11);
	check_size(w, "only_b", 13, 13);
	CHECK_INT(variable(w, NULL, "twin").size, 4 * (uint64_t)w->config->ptr_size);
	CHECK_INT(po_types_enumerator(w->types, NULL, "NOTHING", &value, NULL), 0);
	CHECK_INT(po_types_widen(w->types, NULL), 0);
}

static void units_by_name(struct world *w)
{
	const char *const units[] = { "nothing.c", "b.c", NULL };
	_cleanup_(close_world) struct world narrow = { .config = w->config };

	if (open_world(&narrow, po_elf_path(w->elf), NULL, units))
		check_b_only(&narrow);
}

TEST(dwarf_units_by_name)
{
	for_each_config(units_by_name);
}

/* As ThinLTO makes them: a function that was moved brings along a unit of its file's name, before the real one. */
TEST(dwarf_units_of_one_name)
{
	const char *const units[] = { "same.c", NULL };
	_cleanup_(close_world) struct world w = { .config = &configs[0] };

	write_file("same.c", "int moved(void) { return 1; }\n");
	if (!run("clang -g -fPIC -c same.c -o moved.o")) {
		test_skip("no clang");
		return;
	}
	write_file("same.c", "struct whole { char c[17]; } whole;\n");
	write_file("more.c", "struct elsewhere { char c[19]; } elsewhere;\n");
	CHECK(run("clang -g -fPIC -shared -nostdlib moved.o same.c more.c -o same.so"));
	if (open_world(&w, in_dir("same.so"), NULL, units)) {
		uint64_t size;
		check_size(&w, "whole", 17, 17);
		CHECK_INT(po_types_struct_size(w.types, "elsewhere", &size, NULL), 0);
	}
}

static void units_by_address(struct world *w)
{
	const uint64_t hints[] = { address_of(w->elf, "function_in_b"), 0 };
	struct po_elf_section aranges;
	_cleanup_(close_world) struct world narrow = { .config = w->config };

	if (!po_elf_section_named(w->elf, ".debug_aranges", &aranges) ||
	    strstr(w->config->flags, "-flto"))	/* has one unit of code for both */
		return;
	if (open_world(&narrow, po_elf_path(w->elf), hints, NULL))
		check_b_only(&narrow);
}

TEST(dwarf_units_by_address)
{
	for_each_config(units_by_address);
}

static void check_refused(const char *path, int code, const char *words)
{
	struct pageowner_error err = { 0 };
	_cleanup_(po_elf_closep) struct po_elf *elf = NULL;
	struct po_types *types = NULL;

	if (!CHECK(po_elf_open(path, &elf, &err) >= 0))
		return;
	CHECK_INT(po_types_open_dwarf(elf, NULL, NULL, &types, &err), code);
	CHECK(!types);
	if (!CHECK(strstr(err.text, words) && strstr(err.text, path)))
		printf("# %s\n", err.text);
}

TEST(dwarf_stripped)
{
	if (!built(&configs[0]) || !run("objcopy --strip-debug 0.so stripped.so")) {
		test_skip("no compiler or no objcopy");
		return;
	}
	check_refused(in_dir("stripped.so"), PAGEOWNER_ENOTYPE, "no debug information");
	if (run("objcopy --only-keep-debug 0.so 0.debug")) {
		_cleanup_(close_world) struct world w = { .config = &configs[0] };
		if (open_world(&w, in_dir("0.debug"), NULL, NULL))
			check_size(&w, "only_a", 11, 11);
	}
}

TEST(dwarf_split)
{
	write_sources();
	if (!run("gcc -gdwarf-5 -gsplit-dwarf -fPIC -shared -nostdlib a.c b.c -o split5.so") ||
	    !run("gcc -gdwarf-4 -gsplit-dwarf -fPIC -shared -nostdlib a.c b.c -o split4.so")) {
		test_skip("no gcc");
		return;
	}
	check_refused(in_dir("split5.so"), PAGEOWNER_ENOTYPE, ".dwo");
	check_refused(in_dir("split4.so"), PAGEOWNER_ENOTYPE, ".dwo");
}

TEST(dwarf_of_an_object_file)
{
	write_sources();
	if (!run("cc -g -c a.c -o object.o")) {
		test_skip("no compiler");
		return;
	}
	check_refused(in_dir("object.o"), PAGEOWNER_EUNSUPP, "not linked");
}

static const char small[] = SOURCE(
	struct page { unsigned long flags; };
	struct page page;
);

/* .debug_info that ends in the middle of a unit, or begins with nonsense. */
TEST(dwarf_bad_units)
{
	write_file("s.c", small);
	if (!run("cc -g -fPIC -shared -nostdlib s.c -o s.so && "
		 "printf 'nonsense, and more' > bad && "
		 "objcopy --update-section .debug_info=bad s.so bad.so")) {
		test_skip("no compiler or no objcopy");
		return;
	}
	check_refused(in_dir("bad.so"), PAGEOWNER_ECORRUPT, "bad unit at 0");
	if (run("objcopy --dump-section .debug_info=cut s.so && truncate -s -5 cut && "
		"objcopy --update-section .debug_info=cut s.so cut.so"))
		check_refused(in_dir("cut.so"), PAGEOWNER_ECORRUPT, "bad unit at 0");
}

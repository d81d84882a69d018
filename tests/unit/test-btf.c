/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BTF: tables made word by word, and those that pahole makes of what a compiler wrote. */
#include "build.h"
#include "base/cleanup.h"
#include "elf/elf.h"
#include "harness.h"
#include "synth/world.h"
#include "types/types.h"

PO_DEFINE_CLEANUP(struct po_elf, po_elf_close);
PO_DEFINE_CLEANUP(struct po_types, po_types_close);

/* --- made word by word --------------------------------------------------------------------------- */

enum {
	INT = 1, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC,
	FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64,
};

#define FLAG 0x80000000u

struct blob {
	struct po_abi abi;
	uint8_t recs[4096];
	size_t len;
	char strs[1024];
	size_t strs_len;
	uint32_t nr;
	uint8_t all[8192];
	size_t all_len;
};

static void begin(struct blob *b, bool big_endian)
{
	memset(b, 0, sizeof(*b));
	b->abi = (struct po_abi){ .big_endian = big_endian, .ptr_size = 8 };
	b->strs_len = 1;
}

static uint32_t name(struct blob *b, const char *s)
{
	size_t at = b->strs_len;

	if (!s)
		return 0;
	memcpy(b->strs + at, s, strlen(s) + 1);
	b->strs_len += strlen(s) + 1;
	return (uint32_t)at;
}

static void word(struct blob *b, uint32_t v)
{
	world_store(&b->abi, b->recs + b->len, 4, v);
	b->len += 4;
}

/* Returns the number of the new record. */
static uint32_t record(struct blob *b, const char *called, unsigned kind, uint32_t info, uint32_t type)
{
	word(b, name(b, called));
	word(b, kind << 24 | info);
	word(b, type);
	return ++b->nr;
}

static void three(struct blob *b, const char *called, uint32_t second, uint32_t third)
{
	word(b, name(b, called));
	word(b, second);
	word(b, third);
}

static uint32_t integer(struct blob *b, const char *called, uint32_t size, uint32_t what)
{
	uint32_t id = record(b, called, INT, 0, size);

	word(b, what);
	return id;
}

static uint32_t array(struct blob *b, uint32_t of, uint32_t nr)
{
	uint32_t id = record(b, NULL, ARRAY, 0, 0);

	word(b, of);
	word(b, 1);
	word(b, nr);
	return id;
}

static void finish(struct blob *b)
{
	const uint32_t head[] = { 24, 0, (uint32_t)b->len, (uint32_t)b->len, (uint32_t)b->strs_len };

	world_store(&b->abi, b->all, 2, 0xeb9f);
	b->all[2] = 1;
	for (size_t i = 0; i < 5; i++)
		world_store(&b->abi, b->all + 4 + 4 * i, 4, head[i]);
	memcpy(b->all + 24, b->recs, b->len);
	memcpy(b->all + 24 + b->len, b->strs, b->strs_len);
	b->all_len = 24 + b->len + b->strs_len;
}

static struct po_types *open_blob(const struct blob *b)
{
	struct pageowner_error err = { 0 };
	struct po_types *types = NULL;

	CHECK_INT(po_types_open_btf(b->all, b->all_len, &b->abi, &types, &err), 0);
	CHECK_STR(err.text, "");
	return types;
}

/* Every kind there is.  Bits are laid out as the byte order has them: from the first one on. */
static void make_all_kinds(struct blob *b, bool big_endian)
{
	begin(b, big_endian);
	uint32_t uns = integer(b, "unsigned int", 4, 32);
	uint32_t sig = integer(b, "int", 4, 0x01000000 | 32);
	uint32_t u32 = record(b, "u32", TYPEDEF, 0, uns);
	uint32_t anon = record(b, NULL, UNION, 2, 8);
	three(b, "lru", sig, 0);
	three(b, "mapping", u32, 0);
	record(b, "page", FWD, 0, 0);
	record(b, "page", STRUCT, 0, 0);
	uint32_t page = record(b, "page", STRUCT, FLAG | 5, 24);
	three(b, "flags", u32, 0);
	three(b, "b3", u32, 3u << 24 | 32);
	three(b, "b9", u32, 9u << 24 | 35);
	three(b, "s5", sig, 5u << 24 | 44);
	three(b, NULL, anon, 64);
	record(b, "page_t", TYPEDEF, 0, record(b, NULL, CONST, 0, page));
	uint32_t cube = array(b, array(b, array(b, u32, 4), 3), 2);
	uint32_t narrow = integer(b, "narrow", 4, 7);
	uint32_t later = integer(b, "later", 4, 5u << 16 | 6);
	uint32_t tag = record(b, "user", TYPE_TAG, 0, page);
	uint32_t star = record(b, NULL, PTR, 0, record(b, NULL, VOLATILE, 0, tag));
	uint32_t stars = record(b, NULL, PTR, 0, record(b, NULL, RESTRICT, 0, star));
	uint32_t dbl = record(b, "double", FLOAT, 0, 8);
	record(b, "old", STRUCT, 7, 160);
	three(b, "n", narrow, 8);
	three(b, "after", later, 32);
	three(b, "cube", cube, 64);
	three(b, "page", page, 64 + 768);
	three(b, "stars", stars, 1088);
	three(b, "dbl", dbl, 1152);
	three(b, "none", 0, 1216);
}

static void make_rest(struct blob *b)
{
	uint32_t proto = record(b, NULL, FUNC_PROTO, 1, 1);
	word(b, name(b, "arg"));
	word(b, 1);
	record(b, "func", FUNC, 1, proto);
	record(b, "colour", ENUM, FLAG | 2, 4);
	word(b, name(b, "BELOW"));
	word(b, (uint32_t)-3);
	word(b, name(b, "BLUE"));
	word(b, 6);
	record(b, NULL, ENUM, 1, 4);
	word(b, name(b, "TOP"));
	word(b, 0x80000000);
	record(b, "wide", ENUM64, 1, 8);
	three(b, "WIDE", 0x3456789a, 0x12);
	uint32_t var = record(b, "counter", VAR, 0, 1);
	word(b, 1);
	record(b, "elsewhere", VAR, 0, 1);
	word(b, 2);
	record(b, ".data..percpu", DATASEC, 1, 64);
	word(b, var);
	word(b, 0);
	word(b, 4);
	record(b, "tagged", DECL_TAG, 0, var);
	word(b, UINT32_MAX);
	finish(b);
}

static struct po_member member(struct po_types *types, const char *strct, const char *called)
{
	struct pageowner_error err = { 0 };
	struct po_member m = { .offset = UINT64_MAX };

	CHECK_INT(po_types_member(types, strct, called, &m, &err), 1);
	CHECK_STR(err.text, "");
	return m;
}

static void check_members(struct po_types *types, const struct po_abi *abi)
{
	uint8_t raw[24] = { 0 };
	uint64_t size = 0;

	CHECK_INT(po_types_struct_size(types, "page", &size, NULL), 1);
	CHECK_INT(size, 24);
	CHECK_INT(po_types_struct_size(types, "page_t", &size, NULL), 1);
	CHECK_INT(member(types, "page", "mapping").offset, 8);
	CHECK_INT(member(types, "page", "lru").type.is_signed, true);
	CHECK_INT(member(types, "page_t", "flags").size, 4);
	CHECK_INT(member(types, "page", "flags").bit_size, 0);
	/* 3 bits of 5, then 9 of 0x155 */
	world_store(abi, raw + 4, 4, abi->big_endian ? 5u << 29 | 0x155u << 20 : 5 | 0x155 << 3);
	struct po_member b3 = member(types, "page", "b3"), b9 = member(types, "page", "b9");
	CHECK_INT(b3.bit_size, 3);
	CHECK_INT(po_member_load(abi, &b3, raw), 5);
	CHECK_INT(po_member_load(abi, &b9, raw), 0x155);
	CHECK_INT(po_types_member(types, "page", "nothing", &b3, NULL), 0);
}

static void check_old_struct(struct po_types *types, const struct po_abi *abi)
{
	uint8_t raw[160] = { 0 };
	struct po_member n = member(types, "old", "n"), after = member(types, "old", "after");
	struct po_member cube = member(types, "old", "cube");

	CHECK_INT(n.bit_size, 7);
	CHECK_INT(after.bit_size, 6);
	world_store(abi, raw, 4, abi->big_endian ? 0x55u << (32 - 8 - 7) : 0x55 << 8);
	world_store(abi, raw + 4, 4, abi->big_endian ? 0x2bu << (32 - 5 - 6) : 0x2b << 5);
	CHECK_INT(po_member_load(abi, &n, raw), 0x55);
	CHECK_INT(po_member_load(abi, &after, raw), 0x2b);
	CHECK_INT(cube.offset, 8);
	CHECK_INT(cube.size, 96);
	CHECK_INT(cube.type.nr_elems, 24);
	CHECK_INT(cube.type.dim[0], 2);
	CHECK_INT(cube.type.dim[1], 3);
	CHECK_INT(cube.type.elem_size, 4);
	CHECK_INT(member(types, "old", "page.b9").offset, 104 + 4);
	CHECK_INT(member(types, "old", "stars").type.pointer_depth, 2);
	CHECK_INT(member(types, "old", "stars").size, 8);
	CHECK_INT(member(types, "old", "dbl").type.kind, PO_KIND_OTHER);
	CHECK_INT(member(types, "old", "none").type.kind, PO_KIND_OTHER);
}

static void check_rest(struct po_types *types)
{
	struct po_type_info info;
	int64_t v = 0;

	CHECK_INT(po_types_enumerator(types, "colour", "BELOW", &v, NULL), 1);
	CHECK_INT(v, -3);
	CHECK_INT(po_types_enumerator(types, NULL, "BLUE", &v, NULL), 1);
	CHECK_INT(v, 6);
	CHECK_INT(po_types_enumerator(types, NULL, "TOP", &v, NULL), 1);
	CHECK_INT(v, 0x80000000);
	CHECK_INT(po_types_enumerator(types, "colour", "TOP", &v, NULL), 0);
	CHECK_INT(po_types_enumerator(types, "wide", "WIDE", &v, NULL), 1);
	CHECK_INT(v, 0x123456789a);
	CHECK_INT(po_types_variable(types, "any.c", "counter", &info, NULL), 1);
	CHECK_INT(info.kind, PO_KIND_INT);
	CHECK_INT(po_types_variable(types, NULL, "elsewhere", &info, NULL), 0);
	CHECK_INT(po_types_variable(types, NULL, "mem_section", &info, NULL), 0);
	CHECK_INT(po_types_widen(types, NULL), 0);
	CHECK(strncmp(po_types_describe(types), "BTF", 3) == 0);
}

static void check_all_kinds(bool big_endian)
{
	static struct blob b;

	make_all_kinds(&b, big_endian);
	make_rest(&b);
	_cleanup_(po_types_closep) struct po_types *types = open_blob(&b);
	if (!types)
		return;
	memset(b.all, 0xff, sizeof(b.all));	/* the bytes were copied */
	check_members(types, &b.abi);
	check_old_struct(types, &b.abi);
	check_rest(types);
}

TEST(btf_all_kinds_little_endian)
{
	check_all_kinds(false);
}

TEST(btf_all_kinds_big_endian)
{
	check_all_kinds(true);
}

/* Before pahole 1.24 no enum told its sign. */
TEST(btf_enums_without_sign)
{
	static struct blob b;
	int64_t v = 0;

	begin(&b, false);
	record(&b, "old", ENUM, 1, 4);
	word(&b, name(&b, "MINUS"));
	word(&b, (uint32_t)-1);
	finish(&b);
	_cleanup_(po_types_closep) struct po_types *types = open_blob(&b);
	CHECK_INT(po_types_enumerator(types, NULL, "MINUS", &v, NULL), 1);
	CHECK_INT(v, -1);
}

/* --- what is not in order ------------------------------------------------------------------------ */

static void check_refused(const struct blob *b, size_t len, int code, const char *text)
{
	struct pageowner_error err = { 0 };
	struct po_types *types = NULL;

	CHECK_INT(po_types_open_btf(b->all, len, &b->abi, &types, &err), code);
	CHECK_STR(err.text, text);
	CHECK(!types);
}

static void patch(struct blob *b, size_t at, uint32_t v)
{
	finish(b);
	world_store(&b->abi, b->all + at, 4, v);
}

TEST(btf_refused)
{
	static struct blob b;

	begin(&b, false);
	integer(&b, "int", 4, 32);
	finish(&b);
	check_refused(&b, 1, PAGEOWNER_EFORMAT, "not BTF");
	check_refused(&b, 23, PAGEOWNER_ECORRUPT, "BTF: cut off in its header");
	check_refused(&b, b.all_len - 1, PAGEOWNER_ECORRUPT, "BTF: its header tells of more than 44 bytes");
	b.all[b.all_len - 1] = 'x';
	check_refused(&b, b.all_len, PAGEOWNER_ECORRUPT, "BTF: its names do not begin and end with 0");
	patch(&b, 0, 0x0002eb9f);
	check_refused(&b, b.all_len, PAGEOWNER_EUNSUPP, "BTF of version 2");
	patch(&b, 0, 0x464c457f);
	check_refused(&b, b.all_len, PAGEOWNER_EFORMAT, "not BTF");
	patch(&b, 12, UINT32_MAX);
	check_refused(&b, b.all_len, PAGEOWNER_ECORRUPT, "BTF: its header tells of more than 45 bytes");
	patch(&b, 28, 20u << 24);
	check_refused(&b, b.all_len, PAGEOWNER_EUNSUPP, "BTF: type 1 is of the unknown kind 20");
	patch(&b, 28, (uint32_t)STRUCT << 24 | 0x10000);
	check_refused(&b, b.all_len, PAGEOWNER_EUNSUPP, "BTF: type 1 is of an unknown form (0x4010000)");
	patch(&b, 28, (uint32_t)STRUCT << 24 | 5);
	check_refused(&b, b.all_len, PAGEOWNER_ECORRUPT, "BTF: type 1 is cut off");
	patch(&b, 12, 13);
	check_refused(&b, b.all_len, PAGEOWNER_ECORRUPT, "BTF: type 1 is cut off");
}

TEST(btf_loops_and_strays)
{
	static struct blob b;
	struct pageowner_error err = { 0 };
	struct po_member m;

	begin(&b, false);
	record(&b, "loop", TYPEDEF, 0, 2);
	record(&b, NULL, CONST, 0, 1);
	record(&b, "old", STRUCT, 2, 8);
	three(&b, "endless", 1, 0);
	three(&b, "stray", 99, 32);
	record(&b, "new", STRUCT, FLAG | 3, 8);
	three(&b, "endless", 1, 0);
	three(&b, "stray", 99, 32);
	three(&b, NULL, 4, 0);		/* the struct itself */
	finish(&b);
	_cleanup_(po_types_closep) struct po_types *types = open_blob(&b);
	CHECK_INT(po_types_member(types, "old", "endless", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "old.endless: BTF: a chain of typedefs does not end");
	CHECK_INT(po_types_member(types, "old", "stray", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_STR(err.text, "old.stray: BTF: there is no type 99 of 4");
	CHECK_INT(po_types_member(types, "new", "endless", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_INT(po_types_member(types, "new", "stray", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_INT(po_types_member(types, "new", "nothing", &m, &err), PAGEOWNER_ECORRUPT);
	CHECK_INT(po_types_struct_size(types, "loop", &m.size, &err), PAGEOWNER_ECORRUPT);
}

/* Whatever is asked, of whatever is in there: an answer or an error. */
static void ask_everything(const struct blob *b, const uint8_t *bytes, size_t len)
{
	static const char *const members[] = { "n", "cube", "page.b9", "stars", "dbl", "mapping", "s5" };
	struct po_types *types;
	struct po_type_info info;
	struct po_member m;
	int64_t v;

	if (po_types_open_btf(bytes, len, &b->abi, &types, NULL) < 0)
		return;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		(void)po_types_member(types, "old", members[i], &m, NULL);
		(void)po_types_member(types, "page", members[i], &m, NULL);
	}
	(void)po_types_enumerator(types, "colour", "BLUE", &v, NULL);
	(void)po_types_enumerator(types, NULL, "WIDE", &v, NULL);
	(void)po_types_variable(types, NULL, "counter", &info, NULL);
	po_types_close(types);
}

TEST(btf_damaged)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x04, 0x7f, 0x80, 0xff };
	static struct blob b;

	make_all_kinds(&b, false);
	make_rest(&b);
	for (size_t i = 0; i < b.all_len; i++) {
		uint8_t *exact = malloc(i + 1);	/* so that a sanitizer sees one byte too far */
		memcpy(exact, b.all, i);
		ask_everything(&b, exact, i);
		free(exact);
		for (size_t k = 0; k < sizeof(values); k++) {
			uint8_t was = b.all[i];
			b.all[i] = values[k];
			ask_everything(&b, b.all, b.all_len);
			b.all[i] = was;
		}
	}
}

/* --- what pahole makes --------------------------------------------------------------------------- */

#define SOURCE(...) #__VA_ARGS__

static const char source[] = SOURCE(
	typedef unsigned int u32;
	struct inner { short first; int second; };
	typedef const struct inner inner_t;
	enum colour { RED = -2, GREEN = 5, BLUE };
	enum { ANON_A = 7, ANON_B };
	union parts {
		u32 handle;
		struct { u32 slabindex : 17; u32 offset : 10; u32 extra : 5; };
	};
	struct odd { char c; unsigned long long wide : 37; int neg : 5; unsigned char in_char : 3; };
	struct packed { char c; unsigned b3 : 3; unsigned b9 : 9; unsigned b30 : 30; char end; }
		__attribute__((packed));
	struct only_declared;
	struct outer {
		int a; void *p; char **pp; int (*fn)(int); struct only_declared *od; _Bool b;
		union { struct { int x; int y; }; long long whole;
			struct { char pad[3]; char deep; struct inner in; } named; };
		inner_t in; enum colour colour; short two[2][5]; struct inner tab[4]; char *names[7];
		unsigned char cube[2][3][4]; unsigned long end[];
	};
	struct outer outer; union parts parts; struct odd odd; struct packed packed;
	int anon = ANON_A;
);

static const char *const asked[][2] = {
	{ "parts", "handle" }, { "parts", "slabindex" }, { "parts", "offset" }, { "parts", "extra" },
	{ "odd", "c" }, { "odd", "wide" }, { "odd", "neg" }, { "odd", "in_char" },
	{ "packed", "b3" }, { "packed", "b9" }, { "packed", "b30" }, { "packed", "end" },
	{ "outer", "a" }, { "outer", "p" }, { "outer", "pp" }, { "outer", "fn" }, { "outer", "od" },
	{ "outer", "b" }, { "outer", "x" }, { "outer", "y" }, { "outer", "whole" }, { "outer", "named" },
	{ "outer", "named.deep" }, { "outer", "named.in.second" }, { "outer", "in" },
	{ "outer", "in.second" }, { "outer", "colour" }, { "outer", "two" }, { "outer", "tab" },
	{ "outer", "names" }, { "outer", "cube" }, { "outer", "end" },
	{ "inner_t", "second" }, { "outer", "nothing" }, { "only_declared", "a" }, { "u32", "a" },
};

static void check_same_type(const struct po_type_info *got, const struct po_type_info *want)
{
	CHECK_INT(got->kind, want->kind);
	CHECK_INT(got->size, want->size);
	CHECK_INT(got->is_signed, want->is_signed);
	CHECK_INT(got->nr_elems, want->nr_elems);
	if (!want->dim[1])	/* pahole writes many dimensions as one */
		CHECK_INT(got->dim[0], want->dim[0]);
	CHECK_INT(got->elem_kind, want->elem_kind);
	CHECK_INT(got->elem_size, want->elem_size);
	CHECK_INT(got->pointer_depth, want->pointer_depth);
}

static void check_same(struct po_types *btf, struct po_types *dwarf)
{
	static const char *const enumerators[] = { "RED", "GREEN", "BLUE", "ANON_A", "ANON_B", "NONE" };
	int64_t v, w;

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct po_member got = { 0 }, want = { 0 };
		printf("# %s.%s\n", asked[i][0], asked[i][1]);
		CHECK_INT(po_types_member(btf, asked[i][0], asked[i][1], &got, NULL),
			  po_types_member(dwarf, asked[i][0], asked[i][1], &want, NULL));
		CHECK_INT(got.offset, want.offset);
		CHECK_INT(got.size, want.size);
		CHECK_INT(got.bit_shift, want.bit_shift);
		CHECK_INT(got.bit_size, want.bit_size);
		check_same_type(&got.type, &want.type);
	}
	for (size_t i = 0; i < sizeof(enumerators) / sizeof(*enumerators); i++) {
		v = w = 0;
		CHECK_INT(po_types_enumerator(btf, NULL, enumerators[i], &v, NULL),
			  po_types_enumerator(dwarf, NULL, enumerators[i], &w, NULL));
		CHECK_INT(v, w);
	}
}

static bool compare(const char *path)
{
	_cleanup_(po_elf_closep) struct po_elf *elf = NULL;
	_cleanup_(po_types_closep) struct po_types *btf = NULL, *dwarf = NULL;
	struct po_elf_section sec;
	const void *data;
	size_t len;

	if (!CHECK(po_elf_open(path, &elf, NULL) >= 0) || !po_elf_section_named(elf, ".BTF", &sec) ||
	    po_elf_section_data(elf, sec.index, &data, &len, NULL) != 1)
		return false;
	CHECK_INT(po_types_open_btf(data, len, po_elf_abi(elf), &btf, NULL), 0);
	CHECK_INT(po_types_open_dwarf(elf, NULL, NULL, &dwarf, NULL), 0);
	if (btf && dwarf)
		check_same(btf, dwarf);
	return true;
}

TEST(btf_like_dwarf)
{
	static const char *const compilers[] = { "gcc -gdwarf-5", "gcc -gdwarf-4", "clang -gdwarf-4",
						 "gcc -m32 -gdwarf-4" };
	unsigned nr = 0;

	if (!run("pahole --version")) {
		test_skip("pahole is not installed");
		return;
	}
	write_file("types.c", source);
	for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
		bool made = run("%s -fPIC -shared -nostdlib types.c -o types%zu.so && "
				"pahole --btf_encode_detached=%zu.btf types%zu.so && "
				"objcopy --add-section .BTF=%zu.btf types%zu.so", compilers[i], i, i, i,
				i, i) &&
			    compare(in_dir("types%zu.so", i));
		printf("# %s%s\n", compilers[i], made ? "" : ": cannot be made");
		nr += made;
	}
	if (!nr)
		test_skip("no compiler whose output pahole reads");
}

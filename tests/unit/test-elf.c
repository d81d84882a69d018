/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elf/elf.h"

#include <elf.h>

#include "base/cleanup.h"
#include "build.h"
#include "harness.h"

PO_DEFINE_CLEANUP(struct po_elf, po_elf_close);

static const char source_a[] =
	"static int local_a = 1; int shared_a[4] = { 1, 2, 3, 0x1234 };\n"
	"static volatile char zeros[64];\n"
	"extern int elsewhere;\n"
	"int *use_a(void) { return zeros[1] ? &elsewhere : &local_a; }\n";
static const char source_b[] =
	"static int local_b = 2;\n"
	"int *use_b(void) { return &local_b; }\n";

/* NULL: cannot be built here. */
static const char *build(const char *name, const char *flags)
{
	const char *cc = getenv("CC");

	write_file("a.c", source_a);
	write_file("b.c", source_b);
	if (!run("%s %s -g -O0 -fPIC -shared -nostdlib -Wl,--build-id=0x0123456789abcdef "
		 "a.c b.c -o %s", cc ? cc : "cc", flags, name))
		return NULL;
	return in_dir("%s", name);
}

static struct po_elf *open_ok(const char *path)
{
	struct pageowner_error err = { 0 };
	struct po_elf *elf = NULL;

	if (po_elf_open(path, &elf, &err) < 0)
		CHECK_STR(err.text, "");
	return elf;
}

struct wanted_symbol {
	const char *name;
	struct po_elf_symbol found;
	int times;
};

static int pick_symbol(void *arg, const struct po_elf_symbol *sym)
{
	struct wanted_symbol *w = arg;

	if (strcmp(sym->name, w->name) == 0) {
		w->found = *sym;
		w->times++;
	}
	return 0;
}

static struct po_elf_symbol symbol(struct po_elf *elf, const char *name)
{
	struct wanted_symbol w = { .name = name };

	CHECK_INT(po_elf_for_each_symbol(elf, pick_symbol, &w, NULL), 0);
	CHECK_INT(w.times, 1);
	return w.found;
}

static void check_native(const char *path, unsigned machine, const char *machine_name)
{
	_cleanup_(po_elf_closep) struct po_elf *elf = open_ok(path);

	if (!elf)
		return;
	CHECK_STR(po_elf_path(elf), path);
	CHECK_INT(po_elf_machine(elf), machine);
	CHECK_STR(po_elf_machine_name(po_elf_machine(elf)), machine_name);
	CHECK_INT(po_elf_type(elf), ET_DYN);
	CHECK_INT(po_elf_abi(elf)->big_endian, false);
	CHECK_INT(po_elf_abi(elf)->ptr_size, machine == EM_386 ? 4 : 8);

	struct po_elf_symbol a = symbol(elf, "local_a"), shared = symbol(elf, "shared_a");
	CHECK_STR(a.file, "a.c");
	CHECK_INT(a.bind, STB_LOCAL);
	CHECK_INT(a.type, STT_OBJECT);
	CHECK_INT(a.size, 4);
	CHECK_INT(a.undefined, false);
	CHECK_STR(symbol(elf, "local_b").file, "b.c");
	CHECK_STR(symbol(elf, "use_b").file ? "file" : "none", "none");
	CHECK_INT(symbol(elf, "elsewhere").undefined, true);

	const void *bytes;
	if (CHECK(po_elf_bytes_at(elf, shared.value, 16, &bytes, NULL) == 1))
		CHECK_INT(po_load(po_elf_abi(elf), (const uint8_t *)bytes + 12, 4), 0x1234);
	CHECK_INT(po_elf_bytes_at(elf, symbol(elf, "zeros").value, 64, &bytes, NULL), 0);
	CHECK_INT(po_elf_bytes_at(elf, UINT64_MAX - 7, 8, &bytes, NULL), 0);
	CHECK_INT(po_elf_bytes_at(elf, shared.value, SIZE_MAX, &bytes, NULL), 0);
}

#ifdef __x86_64__
TEST(elf_of_64_bits)
{
	const char *path = build("m64.so", "");

	if (!path) {
		test_skip("no compiler");
		return;
	}
	check_native(path, EM_X86_64, "x86_64");
}

TEST(elf_of_32_bits)
{
	const char *path = build("m32.so", "-m32");

	if (!path) {
		test_skip("no compiler for -m32");
		return;
	}
	check_native(path, EM_386, "i386");
}
#endif

TEST(elf_sections)
{
	const char *path = build("sections.so", "");
	_cleanup_(po_elf_closep) struct po_elf *elf = path ? open_ok(path) : NULL;
	struct po_elf_section s;
	const void *data;
	size_t len;

	if (!elf) {
		test_skip("no compiler");
		return;
	}
	if (CHECK(po_elf_section_named(elf, ".text", &s))) {
		CHECK_INT(s.alloc, true);
		CHECK_INT(s.compressed, false);
		CHECK_INT(po_elf_section_data(elf, s.index, &data, &len, NULL), 1);
		CHECK_INT(len, s.size);
	}
	if (CHECK(po_elf_section_named(elf, ".bss", &s))) {
		CHECK_INT(s.nobits, true);
		CHECK_INT(po_elf_section_data(elf, s.index, &data, &len, NULL), 0);
	}
	CHECK(!po_elf_section_named(elf, ".nothing", &s));
	CHECK(!po_elf_section(elf, po_elf_nr_sections(elf), &s));
	CHECK_INT(po_elf_section_data(elf, po_elf_nr_sections(elf), &data, &len, NULL),
		  PAGEOWNER_EINVAL);
	CHECK_INT(po_elf_section_data(elf, 0, &data, &len, NULL), 0);
}

static void check_same_section(struct po_elf *plain, struct po_elf *other, const char *name)
{
	struct po_elf_section a, b;
	const void *data_a, *data_b;
	size_t len_a, len_b;

	if (!CHECK(po_elf_section_named(plain, name, &a)) ||
	    !CHECK(po_elf_section_named(other, name, &b)))
		return;
	CHECK_INT(b.compressed, true);
	CHECK_INT(b.size, a.size);
	for (int again = 0; again < 2; again++) {
		if (!CHECK(po_elf_section_data(plain, a.index, &data_a, &len_a, NULL) == 1) ||
		    !CHECK(po_elf_section_data(other, b.index, &data_b, &len_b, NULL) == 1))
			return;
		CHECK_INT(len_b, len_a);
		CHECK(len_a == len_b && memcmp(data_a, data_b, len_a) == 0);
	}
}

static void check_compression(const char *how)
{
	const char *path = build("plain.so", "");

	if (!path || !run("objcopy --compress-debug-sections=%s plain.so packed.so", how)) {
		test_skip("no compiler, or objcopy does not know this compression");
		return;
	}
	_cleanup_(po_elf_closep) struct po_elf *plain = open_ok(path);
	_cleanup_(po_elf_closep) struct po_elf *packed = open_ok(in_dir("packed.so"));
	if (plain && packed)
		check_same_section(plain, packed, ".debug_info");
}

TEST(elf_compressed_with_zlib)
{
	check_compression("zlib");
}

TEST(elf_compressed_in_the_old_form)
{
	check_compression("zlib-gnu");
}

TEST(elf_compressed_with_zstd)
{
	check_compression("zstd");
}

/* A header that promises more than the bytes can hold must not make us allocate it. */
TEST(elf_compressed_size_is_not_believed)
{
	const char *path = build("plain.so", "");
	uint64_t huge = (uint64_t)1 << 35;
	struct pageowner_error err = { 0 };
	struct po_elf_section s;
	const void *data;
	size_t len;

	if (!path || !run("objcopy --compress-debug-sections=zlib plain.so bomb.so")) {
		test_skip("no compiler, or objcopy cannot compress");
		return;
	}
	struct po_elf *elf = open_ok(in_dir("bomb.so"));
	bool found = elf && CHECK(po_elf_section_named(elf, ".debug_info", &s));
	po_elf_close(elf);
	FILE *f = found ? fopen(in_dir("bomb.so"), "r+") : NULL;
	if (!f)
		return;
	bool written = fseek(f, (long)s.file_offset + 8, SEEK_SET) == 0 &&
		       fwrite(&huge, sizeof(huge), 1, f) == 1;
	if (!CHECK(fclose(f) == 0 && written))
		return;

	_cleanup_(po_elf_closep) struct po_elf *bomb = open_ok(in_dir("bomb.so"));
	if (!bomb)
		return;
	CHECK_INT(po_elf_section_data(bomb, s.index, &data, &len, &err), PAGEOWNER_ECORRUPT);
	CHECK(strstr(err.text, "bomb.so: .debug_info: ") != NULL);
}

TEST(elf_build_id)
{
	const char *path = build("id.so", "");
	_cleanup_(po_elf_closep) struct po_elf *elf = path ? open_ok(path) : NULL;
	const uint8_t *id;

	if (!elf) {
		test_skip("no compiler");
		return;
	}
	if (CHECK(po_elf_build_id(elf, &id) == 8))
		CHECK_INT(po_load_be(id, 8), 0x0123456789abcdef);

	path = build("noid.so", "-Wl,--build-id=none");
	_cleanup_(po_elf_closep) struct po_elf *none = path && run("objcopy -R "
		".note.gnu.build-id noid.so") ? open_ok(path) : NULL;
	if (none)
		CHECK_INT(po_elf_build_id(none, &id), 0);
}

TEST(elf_debuglink)
{
	const char *path = build("linked.so", "");
	uint32_t crc = 0;

	if (!path || !run("objcopy --only-keep-debug linked.so linked.debug && "
			  "objcopy --strip-debug --add-gnu-debuglink=linked.debug linked.so")) {
		test_skip("no compiler or no objcopy");
		return;
	}
	_cleanup_(po_elf_closep) struct po_elf *elf = open_ok(path);
	_cleanup_(po_elf_closep) struct po_elf *debug = open_ok(in_dir("linked.debug"));
	const uint8_t *id;
	if (!elf || !debug)
		return;
	CHECK_STR(po_elf_debuglink(elf, &crc), "linked.debug");
	CHECK(crc != 0);
	CHECK(!po_elf_debuglink(debug, &crc));
	CHECK_INT(po_elf_build_id(debug, &id), 8);
}

TEST(elf_made_in_memory)
{
	static const char rodata[] = "Linux version 9.9";
	const struct po_elf_symbol symbols[] = {
		{ .name = "local_a", .value = 0xffff000000001000, .size = 16, .type = STT_OBJECT, .bind = STB_LOCAL },
		{ .name = "linux_banner", .value = 0xffff000000002000, .size = 18, .type = STT_OBJECT, .bind = STB_GLOBAL },
	};
	const struct po_elf_recipe recipe = {
		.machine = EM_AARCH64, .rodata_at = 0xffff000000002000, .rodata = rodata, .rodata_len = sizeof(rodata),
		.symbol = symbols, .nr_symbols = 2,
	};
	_cleanup_(po_elf_closep) struct po_elf *elf = NULL;
	struct pageowner_error err = { .text = "" };
	const void *bytes;

	if (!CHECK_INT(po_elf_make("made up", &recipe, &elf, &err), PAGEOWNER_OK)) {
		CHECK_STR(err.text, "");
		return;
	}
	CHECK_STR(po_elf_path(elf), "made up");
	CHECK_INT(po_elf_machine(elf), EM_AARCH64);
	CHECK_INT(po_elf_abi(elf)->ptr_size, 8);
	struct po_elf_symbol a = symbol(elf, "local_a"), banner = symbol(elf, "linux_banner");
	CHECK(a.value == symbols[0].value && a.size == 16 && a.bind == STB_LOCAL && !a.undefined);
	CHECK_INT(banner.bind, STB_GLOBAL);
	if (CHECK_INT(po_elf_bytes_at(elf, banner.value, sizeof(rodata), &bytes, NULL), 1))
		CHECK_STR(bytes, rodata);
	CHECK_INT(po_elf_bytes_at(elf, a.value, 4, &bytes, NULL), 0);
}

TEST(elf_not_there)
{
	struct pageowner_error err = { 0 };
	struct po_elf *elf = NULL;

	CHECK_INT(po_elf_open("/nowhere/vmlinux", &elf, &err), PAGEOWNER_EIO);
	CHECK_STR(err.text, "/nowhere/vmlinux: No such file or directory");
	CHECK(!elf);
	CHECK_INT(po_elf_open("/nowhere/vmlinux", &elf, NULL), PAGEOWNER_EIO);
}

TEST(elf_that_is_none)
{
	struct pageowner_error err = { 0 };
	struct po_elf *elf = NULL;

	write_file("text", "not an ELF file, but longer than its header would have to be, "
			   "so that nothing else can be wrong with it\n");
	CHECK_INT(po_elf_open(in_dir("text"), &elf, &err), PAGEOWNER_EFORMAT);
	CHECK(strstr(err.text, "text: not an ELF file") != NULL);
	write_file("empty", "");
	CHECK_INT(po_elf_open(in_dir("empty"), &elf, &err), PAGEOWNER_EFORMAT);
	CHECK(!elf);
}

static int take_all(void *arg, const struct po_elf_symbol *sym)
{
	*(size_t *)arg += strlen(sym->name);
	return 0;
}

static void touch_everything(struct po_elf *elf)
{
	const void *data;
	const uint8_t *id;
	size_t len, sum = 0;
	uint32_t crc;

	for (size_t i = 0; i < po_elf_nr_sections(elf); i++) {
		if (po_elf_section_data(elf, i, &data, &len, NULL) != 1)
			continue;
		for (size_t at = 0; at < len; at++)
			sum += ((const uint8_t *)data)[at];
	}
	(void)po_elf_for_each_symbol(elf, take_all, &sum, NULL);
	(void)po_elf_build_id(elf, &id);
	(void)po_elf_debuglink(elf, &crc);
}

TEST(elf_cut_short)
{
	const char *path = build("whole.so", "");
	struct stat st;

	if (!path || stat(path, &st) != 0) {
		test_skip("no compiler");
		return;
	}
	for (long len = st.st_size - 1; len > 0; len -= 97) {
		struct po_elf *elf = NULL;
		if (!CHECK(truncate(path, len) == 0))
			return;
		if (po_elf_open(path, &elf, NULL) >= 0)
			touch_everything(elf);
		po_elf_close(elf);
	}
}

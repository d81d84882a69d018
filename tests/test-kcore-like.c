/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of dumps as /proc/kcore would show it on each machine: a file with the segments that the kernel lists, by
 * kernel addresses.  What comes of it must be the kernel's own text, as with the dump.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pageowner/pageowner.h>

#include "harness.h"
#include "image/image.h"
#include "kernel/vmalloc.h"
#include "lib/session.h"

#define PIECE ((size_t)1 << 20)
#define MAX_SEGMENTS 4096

struct kcore {
	struct pageowner_session *of;	/* the dump */
	int fd;
	uint64_t end;			/* of the file */
	Elf64_Phdr ph[MAX_SEGMENTS];
	size_t nr;
	uint64_t direct;		/* kernel address of physical address 0 */
};

static void add(struct kcore *kc, uint64_t kva, uint64_t paddr, uint64_t size, uint64_t offset)
{
	if (kc->nr < MAX_SEGMENTS)
		kc->ph[kc->nr++] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = offset, .p_vaddr = kva, .p_paddr = paddr,
						 .p_filesz = size, .p_memsz = size };
}

/* Bytes by kernel address, as far as there are any, behind the others. */
static void copy(struct kcore *kc, uint64_t kva, uint64_t paddr, uint64_t size)
{
	uint8_t *buf = malloc(PIECE);
	struct po_gaps gaps;

	add(kc, kva, paddr, size, kc->end);
	for (uint64_t at = 0; buf && at < size; at += PIECE) {
		const size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
		po_memory_read_sparse(kc->of->mem, kva + at, buf, n, &gaps);
		CHECK_INT(pwrite(kc->fd, buf, n, (off_t)(kc->end + at)), (ssize_t)n);
	}
	kc->end += size;
	free(buf);
}

static bool is_direct(const struct kcore *kc, uint64_t paddr)
{
	uint64_t got;

	return po_memory_translate(kc->of->mem, po_wrap(&kc->of->kernel.abi, kc->direct + paddr), &got, NULL) == PAGEOWNER_OK &&
	       got == paddr;
}

/* RAM, as far as the direct map has it; the stack depot is in there. */
static void add_ram(struct kcore *kc)
{
	struct po_image *img = kc->of->image;
	uint64_t pool = 0, paddr = 0, start, len, from = 0;

	CHECK_INT(po_memory_read_ptr(kc->of->mem, kc->of->depot.pools, &pool, NULL), PAGEOWNER_OK);
	CHECK_INT(po_memory_translate(kc->of->mem, pool, &paddr, NULL), PAGEOWNER_OK);
	kc->direct = pool - paddr;
	for (; img->ops->next_range(img, from, &start, &len) == 1; from = start + len) {
		uint64_t end = start, first = start > from ? start : from;
		for (end = first; end < start + len && is_direct(kc, end); end += PIECE)
			;
		if (end > first)
			copy(kc, po_wrap(&kc->of->kernel.abi, kc->direct + first), first,
			     end < start + len ? end - first : start + len - first);
	}
}

/* As get_kcore_size() and proc_kcore_text_init(): the image first, at its place in RAM; i386 does not list it. */
static void add_text(struct kcore *kc)
{
	const struct po_layout *l = &kc->of->kernel.l;
	const uint64_t kva = PO_SYM(l, _text), size = PO_SYM(l, _end) - kva;

	if (l->abi.ptr_size == 8)
		copy(kc, kva, kc->of->found.banner_paddr - (PO_SYM(l, linux_banner) - kva), size);
}

static void add_others(struct kcore *kc)
{
	const struct po_kernel *k = &kc->of->kernel;
	struct po_vm_areas areas;
	struct pageowner_error flaw, err;

	for (size_t i = 0; i < k->map.nr; i++) {
		uint64_t got;
		const uint64_t at = k->map.chunk[i].mem_map;
		if (po_memory_translate(kc->of->mem, at, &got, NULL) == PAGEOWNER_OK &&
		    po_wrap(&k->abi, kc->direct + got) != at)	/* not in the direct map: vmemmap */
			copy(kc, at, UINT64_MAX, k->map.chunk[i].nr * k->map.page_size);
	}
	if (!CHECK_INT(po_vm_areas_load(k, kc->of->mem, &areas, &flaw, &err), PAGEOWNER_OK))
		return;
	for (size_t i = 0; i < areas.nr; i++)
		if (areas.area[i].kind == PO_VM_AREA && !(areas.area[i].flags & PO_VM_IOREMAP))
			copy(kc, areas.area[i].start, UINT64_MAX, areas.area[i].end - areas.area[i].start);
	po_vm_areas_fini(&areas);
}

static void put_headers(const struct kcore *kc, unsigned machine)
{
	const Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = (Elf64_Half)machine, .e_phoff = sizeof(ehdr), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)kc->nr,
	};

	CHECK_INT(pwrite(kc->fd, &ehdr, sizeof(ehdr), 0), (ssize_t)sizeof(ehdr));
	CHECK_INT(pwrite(kc->fd, kc->ph, kc->nr * sizeof(*kc->ph), sizeof(ehdr)), (ssize_t)(kc->nr * sizeof(*kc->ph)));
}

static struct po_image *open_kcore(int fd)
{
	struct po_file file = { .path = "kcore", .fd = fd, .size = UINT64_MAX };
	struct po_image *img = NULL;
	struct pageowner_error err = { 0, "" };

	if (po_format_kcore.open(&file, 1, &img, &err) < 0)
		CHECK_STR(err.text, "");
	return img;
}

/* --- what comes of it ---------------------------------------------------------------------------- */

/* The kernel's text, compared as it is written. */
struct wanted {
	FILE *text;
	uint64_t same;
	bool differs;
};

static int compare(void *self, const char *text, size_t len)
{
	struct wanted *w = self;
	char *buf = malloc(len ? len : 1);

	w->differs |= !buf || fread(buf, 1, len, w->text) != len || memcmp(buf, text, len) != 0;
	w->same += w->differs ? 0 : len;
	free(buf);
	return w->differs ? ECANCELED : 0;
}

static void check_report(struct pageowner_session *s, const char *words)
{
	struct wanted w = { .text = fopen(words, "r") };
	const struct pageowner_sink sink = { .size = sizeof(sink), .self = &w, .write = compare };
	struct pageowner_coverage cov = { .size = sizeof(cov) };
	struct pageowner_error err = { 0, "" };
	struct pageowner_iter *it;

	if (!CHECK(w.text != NULL) || !CHECK_INT(pageowner_iter_new(s, NULL, &it, &err), PAGEOWNER_OK))
		return;
	if (pageowner_report(s, it, NULL, &sink, &err) < 0)
		CHECK_STR(err.text, "");
	CHECK(!w.differs && w.same > 0 && fgetc(w.text) == EOF);
	pageowner_iter_coverage(it, &cov);
	CHECK_INT(cov.moved, 0);
	CHECK_INT(cov.pages_hole + cov.untranslated + cov.bad_stacks, 0);
	CHECK_INT(pageowner_incomplete(s), 0);
	pageowner_iter_free(it);
	(void)fclose(w.text);
}

static void check(const char *name)
{
	static struct kcore kc;
	char dump[4096], vmlinux[4096], words[4096];
	const char *dumps = dump;
	struct pageowner_error err = { 0, "" };
	struct pageowner_session *s;

	(void)snprintf(dump, sizeof(dump), "%s/%s/dump.elf", getenv("FIXTURES"), name);
	(void)snprintf(vmlinux, sizeof(vmlinux), "%s/%s/vmlinux", getenv("FIXTURES"), name);
	(void)snprintf(words, sizeof(words), "%s/%s/words/page_owner.txt", getenv("FIXTURES"), name);
	struct pageowner_open_options o = { .size = sizeof(o), .dumps = &dumps, .nr_dumps = 1, .vmlinux = vmlinux,
					    .all_types = 1 };
	kc = (struct kcore){ .fd = memfd_create("kcore", MFD_CLOEXEC), .end = sizeof(Elf64_Ehdr) + sizeof(kc.ph) };
	if (!CHECK(kc.fd >= 0) || !CHECK_INT(pageowner_open(&o, &kc.of, &err), PAGEOWNER_OK))
		return;
	add_text(&kc);
	add_others(&kc);
	add_ram(&kc);
	put_headers(&kc, kc.of->kernel.machine);
	struct po_image *img = open_kcore(kc.fd);
	if (CHECK(img != NULL) && CHECK_INT(po_session_open(img, &o, &s, &err), PAGEOWNER_OK)) {
		CHECK(s->found.by_segment == (s->kernel.abi.ptr_size == 8));
		CHECK_INT(s->found.slide, kc.of->found.slide);
		check_report(s, words);
		pageowner_close(s);
	}
	pageowner_close(kc.of);
	close(kc.fd);
}

TEST(x86_64) { check("6.1-x86_64"); }
TEST(x86_64_of_5_levels_and_two_nodes) { check("7.2-x86_64"); }
TEST(arm64) { check("6.1-arm64"); }
TEST(arm64_of_39_bits) { check("6.1-arm64-va39"); }
TEST(arm64_of_64k) { check("6.12-arm64-64k"); }
TEST(arm64_of_16k) { check("7.2-arm64-16k"); }
TEST(i386) { check("6.1-i386"); }
TEST(i386_pae) { check("6.12-i386-pae"); }

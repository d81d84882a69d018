/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a kernel's types come from.  DWARF first: it tells the types of variables too, and of a static
 * by its file.  BTF is smaller and of the same build wherever it lies; what it lacks is inferred.
 */
#include "lib/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "memory/vmcoreinfo.h"
#include "types/types.h"

#define BTF_MAX		(256u << 20)

struct source {
	struct po_types *types;
	struct po_elf *debug;		/* a separate file that the types stand in */
	const char *where;
	bool is_dwarf;			/* names its file in messages itself */
};

static void source_fini(struct source *src)
{
	po_types_close(src->types);
	po_elf_close(src->debug);
}

/* --- BTF ----------------------------------------------------------------------------------------- */

static int read_all(int fd, uint8_t *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = read(fd, buf + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		done += (size_t)n;
	}
	return 0;
}

static int btf_of_file(struct pageowner_session *s, const char *path, struct source *src,
		       struct pageowner_error *err)
{
	_cleanup_(po_closefdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > BTF_MAX)
		return po_fail(err, PAGEOWNER_EFORMAT, "%s: not BTF", path);
	size_t len = (size_t)st.st_size;
	_cleanup_(po_freep) uint8_t *buf = malloc(len + 1);
	if (!buf)
		return po_fail_nomem(err, path);
	int error = read_all(fd, buf, len);
	if (error)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", path, strerror(error));
	src->where = path;
	int rc = po_types_open_btf(buf, len, &s->kernel.l.abi, &src->types, err);
	return rc < 0 ? po_within(err, rc, "%s", path) : rc;
}

/* 1, or 0: there is no such section. */
static int btf_of_vmlinux(struct pageowner_session *s, struct source *src, struct pageowner_error *err)
{
	struct po_elf_section sec;
	const void *data;
	size_t len;

	if (!po_elf_section_named(s->elf, ".BTF", &sec))
		return 0;
	int rc = po_elf_section_data(s->elf, sec.index, &data, &len, err);
	if (rc <= 0)
		return rc;
	src->where = po_elf_path(s->elf);
	rc = po_types_open_btf(data, len, &s->kernel.l.abi, &src->types, err);
	return rc < 0 ? po_within(err, rc, "%s", po_elf_path(s->elf)) : 1;
}

/* 1, or 0: this kernel carries none (CONFIG_DEBUG_INFO_BTF), which its symbols tell. */
static int btf_of_dump(struct pageowner_session *s, struct source *src, struct pageowner_error *err)
{
	const struct po_layout *l = &s->kernel.l;
	uint64_t start = PO_SYM(l, __start_BTF), end = PO_SYM(l, __stop_BTF);

	if (!start || end <= start || end - start > BTF_MAX)
		return 0;
	size_t len = (size_t)(end - start);
	_cleanup_(po_freep) uint8_t *buf = malloc(len);
	if (!buf)
		return po_fail_nomem(err, "BTF");
	src->where = "in the dump, from __start_BTF on";
	int rc = po_memory_read(s->mem, start, buf, len, err);
	if (rc == PAGEOWNER_OK)
		rc = po_types_open_btf(buf, len, &l->abi, &src->types, err);
	return rc < 0 ? po_within(err, rc, "BTF in the dump") : 1;
}

/* --- choosing ------------------------------------------------------------------------------------ */

static int open_dwarf(struct pageowner_session *s, struct po_elf *elf, bool all, struct source *src,
		      struct pageowner_error *err)
{
	/* the last three are in units that a kernel may lack: asked for by name where it has them, or not at all */
	static const unsigned functions[] = {
		PO_S___set_page_owner, PO_S_stack_depot_fetch,	  PO_S___free_pages,
		PO_S_vsnprintf,	       PO_S_mem_cgroup_from_task, PO_S_dump_page,
		PO_S_sprint_symbol,    PO_S_page_ext_get,	  PO_S_lookup_page_ext,
		PO_S_sparse_init,      PO_S_memblock_add,	  PO_S___module_address,
		PO_S_bpf_prog_alloc,   PO_S_ftrace_mod_address_lookup,
	};
	/* what these keep to themselves: of slab caches since 6.8, of vmalloc since 6.9, of huge pages, counters, the log, processes, zswap */
	static const struct {
		unsigned function;
		const char *unit;
	} more[] = {
		{ PO_S_kmem_cache_free, "mm/slub.c" },		{ PO_S_vfree, "mm/vmalloc.c" },
		{ PO_S_all_vm_events, "mm/vmstat.c" },		{ PO_S_hugetlb_report_meminfo, "mm/hugetlb.c" },
		{ PO_S_vprintk_emit, "kernel/printk/printk.c" },	{ PO_S_cma_alloc, "mm/cma.c" },
		{ PO_S_free_percpu, "mm/percpu.c" },		{ PO_S_mmput, "kernel/fork.c" },
		{ PO_S_mas_find, "lib/maple_tree.c" },		{ PO_S_si_swapinfo, "mm/swapfile.c" },
		{ PO_S_oom_badness, "mm/oom_kill.c" },		{ PO_S_shmem_file_setup, "mm/shmem.c" },
		{ PO_S_codetag_to_text, "lib/codetag.c" },	{ PO_S_zswap_total_pages, "mm/zswap.c" },
		{ PO_S_zpool_get_total_pages, "mm/zpool.c" },	{ PO_S_zs_get_total_pages, "mm/zsmalloc.c" },
		{ PO_S_zbud_zpool_total_pages, "mm/zbud.c" },	{ PO_S_z3fold_zpool_total_pages, "mm/z3fold.c" },
		{ PO_S_of_reserved_mem_device_release, "drivers/of/of_reserved_mem.c" },
	};
	const struct po_layout *l = &s->kernel.l;
	uint64_t hints[sizeof(functions) / sizeof(*functions) + sizeof(more) / sizeof(*more) + 2] = { 0 };
	const char *names[42] = { NULL };
	/* with memory cgroups, theirs knows the structs of slab caches, too */
	const size_t nr_more = all ? sizeof(more) / sizeof(*more) : !PO_HAS_SYM(l, mem_cgroup_from_task);
	size_t nr = 0, nr_names;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (l->symbol[functions[i]].have)
			hints[nr++] = l->symbol[functions[i]].link;
	for (nr_names = 0; po_layout_units[nr_names] && nr_names < 30; nr_names++)
		names[nr_names] = po_layout_units[nr_names];
	for (size_t i = 0; i < nr_more; i++) {
		if (!l->symbol[more[i].function].have)
			continue;
		hints[nr++] = l->symbol[more[i].function].link;
		names[nr_names++] = more[i].unit;
	}
	if (PO_HAS_SYM(l, bpf_kallsyms))
		names[nr_names++] = "kernel/bpf/core.c";
	if (PO_HAS_SYM(l, ftrace_mod_maps))
		names[nr_names++] = "kernel/trace/ftrace.c";
	/* struct btf is in a large unit, and wanted only where BPF programs have no struct bpf_ksym yet */
	if (PO_HAS_SYM(l, btf_name_by_offset) && PO_HAS_SYM(l, bpf_kallsyms) &&
	    !PO_HAS_SYM(l, bpf_ksym_add)) {
		hints[nr++] = l->symbol[PO_S_btf_name_by_offset].link;
		names[nr_names++] = "kernel/bpf/btf.c";
	}
	src->where = po_elf_path(elf);
	src->is_dwarf = true;
	return po_types_open_dwarf(elf, hints, names, &src->types, err);
}

/* A file that was named: of this very vmlinux, if both say of which build they are. */
static int open_named(struct pageowner_session *s, const char *path, bool all, struct source *src,
		      struct pageowner_error *err)
{
	struct po_elf_section sec;
	int rc = po_elf_open(path, &src->debug, err);

	if (rc < 0)
		return po_within(err, rc, "debug information");
	if (!po_elf_section_named(src->debug, ".debug_info", &sec))
		return po_fail(err, PAGEOWNER_ENOTYPE, "%s: has no debug information", path);
	if (!po_may_be_same_build(s->elf, src->debug))
		return po_fail(err, PAGEOWNER_EMISMATCH, "%s: is not of the same build as %s", path,
			       po_elf_path(s->elf));
	return open_dwarf(s, src->debug, all, src, err);
}

static int open_source(struct pageowner_session *s, const struct pageowner_open_options *o, struct source *src,
		       struct pageowner_error *err)
{
	const bool all = o->all_types;
	struct pageowner_error why = { 0 };
	struct po_elf_section sec;

	if (o->btf)
		return btf_of_file(s, o->btf, src, err);
	if (o->debug)
		return open_named(s, o->debug, all, src, err);
	if (po_elf_section_named(s->elf, ".debug_info", &sec))
		return open_dwarf(s, s->elf, all, src, err);
	if (po_find_debug_file(s->elf, &src->debug))
		return open_dwarf(s, src->debug, all, src, err);
	int rc = btf_of_vmlinux(s, src, err);
	if (rc == 0)
		rc = btf_of_dump(s, src, &why);
	if (rc <= 0 && s->image->live && access(PO_LIVE_BTF, R_OK) == 0)
		return btf_of_file(s, PO_LIVE_BTF, src, err);
	if (rc == 0 || why.code)
		return po_fail(err, PAGEOWNER_ENOTYPE,
			       "%s: has no debug information (build the kernel with "
			       "CONFIG_DEBUG_INFO, or install its debug package)%s%s",
			       po_elf_path(s->elf), why.code ? "; " : "", why.code ? why.text : "");
	return rc < 0 ? rc : PAGEOWNER_OK;
}

/* --- proof --------------------------------------------------------------------------------------- */

static int check_size(const char *note, const char *key, uint64_t got, struct pageowner_error *err)
{
	int64_t want;

	if (!po_vmcoreinfo_number(note, key, &want) || (uint64_t)want == got)
		return PAGEOWNER_OK;
	return po_fail(err, PAGEOWNER_EMISMATCH,
		       "type information is of another kernel: %s is %" PRIu64 ", not %" PRId64
		       " as VMCOREINFO says", key, got, want);
}

/* BTF has no build-id: that of another build shows only where it differs from what the kernel says. */
static int check_against_note(const struct pageowner_session *s, struct pageowner_error *err)
{
	const struct po_layout *l = &s->kernel.l;
	const struct {
		const char *key;
		uint64_t got;
	} checks[] = {
		{ "SIZE(page)", PO_SIZE(l, page) },
		{ "SIZE(pglist_data)", PO_SIZE(l, pglist_data) },
		{ "SIZE(zone)", PO_SIZE(l, zone) },
		{ "SIZE(free_area)", PO_SIZE(l, free_area) },
		{ "OFFSET(page.flags)", PO_OFFSET(l, page, flags) },
		{ "OFFSET(page._mapcount)", PO_OFFSET(l, page, mapcount) },
		{ "OFFSET(page.private)", PO_OFFSET(l, page, private) },
		{ "OFFSET(pglist_data.node_zones)", PO_OFFSET(l, pglist_data, node_zones) },
		{ "OFFSET(pglist_data.nr_zones)", PO_OFFSET(l, pglist_data, nr_zones) },
		{ "OFFSET(zone.free_area)", PO_OFFSET(l, zone, free_area) },
		{ "OFFSET(zone.spanned_pages)", PO_OFFSET(l, zone, spanned_pages) },
	};
	int rc = PAGEOWNER_OK;

	for (size_t i = 0; s->note && i < sizeof(checks) / sizeof(*checks) && rc == PAGEOWNER_OK; i++)
		rc = check_size(s->note, checks[i].key, checks[i].got, err);
	return rc;
}

int po_session_resolve_types(struct pageowner_session *s, const struct pageowner_open_options *o, bool owned,
			     struct pageowner_error *err)
{
	_cleanup_(source_fini) struct source src = { .types = NULL };
	int rc = open_source(s, o, &src, err);

	if (rc < 0)
		return rc;
	rc = po_layout_resolve_types(&s->kernel.l, src.types, owned, err);
	/* the file may be closed long before the fact is read */
	po_session_fact(s, "type information", po_arena_strndup(&s->arena, src.where, strlen(src.where)),
			"%s", po_types_describe(src.types));
	if (rc == PAGEOWNER_OK)
		rc = check_against_note(s, err);
	if (rc == PAGEOWNER_OK)
		po_layout_infer_variables(&s->kernel.l, s->mem);
	return rc < 0 && !src.is_dwarf ? po_within(err, rc, "%s", src.where) : rc;
}

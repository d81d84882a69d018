/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines in the order in which every release has had them; those whose label this kernel has are its own. */
#include "proc/proc.h"

#include <elf.h>
#include <inttypes.h>

#include "base/status.h"
#include "kernel/list.h"
#include "kernel/percpu.h"
#include "kernel/zswap.h"

#define MAX_INODES	(1u << 20)
#define MAX_SPACES	(1u << 16)
#define MAX_SWAP	64
#define MAX_HSTATES	16

/* struct swap_info_struct.flags, as old as swap files */
#define SWP_USED	0x1u
#define SWP_WRITEOK	0x2u

struct run {
	const struct po_proc *p;
	struct po_vmstat stat;
	uint64_t total, total_high, buffers, swap_cached, wmark_low, free_high, huge_pages, huge_kb;
	uint64_t swap_gone;		/* swapped pages of areas that are being taken down */
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int counter(const struct run *r, const char *name, uint64_t *ret, struct pageowner_error *err)
{
	return po_proc_counter(r->p, &r->stat, name, ret, err);
}

/* --- what is summed up first --------------------------------------------------------------------- */

static int add_zone(const struct po_proc *p, const struct po_proc_zone *z, void *arg, struct pageowner_error *err)
{
	const struct po_layout *l = &p->k->l;
	struct run *r = arg;
	uint64_t v = 0;
	int rc = po_proc_watermark(p, z->kva, 1, &v, err), index = po_vmstat_find(&r->stat, "nr_free_pages");

	r->wmark_low += v;
	if (rc < 0 || index < 0 || !z->populated || !po_proc_is_highmem(p, z))
		return rc;
	/* a variable until 6.11 */
	if (!PO_HAS_SYM(l, _totalhigh_pages) && !PO_HAS_SYM(l, totalhigh_pages) && PO_HAS(l, zone, managed_pages)) {
		rc = po_zone_number(p->mem, z->kva, PO_AT(l, zone, managed_pages), &v, err);
		r->total_high += v;
	}
	if (rc < 0)
		return rc;
	rc = po_vmstat_of_zone(&r->stat, p->k, p->mem, z->kva, (unsigned)index, &v, err);
	r->free_high += v;
	return rc;
}

/* nr_blockdev_pages(): what the inodes of block devices have in the page cache. */
static int sum_buffers(struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	uint64_t super, at, mapping, nr;

	if (!PO_HAS_SYM(l, blockdev_superblock))
		return PAGEOWNER_OK;	/* without CONFIG_BLOCK */
	if (!PO_HAS(l, super_block, s_inodes) || !PO_HAS(l, inode, i_sb_list) || !PO_HAS(l, inode, i_mapping) ||
	    !PO_HAS(l, address_space, nrpages))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct super_block or struct inode");
	int rc = po_kernel_read_variable(r->p->k, r->p->mem, PO_S_blockdev_superblock, &super, err);
	if (rc < 0)
		return rc;
	struct po_list list = po_list_of(r->p->mem, super + PO_OFFSET(l, super_block, s_inodes), MAX_INODES);
	while ((rc = po_list_next(&list, &at, err)) == 1) {
		at -= PO_OFFSET(l, inode, i_sb_list);
		rc = po_memory_read_ptr(r->p->mem, at + PO_OFFSET(l, inode, i_mapping), &mapping, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_ptr(r->p->mem, mapping + PO_OFFSET(l, address_space, nrpages), &nr, err);
		if (rc < 0)
			return rc;
		r->buffers += nr;
	}
	return rc;
}

/* total_swapcache_pages(): a counter since 5.12; before, a number in each address space of each swap area. */
static int sum_swap_cache(struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	uint64_t nr = l->symbol[PO_S_swapper_spaces].size / r->p->k->abi.ptr_size, spaces, n, v;
	int rc = PAGEOWNER_OK;

	if (po_vmstat_find(&r->stat, "nr_swapcached") >= 0)
		return counter(r, "nr_swapcached", &r->swap_cached, err);
	if (!PO_HAS_SYM(l, swapper_spaces))
		return PAGEOWNER_OK;	/* without CONFIG_SWAP */
	if (!PO_HAS_SYM(l, nr_swapper_spaces) || !PO_HAS(l, address_space, nrpages))
		return po_fail(err, PAGEOWNER_EUNSUPP, "the swap cache of this kernel is not known");
	for (uint64_t i = 0; i < nr && i < MAX_SWAP && rc == PAGEOWNER_OK; i++) {
		rc = po_memory_read_ptr(r->p->mem, PO_SYM(l, swapper_spaces) + i * r->p->k->abi.ptr_size, &spaces, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(r->p->mem, PO_SYM(l, nr_swapper_spaces) + i * 4, 4, &n, err);
		for (uint64_t j = 0; rc == PAGEOWNER_OK && spaces && j < n && j < MAX_SPACES; j++) {
			rc = po_memory_read_ptr(r->p->mem, spaces + j * PO_SIZE(l, address_space) +
						PO_OFFSET(l, address_space, nrpages), &v, err);
			r->swap_cached += rc == PAGEOWNER_OK ? v : 0;
		}
	}
	return rc;
}

/* Areas that swapoff() is emptying are neither in the total nor in what is free. */
static int sum_swap_gone(struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	uint64_t nr = 0, si, flags, used;
	int rc = PAGEOWNER_OK;

	if (!PO_HAS_SYM(l, swap_info))
		return PAGEOWNER_OK;	/* without CONFIG_SWAP */
	if (!PO_HAS(l, swap_info_struct, flags) || !PO_HAS(l, swap_info_struct, inuse_pages))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct swap_info_struct");
	rc = po_proc_optional(r->p, PO_S_nr_swapfiles, &nr, err);
	for (uint64_t i = 0; i < nr && i < MAX_SWAP && rc == PAGEOWNER_OK; i++) {
		rc = po_memory_read_ptr(r->p->mem, PO_SYM(l, swap_info) + i * r->p->k->abi.ptr_size, &si, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_uint(r->p->mem, si + PO_OFFSET(l, swap_info_struct, flags),
						 PO_AT(l, swap_info_struct, flags)->size, &flags, err);
		if (rc < 0 || (flags & (SWP_USED | SWP_WRITEOK)) != SWP_USED)
			continue;
		rc = po_memory_read_uint(r->p->mem, si + PO_OFFSET(l, swap_info_struct, inuse_pages),
					 PO_AT(l, swap_info_struct, inuse_pages)->size, &used, err);
		/* the last bit but one is a mark since 6.13 */
		r->swap_gone += rc == PAGEOWNER_OK ? used & ~((uint64_t)1 << (r->p->k->abi.ptr_size * 8u - 2)) : 0;
	}
	return rc;
}

/* --- huge pages ---------------------------------------------------------------------------------- */

static uint64_t hstate_at(const struct run *r, uint64_t index)
{
	return PO_SYM(&r->p->k->l, hstates) + index * PO_SIZE(&r->p->k->l, hstate);
}

static bool has_hstates(const struct po_layout *l)
{
	return PO_HAS_SYM(l, hstates) && l->strct[PO_T_hstate].have && PO_HAS(l, hstate, order) &&
	       PO_HAS(l, hstate, nr_huge_pages) && PO_HAS(l, hstate, free_huge_pages) &&
	       PO_HAS(l, hstate, resv_huge_pages) && PO_HAS(l, hstate, surplus_huge_pages);
}

static int sum_huge(struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	uint64_t max, order, nr;
	int rc = po_proc_optional(r->p, PO_S_hugetlb_max_hstate, &max, err);

	if (rc == PAGEOWNER_OK && max && !has_hstates(l))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct hstate");
	for (uint64_t i = 0; rc == PAGEOWNER_OK && i < max && i < MAX_HSTATES; i++) {
		rc = po_memory_read_uint(r->p->mem, hstate_at(r, i) + PO_OFFSET(l, hstate, order), 4, &order, err);
		if (rc == PAGEOWNER_OK)
			rc = po_memory_read_ptr(r->p->mem, hstate_at(r, i) + PO_OFFSET(l, hstate, nr_huge_pages), &nr,
						err);
		if (rc == PAGEOWNER_OK && order < 40) {
			r->huge_pages += nr << order;
			r->huge_kb += nr << order << (r->p->k->page_shift - 10);
		}
	}
	return rc;
}

/* --- values -------------------------------------------------------------------------------------- */

static int available(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	uint64_t v[6];
	int rc = counter(r, "nr_free_pages", &v[0], err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_variable(r->p, PO_S_totalreserve_pages, &v[1], err);
	if (rc == PAGEOWNER_OK)
		rc = counter(r, "nr_active_file", &v[2], err);
	if (rc == PAGEOWNER_OK)
		rc = counter(r, "nr_inactive_file", &v[3], err);
	if (rc == PAGEOWNER_OK)
		rc = counter(r, "nr_slab_reclaimable", &v[4], err);
	if (rc == PAGEOWNER_OK)
		rc = counter(r, "nr_kernel_misc_reclaimable", &v[5], err);
	if (rc < 0)
		return rc;
	uint64_t cache = v[2] + v[3], reclaimable = v[4] + v[5];
	cache -= less(cache / 2, r->wmark_low);
	reclaimable -= less(reclaimable / 2, r->wmark_low);
	int64_t n = (int64_t)(v[0] - v[1] + cache + reclaimable);
	*ret = n < 0 ? 0 : (uint64_t)n;
	return PAGEOWNER_OK;
}

static int cached(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	int rc = counter(r, "nr_file_pages", ret, err);
	int64_t n = (int64_t)(*ret - r->swap_cached - r->buffers);

	*ret = n < 0 ? 0 : (uint64_t)n;
	return rc;
}

static int commit_limit(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	uint64_t kb, ratio = 0, swap = 0;
	int rc = po_proc_variable(r->p, PO_S_sysctl_overcommit_kbytes, &kb, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_variable(r->p, PO_S_sysctl_overcommit_ratio, &ratio, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_optional(r->p, PO_S_total_swap_pages, &swap, err);
	*ret = (kb ? kb >> (r->p->k->page_shift - 10) : (r->total - r->huge_pages) * ratio / 100) + swap;
	return rc;
}

/* With what the processors hold back since 5.9, without before. */
static int committed(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;

	if (!PO_HAS_SYM(l, vm_committed_as))
		return po_fail(err, PAGEOWNER_ENOSYM, "vm_committed_as is not known");
	return po_percpu_counter(r->p->k, r->p->mem, PO_SYM(l, vm_committed_as), PO_HAS_SYM(l, percpu_counter_sync),
				 ret, err);
}

/*
 * VMALLOC_TOTAL is a constant that stands in no table.  /proc/kcore keeps both bounds where it is configured; 32-bit ARM
 * has the lower one of two from high_memory, the other is as old as 3.13.  ret is in KiB.
 */
static int vmalloc_total(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	unsigned bytes = r->p->k->abi.ptr_size;
	uint64_t words = l->symbol[PO_S_kcore_vmalloc].size / bytes;
	const uint64_t arm_end = 0xff800000u, arm_gap = 8u << 20;
	int rc;

	if (PO_HAS_SYM(l, kcore_vmalloc) && (words == 5 || words == 6))	/* its size is the last but one */
		rc = po_memory_read_ptr(r->p->mem, PO_SYM(l, kcore_vmalloc) + (words - 2) * bytes, ret, err);
	else if (r->p->k->machine == EM_ARM && PO_HAS_SYM(l, high_memory)) {
		rc = po_kernel_read_variable(r->p->k, r->p->mem, PO_S_high_memory, ret, err);
		*ret = arm_end - ((*ret + arm_gap) & ~(arm_gap - 1));
	} else
		return po_fail(err, PAGEOWNER_EUNSUPP, "the size of the vmalloc space is not known (this kernel has no "
			       "/proc/kcore)");
	*ret >>= 10;
	return rc;
}

/* Always 0 from 4.4 to 5.2. */
static int vmalloc_used(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;

	if (po_vmstat_find(&r->stat, "nr_vmalloc") >= 0)
		return counter(r, "nr_vmalloc", ret, err);
	if (PO_HAS_SYM(l, vmalloc_nr_pages))
		return po_proc_variable(r->p, PO_S_nr_vmalloc_pages, ret, err);
	*ret = 0;
	return PO_HAS_SYM(l, get_vmalloc_info) ?
		       po_fail(err, PAGEOWNER_EUNSUPP, "kernels before 4.4 add up areas, which is not known here") :
		       PAGEOWNER_OK;
}

static int vmalloc_chunk(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	*ret = 0;
	return PO_HAS_SYM(&r->p->k->l, get_vmalloc_info) ? vmalloc_used(r, ret, err) : PAGEOWNER_OK;
}

static int percpu(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	uint64_t units = 0;
	int rc = po_proc_variable(r->p, PO_S_pcpu_nr_populated, ret, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_variable(r->p, PO_S_pcpu_nr_units, &units, err);
	*ret *= (uint32_t)units;
	return rc;
}

static int poisoned(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	return po_proc_variable(r->p, PO_S_num_poisoned_pages, ret, err);
}

static int cma_total(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	return po_proc_variable(r->p, PO_S_totalcma_pages, ret, err);
}

static int swap_total(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	int rc = po_proc_optional(r->p, PO_S_total_swap_pages, ret, err);

	*ret += r->swap_gone;
	return rc;
}

static int swap_free(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	int rc = po_proc_optional(r->p, PO_S_nr_swap_pages, ret, err);

	*ret += r->swap_gone;
	return rc;
}

static int zswap(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	if (!PO_HAS_SYM(&r->p->k->l, zswap_pool_total_size))
		return po_zswap_pages(r->p->k, r->p->mem, ret, err);
	int rc = po_kernel_read_variable(r->p->k, r->p->mem, PO_S_zswap_pool_total_size, ret, err);
	*ret >>= r->p->k->page_shift;
	return rc;
}

static int zswapped(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	return po_proc_variable(r->p, PO_S_zswap_stored_pages, ret, err);
}

#define VALUE(name, expression)                                                       \
	static int name(struct run *r, uint64_t *ret, struct pageowner_error *err)    \
	{                                                                             \
		(void)err;                                                            \
		*ret = expression;                                                    \
		return PAGEOWNER_OK;                                                  \
	}
VALUE(mem_total, r->total)
VALUE(buffers, r->buffers)
VALUE(swap_cached, r->swap_cached)
VALUE(high_total, r->total_high)
VALUE(high_free, r->free_high)
VALUE(low_total, r->total - r->total_high)

static int low_free(struct run *r, uint64_t *ret, struct pageowner_error *err)
{
	int rc = counter(r, "nr_free_pages", ret, err);

	*ret -= r->free_high;
	return rc;
}

/* --- lines --------------------------------------------------------------------------------------- */

enum unit { PAGES, KILOBYTES, HUGE_PAGES };

static const struct line {
	const char *label;
	const char *counter[2];		/* their sum; or */
	int (*value)(struct run *r, uint64_t *ret, struct pageowner_error *err);
	enum unit unit;
	int width;			/* 8 if 0 */
} lines[] = {
	{ "MemTotal:       ", .value = mem_total },
	{ "MemFree:        ", .counter = { "nr_free_pages" } },
	{ "MemAvailable:   ", .value = available },
	{ "Buffers:        ", .value = buffers },
	{ "Cached:         ", .value = cached },
	{ "SwapCached:     ", .value = swap_cached },
	{ "Active:         ", .counter = { "nr_active_anon", "nr_active_file" } },
	{ "Inactive:       ", .counter = { "nr_inactive_anon", "nr_inactive_file" } },
	{ "Active(anon):   ", .counter = { "nr_active_anon" } },
	{ "Inactive(anon): ", .counter = { "nr_inactive_anon" } },
	{ "Active(file):   ", .counter = { "nr_active_file" } },
	{ "Inactive(file): ", .counter = { "nr_inactive_file" } },
	{ "Unevictable:    ", .counter = { "nr_unevictable" } },
	{ "Mlocked:        ", .counter = { "nr_mlock" } },
	{ "HighTotal:      ", .value = high_total },
	{ "HighFree:       ", .value = high_free },
	{ "LowTotal:       ", .value = low_total },
	{ "LowFree:        ", .value = low_free },
	{ "SwapTotal:      ", .value = swap_total },
	{ "SwapFree:       ", .value = swap_free },
	{ "Zswap:          ", .value = zswap },
	{ "Zswapped:       ", .value = zswapped },
	{ "Dirty:          ", .counter = { "nr_dirty" } },
	{ "Writeback:      ", .counter = { "nr_writeback" } },
	{ "AnonPages:      ", .counter = { "nr_anon_pages" } },
	{ "Mapped:         ", .counter = { "nr_mapped" } },
	{ "Shmem:          ", .counter = { "nr_shmem" } },
	{ "KReclaimable:   ", .counter = { "nr_slab_reclaimable", "nr_kernel_misc_reclaimable" } },
	{ "Slab:           ", .counter = { "nr_slab_reclaimable", "nr_slab_unreclaimable" } },
	{ "SReclaimable:   ", .counter = { "nr_slab_reclaimable" } },
	{ "SUnreclaim:     ", .counter = { "nr_slab_unreclaimable" } },
	{ "KernelStack:    ", .counter = { "nr_kernel_stack" }, .unit = KILOBYTES },
	{ "ShadowCallStack:", .counter = { "nr_shadow_call_stack" }, .unit = KILOBYTES },
	{ "PageTables:     ", .counter = { "nr_page_table_pages" } },
	{ "SecPageTables:  ", .counter = { "nr_sec_page_table_pages" } },
	{ "NFS_Unstable:   ", .counter = { "nr_unstable" } },	/* a counter until 5.8, 0 since */
	{ "Bounce:         ", .counter = { "nr_bounce" } },	/* the same: until 6.15 */
	{ "WritebackTmp:   ", .counter = { "nr_writeback_temp" } },
	{ "CommitLimit:    ", .value = commit_limit },
	{ "Committed_AS:   ", .value = committed },
	{ "VmallocTotal:   ", .value = vmalloc_total, .unit = KILOBYTES },
	{ "VmallocUsed:    ", .value = vmalloc_used },
	{ "VmallocChunk:   ", .value = vmalloc_chunk },
	{ "Percpu:         ", .value = percpu },
	{ "HardwareCorrupted: ", .value = poisoned, .width = 5 },
	{ "AnonHugePages:  ", .counter = { "nr_anon_transparent_hugepages" }, .unit = HUGE_PAGES },
	{ "ShmemHugePages: ", .counter = { "nr_shmem_hugepages" }, .unit = HUGE_PAGES },
	{ "ShmemPmdMapped: ", .counter = { "nr_shmem_pmdmapped" }, .unit = HUGE_PAGES },
	{ "FileHugePages:  ", .counter = { "nr_file_hugepages" }, .unit = HUGE_PAGES },
	{ "FilePmdMapped:  ", .counter = { "nr_file_pmdmapped" }, .unit = HUGE_PAGES },
	{ "CmaTotal:       ", .value = cma_total },
	{ "CmaFree:        ", .counter = { "nr_free_cma" } },
	{ "Unaccepted:     ", .counter = { "nr_unaccepted" } },
	{ "Balloon:        ", .counter = { "nr_balloon_pages" } },
	{ "GPUActive:      ", .counter = { "nr_gpu_active" } },
	{ "GPUReclaim:     ", .counter = { "nr_gpu_reclaim" } },
};

/* A label begins a string, or a line of a longer one (a single format until 4.9). */
static bool has_label(const struct po_proc *p, const char *label)
{
	const char *start = p->rodata->data, *end = start + p->rodata->len, *at = start;
	size_t len = strlen(label);

	while ((at = memmem(at, (size_t)(end - at), label, len)) != NULL) {
		if (at == start || at[-1] == '\0' || at[-1] == '\n')
			return true;
		at++;
	}
	return false;
}

static int value_of(struct run *r, const struct line *line, uint64_t *ret, struct pageowner_error *err)
{
	uint64_t second = 0;
	int rc;

	if (line->value)
		return line->value(r, ret, err);
	rc = counter(r, line->counter[0], ret, err);
	if (rc == PAGEOWNER_OK && line->counter[1])
		rc = counter(r, line->counter[1], &second, err);
	*ret += second;
	if (line->unit == HUGE_PAGES && !r->stat.thp_in_pages)
		*ret *= r->stat.thp_pages;
	return rc;
}

/* A line whose number cannot be had is left out, and told. */
static void put_line(struct run *r, const struct line *line)
{
	struct pageowner_error why;
	uint64_t v = 0;

	if (!has_label(r->p, line->label))
		return;
	/* smaps has some of these labels in any kernel */
	if (line->unit == HUGE_PAGES && !PO_HAS_SYM(&r->p->k->l, transparent_hugepage_flags))
		return;
	if (value_of(r, line, &v, &why) < 0) {
		(void)po_within(&why, why.code, "%.*s", (int)strcspn(line->label, ":"), line->label);
		po_proc_flaw(r->p, &why);
		return;
	}
	v = po_wrap(&r->p->k->abi, line->unit == KILOBYTES ? v : v << (r->p->k->page_shift - 10));
	po_proc_put(r->p, "%s%*" PRIu64 " kB\n", line->label, line->width ? line->width : 8, v);
}

static int put_memtest(const struct run *r, struct pageowner_error *err)
{
	uint64_t done = 0, bad = 0;
	int rc = po_proc_optional(r->p, PO_S_early_memtest_done, &done, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_optional(r->p, PO_S_early_memtest_bad_size, &bad, err);
	if (rc == PAGEOWNER_OK && done)
		po_proc_put(r->p, "EarlyMemtestBad:   %5" PRIu64 " kB\n", bad && !(bad >> 10) ? 1 : bad >> 10);
	return rc;
}

static int put_huge(const struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	const struct {
		const char *label;
		uint64_t offset;
	} fields[] = {
		{ "HugePages_Total:   ", PO_OFFSET(l, hstate, nr_huge_pages) },
		{ "HugePages_Free:    ", PO_OFFSET(l, hstate, free_huge_pages) },
		{ "HugePages_Rsvd:    ", PO_OFFSET(l, hstate, resv_huge_pages) },
		{ "HugePages_Surp:    ", PO_OFFSET(l, hstate, surplus_huge_pages) },
	};
	uint64_t max, index = 0, v, order = 0;
	int rc = po_proc_optional(r->p, PO_S_hugetlb_max_hstate, &max, err);

	if (rc < 0 || !max || !has_hstates(l))
		return rc;
	rc = po_proc_optional(r->p, PO_S_default_hstate_idx, &index, err);
	if (rc == PAGEOWNER_OK && index >= MAX_HSTATES)
		return po_fail(err, PAGEOWNER_ECORRUPT, "default_hstate_idx is %" PRIu64, index);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && rc == PAGEOWNER_OK; i++) {
		rc = po_memory_read_ptr(r->p->mem, hstate_at(r, index) + fields[i].offset, &v, err);
		if (rc == PAGEOWNER_OK)
			po_proc_put(r->p, "%s%5" PRIu64 "\n", fields[i].label, v);
	}
	if (rc == PAGEOWNER_OK)
		rc = po_memory_read_uint(r->p->mem, hstate_at(r, index) + PO_OFFSET(l, hstate, order), 4, &order, err);
	if (rc == PAGEOWNER_OK)
		po_proc_put(r->p, "Hugepagesize:   %8" PRIu64 " kB\n",
			    (uint64_t)1 << (order & 31) << (r->p->k->page_shift - 10));
	if (rc == PAGEOWNER_OK && has_label(r->p, "Hugetlb:        "))
		po_proc_put(r->p, "Hugetlb:        %8" PRIu64 " kB\n", r->huge_kb);
	return rc;
}

/* x86: what page sizes map the memory, by PG_LEVEL_4K and so on. */
static int put_direct(const struct run *r, struct pageowner_error *err)
{
	static const struct {
		const char *label;
		unsigned level, shift;
	} levels[] = {
		{ "DirectMap4k:    ", 1, 2 }, { "DirectMap2M:    ", 2, 11 }, { "DirectMap4M:    ", 2, 12 },
		{ "DirectMap1G:    ", 3, 20 },
	};
	const struct po_layout *l = &r->p->k->l;
	uint64_t gigabyte = 0, v;
	int rc = po_proc_optional(r->p, PO_S_direct_gbpages, &gigabyte, err);

	for (size_t i = 0; i < 4 && rc == PAGEOWNER_OK && PO_HAS_SYM(l, direct_pages_count); i++) {
		if (!has_label(r->p, levels[i].label) || (levels[i].level == 3 && !gigabyte))
			continue;
		rc = po_memory_read_ptr(r->p->mem, PO_SYM(l, direct_pages_count) +
					levels[i].level * r->p->k->abi.ptr_size, &v, err);
		if (rc == PAGEOWNER_OK)
			po_proc_put(r->p, "%s%8" PRIu64 " kB\n", levels[i].label,
				    po_wrap(&r->p->k->abi, v << levels[i].shift));
	}
	return rc;
}

static int sum_all(struct run *r, struct pageowner_error *err)
{
	const struct po_layout *l = &r->p->k->l;
	int rc = po_proc_variable(r->p, PO_HAS_SYM(l, _totalram_pages) ? PO_S__totalram_pages : PO_S_totalram_pages,
				  &r->total, err);

	if (rc == PAGEOWNER_OK)
		rc = po_proc_optional(r->p, PO_HAS_SYM(l, _totalhigh_pages) ? PO_S__totalhigh_pages :
									      PO_S_totalhigh_pages, &r->total_high, err);
	if (rc == PAGEOWNER_OK)
		rc = po_proc_for_each_zone(r->p, NULL, add_zone, r, err);
	if (rc == PAGEOWNER_OK)
		rc = sum_buffers(r, err);
	if (rc == PAGEOWNER_OK)
		rc = sum_swap_cache(r, err);
	if (rc == PAGEOWNER_OK)
		rc = sum_swap_gone(r, err);
	return rc == PAGEOWNER_OK ? sum_huge(r, err) : rc;
}

int po_proc_meminfo(const struct po_proc *p, struct pageowner_error *err)
{
	struct run r = { .p = p };
	int rc = po_vmstat_open(&r.stat, p->k, p->mem, err);

	if (rc < 0)
		return rc;
	rc = sum_all(&r, err);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines) && rc == PAGEOWNER_OK; i++) {
		put_line(&r, &lines[i]);
		if (!strncmp(lines[i].label, "Percpu:", 7))
			rc = put_memtest(&r, err);
	}
	if (rc == PAGEOWNER_OK)
		rc = put_huge(&r, err);
	if (rc == PAGEOWNER_OK)
		rc = put_direct(&r, err);
	po_vmstat_fini(&r.stat);
	return rc;
}

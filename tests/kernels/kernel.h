/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel's own headers would declare, release by release.  Written from the facts of each release's source:
 * names, types, order and bits are that kernel's, and the compiler lays them out.  Members that nobody reads are left
 * out where they come last.  config.h of a kernel says what it is; everything else follows from VERSION, unless a
 * vendor's config.h says otherwise.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "config.h"	/* VERSION: 409 is 4.9, 519 is 5.19 */

/* the release that mm/page_owner.c is of, where a vendor took a newer one */
#ifndef PAGE_OWNER
#define PAGE_OWNER VERSION
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_SHIFT	12
#define __pa(x)		((unsigned long)(x) - (BASE - PHYS))
#define offsetof(t, m)	__builtin_offsetof(t, m)

typedef _Bool bool;
typedef unsigned char u8;
typedef unsigned short u16;
typedef int s32;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef __SIZE_TYPE__ size_t;
typedef int pid_t;
typedef unsigned int gfp_t;
typedef u32 depot_stack_handle_t;
typedef struct { int counter; } atomic_t;
typedef struct { atomic_t refs; } refcount_t;
#if defined(CONFIG_PHYS_ADDR_T_64BIT) || defined(__LP64__)
typedef u64 phys_addr_t;
#else
typedef unsigned long phys_addr_t;
#endif
struct list_head { struct list_head *next, *prev; };
struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right, *rb_left; };
struct rb_root { struct rb_node *rb_node; };
#define LIST_HEAD_INIT(name) { &(name), &(name) }

#ifndef __LP64__
#define BITS_PER_LONG 32
#else
#define BITS_PER_LONG 64
#endif

/* --- arch --------------------------------------------------------------------------------------- */

#if defined(CONFIG_SPARSEMEM_STATIC) || defined(CONFIG_SPARSEMEM_EXTREME)
#define CONFIG_SPARSEMEM
#endif
#if VERSION >= 503
#define SECTIONS_OF_5_3		/* RHEL took them into 4.18 */
#endif

#if defined(__x86_64__)
#define SECTION_SIZE_BITS 27
#define HUGE_PAGES
#define CONFIG_NUMA
#elif defined(__i386__)
#ifdef CONFIG_X86_PAE
#define SECTION_SIZE_BITS 29
#define HUGE_PAGES
#else
#define SECTION_SIZE_BITS 26
#endif
#ifdef CONFIG_DISCONTIGMEM
#define CONFIG_NUMA
#endif
#elif defined(__aarch64__)
#define HUGE_PAGES
#if VERSION >= 407
#define CONFIG_NUMA
#endif
#if VERSION < 512
#define SECTION_SIZE_BITS 30
#else
#define SECTION_SIZE_BITS 27
#endif
#else
#define SECTION_SIZE_BITS 28
#ifdef CONFIG_ARM_LPAE
#define HUGE_PAGES
#endif
#endif

/* --- page flags --------------------------------------------------------------------------------- */

enum pageflags {
#if VERSION >= 612
	PG_locked, PG_writeback, PG_referenced, PG_uptodate, PG_dirty, PG_lru, PG_head, PG_waiters, PG_active,
	PG_workingset, PG_owner_priv_1, PG_owner_2, PG_arch_1, PG_reserved, PG_private, PG_private_2, PG_reclaim,
	PG_swapbacked, PG_unevictable,
#if VERSION >= 614
	PG_dropbehind,
#endif
	PG_mlocked,
#elif VERSION >= 607
	PG_locked, PG_writeback, PG_referenced, PG_uptodate, PG_dirty, PG_lru, PG_head, PG_waiters, PG_active,
	PG_workingset, PG_error,
#if VERSION < 610	/* then it became a page type */
	PG_slab,
#endif
	PG_owner_priv_1, PG_arch_1, PG_reserved, PG_private, PG_private_2,
	PG_mappedtodisk, PG_reclaim, PG_swapbacked, PG_unevictable, PG_mlocked,
#elif VERSION >= 500
	PG_locked, PG_referenced, PG_uptodate, PG_dirty, PG_lru, PG_active, PG_workingset, PG_waiters, PG_error,
	PG_slab, PG_owner_priv_1, PG_arch_1, PG_reserved, PG_private, PG_private_2, PG_writeback, PG_head,
	PG_mappedtodisk, PG_reclaim, PG_swapbacked, PG_unevictable, PG_mlocked,
#elif VERSION >= 410
	PG_locked, PG_error, PG_referenced, PG_uptodate, PG_dirty, PG_lru, PG_active, PG_waiters, PG_slab,
	PG_owner_priv_1, PG_arch_1, PG_reserved, PG_private, PG_private_2, PG_writeback, PG_head,
	PG_mappedtodisk, PG_reclaim, PG_swapbacked, PG_unevictable, PG_mlocked,
#else
	PG_locked, PG_error, PG_referenced, PG_uptodate, PG_dirty, PG_lru, PG_active, PG_slab, PG_owner_priv_1,
	PG_arch_1, PG_reserved, PG_private, PG_private_2, PG_writeback,
	PG_head,
#if VERSION < 404
	PG_tail,
#endif
	PG_swapcache, PG_mappedtodisk, PG_reclaim, PG_swapbacked, PG_unevictable, PG_mlocked,
#endif
	__NR_PAGEFLAGS,
	PG_checked = PG_owner_priv_1,
};
#define F(flag) (1ul << PG_##flag)

#if VERSION >= 618
typedef struct { unsigned long f; } memdesc_flags_t;
#endif

/* fields above the flags: section, node and zone from the top, then the last process */
enum zone_type { ZONE_DMA, ZONE_NORMAL, ZONE_MOVABLE, __MAX_NR_ZONES };
#define ZONES_WIDTH 2
#if defined(CONFIG_NUMA) && defined(__LP64__)
#define NODES_WIDTH 4
#define CPUPID_WIDTH 16
#elif defined(CONFIG_NUMA)
#define NODES_WIDTH 3
#define CPUPID_WIDTH 0
#else
#define NODES_WIDTH 0
#define CPUPID_WIDTH 0
#endif
#ifdef CONFIG_SPARSEMEM_STATIC
#define SECTIONS_WIDTH (36 - SECTION_SIZE_BITS)
#else
#define SECTIONS_WIDTH 0
#endif
#define SECTIONS_SHIFT (BITS_PER_LONG - SECTIONS_WIDTH)
#define NODES_SHIFT (SECTIONS_SHIFT - NODES_WIDTH)
#define ZONES_SHIFT (NODES_SHIFT - ZONES_WIDTH)
#define CPUPID_SHIFT (ZONES_SHIFT - CPUPID_WIDTH)

/* --- struct page -------------------------------------------------------------------------------- */

#if VERSION < 418
struct page {
	unsigned long flags;
	union {
		void *mapping;
		void *s_mem;
	};
	union {
		unsigned long index;
		void *freelist;
	};
	struct {
		union {
			unsigned long counters;
			struct {
				union {
					atomic_t _mapcount;
					int units;
				};
				atomic_t _count;
			};
		};
	};
	union {
		struct list_head lru;
#if VERSION >= 404
		struct {
			unsigned long compound_head;
#ifdef __LP64__
			unsigned int compound_dtor, compound_order;
#else
			unsigned short compound_dtor, compound_order;
#endif
		};
#endif
	};
	union {
		unsigned long private;
#if VERSION < 404
		struct page *first_page;
#endif
	};
} __attribute__((aligned(2 * sizeof(unsigned long))));
#else
struct page {
#if VERSION >= 618
	memdesc_flags_t flags;
#else
	unsigned long flags;
#endif
	union {
		struct {
#if VERSION >= 519
			union {
				struct list_head lru;
				struct list_head buddy_list;
				struct list_head pcp_list;
			};
#else
			struct list_head lru;
#endif
			void *mapping;
			unsigned long index;
			unsigned long private;
		};
		struct {
#if VERSION >= 701
			unsigned long compound_info;
#else
			unsigned long compound_head;
#endif
		};
	};
	union {
#if VERSION >= 609
		unsigned int page_type;
		atomic_t _mapcount;
#else
		atomic_t _mapcount;
		unsigned int page_type;
		unsigned int active;
#endif
	};
	atomic_t _refcount;
#ifdef CONFIG_MEMCG
#if VERSION >= 511
	unsigned long memcg_data;
#else
	struct mem_cgroup *mem_cgroup;
#endif
#endif
} __attribute__((aligned(2 * sizeof(unsigned long))));
#endif

#if VERSION >= 612
enum pagetype { PGTY_buddy = 0xf0, PGTY_offline, PGTY_table, PGTY_guard, PGTY_hugetlb, PGTY_slab };
#define BUDDY_TYPE (PGTY_buddy << 24)
#elif VERSION == 611
enum pagetype {
	PG_buddy = 0x40000000, PG_offline = 0x20000000, PG_table = 0x10000000, PG_guard = 0x08000000,
	PG_hugetlb = 0x04000000, PG_slab = 0x02000000, PAGE_TYPE_BASE = 0x80000000,
};
#define BUDDY_TYPE (~PG_buddy)
#elif VERSION == 610
enum pagetype {
	PG_buddy = 0x00000080, PG_offline = 0x00000100, PG_table = 0x00000200, PG_guard = 0x00000400,
	PG_hugetlb = 0x00000800, PG_slab = 0x00001000, PAGE_TYPE_BASE = 0xf0000000,
};
#define BUDDY_TYPE (~PG_buddy)
#elif VERSION >= 418
#define BUDDY_TYPE (~0x80u)
#endif

#if VERSION >= 418
#define SET_BUDDY	.page_type = BUDDY_TYPE
#define NOT_BUDDY	.page_type = 0xffffffff
#else
#define SET_BUDDY	._mapcount = { -128 }
#define NOT_BUDDY	._mapcount = { -1 }
#endif
#if VERSION >= 618
#define SET_FLAGS(v)	.flags = { v }
#else
#define SET_FLAGS(v)	.flags = v
#endif

/* --- zones and sections ------------------------------------------------------------------------- */

enum migratetype {
#if VERSION >= 404
	MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_PCPTYPES,
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
#else
	MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE, MIGRATE_PCPTYPES,
	MIGRATE_RESERVE = MIGRATE_PCPTYPES,
#endif
#ifdef CONFIG_CMA
	MIGRATE_CMA,
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	MIGRATE_ISOLATE,
#endif
	MIGRATE_TYPES
};

enum pageblock_bits {
#if VERSION >= 617
	PB_migrate_0, PB_migrate_1, PB_migrate_2, PB_compact_skip,
#ifdef CONFIG_MEMORY_ISOLATION
	PB_migrate_isolate,
#endif
	__NR_PAGEBLOCK_BITS
#else
	PB_migrate, PB_migrate_end = PB_migrate + 3 - 1, PB_migrate_skip, NR_PAGEBLOCK_BITS
#endif
};

#define MAX_PAGE_ORDER 10
struct free_area {
	struct list_head free_list[MIGRATE_TYPES];
	unsigned long nr_free;
};
struct zone {
	unsigned long watermark[3];
	struct pglist_data *zone_pgdat;
#ifndef CONFIG_SPARSEMEM
	unsigned long *pageblock_flags;
#endif
	unsigned long zone_start_pfn;
	unsigned long managed_pages;
	unsigned long spanned_pages;
	unsigned long present_pages;
	const char *name;
	struct free_area free_area[MAX_PAGE_ORDER + 1];
};
typedef struct pglist_data {
	struct zone node_zones[__MAX_NR_ZONES];
	int nr_zones;
#ifndef CONFIG_SPARSEMEM
	struct page *node_mem_map;
	struct page_ext *node_page_ext;
#endif
	unsigned long node_start_pfn;
	unsigned long node_present_pages;
	unsigned long node_spanned_pages;
	int node_id;
} pg_data_t;

#ifdef CONFIG_SPARSEMEM
#ifdef SECTIONS_OF_5_3
#define SUBSECTIONS_PER_SECTION (1ul << (SECTION_SIZE_BITS - 21))
struct mem_section_usage {
#if VERSION >= 608
	struct { void *next, *func; } rcu;
#endif
	unsigned long subsection_map[(SUBSECTIONS_PER_SECTION + BITS_PER_LONG - 1) / BITS_PER_LONG];
	unsigned long pageblock_flags[];
};
#endif
struct mem_section {
	unsigned long section_mem_map;
#ifdef SECTIONS_OF_5_3
	struct mem_section_usage *usage;
#else
	unsigned long *pageblock_flags;
#endif
	struct page_ext *page_ext;
	unsigned long pad;
};
#endif

#if VERSION >= 418
enum memblock_flags { MEMBLOCK_NONE, MEMBLOCK_HOTPLUG, MEMBLOCK_MIRROR, MEMBLOCK_NOMAP = 4 };
#elif VERSION >= 405
enum { MEMBLOCK_NONE, MEMBLOCK_HOTPLUG, MEMBLOCK_MIRROR, MEMBLOCK_NOMAP = 4 };
#endif
struct memblock_region {
	phys_addr_t base, size;
#if VERSION >= 418
	enum memblock_flags flags;
#else
	unsigned long flags;
#endif
};
struct memblock_type {
	unsigned long cnt, max;
	phys_addr_t total_size;
	struct memblock_region *regions;
	char *name;
};
struct memblock { bool bottom_up; phys_addr_t current_limit; struct memblock_type memory, reserved; };

/* --- page_ext ----------------------------------------------------------------------------------- */

#ifndef PAGE_EXT_OWNER_BIT
#define PAGE_EXT_OWNER_BIT (VERSION < 419 ? 2 : VERSION < 503 ? 1 : 0)
#endif
enum page_ext_flags {
#if VERSION < 419
	PAGE_EXT_DEBUG_POISON,
#endif
#if VERSION < 503
	PAGE_EXT_DEBUG_GUARD,
#endif
	PAGE_EXT_OWNER,
#if PAGE_OWNER >= 504
	PAGE_EXT_OWNER_ALLOCATED,
#endif
#ifdef CONFIG_PAGE_EXTENSION_PAGE_FREE
	PAGE_EXT_PG_FREE,
#endif
#ifdef CONFIG_PAGE_PINNER
	PAGE_EXT_GET, PAGE_EXT_PINNER_MIGRATION_FAILED,
#endif
#if !defined(__LP64__) && VERSION >= 404
	PAGE_EXT_YOUNG, PAGE_EXT_IDLE,
#endif
};
_Static_assert(PAGE_EXT_OWNER == PAGE_EXT_OWNER_BIT, "the bit of this release");

#define OWNER		(1ul << PAGE_EXT_OWNER)
#if PAGE_OWNER >= 504
#define ALLOCATED	(1ul << PAGE_EXT_OWNER_ALLOCATED)
#else
#define ALLOCATED	0ul
#endif

struct page_ext_operations {
#if VERSION >= 409
	size_t offset;
	size_t size;
#endif
	bool (*need)(void);
	void (*init)(void);
#if PAGE_OWNER >= 603
	bool need_shared_flags;
#endif
};

struct stack_trace { unsigned int nr_entries, max_entries; unsigned long *entries; int skip; };

struct page_ext {
	unsigned long flags;
#if VERSION < 409
	unsigned int order;
	gfp_t gfp_mask;
#if VERSION < 400
	struct stack_trace trace;
	unsigned long trace_entries[8];
#elif VERSION < 408
	unsigned int nr_entries;
#if VERSION >= 406
	int last_migrate_reason;
#endif
	unsigned long trace_entries[8];
#else
	int last_migrate_reason;
	depot_stack_handle_t handle;
#endif
#endif
};

#if VERSION >= 409
struct page_owner {
#if VERSION >= 418
	unsigned short order;
	short last_migrate_reason;
	gfp_t gfp_mask;
#else
	unsigned int order;
	gfp_t gfp_mask;
	int last_migrate_reason;
#endif
	depot_stack_handle_t handle;
#if PAGE_OWNER >= 504
	depot_stack_handle_t free_handle;
#endif
#if PAGE_OWNER >= 511
	u64 ts_nsec;
#endif
#if PAGE_OWNER >= 513 || defined(FREE_TS)
	u64 free_ts_nsec;
#endif
#if PAGE_OWNER >= 518
	char comm[16];
#endif
#if PAGE_OWNER >= 511
	pid_t pid;
#endif
#if PAGE_OWNER >= 518
	pid_t tgid;
#endif
#if PAGE_OWNER >= 608
	pid_t free_pid;
	pid_t free_tgid;
#endif
#ifdef CONFIG_PAGE_OWNER_MODULE_STAT
	char module_name[64 - sizeof(unsigned long)];
#endif
};
#endif

/* One entry of the table: other clients of page_ext come before and behind. */
#if VERSION < 409
typedef struct page_ext ext_entry;
#else
typedef struct {
	struct page_ext ext;
#ifdef CONFIG_PAGE_POISONING_CLIENT
	u64 before;
#endif
	struct page_owner owner;
#ifdef CONFIG_PAGE_PINNER
	struct page_pinner { depot_stack_handle_t handle; u64 ts_usec; atomic_t count; } pinner;
#endif
#if defined(CONFIG_MEM_ALLOC_PROFILING) && !defined(TAGS_IN_FLAGS)
	void *codetag_ref;
#endif
} ext_entry;
#endif

#ifdef CONFIG_MEM_ALLOC_PROFILING
struct codetag {
	unsigned int flags, lineno;
	const char *modname, *function, *filename;
} __attribute__((aligned(8)));
struct alloc_tag_counters { u64 bytes, calls; };
struct alloc_tag { struct codetag ct; struct alloc_tag_counters *counters; } __attribute__((aligned(8)));
struct alloc_tag_kernel_section { struct alloc_tag *first_tag; unsigned long count; };
struct alloc_tag_module_section {
	union { unsigned long start_addr; struct alloc_tag *first_tag; };
	unsigned long end_addr, size;
};
struct codetag_type;
extern struct alloc_tag kernel_alloc_tags[], module_alloc_tags[];
#endif

enum migrate_reason {
	MR_COMPACTION, MR_MEMORY_FAILURE, MR_MEMORY_HOTPLUG, MR_SYSCALL, MR_MEMPOLICY_MBIND, MR_NUMA_MISPLACED,
#if VERSION >= 418
	MR_CONTIG_RANGE,
#else
	MR_CMA,
#endif
#if VERSION >= 513
	MR_LONGTERM_PIN,
#endif
#if VERSION >= 515
	MR_DEMOTION,
#endif
#if VERSION >= 611
	MR_DAMON,
#endif
#if VERSION >= 703
	MR_NEVER,
#endif
	MR_TYPES
};
#if VERSION >= 703
#define NEVER MR_NEVER
#else
#define NEVER -1
#endif

/* --- the stack depot ---------------------------------------------------------------------------- */

#if VERSION >= 406
#define DEPOT_OFFSET_BITS (PAGE_SHIFT - 2)
#if VERSION >= 608
#define DEPOT_INDEX_BITS 17
#elif VERSION >= 601
#define DEPOT_INDEX_BITS 16
#else
#define DEPOT_INDEX_BITS 21
#endif
union handle_parts {
	depot_stack_handle_t handle;
	struct {
#if VERSION >= 609
		u32 pool_index_plus_1 : DEPOT_INDEX_BITS;
#elif VERSION >= 603
		u32 pool_index : DEPOT_INDEX_BITS;
#else
		u32 slabindex : DEPOT_INDEX_BITS;
#endif
		u32 offset : DEPOT_OFFSET_BITS;
#if VERSION < 608
		u32 valid : 1;
#endif
#if VERSION >= 601
		u32 extra : 5;
#endif
	};
};

#if VERSION >= 608
#define STACK_RECORD_HEAD struct list_head hash_list; u32 hash; u32 size; union handle_parts handle; refcount_t count;
struct stack_record {
	STACK_RECORD_HEAD
	union {
		unsigned long entries[64];
		struct {
			struct list_head free_list;
			unsigned long rcu_state;
		};
	};
};
#else
#define STACK_RECORD_HEAD struct stack_record *next; u32 hash; u32 size; union handle_parts handle;
struct stack_record {
	STACK_RECORD_HEAD
#if VERSION >= 511
	unsigned long entries[];
#else
	unsigned long entries[1];
#endif
};
#endif

/* A record with room for eight frames, as it lies in a pool: one every 128 bytes. */
struct record {
	STACK_RECORD_HEAD
	unsigned long entries[8];
} __attribute__((aligned(128)));
_Static_assert(offsetof(struct record, entries) == offsetof(struct stack_record, entries), "one layout");

#if VERSION >= 609
#define INDEX_BIAS 1
#else
#define INDEX_BIAS 0
#endif
#if VERSION < 608
#define VALID 1u << (DEPOT_INDEX_BITS + DEPOT_OFFSET_BITS)
#else
#define VALID 0
#endif
#define HANDLE(pool, nr) (((pool) + INDEX_BIAS) | (nr) * 8u << DEPOT_INDEX_BITS | VALID)
#define EXTRA(bits) ((u32)(bits) << 27)		/* 6.1 and later */
#endif

/* --- kallsyms ----------------------------------------------------------------------------------- */

#define KSYM_NAME_LEN (VERSION >= 601 ? 512 : 128)
struct kallsym_iter {
	long long pos;
	unsigned long value;
	unsigned int nameoff;
	char type;
	char name[KSYM_NAME_LEN];
	char module_name[64 - sizeof(unsigned long)];
	int exported;
};

/* --- modules ------------------------------------------------------------------------------------ */

enum module_state { MODULE_STATE_LIVE, MODULE_STATE_COMING, MODULE_STATE_GOING, MODULE_STATE_UNFORMED };
#ifdef __LP64__
typedef struct { u32 st_name; u8 st_info, st_other; u16 st_shndx; u64 st_value, st_size; } Elf_Sym;
#define SYM(name, info, value) { name, info, 0, 1, value, 0 }
#else
typedef struct { u32 st_name, st_value, st_size; u8 st_info, st_other; u16 st_shndx; } Elf_Sym;
#define SYM(name, info, value) { name, value, 0, info, 0, 1 }
#endif

#if VERSION >= 405
struct mod_kallsyms {
	Elf_Sym *symtab;
	unsigned int num_symtab;
	char *strtab;
#if VERSION >= 502
	char *typetab;
#endif
};
#endif
#if VERSION >= 604
enum mod_mem_type {
	MOD_TEXT, MOD_DATA, MOD_RODATA, MOD_RO_AFTER_INIT, MOD_INIT_TEXT, MOD_INIT_DATA, MOD_INIT_RODATA,
	MOD_MEM_NUM_TYPES,
};
struct module_memory { void *base; unsigned int size; };
#elif VERSION >= 405
struct module_layout { void *base; unsigned int size, text_size, ro_size; };
#endif

struct module {
	enum module_state state;
	struct list_head list;
	char name[64 - sizeof(unsigned long)];
#if VERSION >= 604
	struct module_memory mem[MOD_MEM_NUM_TYPES];
#elif VERSION >= 405
	struct module_layout core_layout, init_layout;
#else
	void *module_init, *module_core;
	unsigned int init_size, core_size, init_text_size, core_text_size;
#endif
#if VERSION >= 405
	struct mod_kallsyms *kallsyms;
	struct mod_kallsyms core_kallsyms;
#else
	Elf_Sym *symtab, *core_symtab;
	unsigned int num_symtab, core_num_syms;
	char *strtab, *core_strtab;
#endif
};

/* --- memory cgroups ----------------------------------------------------------------------------- */

#ifdef CONFIG_MEMCG
enum { CSS_NO_REF = 1, CSS_ONLINE = 2, CSS_RELEASED = 4 };
struct kernfs_elem_dir { unsigned long subdirs; struct rb_root children; };
struct kernfs_node {
	atomic_t count, active;
#if VERSION >= 615
	struct kernfs_node *__parent;
#else
	struct kernfs_node *parent;
#endif
	const char *name;
	struct rb_node rb;
	union { struct kernfs_elem_dir dir; };
	void *priv;
};
struct cgroup_subsys_state { struct cgroup *cgroup; void *ss; unsigned int flags; };
struct cgroup { struct cgroup_subsys_state self; unsigned long flags; struct kernfs_node *kn; };
struct mem_cgroup { struct cgroup_subsys_state css; };
struct obj_cgroup {
	void *refcnt;
	struct mem_cgroup *memcg;
	atomic_t nr_charged_bytes;
#if VERSION >= 701
	bool is_root;
#endif
};
enum page_memcg_data_flags {
#if VERSION >= 610
	MEMCG_DATA_OBJEXTS = 1,
#else
	MEMCG_DATA_OBJCGS = 1,
#endif
	MEMCG_DATA_KMEM = 2,
	__NR_MEMCG_DATA_FLAGS = 4,
};
#if VERSION >= 610
#if VERSION >= 618	/* the vector's bit without a vector */
enum objext_flags { OBJEXTS_ALLOC_FAIL = 1, __OBJEXTS_FLAG_UNUSED = 4, __NR_OBJEXTS_FLAGS = 8 };
#else
enum objext_flags { OBJEXTS_ALLOC_FAIL = 4, __NR_OBJEXTS_FLAGS = 8 };
#endif
#endif
extern struct mem_cgroup memcgs[];
extern struct obj_cgroup objcgs[];
#endif

/* --- words -------------------------------------------------------------------------------------- */

struct trace_print_flags { unsigned long mask; const char *name; };
#if VERSION >= 617
struct printf_spec { unsigned char flags, base; short precision; int field_width; } __attribute__((packed));
#else
struct printf_spec {
	unsigned int type : 8;
	int field_width : 24;
	unsigned int flags : 8, base : 8;
	int precision : 16;
} __attribute__((packed));
#endif
#if VERSION >= 513
struct page_flags_fields { int width, shift, mask; const struct printf_spec *spec; const char *name; };
#endif

struct static_key { atomic_t enabled; };
struct static_key_false { struct static_key key; };

/* --- what these kernels have in common ---------------------------------------------------------- */

/* the page frames: four pageblocks from FIRST_PFN on */
#ifdef HUGE_PAGES
#define PB_ORDER 9
#else
#define PB_ORDER MAX_PAGE_ORDER
#endif
#define B(block) ((block) << PB_ORDER)
#define NR_PAGES B(4)
#if defined(__aarch64__)
#define FIRST_PFN 0x40000ul
#elif defined(CONFIG_ARM_LPAE)
#define FIRST_PFN 0x880000ul
#elif defined(__arm__)
#define FIRST_PFN 0x80000ul
#else
#define FIRST_PFN 0ul
#endif
#ifdef CONFIG_MEMORY_HOTPLUG
#define MORE_PAGES		/* and some elsewhere */
#define LAST_PFN (FIRST_PFN + (2ul << (SECTION_SIZE_BITS - PAGE_SHIFT)) + 1024)
#elif defined(CONFIG_DISCONTIGMEM)
#define MORE_PAGES
#define SECOND_NODE 0x8000ul
#define LAST_PFN (SECOND_NODE + 1024)
#else
#define LAST_PFN (FIRST_PFN + NR_PAGES)
#endif
#define END_PFN (FIRST_PFN + NR_PAGES)
extern struct page pages[], more_pages[];
extern ext_entry entries[], more_entries[];
extern pg_data_t node;

/* the types of the blocks, and how their bitmap tells them */
#if defined(CONFIG_MEMORY_ISOLATION)
#define LAST_BLOCK_TYPE MIGRATE_ISOLATE
#elif defined(CONFIG_CMA)
#define LAST_BLOCK_TYPE MIGRATE_CMA
#else
#define LAST_BLOCK_TYPE MIGRATE_PCPTYPES
#endif
#define BITMAP_OF(first, second, third, last) \
	{ (unsigned long)MIGRATE_UNMOVABLE << (first) | (unsigned long)MIGRATE_MOVABLE << (second) | \
	  (unsigned long)MIGRATE_RECLAIMABLE << (third) | (unsigned long)(last) }
#if VERSION < 509	/* from the top of the word */
#define BLOCKS BITMAP_OF(BITS_PER_LONG - 3, BITS_PER_LONG - 7, BITS_PER_LONG - 11, \
			 (unsigned long)LAST_BLOCK_TYPE << (BITS_PER_LONG - 15))
#elif VERSION >= 617 && defined(CONFIG_MEMORY_ISOLATION)	/* a byte each, with a bit that hides the type */
#define BLOCKS BITMAP_OF(0, 8, 16, (MIGRATE_MOVABLE | 1ul << PB_migrate_isolate) << 24)
#else
#define BLOCKS BITMAP_OF(0, 4, 8, LAST_BLOCK_TYPE << 12)
#endif

/* functions have fixed sizes at fixed addresses: arch/head.S */
#define FRAME(offset) (BASE + (offset))
#if defined(__x86_64__)
#define MODULES_BASE 0xffffffffc0000000ul
#elif defined(__i386__)
#define MODULES_BASE 0xf8000000ul
#elif defined(__arm__)
#define MODULES_BASE 0xbf000000ul
#elif VERSION < 406
#define MODULES_BASE 0xffffffbffc000000ul
#else
#define MODULES_BASE 0xffffff8000000000ul
#endif
#define MODULE_AT (MODULES_BASE + 0x1000)
#endif

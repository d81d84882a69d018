/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables that map the image with the largest leaves that its machine had for it. */
#include "kernel.h"

#define ALIGNED(n) __attribute__((aligned(n)))

#if defined(__x86_64__)
unsigned long phys_base;
#if VERSION < 413
#define init_top_pgt init_level4_pgt
#endif
#define LEAF(n) ((PHYS + ((n) << 21)) | 0x1e3)
static unsigned long level2_kernel_pgt[512] ALIGNED(4096) = { [8] = LEAF(0), LEAF(1), LEAF(2) };
static unsigned long level3_kernel_pgt[512] ALIGNED(4096) = { [510] = __pa(level2_kernel_pgt) + 0x63 };
unsigned long init_top_pgt[512] ALIGNED(4096) = { [511] = __pa(level3_kernel_pgt) + 0x63 };

#elif defined(CONFIG_X86_PAE)
struct entry { u32 low, high; };
static struct entry pmd[512] ALIGNED(4096) = { [8] = { PHYS | 0x1e3 }, { (PHYS + 0x200000) | 0x1e3 } };
struct entry swapper_pg_dir[4] ALIGNED(4096) = { [3] = { __pa(pmd) + 1 } };

#elif defined(__i386__)
u32 swapper_pg_dir[1024] ALIGNED(4096) = { [BASE >> 22] = (PHYS & ~0x3fffffu) | 0x1e3 };

#elif defined(CONFIG_ARM_LPAE)	/* all of the memory is above 4 GiB */
struct entry { u32 low, high; };
static struct entry pmd[512] ALIGNED(4096) = {
	[BASE >> 21 & 511] = { (PHYS & ~0x1fffffu) | 0x711, PHYS_HIGH },
	{ ((PHYS + 0x200000) & ~0x1fffffu) | 0x711, PHYS_HIGH },
};
struct entry swapper_pg_dir[4] ALIGNED(4096) = { [3] = { __pa(pmd) + 3, PHYS_HIGH } };

#elif defined(__arm__)
#define SECTION(n) (((PHYS & ~0xfffffu) + ((n) << 20)) | 0x11c0e)
u32 swapper_pg_dir[4096] ALIGNED(16384) = { [BASE >> 20] = SECTION(0), SECTION(1), SECTION(2), SECTION(3) };

#else
#if VERSION >= 406
unsigned long long kimage_voffset = BASE - PHYS;
#endif
#define BLOCK(n) (((PHYS & ~0x1ffffful) + ((n) << 21)) | 0x711)
static unsigned long pmd[512] ALIGNED(4096) = { [BASE >> 21 & 511] = BLOCK(0), BLOCK(1) };
#ifdef CONFIG_ARM64_VA_BITS_48
static unsigned long pud[512] ALIGNED(4096) = { [BASE >> 30 & 511] = __pa(pmd) + 3 };
unsigned long swapper_pg_dir[512] ALIGNED(4096) = { [BASE >> 39 & 511] = __pa(pud) + 3 };
#else
unsigned long swapper_pg_dir[512] ALIGNED(4096) = { [BASE >> 30 & 511] = __pa(pmd) + 3 };
#endif
#endif

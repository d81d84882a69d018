/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of fixed size at fixed addresses, so that the text of a frame is known beforehand. */
#include "config.h"

	.macro func name, size
	.globl \name
	.type \name, %function
\name:	.skip \size
	.size \name, \size
	.endm

	.macro filler
	.type filler_\@, %function
filler_\@: .skip 16
	.size filler_\@, 16
	.endm

	.section .text, "ax", %progbits
func startup, 0x100			/* 0x0 */
func get_page_from_freelist, 0x400	/* 0x100 */
func alloc_pages_vma, 0x100		/* 0x500 */
func new_slab, 0x180			/* 0x600 */
#if VERSION < 413			/* 0x780: the walk over early pages is their stack */
func init_early_allocated_pages, 0x40
#else
func register_early_stack, 0x40
#endif
	.globl __se_sys_read, sys_read	/* 0x7c0: two names, of which the one with fewer underscores goes first */
__se_sys_read:
func sys_read, 0x40
func handle_mm_fault, 0x300		/* 0x800 */
#if defined(LTO_CFI)			/* 0xb00: what link-time optimisation puts behind a name, by its age */
func do_page_fault.cfi, 0x100
#elif defined(LTO_HASH)
func "do_page_fault$707af9a22804d33c81801f27dcfe489b", 0x100
#elif defined(LTO_LLVM)
func do_page_fault.isra.0.llvm.974640843467629774, 0x100
#else
func do_page_fault.isra.0, 0x100
#endif
	.globl pfn_valid, vmemmap_alloc_block
#if defined(__arm__) || (defined(__aarch64__) && VERSION < 514)
pfn_valid:
#endif
#ifdef CONFIG_SPARSEMEM_EXTREME
vmemmap_alloc_block:
#endif
#if defined(LTO_LLVM)			/* 0xc00: statics of several files, whose order tells what was cut */
func probe.llvm.9, 16
func probe.llvm.1, 16
#elif defined(CONFIG_LTO_CLANG)
func probe.9, 16
func probe.1, 16
#else
	filler
	filler
#endif
	.rept 270			/* markers stand at every 256th symbol */
	filler
	.endr
#if VERSION >= 601
func a_name_of_more_than_one_hundred_and_twenty_seven_characters_as_only_generic_functions_of_other_languages_have_it_since_symbols_may_be_longer, 0x300
#else
func last_function, 0x300		/* 0x1d00 */
#endif
	.section .init.text, "ax", %progbits
func init_page_owner, 0x100		/* 0x2000 */
func start_kernel, 0x200

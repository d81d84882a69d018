/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of gfp masks, which moved five times. */
#ifndef GFP_H
#define GFP_H
#include "kernel.h"

#define ___GFP_HIGHMEM		0x02u
#define ___GFP_MOVABLE		0x08u
#define ___GFP_RECLAIMABLE	(VERSION >= 404 ? 0x10u : 0x80000u)
#define ___GFP_IO		0x40u
#define ___GFP_FS		0x80u
#define ___GFP_ZERO		(VERSION >= 500 ? 0x100u : 0x8000u)
#define ___GFP_COMP		(VERSION >= 500 ? 0x40000u : 0x4000u)
#define ___GFP_HARDWALL		(VERSION >= 500 ? 0x100000u : 0x20000u)
#define ___GFP_DIRECT_RECLAIM	(VERSION >= 500 ? 0x400u : VERSION >= 415 ? 0x200000u : \
				 VERSION >= 404 ? 0x400000u : 0x10u)
#define ___GFP_KSWAPD_RECLAIM	(VERSION >= 500 ? 0x800u : VERSION >= 415 ? 0x400000u : \
				 VERSION >= 412 ? 0x1000000u : VERSION >= 404 ? 0x2000000u : 0)

#define GFP_KERNEL		(___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS)
#define GFP_HIGHUSER_MOVABLE	(GFP_KERNEL | ___GFP_HARDWALL | ___GFP_HIGHMEM | ___GFP_MOVABLE)
#define GFP_VENDOR		0x80000000u	/* a bit that has no name */

#if VERSION >= 610
enum { ___GFP_DMA_BIT, ___GFP_HIGHMEM_BIT, ___GFP_DMA32_BIT, ___GFP_MOVABLE_BIT, ___GFP_RECLAIMABLE_BIT };
#endif
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#if VERSION >= 404
	"Unmovable", "Movable", "Reclaimable", "HighAtomic",
#else
	"Unmovable", "Reclaimable", "Movable", "Reserve",
#endif
#ifdef CONFIG_CMA
	"CMA",
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	"Isolate",
#endif

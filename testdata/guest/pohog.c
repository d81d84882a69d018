// SPDX-License-Identifier: GPL-2.0
// Stand-in for a driver: takes pages straight from the buddy allocator and keeps them.  Its init function is
// freed after loading, so the frames in it can only be printed as bare numbers.
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmdebug.h>
#include <linux/module.h>

static int mb;	/* extra MiB to take, page by page, for a big dump */
module_param(mb, int, 0);
static struct page *kept[64], *atomic[16];

static noinline void pohog_take(int n, int order)
{
	int i;

	for (i = 0; i < n && i < 64; i++)
		if (!kept[i])
			kept[i] = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
}

/*
 * On a write to /sys/module/pohog/parameters/atomic: with free memory below the low watermark this makes a
 * HighAtomic pageblock.
 */
static int pohog_atomic(const char *value, const struct kernel_param *kp)
{
	static int have;
	int i;

	for (i = 0; i < 3 && have < 16; i++, have++)
		atomic[have] = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 2);
	return 0;
}

static const struct kernel_param_ops atomic_ops = { .set = pohog_atomic };
module_param_cb(atomic, &atomic_ops, NULL, 0200);

/* On a write to …/parameters/dump: what dump_page() says of pages that are kept, and of one that was just freed. */
static int pohog_dump(const char *value, const struct kernel_param *kp)
{
	struct page *gone = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3);

	if (kept[0])
		dump_page(kept[0], "kept by pohog");
	if (kept[40])
		dump_page(kept[40], "kept by pohog");
	if (gone) {
		__free_pages(gone, 3);
		dump_page(gone, "freed by pohog");
	}
	return 0;
}

static const struct kernel_param_ops dump_ops = { .set = pohog_dump };
module_param_cb(dump, &dump_ops, NULL, 0200);

/*
 * On a write to …/parameters/leak: take all there is, say how much it was, and want more.  With vm.panic_on_oom that is
 * the end of the machine.
 */
static noinline struct page *pohog_lose(gfp_t gfp)
{
	return alloc_pages(gfp, 0);
}

static int pohog_leak(const char *value, const struct kernel_param *kp)
{
	long n = 0;

	while (pohog_lose(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN))
		n++;
	do {
		pr_info("pohog: leaked %ld pages\n", n++);
	} while (pohog_lose(GFP_KERNEL));
	return 0;
}

static const struct kernel_param_ops leak_ops = { .set = pohog_leak };
module_param_cb(leak, &leak_ops, NULL, 0200);

static noinline void pohog_bulk(int want)
{
	long n = (long)want << (20 - PAGE_SHIFT);

	while (n-- > 0 && alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 0))
		;
}

static noinline void pohog_free_some(void)
{
	struct page *p[8];
	int i;

	for (i = 0; i < 8; i++)
		p[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 1);
	for (i = 0; i < 8; i++)
		if (p[i])
			__free_pages(p[i], 1);
}

static int __init pohog_init(void)
{
	pohog_take(24, 0);
	pohog_take(48, 2);
	pohog_take(64, 4);
	pohog_free_some();
	pohog_bulk(mb);
	return 0;
}

static void __exit pohog_exit(void)
{
}

module_init(pohog_init);
module_exit(pohog_exit);
MODULE_DESCRIPTION("takes pages and keeps them");
MODULE_LICENSE("GPL");

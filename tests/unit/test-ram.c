/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of reserved memory: of the device tree, as either generation keeps them, and of the resource tree; both may lie. */
#include <string.h>

#include "harness.h"
#include "kernel/ram.h"
#include "synth/layout.h"
#include "synth/world.h"

#define ZONE		0x1000u
#define ARRAY		0x2000u
#define NR_REGIONS	0x2f00u
#define NAMES		0x3000u
#define RESOURCE(i)	(0x4000u + 0x40u * (i))
#define ROOT		RESOURCE(0)
#define END		0x10000u
#define RAM_PAGES	0x100u

enum { NAME = 0, BASE = 16, SIZE = 24, REGION = 40 };
enum { R_START = 0, R_END = 8, R_NAME = 16, R_SIBLING = 24, R_CHILD = 32, R_SIZE = 64 };

struct box {
	struct world w;
	struct po_kernel k;
	struct po_zone zone;
	struct po_node node;
	struct po_ram ram;
	struct pageowner_error flaw, err;
	uint64_t name_at;
};

static uint64_t kva(const struct box *b, uint64_t paddr)
{
	return b->w.base + paddr;
}

static uint64_t name_of(struct box *b, const char *name)
{
	uint64_t at = b->name_at;

	world_string(&b->w, at, name);
	b->name_at += strlen(name) + 1;
	return kva(b, at);
}

static void resource(struct box *b, unsigned i, const char *name, uint64_t start, uint64_t end)
{
	world_ptr(&b->w, RESOURCE(i) + R_START, start);
	world_ptr(&b->w, RESOURCE(i) + R_END, end);
	world_ptr(&b->w, RESOURCE(i) + R_NAME, name_of(b, name));
}

static void box_open(struct box *b)
{
	memset(b, 0, sizeof(*b));
	b->name_at = NAMES;
	world_open(&b->w, false, 8);
	world_range(&b->w, 0, END);
	synth_kernel(&b->k, &b->w.abi, 12);
	synth_member(&b->k, PO_M_zone__present_pages, 0, 8);
	world_ptr(&b->w, ZONE, RAM_PAGES);
	b->zone = (struct po_zone){ .kva = kva(b, ZONE), .pfn = 0, .spanned = RAM_PAGES };
	b->k.zones = (struct po_zones){ .node = &b->node, .nr_nodes = 1, .zone = &b->zone, .nr = 1, .max_nodes = 1 };
	b->k.max_pfn = RAM_PAGES;
	synth_struct(&b->k, PO_T_reserved_mem, REGION);
	synth_member(&b->k, PO_M_reserved_mem__name, NAME, 8);
	synth_member(&b->k, PO_M_reserved_mem__base, BASE, 8);
	synth_member(&b->k, PO_M_reserved_mem__size, SIZE, 8);
	synth_symbol(&b->k, PO_S_reserved_mem_count, "reserved_mem_count", kva(b, NR_REGIONS), 4);
	synth_struct(&b->k, PO_T_resource, R_SIZE);
	synth_member(&b->k, PO_M_resource__start, R_START, 8);
	synth_member(&b->k, PO_M_resource__end, R_END, 8);
	synth_member(&b->k, PO_M_resource__name, R_NAME, 8);
	synth_member(&b->k, PO_M_resource__sibling, R_SIBLING, 8);
	synth_member(&b->k, PO_M_resource__child, R_CHILD, 8);
	synth_symbol(&b->k, PO_S_iomem_resource, "iomem_resource", kva(b, ROOT), R_SIZE);
	world_ptr(&b->w, ROOT + R_CHILD, kva(b, RESOURCE(1)));
	resource(b, 1, "System RAM", 0, 0xfffff);
}

static void box_close(struct box *b)
{
	po_ram_fini(&b->ram);
	world_close(&b->w);
}

static void region(struct box *b, unsigned i, const char *name, uint64_t base, uint64_t size)
{
	world_ptr(&b->w, ARRAY + i * REGION + NAME, name_of(b, name));
	world_ptr(&b->w, ARRAY + i * REGION + BASE, base);
	world_ptr(&b->w, ARRAY + i * REGION + SIZE, size);
	world_number(&b->w, NR_REGIONS, 4, i + 1);
}

static int ram_open(struct box *b)
{
	int rc = po_ram_open(&b->k, b->w.mem, &b->ram, &b->flaw, &b->err);

	CHECK_INT(rc, PAGEOWNER_OK);
	return rc;
}

static void check_name(const struct box *b, size_t i, const char *name, uint64_t pfn, uint64_t nr)
{
	if (!CHECK(i < b->ram.nr_names))
		return;
	CHECK_STR(b->ram.name[i].name, name);
	CHECK_INT(b->ram.name[i].pfn, pfn);
	CHECK_INT(b->ram.name[i].nr, nr);
}

static void put_regions(struct box *b)
{
	region(b, 0, "modem@40000", 0x40000, 0x8000);
	region(b, 1, "nothing", 0x50000, 0);	/* a node that got no memory */
	region(b, 2, "linux,cma", 0x60000, 0x10000);
}

static void check_regions(struct box *b)
{
	ram_open(b);
	CHECK_INT(b->flaw.code, PAGEOWNER_OK);
	CHECK_INT(b->ram.nr_names, 2);
	check_name(b, 0, "modem@40000", 0x40, 8);
	check_name(b, 1, "linux,cma", 0x60, 0x10);
}

TEST(an_array_until_6_12)
{
	struct box b;

	box_open(&b);
	synth_symbol(&b.k, PO_S_reserved_mem, "reserved_mem", kva(&b, ARRAY), 64 * REGION);
	put_regions(&b);
	check_regions(&b);
	box_close(&b);
}

TEST(a_pointer_since_6_13)
{
	struct box b;

	box_open(&b);
	synth_symbol(&b.k, PO_S_reserved_mem, "reserved_mem", kva(&b, ARRAY - 8), 8);
	world_ptr(&b.w, ARRAY - 8, kva(&b, ARRAY));
	put_regions(&b);
	check_regions(&b);
	box_close(&b);
}

TEST(names_of_the_device_tree_go_before_those_of_resources)
{
	struct box b;

	box_open(&b);
	synth_symbol(&b.k, PO_S_reserved_mem, "reserved_mem", kva(&b, ARRAY), 64 * REGION);
	region(&b, 0, "modem@40000", 0x40000, 0x8000);
	world_ptr(&b.w, RESOURCE(1) + R_CHILD, kva(&b, RESOURCE(2)));
	resource(&b, 2, "Crash kernel", 0x80000, 0x8ffff);
	ram_open(&b);
	CHECK_INT(b.flaw.code, PAGEOWNER_OK);
	CHECK_INT(b.ram.system, RAM_PAGES);
	CHECK_INT(b.ram.untold, 0);
	CHECK_STR(b.ram.how, "resource tree");
	CHECK_INT(b.ram.nr_names, 2);
	check_name(&b, 0, "modem@40000", 0x40, 8);
	check_name(&b, 1, "Crash kernel", 0x80, 0x10);
	box_close(&b);
}

TEST(too_many_regions_are_told)
{
	struct box b;

	box_open(&b);
	synth_symbol(&b.k, PO_S_reserved_mem, "reserved_mem", kva(&b, ARRAY), 64 * REGION);
	region(&b, 0, "modem@40000", 0x40000, 0x8000);
	world_number(&b.w, NR_REGIONS, 4, 0x7fffffff);
	ram_open(&b);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	CHECK(strstr(b.flaw.text, "reserved_mem: 2147483647 regions"));
	CHECK_INT(b.ram.nr_names, 0);
	box_close(&b);
}

TEST(resources_that_go_in_circles_end)
{
	struct box b;

	box_open(&b);
	world_ptr(&b.w, RESOURCE(1) + R_SIBLING, kva(&b, RESOURCE(1)));
	ram_open(&b);
	CHECK_INT(b.flaw.code, PAGEOWNER_ECORRUPT);
	box_close(&b);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root, one that lives, one that is gone and has a long name, one without a directory. */
#include "kernel.h"

#if defined(CONFIG_MEMCG) && PAGE_OWNER >= 518
#if VERSION >= 615
#define PARENT(kn) .__parent = kn
#else
#define PARENT(kn) .parent = kn
#endif
#define LONG_NAME \
	"a-service-whose-name-is-longer-than-what-the-buffer-of-eighty-bytes-has-room-for.slice"
_Static_assert(sizeof(LONG_NAME) > 80, "cut after 79 characters");

static struct kernfs_node nodes[] = {
	{ .name = "" },
	{ .name = "web.service", PARENT(&nodes[0]) },
	{ .name = LONG_NAME, PARENT(&nodes[0]) },
};
static struct cgroup cgroups[] = {
	{ .kn = &nodes[0] }, { .kn = &nodes[1] }, { .kn = &nodes[2] }, { .kn = (void *)0 },
};
struct mem_cgroup memcgs[] = {
	{ { &cgroups[0], .flags = CSS_ONLINE | CSS_NO_REF } },
	{ { &cgroups[1], .flags = CSS_ONLINE } },
	{ { &cgroups[2], .flags = CSS_RELEASED } },
	{ { &cgroups[3], .flags = CSS_ONLINE } },
};
struct obj_cgroup objcgs[] __attribute__((aligned(64))) = {
	{ .memcg = &memcgs[0] }, { .memcg = &memcgs[1] }, { .memcg = &memcgs[2] }, { .memcg = &memcgs[3] },
};
#endif

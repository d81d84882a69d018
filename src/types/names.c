/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open addressing, at most half full; entries of one name hang in a chain behind their slot. */
#include "types/names.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_name(enum po_name_class class, const char *name)
{
	uint32_t h = 2166136261u ^ (uint32_t)class;	/* FNV-1a */

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		h = (h ^ *p) * 16777619u;
	return h ^ h >> 15;
}

void po_names_fini(struct po_names *names)
{
	free(names->entries);
	free(names->slots);
	*names = (struct po_names){ 0 };
}

/* The slot that holds the name, or the free one where it belongs. */
static uint32_t *find_slot(const struct po_names *names, enum po_name_class class,
			   const char *name, uint32_t hash)
{
	size_t mask = names->nr_slots - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		const struct po_name *n = &names->entries[names->slots[i]];
		if (!names->slots[i] || (n->hash == hash && n->class == class &&
					 strcmp(n->name, name) == 0))
			return &names->slots[i];
	}
}

const struct po_name *po_names_find(const struct po_names *names, enum po_name_class class,
				    const char *name)
{
	if (!names->nr_slots)
		return NULL;
	uint32_t at = *find_slot(names, class, name, hash_name(class, name));
	return at ? &names->entries[at] : NULL;
}

const struct po_name *po_names_next(const struct po_names *names, const struct po_name *n)
{
	return n->next ? &names->entries[n->next] : NULL;
}

static bool grow_slots(struct po_names *names)
{
	size_t nr = names->nr_slots ? 2 * names->nr_slots : 4096;
	uint32_t *slots = calloc(nr, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < names->nr_slots; i++) {
		if (!names->slots[i])
			continue;
		size_t to = names->entries[names->slots[i]].hash & (nr - 1);
		while (slots[to])
			to = (to + 1) & (nr - 1);
		slots[to] = names->slots[i];
	}
	free(names->slots);
	names->slots = slots;
	names->nr_slots = nr;
	return true;
}

static bool grow_entries(struct po_names *names)
{
	size_t size = names->size ? 2 * names->size : 4096;
	struct po_name *entries = size <= UINT32_MAX
		? reallocarray(names->entries, size, sizeof(*entries)) : NULL;

	if (!entries)
		return false;
	names->entries = entries;
	names->size = size;
	if (names->nr == 0)
		names->nr = 1;
	return true;
}

bool po_names_add(struct po_names *names, const struct po_name *add)
{
	if (names->nr == names->size && !grow_entries(names))
		return false;
	if (2 * names->nr_used >= names->nr_slots && !grow_slots(names))
		return false;

	uint32_t at = (uint32_t)names->nr++;
	struct po_name *n = &names->entries[at];
	*n = *add;
	n->hash = hash_name(add->class, add->name);
	n->next = 0;
	uint32_t *slot = find_slot(names, add->class, add->name, n->hash);
	if (*slot) {
		struct po_name *head = &names->entries[*slot];
		n->next = head->next;
		head->next = at;
	} else {
		*slot = at;
		names->nr_used++;
	}
	return true;
}

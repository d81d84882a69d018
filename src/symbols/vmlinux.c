/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "symbols/vmlinux.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define SLOTS 1024	/* power of two, several times the number of names */

/* How good the symbol found so far is. */
enum rank { NONE, OTHER_FILE, AMBIGUOUS, RIGHT_FILE, GLOBAL };

struct resolve {
	struct po_wanted *wanted;
	size_t nr;
	uint16_t slot[SLOTS];	/* index + 1 */
	uint8_t *rank;
	size_t nr_symbols;
};

static uint32_t hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u;

	for (; len; s++, len--)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

/* Without what clang's ThinLTO puts behind the name of a static that another unit has come to use. */
static size_t name_len(const char *name)
{
	const char *dot = strchr(name, '.');

	while (dot && strncmp(dot, ".llvm.", 6) != 0)
		dot = strchr(dot + 1, '.');
	return dot ? (size_t)(dot - name) : strlen(name);
}

static enum rank rank_of(const struct po_wanted *w, const struct po_elf_symbol *sym)
{
	if (sym->bind != STB_LOCAL)
		return GLOBAL;
	return w->file && sym->file && !strcmp(w->file, sym->file) ? RIGHT_FILE : OTHER_FILE;
}

static void take(struct po_wanted *w, uint8_t *rank, const struct po_elf_symbol *sym)
{
	enum rank r = rank_of(w, sym);

	if (r == OTHER_FILE && *rank == OTHER_FILE && w->link != sym->value) {
		*rank = AMBIGUOUS;	/* two statics of one name and neither is ours */
		w->have = false;
	}
	if (r <= (enum rank)*rank)
		return;
	*rank = (uint8_t)r;
	w->have = true;
	w->global = r == GLOBAL;
	w->link = sym->value;
	w->size = sym->size;
}

static int see_symbol(void *arg, const struct po_elf_symbol *sym)
{
	struct resolve *r = arg;

	r->nr_symbols++;
	if (sym->undefined || sym->type == STT_FILE || sym->type == STT_SECTION)
		return 0;
	/* the same name may be wanted from several files: go on along the probe sequence */
	size_t len = name_len(sym->name);
	for (uint32_t i = hash(sym->name, len) % SLOTS; r->slot[i]; i = (i + 1) % SLOTS) {
		size_t k = r->slot[i] - 1u;
		if (!strncmp(r->wanted[k].name, sym->name, len) && !r->wanted[k].name[len])
			take(&r->wanted[k], &r->rank[k], sym);
	}
	return 0;
}

int po_vmlinux_resolve(struct po_elf *elf, struct po_wanted *wanted, size_t nr,
		       struct pageowner_error *err)
{
	struct resolve r = { .wanted = wanted, .nr = nr };
	_cleanup_(po_freep) uint8_t *rank = calloc(nr ? nr : 1, 1);

	if (!rank || nr > SLOTS / 2)
		return po_fail_nomem(err, "symbols of vmlinux");
	r.rank = rank;
	for (size_t k = 0; k < nr; k++) {
		uint32_t i = hash(wanted[k].name, strlen(wanted[k].name)) % SLOTS;
		while (r.slot[i])
			i = (i + 1) % SLOTS;
		r.slot[i] = (uint16_t)(k + 1);
		wanted[k].have = false;
	}
	int rc = po_elf_for_each_symbol(elf, see_symbol, &r, err);
	if (rc < 0)
		return rc;
	if (r.nr_symbols == 0)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: has no symbol table (is it stripped?)",
			       po_elf_path(elf));
	return PAGEOWNER_OK;
}

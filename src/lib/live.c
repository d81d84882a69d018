/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The running kernel in place of its vmlinux.  Its note tells where its symbol table is, since commit 5fd8fea935a1 (6.0), and
 * with CONFIG_KALLSYMS_ALL that has the data, too; the table ends in no sizes, so a symbol reaches to the next.  Read-only
 * data is read from memory, and types come from BTF.
 */
#include "lib/session.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/grow.h"
#include "base/status.h"
#include "memory/vmcoreinfo.h"

#define RODATA_MAX (256u << 20)

/* Symbols as they are collected. */
struct collected {
	struct po_arena arena;
	struct po_elf_symbol *at;
	size_t nr, cap;
	bool no_memory;
};

static void collected_fini(struct collected *c)
{
	po_arena_fini(&c->arena);
	free(c->at);
}

static void add(struct collected *c, const char *name, uint64_t kva, uint8_t type, uint8_t bind)
{
	struct po_elf_symbol *grown = po_grow(c->at, c->nr, &c->cap, sizeof(*grown), 4096);
	if (!grown) {
		c->no_memory = true;
		return;
	}
	c->at = grown;
	const char *own = po_arena_strndup(&c->arena, name, strlen(name));
	if (own)
		c->at[c->nr++] = (struct po_elf_symbol){ .name = own, .value = kva, .type = type, .bind = bind };
	else
		c->no_memory = true;
}

/* nm's letters: small ones are local. */
static bool see_symbol(void *arg, char type, const char *name, uint64_t kva)
{
	const bool text = type == 't' || type == 'T';
	const bool local = type >= 'a' && type <= 'z';

	add(arg, name, kva, text ? STT_FUNC : STT_OBJECT, local ? STB_LOCAL : STB_GLOBAL);
	return !((struct collected *)arg)->no_memory;
}

static int by_address(const void *a, const void *b)
{
	const struct po_elf_symbol *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* Up to the next one. */
static void set_sizes(struct collected *c)
{
	qsort(c->at, c->nr, sizeof(*c->at), by_address);
	for (size_t i = 0, next = 0; i < c->nr; i++) {
		while (next < c->nr && c->at[next].value <= c->at[i].value)
			next++;
		c->at[i].size = next < c->nr ? c->at[next].value - c->at[i].value : 0;
	}
}

static uint64_t address_of(const struct collected *c, const char *name)
{
	for (size_t i = 0; i < c->nr; i++)
		if (!strcmp(c->at[i].name, name))
			return c->at[i].value;
	return 0;
}

static int open_table(const char *note, struct po_memory *mem, struct po_kallsyms **ret, struct pageowner_error *err)
{
	struct po_kallsyms_where at = { .num_syms_size = 4 };
	const struct {
		const char *key;
		uint64_t *at;
	} known[] = {
		{ "SYMBOL(kallsyms_names)", &at.names },
		{ "SYMBOL(kallsyms_num_syms)", &at.num_syms },
		{ "SYMBOL(kallsyms_token_table)", &at.token_table },
		{ "SYMBOL(kallsyms_token_index)", &at.token_index },
		{ "SYMBOL(kallsyms_offsets)", &at.offsets },
		{ "SYMBOL(kallsyms_relative_base)", &at.relative_base },
		{ "SYMBOL(kallsyms_addresses)", &at.addresses },
		{ "SYMBOL(_stext)", &at.stext },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!po_vmcoreinfo_address(note, known[i].key, known[i].at))
			*known[i].at = 0;
	if (!at.names)
		return po_fail(err, PAGEOWNER_ENOSYM, "it does not say where its symbol table is (that came with 6.0)");
	return po_kallsyms_open(mem, &at, ret, err);
}

/* The table itself is in no table. */
static void add_tables(struct collected *c, const char *note, const struct po_kallsyms *ks)
{
	static const char *const names[] = {
		"kallsyms_names", "kallsyms_num_syms", "kallsyms_token_table", "kallsyms_token_index",
		"kallsyms_offsets", "kallsyms_relative_base", "kallsyms_addresses",
	};
	char key[64];
	uint64_t kva;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(key, sizeof(key), "SYMBOL(%s)", names[i]);
		if (po_vmcoreinfo_address(note, key, &kva) && !address_of(c, names[i]))
			add(c, names[i], kva, STT_OBJECT, STB_GLOBAL);
	}
	if (!address_of(c, "kallsyms_markers"))
		add(c, "kallsyms_markers", po_kallsyms_markers(ks), STT_OBJECT, STB_GLOBAL);
}

static int collect(const char *note, struct po_memory *mem, struct collected *c, struct pageowner_error *err)
{
	struct po_kallsyms *ks;
	int rc = open_table(note, mem, &ks, err);

	if (rc < 0)
		return rc;
	po_kallsyms_for_each(ks, see_symbol, c);
	add_tables(c, note, ks);
	po_kallsyms_close(ks);
	set_sizes(c);
	return c->no_memory ? po_fail_nomem(err, "symbols") : PAGEOWNER_OK;
}

static int make_file(struct po_memory *mem, const struct collected *c, unsigned machine,
		     struct po_elf **ret, struct pageowner_error *err)
{
	const uint64_t start = address_of(c, "__start_rodata"), end = address_of(c, "__end_rodata");
	struct po_gaps gaps;

	if (!start || end <= start || end - start > RODATA_MAX)
		return po_fail(err, PAGEOWNER_ENOSYM, "its symbol table has functions alone (CONFIG_KALLSYMS_ALL is not set)");
	const size_t len = (size_t)(end - start);
	_cleanup_(po_freep) uint8_t *rodata = malloc(len);
	if (!rodata)
		return po_fail_nomem(err, "read-only data");
	po_memory_read_sparse(mem, start, rodata, len, &gaps);
	const struct po_elf_recipe recipe = {
		.machine = machine, .rodata_at = start, .rodata = rodata, .rodata_len = len, .symbol = c->at,
		.nr_symbols = c->nr,
	};
	return po_elf_make("the running kernel", &recipe, ret, err);
}

static int check_types(const struct collected *c, struct pageowner_error *err)
{
	if (address_of(c, "__start_BTF") || access(PO_LIVE_BTF, R_OK) == 0)
		return PAGEOWNER_OK;
	return po_fail(err, PAGEOWNER_ENOTYPE, "it has no type information (CONFIG_DEBUG_INFO_BTF is not set)");
}

int po_live_vmlinux(const struct pageowner_session *s, bool has_types, struct po_elf **ret, struct pageowner_error *err)
{
	const struct po_abi abi = { .big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, .ptr_size = 8 };
	const char *name = s->image->machine ? s->image->machine : "";
	const unsigned machine = !strcmp(name, "x86_64") ? EM_X86_64 : !strcmp(name, "arm64") ? EM_AARCH64 : EM_NONE;
	_cleanup_(collected_fini) struct collected c = { .at = NULL };
	struct po_memory *mem;

	if (machine == EM_NONE)
		return po_fail(err, PAGEOWNER_EUNSUPP, "only those of x86_64 and arm64 can");
	int rc = po_memory_new(s->image, &abi, &mem, err);
	if (rc < 0)
		return rc;
	rc = collect(s->note, mem, &c, err);
	if (rc == PAGEOWNER_OK && !has_types)
		rc = check_types(&c, err);
	if (rc == PAGEOWNER_OK)
		rc = make_file(mem, &c, machine, ret, err);
	po_memory_free(mem);
	return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/modules.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/list.h"

#define MAX_MODULES	4096
#define MAX_BYTES	(1u << 30)	/* of all modules' symbols and names together */
#define MAX_SYMS	(1u << 20)
#define MAX_STRTAB	(64u << 20)

/* Elf32_Sym and Elf64_Sym, in the dump's byte order. */
struct sym_format {
	size_t size, value, info, shndx;
};

static const struct sym_format sym32 = { 16, 4, 12, 14 };
static const struct sym_format sym64 = { 24, 8, 4, 6 };

struct loader {
	const struct po_kernel *k;
	struct po_memory *mem;
	struct po_symbols *syms;
	uint8_t *raw;		/* one struct module */
	size_t bytes;		/* of MAX_BYTES */
};

/* A module's symbols, wherever their addresses stand. */
struct table {
	uint64_t symtab, strtab, nr;
};

static uint64_t field(const struct loader *ld, const struct po_member *m)
{
	return po_member_load(&ld->k->abi, m, ld->raw);
}

static void add_range(struct po_module *mod, uint64_t start, uint64_t len, uint64_t text_end,
		      bool is_data)
{
	if (!start || !len || mod->nr_ranges == PO_MODULE_RANGES)
		return;
	mod->range[mod->nr_ranges++] = (struct po_module_range){ start, len, text_end, is_data };
}

/* Text and data in one: the area of the module proper, or that of its init. */
static void add_mixed(const struct loader *ld, struct po_module *mod, const struct po_member *base,
		      const struct po_member *size, const struct po_member *text_size)
{
	uint64_t start = field(ld, base);

	add_range(mod, start, field(ld, size), start + field(ld, text_size), false);
}

/* Since 6.4 a module has several areas; a search ends where the text (of init, for init) does. */
static void ranges_of_mem(const struct loader *ld, struct po_module *mod)
{
	const struct po_layout *l = &ld->k->l;
	const struct po_member *mem = PO_AT(l, module, mem);
	uint64_t start[16], len[16];
	int64_t text = PO_HAS_ENUM(l, MOD_TEXT) ? PO_ENUM(l, MOD_TEXT) : 0;
	int64_t init_text = PO_HAS_ENUM(l, MOD_INIT_TEXT) ? PO_ENUM(l, MOD_INIT_TEXT) : 4;
	int64_t nr = (int64_t)mem->type.nr_elems;

	if (nr > 16 || text >= nr || init_text >= nr || text < 0 || init_text < 0)
		return;
	for (int64_t i = 0; i < nr; i++) {
		const uint8_t *at = ld->raw + mem->offset + (uint64_t)i * PO_SIZE(l, module_memory);
		start[i] = po_member_load(&ld->k->abi, PO_AT(l, module_memory, base), at);
		len[i] = po_member_load(&ld->k->abi, PO_AT(l, module_memory, size), at);
	}
	for (int64_t i = 0; i < nr; i++) {
		int64_t t = i >= init_text ? init_text : text;
		add_range(mod, start[i], len[i], start[t] + len[t], i != text && i != init_text);
	}
}

static void find_ranges(const struct loader *ld, struct po_module *mod)
{
	const struct po_layout *l = &ld->k->l;

	if (PO_HAS(l, module, mem) && PO_HAS(l, module_memory, base) &&
	    PO_HAS(l, module_memory, size)) {
		ranges_of_mem(ld, mod);
		return;
	}
	if (PO_HAS(l, module, core_base)) {
		add_mixed(ld, mod, PO_AT(l, module, core_base), PO_AT(l, module, core_size),
			  PO_AT(l, module, core_text_size));
		add_mixed(ld, mod, PO_AT(l, module, init_base), PO_AT(l, module, init_size),
			  PO_AT(l, module, init_text_size));
	} else if (PO_HAS(l, module, module_core)) {
		add_mixed(ld, mod, PO_AT(l, module, module_core), PO_AT(l, module, plain_core_size),
			  PO_AT(l, module, plain_core_text_size));
		add_mixed(ld, mod, PO_AT(l, module, module_init), PO_AT(l, module, plain_init_size),
			  PO_AT(l, module, plain_init_text_size));
	}
}

/*
 * Symbols that mark stretches of code and data rather than name something.  Of '$' only $a, $x, $t and $d were meant
 * before commit c05780ef3c19 (6.10), and "L0" came with loongarch in 6.4; but on our machines there are no others.
 */
static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' || !strncmp(name, ".L", 2) || !strncmp(name, "L0", 2);
}

static int keep_symbols(const struct loader *ld, struct po_module *mod, const uint8_t *symtab,
			size_t nr, struct pageowner_error *err)
{
	const struct sym_format *f = ld->k->abi.ptr_size == 8 ? &sym64 : &sym32;
	/*
	 * A Thumb function's value has bit 0 set, which the kernel leaves out since commit 93d77e7f1410 (5.0), when
	 * it ceased to put nm's letters in the place of the types: 'U' of entry 0.
	 */
	const bool thumb = ld->k->machine == EM_ARM && nr && symtab[f->info] == 0;

	mod->syms = malloc((nr ? nr : 1) * sizeof(*mod->syms));
	if (!mod->syms)
		return po_fail_nomem(err, "module symbols");
	for (size_t i = 1; i < nr; i++) {
		const uint8_t *s = symtab + i * f->size;
		uint64_t name = po_load(&ld->k->abi, s, 4);
		uint64_t value = po_load(&ld->k->abi, s + f->value, ld->k->abi.ptr_size);

		if (thumb && (s[f->info] & 15) == STT_FUNC)
			value &= ~(uint64_t)1;
		/* a search begins with entry 0, which has the value 0: what is not above that never wins */
		if (!value || po_load(&ld->k->abi, s + f->shndx, 2) == SHN_UNDEF ||
		    name >= mod->names_len || !mod->names[name] ||
		    is_mapping_symbol(mod->names + name))
			continue;
		mod->syms[mod->nr_syms++] =
			(struct po_module_symbol){ value, (uint32_t)name, (uint32_t)i };
	}
	return PAGEOWNER_OK;
}

/* The string table's length stands nowhere: it ends with the string that begins last. */
static int load_strings(const struct loader *ld, struct po_module *mod, uint64_t strtab,
			const uint8_t *symtab, size_t nr, struct pageowner_error *err)
{
	const struct sym_format *f = ld->k->abi.ptr_size == 8 ? &sym64 : &sym32;
	uint64_t last = 0;
	char tail[512];

	for (size_t i = 0; i < nr; i++) {
		uint64_t name = po_load(&ld->k->abi, symtab + i * f->size, 4);
		if (name > last)
			last = name;
	}
	if (last > MAX_STRTAB)
		return po_fail(err, PAGEOWNER_ECORRUPT, "string table of %" PRIu64 " bytes", last);
	int len = po_memory_read_string(ld->mem, strtab + last, tail, sizeof(tail), err);
	if (len < 0)
		return len;
	mod->names_len = (size_t)last + (size_t)len + 1;
	mod->names = malloc(mod->names_len);
	if (!mod->names)
		return po_fail_nomem(err, "module symbols");
	int rc = po_memory_read(ld->mem, strtab, mod->names, mod->names_len, err);
	mod->names[mod->names_len - 1] = '\0';
	return rc;
}

/* In struct module itself, or in a struct of their own that it points to. */
static int find_table(const struct loader *ld, struct table *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	const struct po_abi *abi = &ld->k->abi;
	uint8_t raw[64];

	if (!PO_HAS(l, module, kallsyms)) {
		ret->symtab = field(ld, PO_AT(l, module, symtab));
		ret->strtab = field(ld, PO_AT(l, module, strtab));
		ret->nr = field(ld, PO_AT(l, module, num_symtab));
		return PAGEOWNER_OK;
	}
	uint64_t ks = field(ld, PO_AT(l, module, kallsyms));
	int rc = ks ? po_memory_read(ld->mem, ks, raw, PO_SIZE(l, mod_kallsyms), err) :
		      po_fail(err, PAGEOWNER_ENODATA, "has no symbol table");
	if (rc < 0)
		return rc;
	ret->symtab = po_member_load(abi, PO_AT(l, mod_kallsyms, symtab), raw);
	ret->strtab = po_member_load(abi, PO_AT(l, mod_kallsyms, strtab), raw);
	ret->nr = po_member_load(abi, PO_AT(l, mod_kallsyms, num_symtab), raw);
	return PAGEOWNER_OK;
}

static int load_symbols(struct loader *ld, struct po_module *mod, struct pageowner_error *err)
{
	size_t sym_size = ld->k->abi.ptr_size == 8 ? sym64.size : sym32.size;
	struct table t;
	int rc = find_table(ld, &t, err);

	if (rc < 0)
		return rc;
	if (t.nr > MAX_SYMS)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " symbols", t.nr);
	_cleanup_(po_freep) uint8_t *table = malloc(t.nr ? t.nr * sym_size : 1);
	if (!table)
		return po_fail_nomem(err, "module symbols");
	rc = po_memory_read(ld->mem, t.symtab, table, t.nr * sym_size, err);
	if (rc == PAGEOWNER_OK)
		rc = load_strings(ld, mod, t.strtab, table, t.nr, err);
	if (rc < 0)
		return rc;
	ld->bytes += mod->names_len + t.nr * sizeof(*mod->syms);
	if (ld->bytes > MAX_BYTES)
		return po_fail(err, PAGEOWNER_ECORRUPT, "modules have absurdly many symbols");
	return keep_symbols(ld, mod, table, t.nr, err);
}

/* One module; its list entry is at kva. */
static int load_module(struct loader *ld, uint64_t kva, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	const struct po_member *name = PO_AT(l, module, name);
	struct po_module mod = { .nr_ranges = 0 };
	int rc = po_memory_read(ld->mem, kva, ld->raw, PO_SIZE(l, module), err);

	if (rc < 0)
		return po_within(err, rc, "module at 0x%" PRIx64, kva);
	if (PO_HAS_ENUM(l, MODULE_STATE_UNFORMED) && PO_HAS(l, module, state) &&
	    (int64_t)field(ld, PO_AT(l, module, state)) == PO_ENUM(l, MODULE_STATE_UNFORMED))
		return PAGEOWNER_OK;
	size_t len = name->size < sizeof(mod.name) ? (size_t)name->size : sizeof(mod.name) - 1;
	memcpy(mod.name, ld->raw + name->offset, len);
	mod.name[len] = '\0';
	find_ranges(ld, &mod);
	rc = load_symbols(ld, &mod, err);
	if (rc == PAGEOWNER_OK)
		rc = po_symbols_add_module(ld->syms, &mod, err);
	if (rc < 0) {
		po_module_fini(&mod);
		return po_within(err, rc, "module %s", mod.name);
	}
	return PAGEOWNER_OK;
}

/* Any of the shapes there have been, and whole. */
static bool has_types(const struct po_layout *l)
{
	bool core = PO_HAS(l, module, core_base) && PO_HAS(l, module, core_size) &&
		    PO_HAS(l, module, core_text_size) && PO_HAS(l, module, init_base) &&
		    PO_HAS(l, module, init_size) && PO_HAS(l, module, init_text_size);
	bool plain = PO_HAS(l, module, module_core) && PO_HAS(l, module, plain_core_size) &&
		     PO_HAS(l, module, plain_core_text_size) && PO_HAS(l, module, module_init) &&
		     PO_HAS(l, module, plain_init_size) && PO_HAS(l, module, plain_init_text_size);
	bool mem = PO_HAS(l, module, mem) && PO_HAS(l, module_memory, base) &&
		   PO_HAS(l, module_memory, size);
	bool apart = PO_HAS(l, module, kallsyms) && PO_HAS(l, mod_kallsyms, symtab) &&
		     PO_HAS(l, mod_kallsyms, strtab) && PO_HAS(l, mod_kallsyms, num_symtab) &&
		     PO_SIZE(l, mod_kallsyms) <= 64;
	bool within = !PO_HAS(l, module, kallsyms) && PO_HAS(l, module, symtab) &&
		      PO_HAS(l, module, strtab) && PO_HAS(l, module, num_symtab);

	return l->strct[PO_T_module].have && PO_SIZE(l, module) <= 65536 && PO_HAS(l, module, list) &&
	       PO_HAS(l, module, name) && (core || plain || mem) && (apart || within);
}

int po_modules_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
		    struct pageowner_error *first, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	struct loader ld = { .k = k, .mem = mem, .syms = syms };
	struct po_list list = po_list_of(mem, PO_SYM(l, modules), MAX_MODULES);
	struct pageowner_error one;
	uint64_t at;
	int rc;

	first->code = PAGEOWNER_OK;
	if (!list.head)
		return PAGEOWNER_OK;	/* built without CONFIG_MODULES */
	if (!has_types(l)) {
		po_fail(first, PAGEOWNER_ENOTYPE,
			"modules: type information lacks struct module or mod_kallsyms");
		return PAGEOWNER_OK;
	}
	_cleanup_(po_freep) uint8_t *raw = malloc(PO_SIZE(l, module));
	if (!raw)
		return po_fail_nomem(err, "modules");
	ld.raw = raw;
	while ((rc = po_list_next(&list, &at, &one)) == 1) {
		rc = load_module(&ld, at - PO_OFFSET(l, module, list), &one);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "modules");
		if (rc < 0 && first->code == PAGEOWNER_OK)
			*first = one;
	}
	if (rc < 0 && first->code == PAGEOWNER_OK) {
		*first = one;
		po_within(first, rc, "modules");
	}
	return PAGEOWNER_OK;
}

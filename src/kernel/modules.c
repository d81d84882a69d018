/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/modules.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#define MAX_MODULES	4096
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
};

static uint64_t field(const struct loader *ld, const struct po_member *m)
{
	return po_member_load(&ld->k->abi, m, ld->raw);
}

static void add_range(struct po_module *mod, uint64_t start, uint64_t len, uint64_t text_len)
{
	if (!start || !len || mod->nr_ranges == PO_MODULE_RANGES)
		return;
	mod->range[mod->nr_ranges++] = (struct po_module_range){ start, len, start + text_len };
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
		add_range(mod, start[i], len[i], 0);
		if (mod->nr_ranges)
			mod->range[mod->nr_ranges - 1].text_end = start[t] + len[t];
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
	if (!PO_HAS(l, module, core_base))
		return;
	add_range(mod, field(ld, PO_AT(l, module, core_base)), field(ld, PO_AT(l, module, core_size)),
		  field(ld, PO_AT(l, module, core_text_size)));
	add_range(mod, field(ld, PO_AT(l, module, init_base)), field(ld, PO_AT(l, module, init_size)),
		  field(ld, PO_AT(l, module, init_text_size)));
}

/* Symbols that mark stretches of code and data rather than name something. */
static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' || !strncmp(name, ".L", 2) || !strncmp(name, "L0", 2);
}

static int keep_symbols(const struct loader *ld, struct po_module *mod, const uint8_t *symtab,
			size_t nr, struct pageowner_error *err)
{
	const struct sym_format *f = ld->k->abi.ptr_size == 8 ? &sym64 : &sym32;

	mod->syms = malloc((nr ? nr : 1) * sizeof(*mod->syms));
	if (!mod->syms)
		return po_fail_nomem(err, "module symbols");
	for (size_t i = 1; i < nr; i++) {
		const uint8_t *s = symtab + i * f->size;
		uint64_t name = po_load(&ld->k->abi, s, 4);
		uint64_t value = po_load(&ld->k->abi, s + f->value, ld->k->abi.ptr_size);

		/* a Thumb function's value has bit 0 set; the kernel leaves it out (since 5.0) */
		if (ld->k->machine == EM_ARM && (s[f->info] & 15) == STT_FUNC)
			value &= ~(uint64_t)1;

		if (po_load(&ld->k->abi, s + f->shndx, 2) == SHN_UNDEF ||
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

static int load_symbols(const struct loader *ld, struct po_module *mod, struct pageowner_error *err)
{
	const struct po_layout *l = &ld->k->l;
	size_t sym_size = ld->k->abi.ptr_size == 8 ? sym64.size : sym32.size;
	uint64_t ks = field(ld, PO_AT(l, module, kallsyms));
	uint8_t raw[64];
	int rc = ks ? po_memory_read(ld->mem, ks, raw, PO_SIZE(l, mod_kallsyms), err) :
		      po_fail(err, PAGEOWNER_ENODATA, "has no symbol table");

	if (rc < 0)
		return rc;
	uint64_t symtab = po_member_load(&ld->k->abi, PO_AT(l, mod_kallsyms, symtab), raw);
	uint64_t strtab = po_member_load(&ld->k->abi, PO_AT(l, mod_kallsyms, strtab), raw);
	uint64_t nr = po_member_load(&ld->k->abi, PO_AT(l, mod_kallsyms, num_symtab), raw);
	if (nr > MAX_SYMS)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%" PRIu64 " symbols", nr);
	_cleanup_(po_freep) uint8_t *table = malloc(nr ? nr * sym_size : 1);
	if (!table)
		return po_fail_nomem(err, "module symbols");
	rc = po_memory_read(ld->mem, symtab, table, nr * sym_size, err);
	if (rc == PAGEOWNER_OK)
		rc = load_strings(ld, mod, strtab, table, nr, err);
	return rc < 0 ? rc : keep_symbols(ld, mod, table, nr, err);
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

int po_modules_load(const struct po_kernel *k, struct po_memory *mem, struct po_symbols *syms,
		    struct pageowner_error *first, struct pageowner_error *err)
{
	const struct po_layout *l = &k->l;
	uint64_t head = PO_SYM(l, modules), at;
	struct loader ld = { .k = k, .mem = mem, .syms = syms };

	first->code = PAGEOWNER_OK;
	if (!head)
		return PAGEOWNER_OK;	/* built without CONFIG_MODULES */
	if (!l->strct[PO_T_module].have || !PO_HAS(l, module, list) || !PO_HAS(l, module, kallsyms) ||
	    !PO_HAS(l, mod_kallsyms, symtab) || PO_SIZE(l, mod_kallsyms) > 64 ||
	    PO_SIZE(l, module) > 65536) {
		po_fail(first, PAGEOWNER_ENOTYPE,
			"modules: type information lacks struct module or mod_kallsyms");
		return PAGEOWNER_OK;
	}
	_cleanup_(po_freep) uint8_t *raw = malloc(PO_SIZE(l, module));
	if (!raw)
		return po_fail_nomem(err, "modules");
	ld.raw = raw;
	int rc = po_memory_read_ptr(mem, head, &at, first);
	for (int i = 0; rc == PAGEOWNER_OK && at != head && i < MAX_MODULES; i++) {
		struct pageowner_error one;
		rc = load_module(&ld, at - PO_OFFSET(l, module, list), &one);
		if (rc == PAGEOWNER_ENOMEM)
			return po_fail_nomem(err, "modules");
		if (rc < 0 && first->code == PAGEOWNER_OK)
			*first = one;
		rc = po_memory_read_ptr(mem, at, &at, first->code == PAGEOWNER_OK ? first : NULL);
	}
	return PAGEOWNER_OK;
}

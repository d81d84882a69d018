/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

struct function {
	uint64_t start, end;
	char *name, *module;
};

struct po_symbols {
	struct po_kallsyms *ks;
	struct po_rules rules;
	struct po_module *mod;
	size_t nr_mod;
	struct function *function;
	size_t nr_function;
};

int po_symbols_new(struct po_kallsyms *ks, const struct po_rules *rules, struct po_symbols **ret,
		   struct pageowner_error *err)
{
	struct po_symbols *syms = calloc(1, sizeof(*syms));

	if (!syms) {
		po_kallsyms_close(ks);
		return po_fail_nomem(err, "symbols");
	}
	syms->ks = ks;
	syms->rules = *rules;
	*ret = syms;
	return PAGEOWNER_OK;
}

void po_module_fini(struct po_module *mod)
{
	free(mod->syms);
	free(mod->names);
}

void po_symbols_free(struct po_symbols *syms)
{
	if (!syms)
		return;
	for (size_t i = 0; i < syms->nr_mod; i++)
		po_module_fini(&syms->mod[i]);
	free(syms->mod);
	for (size_t i = 0; i < syms->nr_function; i++) {
		free(syms->function[i].name);
		free(syms->function[i].module);
	}
	free(syms->function);
	po_kallsyms_close(syms->ks);
	free(syms);
}

static int by_value(const void *a, const void *b)
{
	const struct po_module_symbol *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

int po_symbols_add_module(struct po_symbols *syms, struct po_module *mod,
			  struct pageowner_error *err)
{
	struct po_module *grown = realloc(syms->mod, (syms->nr_mod + 1) * sizeof(*grown));

	if (!grown)
		return po_fail_nomem(err, "modules");
	syms->mod = grown;
	qsort(mod->syms, mod->nr_syms, sizeof(*mod->syms), by_value);
	grown[syms->nr_mod++] = *mod;
	return PAGEOWNER_OK;
}

int po_symbols_add_function(struct po_symbols *syms, uint64_t start, uint64_t end, const char *name,
			    const char *module, struct pageowner_error *err)
{
	struct function *grown = realloc(syms->function, (syms->nr_function + 1) * sizeof(*grown));

	if (!grown)
		return po_fail_nomem(err, "symbols");
	syms->function = grown;
	struct function *f = &grown[syms->nr_function];
	*f = (struct function){ start, end, strdup(name), module ? strdup(module) : NULL };
	if (!f->name || (module && !f->module)) {
		free(f->name);
		free(f->module);
		return po_fail_nomem(err, "symbols");
	}
	syms->nr_function++;
	return PAGEOWNER_OK;
}

size_t po_symbols_nr_functions(const struct po_symbols *syms)
{
	return syms->nr_function;
}

size_t po_symbols_nr_modules(const struct po_symbols *syms)
{
	return syms->nr_mod;
}

const struct po_kallsyms *po_symbols_kallsyms(const struct po_symbols *syms)
{
	return syms->ks;
}

const struct po_rules *po_symbols_rules(const struct po_symbols *syms)
{
	return &syms->rules;
}

/*
 * As find_kallsyms_symbol() in kernel/module/kallsyms.c: the greatest value not above kva, and of equal
 * ones the first in the table; it ends at the next greater value or at the end of the text.  Since 7.2 all
 * this is within the area that holds kva, and without KALLSYMS_ALL data has no names.
 */
static bool lookup_in(const struct po_symbols *syms, const struct po_module *mod,
		      const struct po_module_range *range, uint64_t kva, size_t cap, struct po_symbol *ret)
{
	const bool bounded = syms->rules.bounded;
	size_t low = 0, high = mod->nr_syms;

	while (low < high) {	/* first symbol above kva */
		size_t mid = low + (high - low) / 2;
		if (mod->syms[mid].value <= kva)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return false;
	if (bounded && (mod->syms[low - 1].value < range->start ||
			(range->is_data && !po_kallsyms_all(syms->ks))))
		return false;
	uint64_t end = bounded ? range->start + range->len : range->text_end;
	if (low < mod->nr_syms && mod->syms[low].value < end)
		end = mod->syms[low].value;
	size_t best = low - 1;
	while (best > 0 && mod->syms[best - 1].value == mod->syms[best].value)
		best--;
	size_t len = strnlen(mod->names + mod->syms[best].name, cap - 1);
	memcpy(ret->name, mod->names + mod->syms[best].name, len);
	ret->name[len] = '\0';
	ret->start = mod->syms[best].value;
	ret->size = end - ret->start;
	ret->module = mod->name;
	return true;
}

static bool lookup_function(const struct po_symbols *syms, uint64_t kva, size_t cap,
			    struct po_symbol *ret)
{
	for (size_t i = 0; i < syms->nr_function; i++) {
		const struct function *f = &syms->function[i];
		if (kva < f->start || kva >= f->end)
			continue;
		size_t len = strnlen(f->name, cap - 1);
		memcpy(ret->name, f->name, len);
		ret->name[len] = '\0';
		ret->start = f->start;
		ret->size = f->end - f->start;
		ret->module = f->module;
		return true;
	}
	return false;
}

/* Whether a module knows the address; one that holds it but knows no name is passed over, as in the kernel. */
static bool lookup_modules(const struct po_symbols *syms, uint64_t kva, size_t cap,
			   struct po_symbol *ret)
{
	for (size_t i = 0; i < syms->nr_mod; i++) {
		const struct po_module *mod = &syms->mod[i];
		for (unsigned r = 0; r < mod->nr_ranges; r++)
			if (kva - mod->range[r].start < mod->range[r].len)
				return lookup_in(syms, mod, &mod->range[r], kva, cap, ret);
	}
	return false;
}

bool po_symbols_lookup(const struct po_symbols *syms, uint64_t kva, struct po_symbol *ret)
{
	size_t cap = syms->rules.name_len < sizeof(ret->name) ? syms->rules.name_len : sizeof(ret->name);

	ret->module = NULL;
	if (!po_kallsyms_lookup(syms->ks, kva, ret->name, cap, &ret->start, &ret->size)) {
		if (!lookup_modules(syms, kva, cap, ret) && !lookup_function(syms, kva, cap, ret))
			return false;
		ret->size = po_wrap(po_kallsyms_abi(syms->ks), ret->size);
	}
	/* after the kernel's buffer has cut it, wherever it came from: as in kallsyms_lookup_buildid() */
	po_rules_cut(&syms->rules, ret->name);
	return true;
}

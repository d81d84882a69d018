/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "symbols/rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- cutting ------------------------------------------------------------------------------------- */

static void cut_at(char *at)
{
	if (at)
		*at = '\0';
}

static void cut_hash(char *name)
{
	cut_at(strrchr(name, '$'));
}

static void cut_cfi(char *name)
{
	char *dot;

	cut_hash(name);
	dot = strrchr(name, '.');
	if (dot && !strcmp(dot, ".cfi"))
		*dot = '\0';
}

/* That '$' was left alone since 6.1 needs no rule of its own: no compiler for these kernels made such names any more. */
static void cut_dot(char *name)
{
	char *dot = strchr(name, '.');

	cut_at(dot ? dot : strrchr(name, '$'));
}

static void cut_llvm(char *name)
{
	cut_at(strstr(name, ".llvm."));
}

static const struct {
	void (*cut)(char *name);
	const char *words;
} suffixes[PO_NR_SUFFIXES] = {
	[PO_SUFFIX_KEPT] = { NULL, "whole" },
	[PO_SUFFIX_CFI] = { cut_cfi, "cut at the last \"$\", without \".cfi\"" },
	[PO_SUFFIX_HASH] = { cut_hash, "cut at the last \"$\"" },
	[PO_SUFFIX_DOT] = { cut_dot, "cut at the first \".\"" },
	[PO_SUFFIX_LLVM] = { cut_llvm, "cut at \".llvm.\"" },
};

void po_rules_cut(const struct po_rules *rules, char *name)
{
	if (suffixes[rules->suffix].cut)
		suffixes[rules->suffix].cut(name);
}

const char *po_rules_describe(const struct po_rules *rules)
{
	return suffixes[rules->suffix].words;
}

/* --- choosing ------------------------------------------------------------------------------------ */

/*
 * The release, for what nothing else in a dump can tell: a function's code that was changed, with no type, symbol or
 * string of the kernel changing with it.
 */
static bool since(const char *banner, unsigned major, unsigned minor, unsigned stable)
{
	unsigned v[3] = { 0, 0, 0 };

	if (sscanf(banner, "Linux version %u.%u.%u", &v[0], &v[1], &v[2]) < 2)
		return true;	/* such a banner is of no release yet */
	if (v[0] != major)
		return v[0] > major;
	return v[1] != minor ? v[1] > minor : v[2] >= stable;
}

/* The kernel's own string; names are stored in pieces, and one of those may be the same. */
static bool has_string(const struct po_rules_evidence *ev, const struct po_kallsyms *ks, const char *s)
{
	const char *start = ev->rodata, *p;

	for (size_t at = 0; ev->rodata_len > at; at++) {
		p = memmem(start + at, ev->rodata_len - at, s, strlen(s) + 1);
		if (!p)
			return false;
		at = (size_t)(p - start);
		if (!po_kallsyms_is_token(ks, ev->rodata_kva + at))
			return true;
	}
	return false;
}

struct seen {
	bool cfi;	/* names as the first clang with control-flow integrity made them */
	bool hash;	/* foo$707af9a22804d33c81801f27dcfe489b */
	bool lto;	/* foo.llvm.974640843467629774; foo.123, which no C compiler makes of one file's functions */
};

static bool is_number(const char *s)
{
	while (isdigit((unsigned char)*s))
		s++;
	return !*s;
}

static bool see_name(void *arg, char type, const char *name, uint64_t kva)
{
	struct seen *seen = arg;

	(void)kva;
	const char *dot = strrchr(name, '.');

	seen->hash |= strchr(name, '$') != NULL;
	if (!dot)
		return true;
	seen->cfi |= !strcmp(dot, ".cfi");
	seen->lto |= strstr(name, ".llvm.") ||
		     ((type == 't' || type == 'T') && dot == strchr(name, '.') && is_number(dot + 1));
	return !seen->cfi;
}

/* Before the kernel had names in an order of their own. */
static enum po_suffix choose_by_names(const char *banner, const struct po_kallsyms *ks, const char **how)
{
	struct seen seen = { false, false, false };

	po_kallsyms_for_each(ks, see_name, &seen);
	*how = "names in the table";
	if (seen.cfi)
		return PO_SUFFIX_CFI;
	if (!seen.hash && !seen.lto)
		return PO_SUFFIX_KEPT;
	/* Names are the same before and after commit 6eb4bd92c1ce, which has but code. */
	*how = "names in the table, release";
	return since(banner, 5, 16, 0) ? PO_SUFFIX_DOT : PO_SUFFIX_HASH;
}

static int choose_suffix(const struct po_rules_evidence *ev, const struct po_kallsyms *ks,
			 struct po_memory *mem, struct po_rules *ret, struct pageowner_error *err)
{
	/* a table in order without a cut, or with a short one, is also in order with a longer one */
	static const enum po_suffix by_order[] = { PO_SUFFIX_KEPT, PO_SUFFIX_LLVM, PO_SUFFIX_DOT };
	void (*const cuts[])(char *name) = { NULL, cut_llvm, cut_dot };

	ret->suffix = PO_SUFFIX_KEPT;
	ret->suffix_how = "not built by clang";
	if (!strstr(ev->banner, "clang version"))
		return PAGEOWNER_OK;
	if (has_string(ev, ks, ".llvm.")) {
		ret->suffix = PO_SUFFIX_LLVM;
		ret->suffix_how = "the kernel's own string";
		return PAGEOWNER_OK;
	}
	int rc = po_kallsyms_order(ks, mem, cuts, sizeof(cuts) / sizeof(*cuts), err);
	if (rc > 0) {
		ret->suffix = by_order[rc - 1];
		ret->suffix_how = "order of kallsyms_seqs_of_names";
	} else if (rc == 0) {
		ret->suffix = choose_by_names(ev->banner, ks, &ret->suffix_how);
	}
	return rc < 0 ? rc : PAGEOWNER_OK;
}

int po_rules_choose(const struct po_rules_evidence *ev, const struct po_kallsyms *ks,
		    struct po_memory *mem, struct po_rules *ret, struct pageowner_error *err)
{
	/* it grew to 512 in 6.1, and the table of sorted names came in 6.2 and in 6.1 stable */
	ret->name_len = ev->name_len ? ev->name_len : po_kallsyms_sorted(ks) ? 512 : 128;
	/* "module/kallsyms: fix nextval for data symbol lookup" (7.2; seen in 6.12.117) has but code */
	ret->bounded = since(ev->banner, 7, 2, 0) ||
		       (since(ev->banner, 6, 12, 117) && !since(ev->banner, 6, 13, 0));
	return choose_suffix(ev, ks, mem, ret, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The composition root: opens image, memory, symbols, types, kernel and owner, in this order. */
#include "lib/session.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/status.h"
#include "kernel/modules.h"

#define BANNER_MAX	512
#define PROOF_LEN	512		/* kallsyms_token_index: 256 numbers of 16 bits */
#define RODATA_MAX	(256u << 20)

/* A formatted text that lives as long as the session; NULL when out of memory. */
static char *__attribute__((format(printf, 2, 0)))
keep_text(struct pageowner_session *s, const char *fmt, va_list ap)
{
	char buf[PAGEOWNER_ERROR_MAX];
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);

	return po_arena_strndup(&s->arena, buf, n < 0 ? 0 : strnlen(buf, sizeof(buf)));
}

void po_session_fact(struct pageowner_session *s, const char *name, const char *how, const char *fmt,
		     ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *value = keep_text(s, fmt, ap);
	va_end(ap);
	if (value && s->nr_facts < PO_MAX_FACTS)
		s->fact[s->nr_facts++] = (struct pageowner_fact){ name, value, how };
}

void po_session_notice(struct pageowner_session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = keep_text(s, fmt, ap);
	va_end(ap);
	if (text && s->nr_notices < PO_MAX_NOTICES)
		s->notice[s->nr_notices++] = text;
}

/* --- image and vmlinux --------------------------------------------------------------------------- */

/* What the image has to say. */
static int take_words(struct pageowner_session *s, struct pageowner_error *err)
{
	for (const char *p = s->image->notices; p && *p;) {
		size_t len = strcspn(p, "\n");
		po_session_notice(s, "%.*s", (int)len, p);
		p += len + (p[len] == '\n');
	}
	if (s->image->vmcoreinfo && !(s->note = strdup(s->image->vmcoreinfo)))
		return po_fail_nomem(err, "VMCOREINFO");
	return PAGEOWNER_OK;
}

static int open_image(struct pageowner_session *s, const struct pageowner_open_options *o,
		      struct pageowner_error *err)
{
	int rc;

	if (o->source)
		rc = po_image_open_source(o->source, &s->image, err);
	else if (o->live)
		rc = po_image_open_live(&s->image, err);
	else if (o->nr_ram)
		rc = po_image_open_ram(o->ram, o->nr_ram, &s->image, err);
	else if (o->nr_dumps == 0)
		return po_fail(err, PAGEOWNER_EINVAL, "neither a dump nor a source was given");
	else
		rc = po_image_open(o->dumps, o->nr_dumps, &s->image, err);
	return rc < 0 ? rc : take_words(s, err);
}

/* None was given, and none was found: the running kernel may tell what a file would. */
static int do_without_vmlinux(struct pageowner_session *s, const char *tried, bool has_types,
			      struct pageowner_error *err)
{
	struct pageowner_error why;

	if (!s->image->live || !s->image->ops->read_virt)
		return po_fail(err, PAGEOWNER_EIO, "vmlinux: none was given, and there is none at: %s", tried);
	int rc = po_live_vmlinux(s, has_types, &s->elf, &why);
	return rc < 0 ? po_fail(err, rc, "vmlinux: none was given, there is none at: %s; and the running kernel cannot stand in "
				"for it: %s", tried, why.text) : rc;
}

static int open_vmlinux(struct pageowner_session *s, const struct pageowner_open_options *o, struct pageowner_error *err)
{
	const char *path = o->vmlinux;
	char tried[700];
	_cleanup_(po_freep) char *found = NULL;

	if (!path) {
		if (!s->note)
			return po_fail(err, PAGEOWNER_EINVAL,
				       "vmlinux: none was given, and the dump has no VMCOREINFO that would "
				       "tell which one is needed");
		path = found = po_find_vmlinux(s->note, tried, sizeof(tried));
		if (!path)
			return do_without_vmlinux(s, tried, o->btf, err);
	}
	int rc = po_elf_open(path, &s->elf, err);
	return rc < 0 ? po_within(err, rc, "vmlinux") : rc;
}

static int check_machine(struct pageowner_session *s, struct pageowner_error *err)
{
	bool known = false;

	for (const struct po_xlat_ops *ops = po_xlat_formats; ops->name; ops++)
		known |= ops->machine == po_elf_machine(s->elf);
	if (!known)
		return po_fail(err, PAGEOWNER_EUNSUPP, "%s: machine %s is not supported",
			       po_elf_path(s->elf), po_elf_machine_name(po_elf_machine(s->elf)));
	return PAGEOWNER_OK;
}

/*
 * The container's word for the machine is a hint: it is that of the processor's mode when the dump was taken, or
 * of the tool that wrote it.  When no kernel is found, it may be the reason.
 */
static int name_machines(const struct pageowner_session *s, int rc, struct pageowner_error *err)
{
	const char *kernel = po_elf_machine_name(po_elf_machine(s->elf)), *dump = s->image->machine;

	if (!dump || !strcmp(dump, kernel) || rc == PAGEOWNER_EMISMATCH)
		return rc;	/* what is in the memory says more */
	return po_within(err, PAGEOWNER_EMISMATCH, "%s is of %s, the dump's header says %s",
			 po_elf_path(s->elf), kernel, dump);
}

/* --- finding the kernel -------------------------------------------------------------------------- */

static uint64_t link_of(const struct po_layout *l, unsigned symbol)
{
	return l->symbol[symbol].have ? l->symbol[symbol].link : 0;
}

#define LINK(l, name) link_of((l), PO_S_##name)

/* Bytes that identify the kernel, out of vmlinux's read-only data. */
static int fill_find(struct pageowner_session *s, struct po_find *f, struct pageowner_error *err)
{
	const struct po_layout *l = &s->kernel.l;
	const void *banner = NULL, *proof = NULL;
	size_t len = BANNER_MAX;
	int rc = 0;

	f->machine = po_elf_machine(s->elf);
	f->banner_at = LINK(l, linux_banner);
	f->proof_at = LINK(l, kallsyms_token_index);
	f->text_at = LINK(l, _text);
	f->phys_base_at = LINK(l, phys_base);
	f->root_at = LINK(l, init_top_pgt)    ? LINK(l, init_top_pgt) :
		     LINK(l, init_level4_pgt) ? LINK(l, init_level4_pgt) :
						LINK(l, swapper_pg_dir);
	f->kimage_voffset_at = LINK(l, kimage_voffset);
	f->sme_mask_at = LINK(l, sme_me_mask);
	f->has_hint = s->image->has_banner;
	f->hint = s->image->banner;
	if (!f->banner_at || !f->proof_at)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: has no symbol %s: is it a kernel?",
			       po_elf_path(s->elf),
			       f->banner_at ? "kallsyms_token_index" : "linux_banner");
	if (l->symbol[PO_S_linux_banner].size && l->symbol[PO_S_linux_banner].size < len)
		len = (size_t)l->symbol[PO_S_linux_banner].size;
	rc = po_elf_bytes_at(s->elf, f->banner_at, len, &banner, err);
	if (rc == 1)
		rc = po_elf_bytes_at(s->elf, f->proof_at, PROOF_LEN, &proof, err);
	if (rc < 0)
		return rc;
	if (rc == 0 || !memchr(banner, '\0', len))
		return po_fail(err, PAGEOWNER_EFORMAT,
			       "%s: holds no read-only data (a file of debug information alone?)",
			       po_elf_path(s->elf));
	f->banner = banner;
	f->banner_len = strlen(f->banner) + 1;
	f->proof = proof;
	f->proof_len = PROOF_LEN;
	return PAGEOWNER_OK;
}

static int find_kernel(struct pageowner_session *s, struct pageowner_error *err)
{
	struct po_kernel *k = &s->kernel;
	struct po_find find = { 0 };
	int rc = po_layout_resolve_symbols(&k->l, s->elf, err);

	if (rc < 0)
		return rc;
	k->abi = k->l.abi;
	k->machine = po_elf_machine(s->elf);
	rc = po_memory_new(s->image, &k->abi, &s->mem, err);
	if (rc == PAGEOWNER_OK)
		rc = fill_find(s, &find, err);
	if (rc < 0)
		return rc;
	if (s->image->has_slide && s->image->ops->read_virt) {	/* a debugger has found it before */
		s->found.slide = s->image->slide;
	} else {
		rc = po_find_kernel(s->mem, &find, s->note, &s->found, err);
		if (rc < 0)
			return name_machines(s, rc, err);
		if (s->found.xlat.ops)
			po_memory_set_xlat(s->mem, &s->found.xlat);
	}
	k->l.slide = s->found.slide;
	if (!s->note)
		s->note = po_kernel_read_note(&k->l, s->mem);
	k->note = s->note;
	return PAGEOWNER_OK;
}

/* --- what stands on types ------------------------------------------------------------------------ */

/* Something is missing, and the report can be made without it, but not as the kernel's. */
static void lack(struct pageowner_session *s, const struct pageowner_error *what, const char *then)
{
	po_session_notice(s, "%s; %s", what->text, then);
	s->incomplete = true;
}

void po_rodata_fini(struct po_rodata *ro)
{
	free(ro->copy);
}

int po_session_rodata(struct pageowner_session *s, struct po_rodata *ro, struct pageowner_error *err)
{
	const struct po_layout *l = &s->kernel.l;
	uint64_t start = LINK(l, __start_rodata), end = LINK(l, __end_rodata);
	struct po_elf_section sec;

	if (po_elf_section_named(s->elf, ".rodata", &sec)) {
		int rc = po_elf_section_data(s->elf, sec.index, &ro->blob.data, &ro->blob.len, err);
		if (rc < 0)
			return rc;
		ro->kva = po_wrap(&l->abi, sec.addr + l->slide);
	}
	if (ro->blob.len)
		return PAGEOWNER_OK;
	if (!start || end <= start || end - start > RODATA_MAX)
		return po_fail(err, PAGEOWNER_ENOSYM, "%s: no read-only data", po_elf_path(s->elf));
	struct po_gaps gaps;
	ro->blob.len = (size_t)(end - start);
	ro->blob.data = ro->copy = malloc(ro->blob.len);
	if (!ro->copy)
		return po_fail_nomem(err, "read-only data");
	ro->kva = po_wrap(&l->abi, start + l->slide);
	po_memory_read_sparse(s->mem, ro->kva, ro->copy, ro->blob.len, &gaps);
	return PAGEOWNER_OK;
}

/* linux_banner as vmlinux has it; "" if it does not. */
static const char *banner_of(const struct pageowner_session *s)
{
	const struct po_wanted *w = &s->kernel.l.symbol[PO_S_linux_banner];
	const void *banner;

	for (size_t len = BANNER_MAX; w->have && len >= 16; len /= 2)
		if (po_elf_bytes_at(s->elf, w->link, len, &banner, NULL) == 1)
			return memchr(banner, '\0', len) ? banner : "";
	return "";
}

static int open_symbols(struct pageowner_session *s, const struct po_rodata *ro, struct pageowner_error *err)
{
	const struct po_layout *l = &s->kernel.l;
	const bool typed_num = PO_HAS_VAR(l, kallsyms_num_syms);
	const bool typed_marker = PO_HAS_VAR(l, kallsyms_markers);
	struct po_kallsyms_where at = {
		.addresses = PO_SYM(l, kallsyms_addresses),
		.offsets = PO_SYM(l, kallsyms_offsets),
		.relative_base = PO_SYM(l, kallsyms_relative_base),
		.num_syms = PO_SYM(l, kallsyms_num_syms),
		.names = PO_SYM(l, kallsyms_names),
		.markers = PO_SYM(l, kallsyms_markers),
		.token_table = PO_SYM(l, kallsyms_token_table),
		.token_index = PO_SYM(l, kallsyms_token_index),
		.seqs_of_names = PO_SYM(l, kallsyms_seqs_of_names),
		.num_syms_size = typed_num ? PO_VAR(l, kallsyms_num_syms)->size : 4,
		.marker_size = typed_marker ? PO_VAR(l, kallsyms_markers)->elem_size : 4,
		.text = PO_SYM(l, _text),
		.stext = PO_SYM(l, _stext),
		.etext = PO_SYM(l, _etext),
		.sinittext = PO_SYM(l, _sinittext),
		.einittext = PO_SYM(l, _einittext),
		.init_begin = PO_SYM(l, __init_begin),
		.init_end = PO_SYM(l, __init_end),
		.end = PO_SYM(l, _end),
		.banner = PO_SYM(l, linux_banner),
	};
	struct po_kallsyms *ks;
	struct pageowner_error first;
	int rc = po_kallsyms_open(s->mem, &at, &ks, &first);

	if (rc < 0 && rc != PAGEOWNER_ENOMEM) {
		lack(s, &first, "frames of the kernel itself print as addresses");
		rc = po_kallsyms_none(&s->kernel.abi, &ks, err);
	}
	if (rc < 0)
		return rc;
	const struct po_rules_evidence ev = {
		.name_len = PO_HAS(l, kallsym_iter, name) ? (size_t)PO_AT(l, kallsym_iter, name)->size : 0,
		.banner = banner_of(s),
		.rodata = ro->blob.data,
		.rodata_len = ro->blob.len,
		.rodata_kva = ro->kva,
	};
	struct po_rules rules;
	rc = po_rules_choose(&ev, ks, s->mem, &rules, err);
	if (rc < 0) {
		po_kallsyms_close(ks);
		return rc;
	}
	rc = po_symbols_new(ks, &rules, &s->symbols, err);
	if (rc == PAGEOWNER_OK)
		rc = po_modules_load(&s->kernel, s->mem, s->symbols, &first, err);
	if (rc == PAGEOWNER_OK && first.code != PAGEOWNER_OK)
		lack(s, &first, "its frames print as bare addresses");
	if (rc == PAGEOWNER_OK)
		rc = po_bpf_symbols_load(&s->kernel, s->mem, s->symbols, &first, err);
	if (rc == PAGEOWNER_OK && first.code != PAGEOWNER_OK)
		lack(s, &first, "BPF frames may print as bare addresses");
	if (rc == PAGEOWNER_OK)
		rc = po_ftrace_symbols_load(&s->kernel, s->mem, s->symbols, &first, err);
	if (rc == PAGEOWNER_OK && first.code != PAGEOWNER_OK)
		lack(s, &first, "frames in modules' init text may print as bare addresses");
	return rc;
}

static int open_words(struct pageowner_session *s, const struct po_rodata *ro, struct pageowner_error *err)
{
	int rc = po_words_open(&s->words, &s->kernel, s->mem, &ro->blob, err);

	if (rc == PAGEOWNER_OK && s->words.unknown_line) {
		po_session_notice(s, "this kernel may print one more line, \"%s\", whose place in a record is "
				  "not known: it is left out", s->words.unknown_line);
		s->incomplete = true;
	}
	return rc;
}

static int open_depot(struct pageowner_session *s, struct pageowner_error *err)
{
	struct pageowner_error why;
	int rc = po_depot_open(&s->depot, &s->kernel, s->mem, &why);

	if (rc == PAGEOWNER_ENOMEM)
		return po_fail_nomem(err, "stack depot");
	if (rc < 0) {
		lack(s, &why, "records print without their stacks");
		po_depot_none(&s->depot, &s->kernel);
	}
	return PAGEOWNER_OK;
}

/* All that does not need records: types, page frames, symbols. */
static int open_frames(struct pageowner_session *s, const struct pageowner_open_options *o, bool owned,
		       struct po_rodata *ro, struct pageowner_error *err)
{
	int rc = po_session_resolve_types(s, o, owned, err);

	if (rc == PAGEOWNER_OK)
		rc = po_kernel_open(&s->kernel, s->mem, owned, err);
	if (rc == PAGEOWNER_OK)
		rc = po_session_rodata(s, ro, err);
	if (rc == PAGEOWNER_OK)
		rc = open_symbols(s, ro, err);
	return rc;
}

static int open_owner(struct pageowner_session *s, const struct po_rodata *ro, struct pageowner_error *err)
{
	int rc = open_words(s, ro, err);

	if (rc == PAGEOWNER_OK && s->kernel.ext.handle)
		rc = open_depot(s, err);
	return rc;
}

/* --- the public calls ---------------------------------------------------------------------------- */

static int find_and_tell(struct pageowner_session *s, const struct pageowner_open_options *o,
			 struct pageowner_error *err)
{
	int rc = open_vmlinux(s, o, err);

	if (rc == PAGEOWNER_OK)
		rc = check_machine(s, err);
	if (rc == PAGEOWNER_OK)
		rc = find_kernel(s, err);
	if (rc < 0)
		return rc;
	po_facts_kernel(s);
	return PAGEOWNER_OK;
}

static int open_text(struct pageowner_session *s, const char *path, struct pageowner_error *err)
{
	int rc = po_saved_open(path, &s->text, err);

	if (rc < 0)
		return rc;
	po_facts_text(s);
	(void)po_fail(&s->why_no_kernel, PAGEOWNER_EINVAL,
		      "a text tells of page frames that have an owner, not of the others: a dump is needed");
	s->ready = true;
	return PAGEOWNER_OK;
}

/* Whether page_owner ran decides what is needed of the kernel, and whether anything is, if records alone will do. */
static int open_kernel(struct pageowner_session *s, const struct pageowner_open_options *o)
{
	_cleanup_(po_rodata_fini) struct po_rodata ro = { .copy = NULL };
	int rc = find_and_tell(s, o, &s->why_no_kernel);

	if (rc < 0) {
		s->why_not = s->why_no_kernel;
		return rc;
	}
	int owned = po_page_ext_check_enabled(&s->kernel.l, s->mem, &s->why_not);
	if (owned < 0 && !o->without_owner)
		return owned;
	rc = open_frames(s, o, owned == PAGEOWNER_OK, &ro, &s->why_no_kernel);
	if (rc < 0) {
		if (owned == PAGEOWNER_OK)
			s->why_not = s->why_no_kernel;
		return rc;
	}
	s->kernel_ready = true;
	rc = owned == PAGEOWNER_OK ? open_owner(s, &ro, &s->why_not) : owned;
	s->ready = rc == PAGEOWNER_OK;
	return s->ready || (o->without_owner && rc != PAGEOWNER_ENOMEM) ? PAGEOWNER_OK : rc;
}

PO_DEFINE_CLEANUP(struct pageowner_session, pageowner_close);

/* All that stands on the image. */
static int open_rest(struct pageowner_session *s, const struct pageowner_open_options *options, struct pageowner_error *err)
{
	po_facts_image(s);
	int rc = open_kernel(s, options);
	if (s->ready)
		po_facts_owner(s);
	if (rc < 0 && (!options->describe_only || rc == PAGEOWNER_ENOMEM)) {
		if (err)
			*err = s->why_no_kernel.code ? s->why_no_kernel : s->why_not;
		return rc;
	}
	return PAGEOWNER_OK;
}

static unsigned jobs_of(const struct pageowner_open_options *o)
{
	long have = o->jobs ? (long)o->jobs : sysconf(_SC_NPROCESSORS_ONLN);

	return have < 1 ? 1 : have > PO_MAX_JOBS ? PO_MAX_JOBS : (unsigned)have;
}

int pageowner_open(const struct pageowner_open_options *options, struct pageowner_session **ret,
		   struct pageowner_error *err)
{
	if (!options || options->size < sizeof(*options) || !ret)
		return po_fail(err, PAGEOWNER_EINVAL, "open: options are not valid");
	_cleanup_(pageowner_closep) struct pageowner_session *s = calloc(1, sizeof(*s));
	if (!s)
		return po_fail_nomem(err, "session");
	s->jobs = jobs_of(options);
	if (options->text) {
		int rc = open_text(s, options->text, err);
		if (rc == PAGEOWNER_OK)
			*ret = po_take(s);
		return rc;
	}
	int rc = open_image(s, options, err);
	if (rc == PAGEOWNER_OK)
		rc = open_rest(s, options, err);
	if (rc == PAGEOWNER_OK)
		*ret = po_take(s);
	return rc;
}

int po_session_open(struct po_image *img, const struct pageowner_open_options *options, struct pageowner_session **ret,
		    struct pageowner_error *err)
{
	_cleanup_(pageowner_closep) struct pageowner_session *s = calloc(1, sizeof(*s));

	if (!s) {
		po_image_close(img);
		return po_fail_nomem(err, "session");
	}
	s->image = img;
	int rc = take_words(s, err);
	if (rc == PAGEOWNER_OK)
		rc = open_rest(s, options, err);
	if (rc == PAGEOWNER_OK)
		*ret = po_take(s);
	return rc;
}

void pageowner_close(struct pageowner_session *s)
{
	if (!s)
		return;
	po_saved_close(s->text);
	po_words_fini(&s->words);
	po_symbols_free(s->symbols);
	po_kernel_fini(&s->kernel);
	po_memory_free(s->mem);
	po_elf_close(s->elf);
	po_image_close(s->image);
	po_arena_fini(&s->arena);
	free(s->note);
	free(s);
}

int pageowner_fact(const struct pageowner_session *s, size_t index, struct pageowner_fact *ret)
{
	if (index >= s->nr_facts)
		return 0;
	*ret = s->fact[index];
	return 1;
}

const char *pageowner_notice(const struct pageowner_session *s, size_t index)
{
	return index < s->nr_notices ? s->notice[index] : NULL;
}

int pageowner_incomplete(const struct pageowner_session *s)
{
	return s->incomplete;
}

int pageowner_ready(const struct pageowner_session *s, struct pageowner_error *err)
{
	if (s->ready)
		return PAGEOWNER_OK;
	if (err)
		*err = s->why_not;
	return s->why_not.code;
}

int pageowner_frames_ready(const struct pageowner_session *s, struct pageowner_error *err)
{
	if (s->kernel_ready)
		return PAGEOWNER_OK;
	const struct pageowner_error *why = s->why_no_kernel.code ? &s->why_no_kernel : &s->why_not;
	if (err)
		*err = *why;
	return why->code;
}

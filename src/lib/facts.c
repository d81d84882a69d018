/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found out at opening, and by which evidence: for `pageowner info`. */
#include <inttypes.h>
#include <string.h>

#include "lib/session.h"
#include "memory/vmcoreinfo.h"

void po_facts_text(struct pageowner_session *s)
{
	uint64_t size = po_saved_size(s->text);

	po_session_fact(s, "text", NULL, "%s", po_saved_path(s->text));
	if (size)
		po_session_fact(s, "size", NULL, "%" PRIu64 " bytes", size);
}

void po_facts_image(struct pageowner_session *s)
{
	const struct po_image *img = s->image;
	uint64_t start, len, from = 0;
	unsigned nr = 0;

	po_session_fact(s, "dump", NULL, "%s", img->description ? img->description : img->ops->name);
	while (img->ops->next_range && nr < 1u << 20 &&
	       img->ops->next_range(s->image, from, &start, &len) == 1) {
		from = start + len;
		nr++;
	}
	if (nr)
		po_session_fact(s, "memory", NULL,
				"%" PRIu64 " KiB in %u range%s %s 0x%" PRIx64 ", %" PRIu64
				" KiB in the dump%s%s",
				img->bytes_present >> 10, nr, nr == 1 ? "" : "s",
				img->floating ? "of an unknown address, with a length of" : "below",
				img->max_paddr, img->bytes_held >> 10, img->filtered ? ", filtered" : "",
				img->truncated ? ", truncated" : "");
	po_session_fact(s, "VMCOREINFO", NULL, "%s", img->vmcoreinfo ? "in the dump's notes" : "none");
}

void po_facts_kernel(struct pageowner_session *s)
{
	const struct po_layout *l = &s->kernel.l;
	const void *banner;
	size_t len = 0;
	const char *release = s->note ? po_vmcoreinfo_get(s->note, "OSRELEASE", &len) : NULL;

	if (release)
		po_session_fact(s, "kernel release", "VMCOREINFO", "%.*s", (int)len, release);
	if (l->symbol[PO_S_linux_banner].have &&
	    po_elf_bytes_at(s->elf, l->symbol[PO_S_linux_banner].link, 16, &banner, NULL) == 1)
		po_session_fact(s, "kernel", "linux_banner", "%.*s",
				(int)strcspn(banner, "\n"), (const char *)banner);
	po_session_fact(s, "machine", "vmlinux", "%s",
			po_elf_machine_name(po_elf_machine(s->elf)));
	if (s->found.base_found)
		po_session_fact(s, "base address", "the page tables in the image agree with no other",
				"0x%" PRIx64, s->found.base);
	if (s->found.xlat.ops) {
		po_session_fact(s, "kernel image",
				s->found.by_segment ? "a segment that begins with its text" :
				s->found.by_hint    ? "the source told where its banner is" :
				s->found.by_note    ? "VMCOREINFO led to its banner" :
						      "searched by its banner",
				"banner at physical address 0x%" PRIx64, s->found.banner_paddr);
		po_session_fact(s, "page tables", "they translate the banner to itself",
				"%s, root at 0x%" PRIx64, s->found.xlat.ops->name, s->found.xlat.root);
	}
	po_session_fact(s, "slide", s->found.by_segment ? "address of that segment" :
			s->found.xlat.ops ? "variables in the image" : "told by the source",
			"0x%" PRIx64, s->found.slide);
}

static const char *record_shape(const struct po_page_ext *x)
{
	if (x->comm)
		return "pid, tgid, comm, time";
	if (x->free_ts)
		return "pid, time, time of freeing";
	if (x->pid)
		return "pid, time";
	return "no pid, no time";
}

static void facts_record(struct pageowner_session *s)
{
	const struct po_kernel *k = &s->kernel;
	const struct po_layout *l = &k->l;
	const struct po_page_ext *x = &k->ext;
	bool sized = PO_HAS_SYM(l, page_ext_size), own = x->record_size != PO_SIZE(l, page_ext) ||
							 PO_HAS(l, page_owner, order);

	po_session_fact(s, "page_ext", sized ? "page_ext_size" : own ? "struct page_ext, extra_mem" :
								       "struct page_ext",
			"entries of %" PRIu64 " bytes, struct %s at %" PRIu64, x->stride, x->record,
			x->owner_offset);
	po_session_fact(s, "page_owner", "its members", "%s%s; %s%s", record_shape(x),
			x->migrate_reason ? "" : ", no migration",
			x->handle ? "stack by its handle" : "stack in the record itself",
			PO_HAS_ENUM(l, PAGE_EXT_OWNER_ALLOCATED) ? "; freed pages keep their record" : "");
	if (x->handle && s->depot.pools)
		po_session_fact(s, "stack depot", "union handle_parts",
				"index of %u bits%s, offset of %u bits, %s of pools",
				s->depot.index.bit_size, s->depot.bias ? " plus 1" : "",
				s->depot.offset.bit_size,
				PO_HAS_SYM(l, stack_slabs) ||
						PO_VAR(l, stack_pools)->kind == PO_KIND_ARRAY ?
					"array" : "pointer to an array");
}

static void facts_memory_map(struct pageowner_session *s)
{
	const struct po_kernel *k = &s->kernel;
	const struct po_pageblock *pb = &k->pageblock;

	po_session_fact(s, "page size", po_vmcoreinfo_get(k->note, "PAGESIZE", &(size_t){ 0 }) ?
				"VMCOREINFO" : po_memory_xlat(s->mem) ? "page tables" : "stack depot",
			"%" PRIu64, po_kernel_page_size(k));
	po_session_fact(s, "page frames", "min_low_pfn, max_pfn", "0x%" PRIx64 "-0x%" PRIx64,
			k->min_low_pfn, k->max_pfn - 1);
	if (k->map.section_shift)
		po_session_fact(s, "memory model", k->l.variable[PO_V_mem_section].inferred ?
				"size and contents of mem_section" : "type of mem_section",
				"%s; %zu sections of %" PRIu64 " MiB, struct page of %" PRIu64 " bytes",
				k->map.model, k->map.nr,
				((uint64_t)1 << (k->map.section_shift + k->page_shift)) >> 20,
				k->map.page_size);
	else
		po_session_fact(s, "memory model", "no mem_section",
				"%s; %zu zones, struct page of %" PRIu64 " bytes", k->map.model, k->map.nr,
				k->map.page_size);
	po_session_fact(s, "largest free block", "zone.free_area", "order %u", k->max_order);
	po_session_fact(s, "pageblocks", pb->voters ? "free lists, gfp masks of owned pages" : "free lists",
			"order %u, %u bits%s%s; %u of %u free pages agree", pb->order, pb->nr_bits,
			pb->msb_first ? ", highest first" : "", pb->isolate_bit >= 0 ? ", isolate bit" : "",
			pb->agree, pb->checked);
}

void po_facts_owner(struct pageowner_session *s)
{
	const struct po_kallsyms *ks = po_symbols_kallsyms(s->symbols);
	const struct po_words *w = &s->words;

	const struct po_rules *rules = po_symbols_rules(s->symbols);

	facts_memory_map(s);
	po_session_fact(s, "symbols", "_stext leads to itself", "%zu in kallsyms, %s%s; %zu modules",
			po_kallsyms_count(ks), po_kallsyms_describe(ks),
			po_kallsyms_all(ks) ? ", data too" : ", text only",
			po_symbols_nr_modules(s->symbols));
	po_session_fact(s, "names", rules->suffix_how, "%s, of less than %zu bytes",
			po_rules_describe(rules), rules->name_len);
	facts_record(s);
	po_session_fact(s, "text, line 1", "format string", "%.*s", (int)strcspn(w->head.source, "\n"),
			w->head.source);
	po_session_fact(s, "text, line 2", "format string", "%.*s", (int)strcspn(w->pfn.source, "\n"),
			w->pfn.source);
	if (w->nr_fields)
		po_session_fact(s, "text, page flags", w->fields_worked_out ?
				"no table: rules of the layout, which pages of known zones confirm" : "table pff",
				"%zu fields behind the names, from %s on", w->nr_fields, w->field[0].name);
	po_session_fact(s, "text, frames", "format string", "%s",
			w->frame_address ? "[<address>] symbol" : "symbol");
	po_session_fact(s, "text, memcg", "format string", "%s", w->memcg_line ? "printed" : "not printed");
}

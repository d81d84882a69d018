/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's format strings, of every generation, taken apart. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "owner/words.h"

static const char *const fields[] = {
	[PO_ITEM_ORDER] = "order",	     [PO_ITEM_GFP] = "gfp",
	[PO_ITEM_GFP_NAMES] = "gfp names",   [PO_ITEM_PID] = "pid",
	[PO_ITEM_TGID] = "tgid",	     [PO_ITEM_COMM] = "comm",
	[PO_ITEM_TS] = "ts",		     [PO_ITEM_FREE_TS] = "free_ts",
	[PO_ITEM_PFN] = "pfn",		     [PO_ITEM_PAGE_TYPE] = "page type",
	[PO_ITEM_BLOCK] = "block",	     [PO_ITEM_BLOCK_TYPE] = "block type",
	[PO_ITEM_FLAGS] = "flags",	     [PO_ITEM_FLAG_NAMES] = "flag names",
	[PO_ITEM_REASON] = "reason",	     [PO_ITEM_FALLBACK] = "fallback",
	[PO_ITEM_FLAG_LETTER] = "letter",    [PO_ITEM_FREE_PID] = "free pid",
	[PO_ITEM_FREE_TGID] = "free tgid",
};

static const char *const styles[] = {
	[PO_STYLE_DECIMAL] = "u", [PO_STYLE_SIGNED] = "d", [PO_STYLE_HEX] = "x",
	[PO_STYLE_HEX_PREFIX] = "#x", [PO_STYLE_STRING] = "s", [PO_STYLE_NAMES] = "names",
	[PO_STYLE_FULL] = "full",
};

/* What was understood, as text: "order {order:u}\n"; or the error. */
static const char *shape(const char *source)
{
	static char out[4096];
	struct pageowner_error err = { 0 };
	struct po_line line;
	size_t at = 0;

	memset(&line, 0xa5, sizeof(line));
	int rc = po_line_parse(&line, source, &err);
	if (rc < 0) {
		CHECK_INT(err.code, rc);
		snprintf(out, sizeof(out), "%d %s", rc, err.text);
		return out;
	}
	CHECK(line.source == source);
	CHECK(line.nr <= PO_MAX_ITEMS);
	for (unsigned i = 0; i < line.nr; i++) {
		const struct po_item *item = &line.item[i];
		if (item->field == PO_ITEM_LITERAL) {
			CHECK(item->len > 0);
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%.*s", (int)item->len,
					       item->text);
		} else {
			at += (size_t)snprintf(out + at, sizeof(out) - at, "{%s:%s}",
					       fields[item->field], styles[item->style]);
		}
	}
	out[at] = '\0';
	return out;
}

/* --- lines of dump_page() ---------------------------------------------------------------------- */

TEST(dumped_of_4_6_to_5_10)
{
	CHECK_STR(shape("page allocated via order %u, migratetype %s, gfp_mask %#x(%pGg)\n"),
		  "page allocated via order {order:u}, migratetype {page type:s}, "
		  "gfp_mask {gfp:#x}({gfp names:names})\n");
}

TEST(dumped_of_5_18)
{
	CHECK_STR(shape("page last allocated via order %u, migratetype %s, gfp_mask %#x(%pGg), pid %d, "
			"tgid %d (%s), ts %llu, free_ts %llu\n"),
		  "page last allocated via order {order:u}, migratetype {page type:s}, "
		  "gfp_mask {gfp:#x}({gfp names:names}), pid {pid:d}, tgid {tgid:d} ({comm:s}), "
		  "ts {ts:u}, free_ts {free_ts:u}\n");
}

TEST(dumped_release)
{
	CHECK_STR(shape("page last free stack trace:\n"), "page last free stack trace:\n");
	CHECK_STR(shape("page last free pid %d tgid %d ts %llu stack trace:\n"),
		  "page last free pid {pid:d} tgid {tgid:d} ts {ts:u} stack trace:\n");
	CHECK_STR(shape("page has been migrated, last migrate reason: %s\n"),
		  "page has been migrated, last migrate reason: {reason:s}\n");
}

/* --- first lines ----------------------------------------------------------------------------- */

TEST(head_of_3_19_to_4_5)
{
	CHECK_STR(shape("Page allocated via order %u, mask 0x%x\n"),
		  "Page allocated via order {order:u}, mask 0x{gfp:x}\n");
}

TEST(head_of_4_6_to_5_10)
{
	CHECK_STR(shape("Page allocated via order %u, mask %#x(%pGg)\n"),
		  "Page allocated via order {order:u}, mask {gfp:#x}({gfp names:names})\n");
}

TEST(head_of_5_11_and_5_12)
{
	CHECK_STR(shape("Page allocated via order %u, mask %#x(%pGg), pid %d, ts %llu ns\n"),
		  "Page allocated via order {order:u}, mask {gfp:#x}({gfp names:names}), "
		  "pid {pid:d}, ts {ts:u} ns\n");
}

TEST(head_of_5_13_to_5_17)
{
	CHECK_STR(shape("Page allocated via order %u, mask %#x(%pGg), pid %d, ts %llu ns, "
			"free_ts %llu ns\n"),
		  "Page allocated via order {order:u}, mask {gfp:#x}({gfp names:names}), "
		  "pid {pid:d}, ts {ts:u} ns, free_ts {free_ts:u} ns\n");
}

TEST(head_of_5_18_to_6_6)
{
	CHECK_STR(shape("Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), "
			"ts %llu ns, free_ts %llu ns\n"),
		  "Page allocated via order {order:u}, mask {gfp:#x}({gfp names:names}), "
		  "pid {pid:d}, tgid {tgid:d} ({comm:s}), ts {ts:u} ns, free_ts {free_ts:u} ns\n");
}

TEST(head_since_6_7)
{
	CHECK_STR(shape("Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), "
			"ts %llu ns\n"),
		  "Page allocated via order {order:u}, mask {gfp:#x}({gfp names:names}), "
		  "pid {pid:d}, tgid {tgid:d} ({comm:s}), ts {ts:u} ns\n");
}

/* --- second lines ---------------------------------------------------------------------------- */

TEST(pfn_line_of_4_6_to_5_15_has_the_number_outside_of_the_names)
{
	CHECK_STR(shape("PFN %lu type %s Block %lu type %s Flags %#lx(%pGp)\n"),
		  "PFN {pfn:u} type {page type:s} Block {block:u} type {block type:s} "
		  "Flags {flags:#x}({flag names:names})\n");
}

TEST(pfn_line_of_5_16_to_6_5_has_all_in_one)
{
	CHECK_STR(shape("PFN %lu type %s Block %lu type %s Flags %pGp\n"),
		  "PFN {pfn:u} type {page type:s} Block {block:u} type {block type:s} "
		  "Flags {flags:full}\n");
}

TEST(pfn_line_since_6_6_is_hexadecimal_without_a_hash)
{
	CHECK_STR(shape("PFN 0x%lx type %s Block %lu type %s Flags %pGp\n"),
		  "PFN 0x{pfn:x} type {page type:s} Block {block:u} type {block type:s} "
		  "Flags {flags:full}\n");
}

TEST(the_order_of_fields_is_the_kernels)
{
	CHECK_STR(shape("PFN %#lx Flags %pGp Block %lu type %s type %s\n"),
		  "PFN {pfn:#x} Flags {flags:full} Block {block:u} type {page type:s} "
		  "type {block type:s}\n");
}

TEST(migration_line)
{
	CHECK_STR(shape("Page has been migrated, last migrate reason: %s\n"),
		  "Page has been migrated, last migrate reason: {reason:s}\n");
}

TEST(pfn_of_3_19_to_4_5)
{
	CHECK_STR(shape("PFN %lu Block %lu type %d %s Flags %s%s%s%s%s%s%s%s%s%s%s%s\n"),
		  "PFN {pfn:u} Block {block:u} type {block type:d} {fallback:s} Flags "
		  "{letter:s}{letter:s}{letter:s}{letter:s}{letter:s}{letter:s}"
		  "{letter:s}{letter:s}{letter:s}{letter:s}{letter:s}{letter:s}\n");
}

/* --- what is not known is said --------------------------------------------------------------- */

TEST(flags_as_letters_are_twelve)
{
	CHECK_STR(shape("PFN %lu Block %lu type %d %s Flags %s%s"),
		  "-8 this kernel prints 2 page flags as letters, not 12: "
		  "\"PFN %lu Block %lu type %d %s Flags %s%s\"");
	CHECK_STR(shape("PFN %lu Flags %s%s%s%s%s%s%s%s%s%s%s%s%s"),
		  "-8 this kernel prints a field that is not known: \"\" \"%s\" in "
		  "\"PFN %lu Flags %s%s%s%s%s%s%s%s%s%s%s%s%s\"");
	CHECK_STR(shape("%s"), "-8 this kernel prints a field that is not known: \"\" \"%s\" in \"%s\"");
}

TEST(an_unknown_word_is_named)
{
	CHECK_STR(shape("Page allocated via order %u, node %d"),
		  "-8 this kernel prints a field that is not known: \"node\" \"%d\" in "
		  "\"Page allocated via order %u, node %d\"");
}

TEST(a_known_word_with_another_conversion_is_unknown)
{
	CHECK_STR(shape("order %s"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%s\" in \"order %s\"");
	CHECK_STR(shape("mask %pGg"),
		  "-8 this kernel prints a field that is not known: \"mask\" \"%pGg\" in "
		  "\"mask %pGg\"");
	CHECK_STR(shape("pid %u"),
		  "-8 this kernel prints a field that is not known: \"pid\" \"%u\" in \"pid %u\"");
}

TEST(a_field_without_a_word_is_unknown)
{
	CHECK_STR(shape("%u"),
		  "-8 this kernel prints a field that is not known: \"\" \"%u\" in \"%u\"");
	CHECK_STR(shape("order %u%u"),
		  "-8 this kernel prints a field that is not known: \"\" \"%u\" in \"order %u%u\"");
}

TEST(a_word_counts_as_a_whole)
{
	CHECK_STR(shape("border %u"),
		  "-8 this kernel prints a field that is not known: \"border\" \"%u\" in \"border %u\"");
	CHECK_STR(shape("alloc_ts %llu"),
		  "-8 this kernel prints a field that is not known: \"alloc_ts\" \"%llu\" in "
		  "\"alloc_ts %llu\"");
	CHECK_STR(shape("\nts %llu"), "\nts {ts:u}");
}

TEST(conversions_with_widths_are_unknown)
{
	CHECK_STR(shape("order %5u"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%5u\" in \"order %5u\"");
	CHECK_STR(shape("order %-u"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%-u\" in \"order %-u\"");
}

TEST(other_pointer_conversions_are_unknown)
{
	CHECK_STR(shape("Flags %p"),
		  "-8 this kernel prints a field that is not known: \"Flags\" \"%p\" in \"Flags %p\"");
	CHECK_STR(shape("Flags %pGv"),
		  "-8 this kernel prints a field that is not known: \"Flags\" \"%pGv\" in \"Flags %pGv\"");
	CHECK_STR(shape("Flags %pG"),
		  "-8 this kernel prints a field that is not known: \"Flags\" \"%pG\" in \"Flags %pG\"");
}

TEST(a_string_may_end_within_a_conversion)
{
	CHECK_STR(shape("order %"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%\" in \"order %\"");
	CHECK_STR(shape("order %#"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%#\" in \"order %#\"");
	CHECK_STR(shape("order %ll"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%ll\" in \"order %ll\"");
}

TEST(a_percent_sign_is_not_taken_for_a_field)
{
	CHECK_STR(shape("order %%"),
		  "-8 this kernel prints a field that is not known: \"order\" \"%%\" in \"order %%\"");
}

/* --- bounds ---------------------------------------------------------------------------------- */

TEST(a_line_without_fields_is_one_literal)
{
	CHECK_STR(shape("Slab cache page\n"), "Slab cache page\n");
	CHECK_STR(shape(""), "");
}

TEST(a_line_has_as_many_items_as_there_is_room_for)
{
	char source[1024] = "", want[1024] = "";
	struct pageowner_error err;
	struct po_line line;

	for (int i = 0; i < PO_MAX_ITEMS / 2 - 1; i++) {
		strcat(source, "pid %d");
		strcat(want, "pid {pid:d}");
	}
	CHECK_STR(shape(source), want);
	strcat(source, "pid %dpid %d");
	CHECK_INT(po_line_parse(&line, source, &err), PAGEOWNER_EUNSUPP);
	CHECK(strstr(err.text, "format \"pid %dpid %d") == err.text);
	CHECK(strstr(err.text, ": too many fields") != NULL);
}

TEST(a_literal_may_follow_the_last_field)
{
	char source[1024] = "", want[1024] = "";

	for (int i = 0; i < PO_MAX_ITEMS / 2 - 1; i++) {
		strcat(source, "pid %d");
		strcat(want, "pid {pid:d}");
	}
	strcat(source, " ns\n");
	strcat(want, " ns\n");
	CHECK_STR(shape(source), want);
}

TEST(an_endless_string_is_corrupt)
{
	char source[1026];

	memset(source, 'x', sizeof(source) - 1);
	source[1025] = '\0';
	CHECK_STR(shape(source), "-5 a format string of 1025 characters");
	source[1024] = '\0';
	CHECK_STR(shape(source), source);
}

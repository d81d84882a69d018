/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DWARF 2 to 5: sections 7.5 (units, abbreviations, forms) and 6.1.2 (.debug_aranges) of the
 * standard.  Only as much of an entry is understood as it takes to step over it.
 */
#include "types/units.h"

#include "types/dwarf-defs.h"

/* Reads past the end give zeros and leave a mark. */
struct cursor {
	const struct po_abi *abi;
	const uint8_t *p, *end;
	bool bad;
};

static struct cursor cursor_at(const struct po_units *units, const struct po_bytes *in,
			       uint64_t at, uint64_t end)
{
	bool bad = !in->p || end > in->len || at > end;
	const uint8_t *base = in->p;

	return (struct cursor){
		.abi = units->abi,
		.p = bad ? base : base + at,
		.end = bad ? base : base + end,
		.bad = bad,
	};
}

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static void skip(struct cursor *c, uint64_t n)
{
	if (n > left(c)) {
		c->bad = true;
		n = left(c);
	}
	c->p += n;
}

static uint64_t num(struct cursor *c, size_t bytes)
{
	if (bytes > left(c)) {
		skip(c, bytes);
		return 0;
	}
	uint64_t v = po_load(c->abi, c->p, bytes);
	c->p += bytes;
	return v;
}

static uint64_t uleb(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; c->p < c->end; shift += 7) {
		uint8_t byte = *c->p++;
		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

/* The length that begins a unit; what it covers becomes the new end. */
static uint8_t unit_length(struct cursor *c)
{
	uint8_t offset_size = 4;
	uint64_t len = num(c, 4);

	if (len == 0xffffffff) {
		offset_size = 8;
		len = num(c, 8);
	} else if (len >= 0xfffffff0) {
		c->bad = true;
	}
	if (len > left(c))
		c->bad = true;
	else
		c->end = c->p + len;
	return offset_size;
}

int po_units_next(const struct po_units *units, uint64_t *at, struct po_unit *ret)
{
	if (*at >= units->info.len)
		return 0;
	struct cursor c = cursor_at(units, &units->info, *at, units->info.len);
	struct po_unit u = { .start = *at, .kind = DW_UT_compile };

	u.offset_size = unit_length(&c);
	u.end = (uint64_t)(c.end - units->info.p);
	u.version = (uint16_t)num(&c, 2);
	if (u.version >= 5) {
		u.kind = (uint8_t)num(&c, 1);
		u.addr_size = (uint8_t)num(&c, 1);
		u.abbrev = num(&c, u.offset_size);
	} else {
		u.abbrev = num(&c, u.offset_size);
		u.addr_size = (uint8_t)num(&c, 1);
	}
	if (u.kind == DW_UT_skeleton || u.kind == DW_UT_split_compile)
		skip(&c, 8);
	if (u.kind == DW_UT_type || u.kind == DW_UT_split_type)
		skip(&c, 8 + (uint64_t)u.offset_size);
	u.root = (uint64_t)(c.p - units->info.p);
	if (c.bad || u.version < 2 || u.version > 5)
		return -1;
	*at = u.end;
	*ret = u;
	return 1;
}

/* How many bytes a value of a form takes where that does not depend on the value; 0: it does. */
static size_t fixed_size(uint64_t form, const struct po_unit *u)
{
	switch (form) {
	case DW_FORM_data1: case DW_FORM_ref1: case DW_FORM_flag: case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2: case DW_FORM_ref2: case DW_FORM_strx2: case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3: case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4: case DW_FORM_ref4: case DW_FORM_ref_sup4: case DW_FORM_strx4:
	case DW_FORM_addrx4:
		return 4;
	case DW_FORM_data8: case DW_FORM_ref8: case DW_FORM_ref_sig8: case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return u->addr_size;
	case DW_FORM_ref_addr:
		return u->version == 2 ? u->addr_size : u->offset_size;
	case DW_FORM_strp: case DW_FORM_line_strp: case DW_FORM_strp_sup: case DW_FORM_sec_offset:
	case DW_FORM_GNU_ref_alt: case DW_FORM_GNU_strp_alt:
		return u->offset_size;
	default:
		return 0;
	}
}

static void skip_form(struct cursor *c, uint64_t form, const struct po_unit *u)
{
	size_t fixed = fixed_size(form, u);

	if (fixed) {
		skip(c, fixed);
		return;
	}
	switch (form) {
	case DW_FORM_flag_present: case DW_FORM_implicit_const:
		return;
	case DW_FORM_sdata: case DW_FORM_udata: case DW_FORM_ref_udata: case DW_FORM_strx:
	case DW_FORM_addrx: case DW_FORM_loclistx: case DW_FORM_rnglistx:
	case DW_FORM_GNU_str_index:
		(void)uleb(c);
		return;
	case DW_FORM_string:
		skip(c, strnlen((const char *)c->p, left(c)) + 1);
		return;
	case DW_FORM_block1:
		skip(c, num(c, 1));
		return;
	case DW_FORM_block2:
		skip(c, num(c, 2));
		return;
	case DW_FORM_block4:
		skip(c, num(c, 4));
		return;
	case DW_FORM_block: case DW_FORM_exprloc:
		skip(c, uleb(c));
		return;
	default:	/* DW_FORM_indirect, and what is yet to be invented */
		c->bad = true;
	}
}

static const char *string_at(const struct po_bytes *in, uint64_t at)
{
	if (at >= in->len || !memchr(in->p + at, 0, in->len - at))
		return NULL;
	return (const char *)in->p + at;
}

/*
 * A string attribute: where it is, or its index in .debug_str_offsets, whose base may come later.
 */
struct string_attr {
	const char *direct;
	uint64_t index;
	bool indexed;
};

static struct string_attr read_string(struct cursor *c, uint64_t form, const struct po_units *units,
				      const struct po_unit *u)
{
	struct po_bytes rest = { c->p, left(c) };
	struct string_attr got = { 0 };

	switch (form) {
	case DW_FORM_string:
		got.direct = string_at(&rest, 0);
		skip_form(c, form, u);
		break;
	case DW_FORM_strp:
		got.direct = string_at(&units->str, num(c, u->offset_size));
		break;
	case DW_FORM_line_strp:
		got.direct = string_at(&units->line_str, num(c, u->offset_size));
		break;
	case DW_FORM_strx1: case DW_FORM_strx2: case DW_FORM_strx3: case DW_FORM_strx4:
		got.indexed = true;
		got.index = num(c, fixed_size(form, u));
		break;
	case DW_FORM_strx:
		got.indexed = true;
		got.index = uleb(c);
		break;
	default:
		skip_form(c, form, u);
	}
	return got;
}

static const char *resolve_string(const struct po_units *units, const struct po_unit *u,
				  const struct string_attr *attr, uint64_t base)
{
	uint64_t at;

	if (!attr->indexed)
		return attr->direct;
	if (po_mul(attr->index, (uint64_t)u->offset_size, &at) || po_add(at, base, &at) ||
	    at > units->str_offsets.len)
		return NULL;
	struct cursor c = cursor_at(units, &units->str_offsets, at, units->str_offsets.len);
	uint64_t off = num(&c, u->offset_size);
	return c.bad ? NULL : string_at(&units->str, off);
}

/* One (attribute, form) pair of an abbreviation; false after the last. */
static bool next_spec(struct cursor *abbrev, uint64_t *at, uint64_t *form)
{
	*at = uleb(abbrev);
	*form = uleb(abbrev);
	if (*form == DW_FORM_implicit_const)
		(void)uleb(abbrev);
	return !abbrev->bad && (*at || *form);
}

/* Leave the cursor before the pairs of the abbreviation with this code. */
static bool find_abbrev(struct cursor *abbrev, uint64_t wanted)
{
	uint64_t code, at, form;

	while ((code = uleb(abbrev)) != 0) {
		(void)uleb(abbrev);	/* tag */
		skip(abbrev, 1);	/* has children */
		if (code == wanted)
			return !abbrev->bad;
		while (next_spec(abbrev, &at, &form))
			;
	}
	return false;
}

bool po_units_root(const struct po_units *units, const struct po_unit *unit,
		   struct po_unit_root *ret)
{
	struct cursor c = cursor_at(units, &units->info, unit->root, unit->end);
	struct cursor abbrev = cursor_at(units, &units->abbrev, unit->abbrev, units->abbrev.len);
	struct string_attr name = { 0 }, producer = { 0 };
	uint64_t at, form, base = unit->offset_size == 8 ? 16 : 8;
	bool skeleton = unit->kind == DW_UT_skeleton;

	if (!find_abbrev(&abbrev, uleb(&c)))
		return false;
	while (!c.bad && next_spec(&abbrev, &at, &form)) {
		if (at == DW_AT_name)
			name = read_string(&c, form, units, unit);
		else if (at == DW_AT_producer)
			producer = read_string(&c, form, units, unit);
		else if (at == DW_AT_str_offsets_base && form == DW_FORM_sec_offset)
			base = num(&c, unit->offset_size);
		else
			skip_form(&c, form, unit);
		skeleton = skeleton || at == DW_AT_dwo_name || at == DW_AT_GNU_dwo_name;
	}
	if (c.bad)
		return false;
	ret->name = resolve_string(units, unit, &name, base);
	ret->producer = resolve_string(units, unit, &producer, base);
	ret->skeleton = skeleton;
	return true;
}

bool po_units_refers_out(const struct po_units *units, const struct po_unit *unit)
{
	struct cursor abbrev = cursor_at(units, &units->abbrev, unit->abbrev, units->abbrev.len);
	uint64_t at, form;

	while (uleb(&abbrev) != 0) {
		if (uleb(&abbrev) == DW_TAG_imported_unit)
			return true;
		skip(&abbrev, 1);
		while (next_spec(&abbrev, &at, &form)) {
			if (form == DW_FORM_ref_addr)
				return true;
		}
	}
	return abbrev.bad;
}

static void match_range(const uint64_t *addrs, uint64_t start, uint64_t len, uint64_t unit,
			uint64_t *ret)
{
	for (size_t i = 0; addrs[i]; i++) {
		if (addrs[i] >= start && addrs[i] - start < len)
			ret[i] = unit;
	}
}

/* The ranges of one unit; false when nothing after them can be trusted. */
static bool match_set(struct cursor *all, const uint64_t *addrs, uint64_t *ret)
{
	struct cursor c = *all;
	const uint8_t *start = c.p;
	uint8_t offset_size = unit_length(&c);
	uint64_t version = num(&c, 2);
	uint64_t unit = num(&c, offset_size);
	size_t addr_size = num(&c, 1);
	size_t segment_size = num(&c, 1);

	if (c.bad)
		return false;
	all->p = c.end;
	if (version != 2 || segment_size != 0 || (addr_size != 4 && addr_size != 8))
		return true;
	size_t header = (size_t)(c.p - start);
	skip(&c, (2 * addr_size - header % (2 * addr_size)) % (2 * addr_size));
	while (left(&c) >= 2 * addr_size) {
		uint64_t addr = num(&c, addr_size);
		uint64_t len = num(&c, addr_size);
		if (addr == 0 && len == 0)
			break;
		match_range(addrs, addr, len, unit, ret);
	}
	return true;
}

void po_units_of_addresses(const struct po_units *units, const uint64_t *addrs, uint64_t *ret)
{
	struct cursor c = cursor_at(units, &units->aranges, 0, units->aranges.len);

	while (left(&c) > 0 && match_set(&c, addrs, ret))
		;
}

bool po_units_name_ends(const char *name, const char *end)
{
	size_t name_len = strlen(name), end_len = strlen(end);

	if (end_len > name_len || memcmp(name + name_len - end_len, end, end_len) != 0)
		return false;
	return end_len == name_len || name[name_len - end_len - 1] == '/';
}

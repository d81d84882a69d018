/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layouts by name: struct, member, bit-field, enumerator, array length.  Every answer is yes (1),
 * absent (0, an answer and no error) or failed (negative).  Behind it stands DWARF or BTF.  Answers
 * never change after open, but are looked up when they are asked for: one thread at a time.
 */
#ifndef PO_TYPES_TYPES_H
#define PO_TYPES_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pageowner/error.h>

#include "base/load.h"

struct po_elf;
struct po_types;

enum po_type_kind {
	PO_KIND_INT,		/* also char, bool */
	PO_KIND_ENUM,
	PO_KIND_POINTER,
	PO_KIND_STRUCT,		/* struct or union */
	PO_KIND_ARRAY,
	PO_KIND_OTHER,		/* function, void, float */
};

/*
 * What a member or variable is.  For an array, size is that of the whole and elem_*, is_signed and
 * pointer_depth describe one element of the innermost dimension (nr_elems counts all dimensions;
 * dim[] holds the first two, 0 = not there; a flexible array has nr_elems 0 and size 0).  In the BTF
 * that pahole makes, many dimensions have become one.
 */
struct po_type_info {
	enum po_type_kind kind;	/* typedefs, const and volatile looked through */
	uint64_t size;		/* bytes */
	bool is_signed;
	uint64_t nr_elems;
	uint64_t dim[2];
	enum po_type_kind elem_kind;
	uint64_t elem_size;
	unsigned pointer_depth;	/* kind or elem_kind POINTER: 1 for T *, 2 for T **, … */
};

/*
 * Where a member lies.  An ordinary member has bit_size 0.  A bit-field is bit_size bits, and the
 * lowest of them is bit bit_shift of the number in the size bytes at offset, read in the dump's
 * byte order.
 */
struct po_member {
	uint64_t offset;	/* bytes from the start of the struct named in the query */
	uint64_t size;		/* bytes to load */
	uint32_t bit_shift;
	uint32_t bit_size;
	struct po_type_info type;
};

/* The value of a member or bit-field out of the bytes of its struct; zero extended. */
static inline uint64_t po_member_load(const struct po_abi *abi, const struct po_member *m,
				      const void *strct)
{
	uint64_t v = po_load(abi, (const uint8_t *)strct + m->offset, m->size);

	if (m->bit_size && m->bit_size < 64)
		v = v >> m->bit_shift & (((uint64_t)1 << m->bit_size) - 1);
	return v;
}

/*
 * strct names a struct or union by tag ("page_ext"), or a typedef of one ("depot_stack_handle_t"
 * is no struct: absent).  member may be a path through named members ("memory.regions"); members
 * of anonymous structs and unions are found as C finds them.  Declarations (incomplete types)
 * count as absent as long as a definition exists elsewhere.
 */
int po_types_struct_size(struct po_types *types, const char *strct, uint64_t *ret,
			 struct pageowner_error *err);
int po_types_member(struct po_types *types, const char *strct, const char *member,
		    struct po_member *ret, struct pageowner_error *err);

/* An enumerator of the enum so called; enm NULL: of any enum, anonymous ones too. */
int po_types_enumerator(struct po_types *types, const char *enm, const char *name, int64_t *ret,
			struct pageowner_error *err);

/*
 * The type of a variable, as defined in (preferably) the compile unit of that file ("stackdepot.c"
 * or NULL).  Where no unit that is searched defines it, as declared: an array may lack its length.
 */
int po_types_variable(struct po_types *types, const char *file, const char *name,
		      struct po_type_info *ret, struct pageowner_error *err);

/* "DWARF 5, gcc 12.2.0" or "BTF, 52087 types", for `info`; owned by types. */
const char *po_types_describe(const struct po_types *types);

void po_types_close(struct po_types *types);

/*
 * From now on look into every compile unit.  Before, only the units named at opening are searched,
 * which takes milliseconds; all of a distribution's vmlinux takes a good part of a second.  For
 * the caller who misses something that must be there.  1, or 0 when all was searched already.
 */
int po_types_widen(struct po_types *types, struct pageowner_error *err);

/*
 * DWARF of an ELF file (borrowed: it must outlive the types).  hints is a list of link addresses
 * of functions (0 ends it) whose compile units are to be searched, units a NULL-terminated list of
 * the ends of source names ("mm/page_owner.c"): units is matched against DW_AT_name, and serves
 * for what the addresses did not lead to (no .debug_aranges, or none for that function).  Units are
 * searched in this order, addresses first; where none was found, all are.  ENOTYPE: no debug
 * information, or only the skeleton of a split one (said so).  EUNSUPP: an object file (ET_REL).
 */
int po_types_open_dwarf(struct po_elf *elf, const uint64_t *hints, const char *const *units,
			struct po_types **ret, struct pageowner_error *err);

/*
 * BTF: the contents of a .BTF section, of either byte order (its magic tells which).  The bytes are
 * copied; abi is borrowed and tells the width of pointers.  BTF knows no files and hardly any
 * variables: those are absent.  EFORMAT: no BTF; EUNSUPP: a version or kind of type that is newer.
 */
int po_types_open_btf(const void *bytes, size_t len, const struct po_abi *abi, struct po_types **ret,
		      struct pageowner_error *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to libdwarf.  What it knows of its traps:
 *
 * - libdwarf's own ways into an ELF file read all of it, and fail on a kernel that was linked with
 *   --emit-relocs.  It is given sections instead: mapped, decompressed, and in no need of
 *   relocation.
 * - Releases up to 20210528 and those called 0.x differ in how they take sections and how they are
 *   closed.  Nothing else is used that differs.
 * - Without a place to put an error it aborts.
 * - What is not released one by one is kept in a tree, which gets slow: every entry and attribute
 *   goes as soon as it was looked at.
 */
#include "types/dwarf.h"

#include <elf.h>
#include <inttypes.h>
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/status.h"

#ifdef DW_LIBDWARF_VERSION_MAJOR

typedef Dwarf_Unsigned section_index;
typedef Dwarf_Obj_Access_Section_a section_info;
typedef Dwarf_Obj_Access_Methods_a access_methods;
typedef Dwarf_Obj_Access_Interface_a access_interface;
typedef Dwarf_Small byte_order;

#define BIG_ENDIAN_OBJECT DW_END_big
#define LITTLE_ENDIAN_OBJECT DW_END_little
#define INFO(field) as_##field
#define METHOD(call) om_##call

/* Only for judging sizes, which decompressed sections rightly exceed. */
static Dwarf_Unsigned get_filesize(void *obj)
{
	(void)obj;
	return INT64_MAX;
}

#define METHODS_OF_RELEASE .om_get_filesize = get_filesize,

static void finish_dbg(Dwarf_Debug dbg)
{
	(void)dwarf_object_finish(dbg);
}

#else

typedef Dwarf_Half section_index;
typedef Dwarf_Obj_Access_Section section_info;
typedef Dwarf_Obj_Access_Methods access_methods;
typedef Dwarf_Obj_Access_Interface access_interface;
typedef Dwarf_Endianness byte_order;

#define BIG_ENDIAN_OBJECT DW_OBJECT_MSB
#define LITTLE_ENDIAN_OBJECT DW_OBJECT_LSB
#define INFO(field) field
#define METHOD(call) call
#define METHODS_OF_RELEASE

static void finish_dbg(Dwarf_Debug dbg)
{
	Dwarf_Error e = NULL;

	(void)dwarf_object_finish(dbg, &e);
}

#endif

/* libdwarf keeps pointers to this, so it stays where it is. */
struct po_dwarf {
	struct po_dwarf_file file;
	access_interface access;
	Dwarf_Debug dbg;
};

/* As in ELF, the first section is none. */
static int get_section_info(void *obj, section_index i, section_info *ret, int *error)
{
	const struct po_dwarf *dw = obj;

	(void)error;
	if (i > dw->file.nr_sections)
		return DW_DLV_NO_ENTRY;
	*ret = (section_info){ .INFO(name) = "", .INFO(type) = SHT_NULL };
	if (i > 0) {
		const struct po_dwarf_section *s = &dw->file.sections[i - 1];
		*ret = (section_info){
			.INFO(name) = s->name,
			.INFO(type) = SHT_PROGBITS,
			.INFO(size) = s->bytes.len,
		};
	}
	return DW_DLV_OK;
}

static int load_section(void *obj, section_index i, Dwarf_Small **ret, int *error)
{
	const struct po_dwarf *dw = obj;

	(void)error;
	if (i == 0 || i > dw->file.nr_sections)
		return DW_DLV_NO_ENTRY;
	*ret = (Dwarf_Small *)dw->file.sections[i - 1].bytes.p;	/* only ever read */
	return DW_DLV_OK;
}

static byte_order get_byte_order(void *obj)
{
	const struct po_dwarf *dw = obj;

	return dw->file.abi->big_endian ? BIG_ENDIAN_OBJECT : LITTLE_ENDIAN_OBJECT;
}

static Dwarf_Small get_pointer_size(void *obj)
{
	const struct po_dwarf *dw = obj;

	return dw->file.abi->ptr_size;
}

/* Of section offsets, as most have it; each unit tells its own where that counts. */
static Dwarf_Small get_length_size(void *obj)
{
	(void)obj;
	return 4;
}

static Dwarf_Unsigned get_section_count(void *obj)
{
	const struct po_dwarf *dw = obj;

	return dw->file.nr_sections + 1;
}

static const access_methods methods = {
	.METHOD(get_section_info) = get_section_info,
	.METHOD(get_byte_order) = get_byte_order,
	.METHOD(get_length_size) = get_length_size,
	.METHOD(get_pointer_size) = get_pointer_size,
	.METHOD(get_section_count) = get_section_count,
	.METHOD(load_section) = load_section,
	METHODS_OF_RELEASE
};

PO_DEFINE_CLEANUP(struct po_dwarf, po_dwarf_close);

int po_dwarf_open(const struct po_dwarf_file *file, struct po_dwarf **ret,
		  struct pageowner_error *err)
{
	_cleanup_(po_dwarf_closep) struct po_dwarf *dw = calloc(1, sizeof(*dw));
	Dwarf_Error e = NULL;

	if (!dw)
		return po_fail_nomem(err, file->path);
	dw->file = *file;
	dw->access = (access_interface){ dw, &methods };
	int rc = dwarf_object_init_b(&dw->access, NULL, NULL, DW_GROUPNUMBER_ANY, &dw->dbg, &e);
	if (rc == DW_DLV_OK) {
		*ret = po_take(dw);
		return PAGEOWNER_OK;
	}
	dw->dbg = NULL;
	if (rc == DW_DLV_NO_ENTRY)
		return po_fail(err, PAGEOWNER_ENOTYPE, "%s: no debug information", file->path);
	rc = po_fail(err, PAGEOWNER_ECORRUPT, "%s: debug information: %s", file->path,
		     dwarf_errmsg(e));
	dwarf_dealloc_error(NULL, e);
	return rc;
}

void po_dwarf_close(struct po_dwarf *dw)
{
	if (!dw)
		return;
	if (dw->dbg)
		finish_dbg(dw->dbg);
	free(dw);
}

/* Of anything that libdwarf calls an error. */
static int fail_dwarf(const struct po_dwarf *dw, Dwarf_Error e, uint64_t id,
		      struct pageowner_error *err)
{
	int rc = po_fail(err, PAGEOWNER_ECORRUPT, "%s: debug information at %#" PRIx64 ": %s",
			 dw->file.path, id, dwarf_errmsg(e));
	dwarf_dealloc_error(dw->dbg, e);
	return rc;
}

/* Complete what was just stepped to. */
static int identify(struct po_die *die, struct pageowner_error *err)
{
	Dwarf_Error e = NULL;
	Dwarf_Half tag;
	Dwarf_Off id;

	if (dwarf_tag(die->handle, &tag, &e) != DW_DLV_OK ||
	    dwarf_dieoffset(die->handle, &id, &e) != DW_DLV_OK)
		return fail_dwarf(die->dw, e, die->id, err);
	die->tag = tag;
	die->id = id;
	return PAGEOWNER_OK;
}

void po_die_fini(struct po_die *die)
{
	if (die->handle)
		dwarf_dealloc_die(die->handle);
	die->handle = NULL;
}

int po_die_at(struct po_dwarf *dw, uint64_t id, struct po_die *ret, struct pageowner_error *err)
{
	_cleanup_(po_die_fini) struct po_die die = { .dw = dw, .id = id };
	Dwarf_Error e = NULL;
	Dwarf_Die handle;
	int rc = dwarf_offdie_b(dw->dbg, id, true, &handle, &e);

	if (rc == DW_DLV_ERROR)
		return fail_dwarf(dw, e, id, err);
	if (rc == DW_DLV_NO_ENTRY)
		return po_fail(err, PAGEOWNER_ECORRUPT, "%s: debug information at %#" PRIx64
			       ": no entry", dw->file.path, id);
	die.handle = handle;
	rc = identify(&die, err);
	if (rc < 0)
		return rc;
	*ret = die;
	die.handle = NULL;
	return PAGEOWNER_OK;
}

int po_die_child(const struct po_die *die, struct po_die *ret, struct pageowner_error *err)
{
	_cleanup_(po_die_fini) struct po_die child = { .dw = die->dw, .id = die->id };
	Dwarf_Error e = NULL;
	Dwarf_Die handle;
	int rc = dwarf_child(die->handle, &handle, &e);

	if (rc == DW_DLV_NO_ENTRY)
		return 0;
	if (rc == DW_DLV_ERROR)
		return fail_dwarf(die->dw, e, die->id, err);
	child.handle = handle;
	rc = identify(&child, err);
	if (rc < 0)
		return rc;
	*ret = child;
	child.handle = NULL;
	return 1;
}

int po_die_step(struct po_die *die, struct pageowner_error *err)
{
	_cleanup_(po_die_fini) struct po_die old = *die;
	Dwarf_Error e = NULL;
	Dwarf_Die handle;
	int rc = dwarf_siblingof_b(die->dw->dbg, die->handle, true, &handle, &e);

	die->handle = NULL;
	if (rc == DW_DLV_NO_ENTRY)
		return 0;
	if (rc == DW_DLV_ERROR)
		return fail_dwarf(die->dw, e, die->id, err);
	die->handle = handle;
	rc = identify(die, err);
	if (rc >= 0 && die->id <= old.id)
		rc = po_fail(err, PAGEOWNER_ECORRUPT, "%s: debug information at %#" PRIx64
			     ": siblings go in circles", die->dw->file.path, old.id);
	if (rc < 0)
		po_die_fini(die);
	return rc < 0 ? rc : 1;
}

int po_die_name(const struct po_die *die, const char **ret, struct pageowner_error *err)
{
	Dwarf_Error e = NULL;
	char *name = NULL;
	int rc = dwarf_diename(die->handle, &name, &e);

	if (rc == DW_DLV_ERROR)
		return fail_dwarf(die->dw, e, die->id, err);
	*ret = rc == DW_DLV_OK && *name ? name : NULL;
	return PAGEOWNER_OK;
}

bool po_die_has(const struct po_die *die, unsigned at)
{
	Dwarf_Error e = NULL;
	Dwarf_Bool has = false;

	if (dwarf_hasattr(die->handle, (Dwarf_Half)at, &has, &e) == DW_DLV_ERROR)
		dwarf_dealloc_error(die->dw->dbg, e);
	return has;
}

struct attr {
	Dwarf_Attribute handle;
	Dwarf_Half form;
};

static void attr_fini(struct attr *attr)
{
	if (attr->handle)
		dwarf_dealloc_attribute(attr->handle);
}

/* 1, or 0: there is no such attribute. */
static int get_attr(const struct po_die *die, unsigned at, struct attr *ret,
		    struct pageowner_error *err)
{
	Dwarf_Error e = NULL;
	int rc = dwarf_attr(die->handle, (Dwarf_Half)at, &ret->handle, &e);

	if (rc == DW_DLV_NO_ENTRY)
		return 0;
	if (rc == DW_DLV_ERROR || dwarf_whatform(ret->handle, &ret->form, &e) != DW_DLV_OK)
		return fail_dwarf(die->dw, e, die->id, err);
	return 1;
}

/*
 * What the DW_FORM_dataN hold is signed or not as the context has it, and compilers choose them for
 * what is not negative; so they are not extended.
 */
static int constant(const struct po_die *die, const struct attr *attr, int64_t *ret,
		    struct pageowner_error *err)
{
	Dwarf_Error e = NULL;
	Dwarf_Unsigned u = 0;
	Dwarf_Signed s = 0;
	int rc;

	switch (attr->form) {
	case DW_FORM_sdata: case DW_FORM_implicit_const:
		rc = dwarf_formsdata(attr->handle, &s, &e);
		break;
	case DW_FORM_data1: case DW_FORM_data2: case DW_FORM_data4: case DW_FORM_data8:
	case DW_FORM_udata:
		rc = dwarf_formudata(attr->handle, &u, &e);
		break;
	default:
		return 0;
	}
	if (rc == DW_DLV_ERROR)
		return fail_dwarf(die->dw, e, die->id, err);
	*ret = s ? s : (int64_t)u;
	return rc == DW_DLV_OK;
}

int po_die_const(const struct po_die *die, unsigned at, int64_t *ret, struct pageowner_error *err)
{
	_cleanup_(attr_fini) struct attr attr = { 0 };
	int rc = get_attr(die, at, &attr, err);

	return rc <= 0 ? rc : constant(die, &attr, ret, err);
}

int po_die_ref(const struct po_die *die, unsigned at, uint64_t *ret, struct pageowner_error *err)
{
	_cleanup_(attr_fini) struct attr attr = { 0 };
	int rc = get_attr(die, at, &attr, err);
	if (rc <= 0)
		return rc;

	switch (attr.form) {
	case DW_FORM_GNU_ref_alt: case DW_FORM_ref_sup4: case DW_FORM_ref_sup8:
		return po_fail(err, PAGEOWNER_ENOTYPE, "%s: part of the debug information was "
			       "moved to another file (by dwz), which cannot be read",
			       die->dw->file.path);
	case DW_FORM_ref_sig8:
		return po_fail(err, PAGEOWNER_ENOTYPE, "%s: debug information with type units "
			       "(-fdebug-types-section) cannot be read", die->dw->file.path);
	}
	Dwarf_Error e = NULL;
	Dwarf_Off id;
	if (dwarf_global_formref(attr.handle, &id, &e) != DW_DLV_OK)
		return fail_dwarf(die->dw, e, die->id, err);
	*ret = id;
	return 1;
}

/* The bytes of an expression, borrowed; whether it was called a block or an expression. */
static int expression(const struct po_die *die, const struct attr *attr, struct po_bytes *ret,
		      struct pageowner_error *err)
{
	Dwarf_Error e = NULL;

	if (attr->form == DW_FORM_exprloc) {
		Dwarf_Unsigned len;
		Dwarf_Ptr p;
		if (dwarf_formexprloc(attr->handle, &len, &p, &e) != DW_DLV_OK)
			return fail_dwarf(die->dw, e, die->id, err);
		*ret = (struct po_bytes){ p, len };
		return PAGEOWNER_OK;
	}
	Dwarf_Block *block;
	if (dwarf_formblock(attr->handle, &block, &e) != DW_DLV_OK)
		return fail_dwarf(die->dw, e, die->id, err);
	*ret = (struct po_bytes){ block->bl_data, block->bl_len };
	dwarf_dealloc(die->dw->dbg, block, DW_DLA_BLOCK);
	return PAGEOWNER_OK;
}

/* DW_OP_plus_uconst and its operand: the only form that was ever written for members in C. */
static bool added_constant(const struct po_bytes *expr, int64_t *ret)
{
	uint64_t v = 0;

	if (expr->len < 2 || expr->len > 10 || expr->p[0] != DW_OP_plus_uconst)
		return false;
	for (size_t i = 1; i < expr->len; i++)
		v |= (uint64_t)(expr->p[i] & 0x7f) << 7 * (i - 1);
	*ret = (int64_t)v;
	return true;
}

int po_die_location(const struct po_die *die, int64_t *ret, struct pageowner_error *err)
{
	_cleanup_(attr_fini) struct attr attr = { 0 };
	int rc = get_attr(die, DW_AT_data_member_location, &attr, err);
	if (rc > 0)
		rc = constant(die, &attr, ret, err);
	if (rc != 0 || !attr.handle)
		return rc;

	struct po_bytes expr = { 0 };
	rc = expression(die, &attr, &expr, err);
	if (rc < 0)
		return rc;
	if (!added_constant(&expr, ret))
		return po_fail(err, PAGEOWNER_EUNSUPP, "%s: debug information at %#" PRIx64
			       ": a member placed by an expression", die->dw->file.path, die->id);
	return 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a file is that no format took: a name helps the user more than "unknown format". */
#include "image/image.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/load.h"
#include "base/status.h"

/* What to say after the name. */
enum advice {
	NOT_A_DUMP,
	UNPACK,		/* what is inside may be one */
	NEVER,		/* a dump, but not ours to read */
};

struct signature {
	uint16_t offset;
	uint8_t len;
	uint8_t advice;
	const char *bytes;
	const char *what;
};

#define SIG(offset_, bytes_, advice_, what_) \
	{ .offset = (offset_), .len = sizeof(bytes_) - 1, .advice = (advice_), .bytes = (bytes_), \
	  .what = (what_) }

static const struct signature signatures[] = {
	SIG(0, "\x1f\x8b", UNPACK, "gzip data"),
	SIG(0, "\xfd" "7zXZ\0", UNPACK, "xz data"),
	SIG(0, "\x28\xb5\x2f\xfd", UNPACK, "zstd data"),
	SIG(0, "BZh", UNPACK, "bzip2 data"),
	SIG(0, "\x04\x22\x4d\x18", UNPACK, "lz4 data"),
	SIG(0, "\x89LZO\0", UNPACK, "lzop data"),
	SIG(0, "PK\x03\x04", UNPACK, "a zip archive"),
	SIG(0, "7z\xbc\xaf\x27\x1c", UNPACK, "a 7z archive"),
	SIG(257, "ustar", UNPACK, "a tar archive"),
	SIG(0, "AVML", NEVER, "an AVML image"),
	SIG(0, "QEVM", NEVER, "a saved QEMU machine (savevm)"),
	SIG(0, "LibvirtQemudSave", NEVER, "a machine saved by libvirt"),
	SIG(0, "LibvirtQemudPart", NEVER, "an unfinished save of a machine by libvirt"),
	SIG(0, "\xed\x23\x8f\x61\x73\x01\x19\xa8", NEVER, "an LKCD dump"),
	SIG(0, "\xa8\x19\x01\x73\x61\x8f\x23\xfd", NEVER, "an s390 dump"),
	SIG(0, "XenSavedDomain", NEVER, "a saved Xen domain"),
	SIG(0, "LinuxGuestRecord", NEVER, "a saved Xen domain"),
	SIG(0, "PAGEDUMP", NEVER, "a Windows crash dump"),
	SIG(0, "PAGEDU64", NEVER, "a Windows crash dump"),
	SIG(0, "\xd2\xbe\xd2\xbe", NEVER, "a VMware snapshot"),
	SIG(0, "KDMV", NOT_A_DUMP, "a VMware disk"),
	SIG(0, "QFI\xfb", NOT_A_DUMP, "a qcow disk"),
	SIG(0, "KDUMP   ", NOT_A_DUMP, "the beginning of a kdump file"),
	SIG(0, "makedumpfile\0", NOT_A_DUMP, "the beginning of a flattened dump"),
	SIG(0x202, "HdrS", NOT_A_DUMP, "a bootable kernel (bzImage)"),
	SIG(56, "ARM\x64", NOT_A_DUMP, "a bootable kernel (Image)"),
	SIG(0, "Page allocated via order ", NOT_A_DUMP, "the text of page_owner"),
};

static const struct signature *find(const struct po_file *file)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const struct signature *s = &signatures[i];
		if ((size_t)s->offset + s->len <= file->head_len &&
		    memcmp(file->head + s->offset, s->bytes, s->len) == 0)
			return s;
	}
	return NULL;
}

const char *po_signature_words(const struct po_file *file)
{
	const struct signature *s = find(file);

	return s && s->advice != NOT_A_DUMP ? s->what : NULL;
}

static int fail_signature(const struct po_file *file, const struct signature *s,
			  struct pageowner_error *err)
{
	switch (s->advice) {
	case UNPACK:
		return po_fail(err, PAGEOWNER_EFORMAT,
			       "%s: not a dump: first bytes look like %s; unpack it first",
			       file->path, s->what);
	case NEVER:
		return po_fail(err, PAGEOWNER_EUNSUPP, "%s: %s: recognised, not supported",
			       file->path, s->what);
	default:
		return po_fail(err, PAGEOWNER_EFORMAT, "%s: not a dump: first bytes look like %s",
			       file->path, s->what);
	}
}

static int fail_elf(const struct po_file *file, struct pageowner_error *err)
{
	const uint8_t *h = file->head;
	uint64_t type = file->head_len < 18 ? 0 :
			h[5] == 2 ? po_load_be(h + 16, 2) : po_load_le(h + 16, 2);
	const char *what;

	switch (type) {
	case 1: what = "an ELF object file"; break;
	case 2: what = "an ELF executable (a vmlinux?)"; break;
	case 3: what = "an ELF shared object"; break;
	default: what = "a damaged ELF file"; break;
	}
	return po_fail(err, PAGEOWNER_EFORMAT, "%s: not a dump: %s, not a core", file->path, what);
}

static int fail_text(const struct po_file *file, struct pageowner_error *err)
{
	char start[33];
	size_t n = 0;

	while (n < sizeof(start) - 1 && n < file->head_len && isprint(file->head[n])) {
		start[n] = (char)file->head[n];
		n++;
	}
	start[n] = '\0';
	return po_fail(err, PAGEOWNER_EFORMAT, "%s: not a dump: text that begins with \"%s\"",
		       file->path, start);
}

static bool is_text(const struct po_file *file)
{
	for (size_t i = 0; i < file->head_len; i++)
		if (file->head[i] < ' ' && !isspace(file->head[i]))
			return false;
	return file->head_len != 0 && isprint(file->head[0]);
}

int po_signature_fail(const struct po_file *file, struct pageowner_error *err)
{
	const struct signature *s = find(file);
	char hex[3 * 16 + 1] = "";

	if (s)
		return fail_signature(file, s, err);
	if (file->head_len >= 4 && memcmp(file->head, "\177ELF", 4) == 0)
		return fail_elf(file, err);
	if (is_text(file))
		return fail_text(file, err);
	for (size_t i = 0; i < 16 && i < file->head_len; i++)
		(void)snprintf(hex + 3 * i, 4, " %02x", file->head[i]);
	return po_fail(err, PAGEOWNER_EFORMAT,
		       "%s: not a dump of a known format: first bytes are%s", file->path, hex);
}

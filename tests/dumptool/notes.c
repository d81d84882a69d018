// SPDX-License-Identifier: LGPL-2.1-or-later
/* ELF notes.  Their headers are three 32-bit words in both classes. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dumptool.h"

#define VMCOREINFO	"VMCOREINFO"

bool note_at(const struct core *core, size_t pos, struct note *ret)
{
	uint64_t name, desc, next;
	Elf64_Nhdr nh;

	if (pos > core->notes_len || core->notes_len - pos < sizeof(nh))
		return false;
	memcpy(&nh, core->notes + pos, sizeof(nh));
	name = pos + sizeof(nh);
	desc = round_up(name + nh.n_namesz, 4);
	next = round_up(desc + nh.n_descsz, 4);
	if (next > core->notes_len)
		die("a note ends past the end of the notes");
	*ret = (struct note){
		.name = (const char *)core->notes + name,
		.name_len = strnlen((const char *)core->notes + name, nh.n_namesz),
		.type = nh.n_type,
		.desc = core->notes + desc,
		.desc_len = nh.n_descsz,
		.next = (size_t)next,
	};
	return true;
}

static bool is_vmcoreinfo(const struct note *note)
{
	return note->name_len == strlen(VMCOREINFO) &&
	       !memcmp(note->name, VMCOREINFO, note->name_len);
}

bool vmcoreinfo_find(const struct core *core, struct note *ret)
{
	struct note note;

	for (size_t pos = 0; note_at(core, pos, &note); pos = note.next) {
		if (!is_vmcoreinfo(&note))
			continue;
		*ret = note;
		return true;
	}
	return false;
}

/* The text after KEY=, or NULL; the caller frees it. */
char *vmcoreinfo_value(const struct core *core, const char *key)
{
	size_t key_len = strlen(key);
	const char *line, *end;
	struct note note;

	if (!vmcoreinfo_find(core, &note))
		return NULL;
	line = (const char *)note.desc;
	end = line + strnlen(line, note.desc_len);
	while (line < end) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((eol ? eol : end) - line);

		if (len > key_len && !memcmp(line, key, key_len) && line[key_len] == '=')
			return xasprintf("%.*s", (int)(len - key_len - 1), line + key_len + 1);
		line += len + 1;
	}
	return NULL;
}

void core_add_note(struct core *core, const char *name, uint32_t type, const void *desc,
		   size_t len)
{
	Elf64_Nhdr nh = {
		.n_namesz = (Elf64_Word)strlen(name) + 1,
		.n_descsz = (Elf64_Word)len,
		.n_type = type,
	};
	size_t name_len = (size_t)round_up(nh.n_namesz, 4), desc_len = (size_t)round_up(len, 4);
	uint8_t *to;

	core->notes = xrealloc(core->notes,
			       core->notes_len + sizeof(nh) + name_len + desc_len);
	to = core->notes + core->notes_len;
	memset(to, 0, sizeof(nh) + name_len + desc_len);
	memcpy(to, &nh, sizeof(nh));
	memcpy(to + sizeof(nh), name, nh.n_namesz);
	memcpy(to + sizeof(nh) + name_len, desc, len);
	core->notes_len += sizeof(nh) + name_len + desc_len;
}

void core_drop_vmcoreinfo(struct core *core)
{
	struct note note;
	size_t pos = 0;

	while (note_at(core, pos, &note)) {
		if (!is_vmcoreinfo(&note)) {
			pos = note.next;
			continue;
		}
		memmove(core->notes + pos, core->notes + note.next, core->notes_len - note.next);
		core->notes_len -= note.next - pos;
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text is read in large pieces, and each record is taken apart where it lies: its lines are found once, its
 * numbers are read by hand, and what repeats (stacks, names) is kept once.
 */
#include "owner/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/grow.h"
#include "base/status.h"
#include "base/strings.h"

#define PIECE		(1u << 20)	/* read at once; stays in the cache of a processor */
#define RECORD_MAX	(16u << 20)	/* no kernel prints more than a page */
#define PART_MIN	(4u << 20)	/* less is not worth a thread */

struct po_saved_text {
	char *path;
	int fd;
	bool stream;		/* cannot be read twice, its size is not known */
	atomic_bool taken;	/* the one reader of a stream was made */
	uint64_t size;
};

struct po_saved {
	struct po_saved_text *t;
	uint64_t first, last;			/* PFNs */
	uint64_t from, offset, end;		/* the part; offset is what comes next into buf */
	char *buf;
	size_t at, len, cap;
	uint64_t line;				/* lines of the part before buf[at] */
	uint64_t lines_before;			/* lines before the part; UINT64_MAX: not counted yet */
	struct po_strings names;
	struct po_strings frames;		/* lines of a stack; the number is the stack's id */
	struct pageowner_stack **stack;		/* by id */
	size_t nr_stacks, stacks_cap;
	struct po_arena arena;
	struct pageowner_coverage cov;
};

/* --- the text ------------------------------------------------------------------------------------ */

static int open_path(struct po_saved_text *t, const char *path, struct pageowner_error *err)
{
	struct stat st;
	bool input = !strcmp(path, "-");

	t->path = strdup(input ? "standard input" : path);
	if (!t->path)
		return po_fail_nomem(err, path);
	t->fd = input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0 || fstat(t->fd, &st) < 0)
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", t->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return po_fail(err, PAGEOWNER_EIO, "%s: %s", t->path, strerror(EISDIR));
	/* a kernel's own files have no size until they are read */
	t->stream = !S_ISREG(st.st_mode) || st.st_size <= 0 || lseek(t->fd, 0, SEEK_CUR) != 0;
	t->size = t->stream ? 0 : (uint64_t)st.st_size;
	return PAGEOWNER_OK;
}

int po_saved_open(const char *path, struct po_saved_text **ret, struct pageowner_error *err)
{
	struct po_saved_text *t = calloc(1, sizeof(*t));

	if (!t)
		return po_fail_nomem(err, path);
	t->fd = -1;
	int rc = open_path(t, path, err);
	if (rc < 0)
		po_saved_close(t);
	else
		*ret = t;
	return rc;
}

void po_saved_close(struct po_saved_text *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		(void)close(t->fd);
	free(t->path);
	free(t);
}

const char *po_saved_path(const struct po_saved_text *t)
{
	return t->path;
}

uint64_t po_saved_size(const struct po_saved_text *t)
{
	return t->size;
}

unsigned po_saved_parts(const struct po_saved_text *t, unsigned wanted)
{
	uint64_t most = t->size / PART_MIN;

	return most < 2 || wanted < 2 ? 1 : most < wanted ? (unsigned)most : wanted;
}

/* A stream that is interrupted ends there: the user has waited long enough for it. */
static ssize_t read_at(const struct po_saved_text *t, void *buf, size_t len, uint64_t offset)
{
	return t->stream ? read(t->fd, buf, len) : pread(t->fd, buf, len, (off_t)offset);
}

/* The first record that begins behind an empty line at offset or later; the end when there is none. */
static int find_part(const struct po_saved_text *t, uint64_t offset, uint64_t *ret,
		     struct pageowner_error *err)
{
	static const char mark[] = "\n\n" PO_SAVED_BEGIN;
	const size_t keep = sizeof(mark) - 2;
	_cleanup_(po_freep) char *buf = malloc(PIECE);
	ssize_t n;

	if (!buf)
		return po_fail_nomem(err, "text");
	for (; (n = read_at(t, buf, PIECE, offset)) > (ssize_t)keep; offset += (size_t)n - keep) {
		const char *at = memmem(buf, (size_t)n, mark, sizeof(mark) - 1);
		if (at) {
			*ret = offset + (uint64_t)(at + 2 - buf);
			return PAGEOWNER_OK;
		}
	}
	*ret = t->size;
	return n < 0 ? po_fail(err, PAGEOWNER_EIO, "%s: %s", t->path, strerror(errno)) : PAGEOWNER_OK;
}

/* Lines before offset; what cannot be read has none. */
static uint64_t count_lines(const struct po_saved_text *t, uint64_t end)
{
	_cleanup_(po_freep) char *buf = malloc(PIECE);
	uint64_t lines = 0;
	ssize_t n;

	for (uint64_t at = 0; buf && at < end; at += (uint64_t)n) {
		n = read_at(t, buf, end - at < PIECE ? (size_t)(end - at) : PIECE, at);
		if (n <= 0)
			break;
		for (const char *p = buf; (p = memchr(p, '\n', (size_t)(buf + n - p))); p++)
			lines++;
	}
	return lines;
}

/* --- a reader ------------------------------------------------------------------------------------ */

static int set_part(struct po_saved *r, unsigned part, unsigned parts, struct pageowner_error *err)
{
	struct po_saved_text *t = r->t;
	int rc = PAGEOWNER_OK;

	if (t->stream && (parts != 1 || atomic_exchange(&t->taken, true)))
		return po_fail(err, PAGEOWNER_EINVAL, "%s: can be read only once", t->path);
	r->end = t->stream ? UINT64_MAX : t->size;
	if (part > 0)
		rc = find_part(t, t->size / parts * part, &r->from, err);
	if (rc == PAGEOWNER_OK && part + 1 < parts)
		rc = find_part(t, t->size / parts * (part + 1), &r->end, err);
	r->offset = r->from;
	r->lines_before = r->from ? UINT64_MAX : 0;
	return rc;
}

int po_saved_new(struct po_saved_text *t, unsigned part, unsigned parts, uint64_t first, uint64_t last,
		 struct po_saved **ret, struct pageowner_error *err)
{
	struct po_saved *r = calloc(1, sizeof(*r));

	if (!r)
		return po_fail_nomem(err, "text");
	r->t = t;
	r->first = first;
	r->last = last;
	r->cap = PIECE;
	r->buf = malloc(r->cap);
	int rc = r->buf ? set_part(r, part, parts, err) : po_fail_nomem(err, "text");
	if (rc < 0)
		po_saved_free(r);
	else
		*ret = r;
	return rc;
}

void po_saved_free(struct po_saved *r)
{
	if (!r)
		return;
	po_strings_fini(&r->names);
	po_strings_fini(&r->frames);
	po_arena_fini(&r->arena);
	free(r->stack);
	free(r->buf);
	free(r);
}

void po_saved_coverage(const struct po_saved *r, struct pageowner_coverage *ret)
{
	*ret = r->cov;
	ret->first_missing = UINT64_MAX;
}

/* More of the text behind what is in the buffer: 1; 0 at the end. */
static int refill(struct po_saved *r, struct pageowner_error *err)
{
	size_t kept = r->len - r->at;

	memmove(r->buf, r->buf + r->at, kept);
	r->at = 0;
	r->len = kept;
	if (kept > r->cap / 2) {
		char *grown = r->cap < RECORD_MAX ? realloc(r->buf, r->cap * 2) : NULL;
		if (!grown)
			return po_fail(err, PAGEOWNER_EFORMAT,
				       "%s: line %" PRIu64 ": no empty line for %zu bytes: this is not the text of page_owner",
				       r->t->path, r->line + 1, kept);
		r->buf = grown;
		r->cap *= 2;
	}
	size_t want = r->cap - r->len;
	want = r->end - r->offset < want ? (size_t)(r->end - r->offset) : want;
	ssize_t n = want ? read_at(r->t, r->buf + r->len, want, r->offset) : 0;
	if (n < 0)
		return po_fail(err, PAGEOWNER_ENODATA, "%s: line %" PRIu64 ": %s", r->t->path, r->line + 1,
			       strerror(errno));
	r->len += (size_t)n;
	r->offset += (uint64_t)n;
	return n > 0;
}

/* --- lines --------------------------------------------------------------------------------------- */

/* Find the lines of the record in the buffer; 0: it does not end there.  Else the number of its lines. */
static unsigned scan(const struct po_saved *r, struct pageowner_lines *l)
{
	const char *start = r->buf + r->at, *end = r->buf + r->len, *p = start, *eol;
	unsigned lines = 0;

	*l = (struct pageowner_lines){ .text = start };
	while (p < end && (eol = memchr(p, '\n', (size_t)(end - p)))) {
		const uint32_t at = (uint32_t)(p - start), len = (uint32_t)(eol + 1 - p);

		if (len == 1) {
			l->len = at + 1;
			return lines + 1;
		}
		if (*p == ' ' && lines) {
			if (!l->frames_len)
				l->frames_at = at;
			if (at == l->frames_at + l->frames_len)
				l->frames_len += len;
		} else if (!lines) {
			l->head_len = len;
		} else if (lines == 1 && len > 3 && !memcmp(p, "PFN", 3)) {
			l->pfn_len = len;
		}
		lines++;
		p = eol + 1;
	}
	return 0;
}

/* Where the fields of a line are read. */
struct cursor {
	const char *p, *end;
};

static bool skip(struct cursor *c, const char *word, size_t len)
{
	if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len))
		return false;
	c->p += len;
	return true;
}

#define SKIP(c, word) skip((c), (word), sizeof(word) - 1)

static bool decimal(struct cursor *c, uint64_t *ret)
{
	const char *from = c->p;
	uint64_t v = 0;

	for (; c->p < c->end && (unsigned char)(*c->p - '0') < 10; c->p++) {
		unsigned digit = (unsigned char)(*c->p - '0');
		if (c->p - from >= 19 && (__builtin_mul_overflow(v, 10, &v) ||
					  __builtin_add_overflow(v, digit, &v)))
			return false;
		if (c->p - from < 19)
			v = v * 10 + digit;
	}
	*ret = v;
	return c->p > from;
}

static bool hexadecimal(struct cursor *c, uint64_t *ret)
{
	const char *from = c->p;
	uint64_t v = 0;

	for (; c->p < c->end; c->p++) {
		unsigned char d = (unsigned char)*c->p;
		if (d >= '0' && d <= '9')
			d -= '0';
		else if (d >= 'a' && d <= 'f')
			d -= 'a' - 10;
		else
			break;
		v = v << 4 | d;
	}
	*ret = v;
	return c->p > from && c->p - from <= 16;
}

static bool pid_number(struct cursor *c, int32_t *ret)
{
	bool minus = SKIP(c, "-");
	uint64_t v;

	if (!decimal(c, &v) || v > INT32_MAX)
		return false;
	*ret = minus ? -(int32_t)v : (int32_t)v;
	return true;
}

static const char *keep_name(struct po_saved *r, const char *text, size_t len)
{
	uint32_t n = po_strings_add(&r->names, text, len);

	return n == PO_NO_STRING ? NULL : r->names.string[n].text;
}

/* A name that ends before the next blank, or with the line. */
static const char *word(struct po_saved *r, struct cursor *c)
{
	const char *from = c->p, *to = memchr(from, ' ', (size_t)(c->end - from));

	c->p = to ? to : c->end;
	return keep_name(r, from, (size_t)(c->p - from));
}

/* --- the first line ------------------------------------------------------------------------------ */

/* What stands before ", ts N ns", when [from, end) ends with that; else NULL. */
static const char *before_time(const char *from, const char *end, const char *name)
{
	const size_t len = strlen(name);
	const char *p = end - 3;

	if (end - from < 3 || memcmp(p, " ns", 3))
		return NULL;
	while (p > from && (unsigned char)(p[-1] - '0') < 10)
		p--;
	if (p == end - 3 || (size_t)(p - from) < len || memcmp(p - len, name, len))
		return NULL;
	return p - len;
}

/*
 * A command's name may hold anything, but for what follows it to the end of the line; so it is that which is
 * looked for, from the end.
 */
static const char *comm_end(const struct cursor *c)
{
	const char *p = before_time(c->p, c->end, ", free_ts ");

	p = before_time(c->p, p ? p : c->end, ", ts ");
	return p && p > c->p && p[-1] == ')' ? p - 1 : NULL;
}

static const char *parse_comm(struct cursor *c, struct pageowner_record *rec)
{
	const char *end = comm_end(c);

	if (!end)
		return "the line ends within the command's name: has it a newline in it?";
	size_t len = (size_t)(end - c->p);
	if (len >= sizeof(rec->comm) || memchr(c->p, '\0', len))
		return "a command's name that no kernel could hold";
	memcpy(rec->comm, c->p, len);
	rec->comm[len] = '\0';
	rec->have |= PAGEOWNER_HAS_COMM;
	c->p = end + 1;
	return NULL;
}

/* NULL, or what is wrong at the cursor. */
static const char *parse_field(struct cursor *c, struct pageowner_record *rec)
{
	if (SKIP(c, ", pid ")) {
		if (!pid_number(c, &rec->pid))
			return "no number";
		rec->have |= PAGEOWNER_HAS_PID;
	} else if (SKIP(c, ", tgid ")) {
		if (!pid_number(c, &rec->tgid))
			return "no number";
		rec->have |= PAGEOWNER_HAS_TGID;
		if (SKIP(c, " ("))
			return parse_comm(c, rec);
	} else if (SKIP(c, ", ts ")) {
		const char *digits = c->p;
		if (!decimal(c, &rec->ts_ns))
			return "no number";
		rec->have |= PAGEOWNER_HAS_TS;
		rec->lines.ts_at = (uint32_t)(digits - rec->lines.text);
		rec->lines.ts_len = (uint32_t)(c->p - digits);
		return SKIP(c, " ns") ? NULL : "a time without its unit";
	} else if (SKIP(c, ", free_ts ")) {
		if (!decimal(c, &rec->free_ts_ns))
			return "no number";
		rec->have |= PAGEOWNER_HAS_FREE_TS;
		return SKIP(c, " ns") ? NULL : "a time without its unit";
	} else {
		return "a field that is not known";
	}
	return NULL;
}

static const char *parse_head(struct po_saved *r, struct cursor *c, struct pageowner_record *rec)
{
	const char *wrong = NULL;
	uint64_t v;

	if (!decimal(c, &v) || v > 31)
		return "not an order";
	rec->order = (uint32_t)v;
	rec->have |= PAGEOWNER_HAS_ORDER;
	if (!SKIP(c, ", mask 0x") || !hexadecimal(c, &v))
		return "no gfp mask";
	rec->gfp_mask = (uint32_t)v;
	rec->have |= PAGEOWNER_HAS_GFP;
	if (SKIP(c, "(")) {
		const char *close = memchr(c->p, ')', (size_t)(c->end - c->p));
		if (!close)
			return "names of gfp flags without an end";
		rec->gfp_names = keep_name(r, c->p, (size_t)(close - c->p));
		c->p = close + 1;
	}
	while (!wrong && c->p < c->end)
		wrong = parse_field(c, rec);
	return wrong;
}

/* --- the line "PFN" ------------------------------------------------------------------------------ */

static bool parse_block(struct cursor *c, struct pageowner_record *rec)
{
	if (!SKIP(c, " Block ") || !decimal(c, &rec->block))
		return false;
	rec->have |= PAGEOWNER_HAS_BLOCK;
	return SKIP(c, " type ");
}

/* Before 4.6: the pageblock's type by number, "Fallback" if it is not the page's own, and flags as letters. */
static const char *parse_old_types(struct po_saved *r, struct cursor *c, struct pageowner_record *rec)
{
	uint64_t type = 0;

	if (!parse_block(c, rec))
		return "no pageblock";
	const bool known = !SKIP(c, "<unknown>");	/* pageowner's own word */
	if ((known && (!decimal(c, &type) || type > 31)) || !SKIP(c, " "))
		return "no pageblock type";
	if (known) {
		rec->block_type = (int32_t)type;
		rec->have |= PAGEOWNER_HAS_BLOCK_TYPE;
	}
	if (known && SKIP(c, "        ")) {
		rec->page_type = rec->block_type;
		rec->have |= PAGEOWNER_HAS_PAGE_TYPE;
	} else if (!SKIP(c, "Fallback")) {
		return "neither \"Fallback\" nor blanks";
	}
	if (!SKIP(c, " Flags "))
		return "no page flags";
	rec->flag_names = keep_name(r, c->p, (size_t)(c->end - c->p));
	return NULL;
}

static const char *parse_types(struct po_saved *r, struct cursor *c, struct pageowner_record *rec)
{
	rec->page_type_name = word(r, c);
	if (!parse_block(c, rec))
		return "no pageblock";
	rec->block_type_name = word(r, c);
	if (!SKIP(c, " Flags 0x") || !hexadecimal(c, &rec->flags))
		return "no page flags";
	rec->have |= PAGEOWNER_HAS_FLAGS;
	if (!SKIP(c, "(") || c->end[-1] != ')')
		return "no names of page flags";
	rec->flag_names = keep_name(r, c->p, (size_t)(c->end - 1 - c->p));
	return NULL;
}

static const char *parse_pfn(struct po_saved *r, struct cursor *c, struct pageowner_record *rec)
{
	if (!SKIP(c, "PFN ") || !(SKIP(c, "0x") ? hexadecimal(c, &rec->pfn) : decimal(c, &rec->pfn)))
		return "no page frame number";
	rec->have |= PAGEOWNER_HAS_PFN;
	return SKIP(c, " type ") ? parse_types(r, c, rec) : parse_old_types(r, c, rec);
}

/* --- what follows -------------------------------------------------------------------------------- */

static bool parse_charge(struct po_saved *r, struct cursor *c, struct pageowner_record *rec)
{
	rec->memcg_objcg = SKIP(c, "(via objcg) ");
	if (!SKIP(c, "to "))
		return false;
	if (SKIP(c, "<memcg: not in dump>")) {	/* pageowner's own word for it */
		rec->have |= PAGEOWNER_HAS_LOST_MEMCG;
		return true;
	}
	rec->memcg_offline = SKIP(c, "offline ");
	if (!SKIP(c, "memcg "))
		return false;
	rec->memcg = keep_name(r, c->p, (size_t)(c->end - c->p));
	rec->have |= PAGEOWNER_HAS_MEMCG;
	return true;
}

static const char *parse_other(struct po_saved *r, struct cursor *c, struct pageowner_record *rec)
{
	uint64_t v;

	if (SKIP(c, "Page has been migrated, last migrate reason: ")) {
		rec->migrate_reason_name = keep_name(r, c->p, (size_t)(c->end - c->p));
		return NULL;
	}
	if (SKIP(c, "Slab cache page")) {
		rec->have |= PAGEOWNER_HAS_SLAB_CHARGE;
		return NULL;
	}
	if (SKIP(c, "Charged "))
		return parse_charge(r, c, rec) ? NULL : "a charge that is not understood";
	if (SKIP(c, "handle: ")) {	/* on request, after 7.2 */
		if (!decimal(c, &v) || v > UINT32_MAX)
			return "no number";
		rec->handle = (uint32_t)v;
		rec->have |= PAGEOWNER_HAS_HANDLE;
		return NULL;
	}
	if (SKIP(c, "Page allocated by module "))	/* openEuler's */
		return NULL;
	return "a line that is not known";
}

/* --- stacks -------------------------------------------------------------------------------------- */

/* " name+0x1/0x2 [module]"; before 4.10 " [<address>] name+…". */
static void set_frame(struct pageowner_frame *f, char *line, size_t len)
{
	struct cursor c = { line + 1, line + len };
	uint64_t address;

	line[len] = '\0';
	if (SKIP(&c, "[<") && hexadecimal(&c, &address) && SKIP(&c, ">] "))
		*f = (struct pageowner_frame){ address, c.p };
	else
		*f = (struct pageowner_frame){ 0, line + 1 };
}

static struct pageowner_stack *make_stack(struct po_saved *r, uint32_t id, const char *text, size_t len)
{
	uint32_t nr = 0, i = 0;

	for (size_t k = 0; k < len; k++)
		nr += text[k] == '\n';
	struct pageowner_stack *stack = po_arena_alloc(&r->arena, sizeof(*stack));
	struct pageowner_frame *frames = po_arena_alloc(&r->arena, (nr + 1) * sizeof(*frames));
	char *copy = po_arena_strndup(&r->arena, text, len);
	if (!stack || !frames || !copy)
		return NULL;
	*stack = (struct pageowner_stack){ .id = id, .nr_frames = nr, .frames = frames };
	for (char *eol; i < nr && (eol = memchr(copy, '\n', len)); i++) {
		const size_t line = (size_t)(eol - copy);
		set_frame(&frames[i], copy, line);
		copy += line + 1;
		len -= line + 1;
	}
	return stack;
}

static const struct pageowner_stack *get_stack(struct po_saved *r, const char *text, size_t len)
{
	uint32_t id = po_strings_add(&r->frames, text, len);

	if (id < r->nr_stacks)
		return r->stack[id];
	if (id == PO_NO_STRING)
		return NULL;
	struct pageowner_stack **grown = po_grow(r->stack, r->nr_stacks, &r->stacks_cap, sizeof(*grown), 256);
	if (!grown)
		return NULL;
	r->stack = grown;
	r->stack[id] = make_stack(r, id, text, len);
	r->nr_stacks += r->stack[id] != NULL;
	return r->stack[id];
}

/* --- records ------------------------------------------------------------------------------------- */

/* Something in the record at hand that is not understood. */
struct flaw {
	const char *what;
	const char *at;
};

static void set_flaw(struct flaw *f, const char *what, const struct cursor *c)
{
	if (what && !f->what)
		*f = (struct flaw){ what, c->p };
}

static void parse_rest(struct po_saved *r, struct pageowner_record *rec, struct flaw *flaw)
{
	const struct pageowner_lines *l = &rec->lines;
	const char *p = l->text + l->head_len + l->pfn_len, *end = l->text + l->len - 1;
	const char *frames = l->frames_len ? l->text + l->frames_at : NULL;

	while (p < end) {
		if (p == frames) {
			p += l->frames_len;
			continue;
		}
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		struct cursor c = { p, eol ? eol : end };
		set_flaw(flaw, parse_other(r, &c, rec), &c);
		p = c.end + 1;
	}
}

static int parse_record(struct po_saved *r, struct pageowner_record *rec, struct flaw *flaw)
{
	const struct pageowner_lines *l = &rec->lines;
	const char *head_end = l->text + l->head_len;
	struct cursor head = { l->text + sizeof(PO_SAVED_BEGIN) - 1, head_end - 1 };
	struct cursor pfn = { head_end, l->pfn_len ? head_end + l->pfn_len - 1 : head_end };

	set_flaw(flaw, parse_head(r, &head, rec), &head);
	set_flaw(flaw, parse_pfn(r, &pfn, rec), &pfn);
	parse_rest(r, rec, flaw);
	rec->stack = get_stack(r, l->text + l->frames_at, l->frames_len);
	rec->have |= PAGEOWNER_HAS_STACK;
	return rec->stack ? PAGEOWNER_OK : PAGEOWNER_ENOMEM;
}

/* "path: line N: what: "the bytes there"", of a place in the record that begins at the line given. */
static int tell(struct po_saved *r, uint64_t line, const struct pageowner_lines *l, const struct flaw *f,
		struct pageowner_error *err)
{
	char text[41];
	size_t n = 0;

	if (r->lines_before == UINT64_MAX)
		r->lines_before = count_lines(r->t, r->from);
	for (const char *p = l->text; p < f->at; p++)
		line += *p == '\n';
	for (const char *p = f->at; p < l->text + l->len && *p != '\n' && n < sizeof(text) - 1; p++)
		text[n++] = (unsigned char)*p < ' ' || *p == '\x7f' ? '?' : *p;
	text[n] = '\0';
	return po_fail(err, PAGEOWNER_ECORRUPT, "%s: line %" PRIu64 ": %s%s%s%s", r->t->path,
		       r->lines_before + line + 1, f->what, n ? ": \"" : "", text, n ? "\"" : "");
}

/* The lines of the next record: 1; 0 at the end. */
static int next_lines(struct po_saved *r, struct pageowner_lines *l, unsigned *lines,
		      struct pageowner_error *err)
{
	for (;;) {
		for (; r->at < r->len && r->buf[r->at] == '\n'; r->at++)
			r->line++;
		*lines = scan(r, l);
		if (*lines) {
			r->at += l->len;
			return 1;
		}
		int rc = refill(r, err);
		if (rc < 0)
			r->at = r->len = 0, r->offset = r->end;	/* there is no way on */
		if (rc < 0 || (rc == 0 && r->at == r->len))
			return rc;
		if (rc > 0)
			continue;
		*l = (struct pageowner_lines){ .text = r->buf + r->at, .len = (uint32_t)(r->len - r->at) };
		const struct flaw cut = { "the text ends within this record, which is left out", l->text };
		r->at = r->len;
		r->cov.walked++;
		r->cov.passed[PAGEOWNER_PASS_CORRUPT]++;
		return tell(r, r->line, l, &cut, err);
	}
}

static bool in_range(const struct po_saved *r, const struct pageowner_record *rec)
{
	if (r->first == 0 && r->last == UINT64_MAX)
		return true;
	return (rec->have & PAGEOWNER_HAS_PFN) && rec->pfn >= r->first && rec->pfn <= r->last;
}

int po_saved_next(struct po_saved *r, struct pageowner_record *rec, struct pageowner_error *err)
{
	struct pageowner_error unheard;
	unsigned lines;
	int rc;

	err = err ? err : &unheard;
	for (;;) {
		*rec = (struct pageowner_record){ .have = 0 };
		err->code = PAGEOWNER_OK;
		rc = next_lines(r, &rec->lines, &lines, err);
		if (rc <= 0)
			return rc;
		const uint64_t line = r->line;
		const struct pageowner_lines *l = &rec->lines;
		struct flaw flaw = { "not a record of page_owner", l->text };

		r->line += lines;
		if (l->head_len < sizeof(PO_SAVED_BEGIN) ||
		    memcmp(l->text, PO_SAVED_BEGIN, sizeof(PO_SAVED_BEGIN) - 1)) {
			r->cov.walked++;
			r->cov.passed[PAGEOWNER_PASS_CORRUPT]++;
			return tell(r, line, l, &flaw, err);
		}
		flaw.what = NULL;
		if (parse_record(r, rec, &flaw) < 0)
			return po_fail_nomem(err, "text");
		if (!in_range(r, rec))
			continue;
		r->cov.walked++;
		r->cov.recorded++;
		if (flaw.what)
			(void)tell(r, line, l, &flaw, err);
		return 1;
	}
}

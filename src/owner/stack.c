/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owner/stack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "kernel/modules.h"

void po_stacks_init(struct po_stacks *s, const struct po_depot *depot,
		    const struct po_symbols *symbols, struct po_memory *mem)
{
	*s = (struct po_stacks){ .depot = depot, .symbols = symbols, .mem = mem };
}

void po_stacks_fini(struct po_stacks *s)
{
	free(s->slot);
	po_symbols_free(s->later);
	po_arena_fini(&s->arena);
}

/* --- memory that lives --------------------------------------------------------------------------- */

#define LATER_MAX 16		/* a module may come at any time, but not for ever */
#define FETCH_TRIES 8

static bool is_live(const struct po_stacks *s)
{
	return po_memory_image(s->mem)->live;
}

/* Read all modules anew, into a table of their own. */
static void load_later(struct po_stacks *s)
{
	const struct po_kernel *k = s->depot->k;
	struct po_kallsyms *none;
	struct pageowner_error flaw;

	po_symbols_free(s->later);
	s->later = NULL;
	s->nr_later++;
	if (po_kallsyms_none(&k->abi, &none, NULL) < 0 ||
	    po_symbols_new(none, po_symbols_rules(s->symbols), &s->later, NULL) < 0)
		return;
	(void)po_modules_load(k, s->mem, s->later, &flaw, NULL);
}

/* A frame that is in nothing known when all was opened may be in a module that came since. */
static bool look_up_later(struct po_stacks *s, uint64_t kva, struct po_symbol *ret)
{
	if (s->later && po_symbols_lookup(s->later, kva, ret))
		return true;
	if (s->nr_later == LATER_MAX)
		return false;
	load_later(s);
	return s->later && po_symbols_lookup(s->later, kva, ret);
}

/* Read a stack until two reads are the same. */
static int fetch(struct po_stacks *s, uint32_t handle, struct po_frames *ret, struct pageowner_error *err)
{
	struct po_frames then;
	int rc = po_depot_fetch(s->depot, s->mem, handle, ret, err);

	for (unsigned i = 0; is_live(s) && i < FETCH_TRIES; i++) {
		const int rc_then = rc;
		then = *ret;
		rc = po_depot_fetch(s->depot, s->mem, handle, ret, err);
		if (rc == PAGEOWNER_OK && rc_then == PAGEOWNER_OK && then.nr == ret->nr &&
		    !memcmp(then.at, ret->at, ret->nr * sizeof(*ret->at)))
			break;
	}
	return rc;
}

/* --- the stacks ---------------------------------------------------------------------------------- */

#define FRAMES_KEY ((uint64_t)1 << 63)	/* set in the key of a stack without a handle */

static bool same_frames(const struct pageowner_stack *stack, const struct po_frames *f)
{
	if (stack->nr_frames != f->nr)
		return false;
	for (uint32_t i = 0; i < f->nr; i++)
		if (stack->frames[i].address != f->at[i])
			return false;
	return true;
}

/* The slot of a key (and of these frames, if they are given: two may have one hash), or the one where it goes. */
static struct po_stack_slot *find_slot(struct po_stack_slot *slot, size_t cap, uint64_t key,
				       const struct po_frames *f)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ull >> 32) & (cap - 1);

	while (slot[i].key && !(slot[i].key == key && (!f || same_frames(slot[i].stack, f))))
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

static void move_slot(struct po_stack_slot *to, size_t cap, const struct po_stack_slot *from)
{
	size_t i = (size_t)(from->key * 0x9e3779b97f4a7c15ull >> 32) & (cap - 1);

	while (to[i].key)
		i = (i + 1) & (cap - 1);
	to[i] = *from;
}

static int grow(struct po_stacks *s, struct pageowner_error *err)
{
	size_t cap = s->cap ? s->cap * 2 : 1024;
	struct po_stack_slot *slot = calloc(cap, sizeof(*slot));

	if (!slot)
		return po_fail_nomem(err, "stacks");
	for (size_t i = 0; i < s->cap; i++)
		if (s->slot[i].key)
			move_slot(slot, cap, &s->slot[i]);
	free(s->slot);
	s->slot = slot;
	s->cap = cap;
	return PAGEOWNER_OK;
}

/* As the kernel's %pS. */
static const char *frame_text(struct po_stacks *s, uint64_t kva)
{
	struct po_symbol sym;
	char buf[sizeof(sym.name) + 128];
	int len;

	if (!po_symbols_lookup(s->symbols, kva, &sym) && !(is_live(s) && look_up_later(s, kva, &sym)))
		/* the kernel prints a bare address where it knows no symbol: this is another case */
		len = snprintf(buf, sizeof(buf), "0x%" PRIx64 "%s", kva,
			       po_kallsyms_count(po_symbols_kallsyms(s->symbols)) ? "" :
										    " <no symbol table>");
	else
		len = snprintf(buf, sizeof(buf), "%s+0x%" PRIx64 "/0x%" PRIx64 "%s%s%s", sym.name,
			       kva - sym.start, sym.size, sym.module ? " [" : "",
			       sym.module ? sym.module : "", sym.module ? "]" : "");
	return po_arena_strndup(&s->arena, buf, (size_t)len);
}

static int fill(struct po_stacks *s, struct pageowner_stack *stack, const struct po_frames *f,
		struct pageowner_error *err)
{
	struct pageowner_frame *frames =
		po_arena_alloc(&s->arena, (f->nr ? f->nr : 1) * sizeof(*frames));

	if (!frames)
		return po_fail_nomem(err, "stacks");
	for (uint32_t i = 0; i < f->nr; i++) {
		frames[i].address = f->at[i];
		frames[i].text = frame_text(s, f->at[i]);
		if (!frames[i].text)
			return po_fail_nomem(err, "stacks");
	}
	stack->nr_frames = f->nr;
	stack->frames = frames;
	return PAGEOWNER_OK;
}

/* A stack that cannot be had stands in the text as a line that no symbol can be mistaken for. */
static int fill_marker(struct po_stacks *s, struct pageowner_stack *stack, int code,
		       struct pageowner_error *err)
{
	struct pageowner_frame *frame = po_arena_alloc(&s->arena, sizeof(*frame));
	char buf[64];
	int len = stack->handle ? snprintf(buf, sizeof(buf), "<stack 0x%x: %s>", stack->handle,
					   pageowner_strerror(code)) :
				  snprintf(buf, sizeof(buf), "<stack: %s>", pageowner_strerror(code));

	if (!frame)
		return po_fail_nomem(err, "stacks");
	frame->address = 0;
	frame->text = po_arena_strndup(&s->arena, buf, (size_t)len);
	stack->nr_frames = 1;
	stack->frames = frame;
	return frame->text ? PAGEOWNER_OK : po_fail_nomem(err, "stacks");
}

/* What is wrong with a stack, for the others that will ask. */
static const struct pageowner_error *keep_error(struct po_stacks *s, int why, const struct pageowner_error *err)
{
	struct pageowner_error *kept = po_arena_alloc(&s->arena, sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = *err;
	kept->code = why;
	return kept;
}

/* A new stack in the slot of its key; why: what is wrong with it, as err tells. */
static int add_stack(struct po_stacks *s, struct po_stack_slot *slot, uint64_t key,
		     const struct po_frames *f, int why, struct pageowner_error *err)
{
	struct pageowner_stack *stack = po_arena_alloc(&s->arena, sizeof(*stack));
	const struct pageowner_error *bad = why < 0 ? keep_error(s, why, err) : NULL;

	if (!stack || (why < 0 && !bad))
		return po_fail_nomem(err, "stacks");
	*stack = (struct pageowner_stack){ .id = (uint32_t)s->nr,
					   .handle = key & FRAMES_KEY ? 0 : (uint32_t)key };
	int rc = why < 0 ? fill_marker(s, stack, why, err) : fill(s, stack, f, err);
	if (rc < 0)
		return rc;
	*slot = (struct po_stack_slot){ .key = key, .bad = bad, .stack = stack };
	s->nr++;
	return PAGEOWNER_OK;
}

void po_stacks_share(struct po_stacks *s, struct po_stack_store *store)
{
	s->store = store;
}

static int find_or_grow(struct po_stacks *s, uint64_t key, const struct po_frames *f,
			struct po_stack_slot **ret, struct pageowner_error *err)
{
	if (s->nr * 2 >= s->cap && grow(s, err) < 0)
		return PAGEOWNER_ENOMEM;
	*ret = find_slot(s->slot, s->cap, key, f);
	return PAGEOWNER_OK;
}

static int look_up(struct po_stacks *s, uint64_t key, uint32_t handle, const struct po_frames *frames,
		   struct po_stack_slot **ret, struct pageowner_error *err);

/* The store's stack in a slot of one's own, and what is wrong with it, as if it had been read here. */
static int adopt(struct po_stacks *s, struct po_stack_slot *slot, uint64_t key, uint32_t handle,
		 const struct po_frames *frames, struct pageowner_error *err)
{
	struct po_stack_store *store = s->store;
	struct po_stack_slot *theirs = NULL;

	(void)pthread_mutex_lock(&store->lock);
	int rc = look_up(&store->stacks, key, handle, frames, &theirs, err);
	if (rc == PAGEOWNER_OK) {
		*slot = *theirs;
		s->nr++;
		if (slot->bad)
			*err = *slot->bad;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

/* The slot of a key: of a handle, or of frames. */
static int look_up(struct po_stacks *s, uint64_t key, uint32_t handle, const struct po_frames *frames,
		   struct po_stack_slot **ret, struct pageowner_error *err)
{
	struct pageowner_error unheard;
	struct po_frames fetched;
	int why = PAGEOWNER_OK;

	if (!err)
		err = &unheard;
	if (find_or_grow(s, key, frames, ret, err) < 0)
		return PAGEOWNER_ENOMEM;
	if ((*ret)->key)
		return PAGEOWNER_OK;
	if (s->store)
		return adopt(s, *ret, key, handle, frames, err);
	if (!frames)
		why = fetch(s, handle, &fetched, err);
	return add_stack(s, *ret, key, frames ? frames : &fetched, why, err);
}

/* What was bad a moment ago may be good by now, in memory that lives.  A failure was told before. */
static int fetch_again(struct po_stacks *s, struct po_stack_slot *slot, uint64_t key, uint32_t handle,
		       struct pageowner_error *err)
{
	struct po_frames f;

	if (!slot->bad || !is_live(s) || slot->tries >= FETCH_TRIES)
		return PAGEOWNER_OK;
	slot->tries++;
	return fetch(s, handle, &f, NULL) < 0 ? PAGEOWNER_OK : add_stack(s, slot, key, &f, PAGEOWNER_OK, err);
}

int po_stacks_get(struct po_stacks *s, uint32_t handle, const struct pageowner_stack **ret,
		  struct pageowner_error *err)
{
	uint32_t key = po_depot_key(s->depot, handle);
	const size_t before = s->nr;
	struct po_stack_slot *slot;

	if (err) {
		err->code = PAGEOWNER_OK;
		err->text[0] = '\0';
	}
	if (!key)	/* no stack (extra bits alone, or nothing): a slot of its own all the same */
		key = handle ? handle : UINT32_MAX;
	if (s->last.key == key) {
		*ret = s->last.stack;
		return 1;
	}
	if (look_up(s, key, handle, NULL, &slot, err) < 0 ||
	    (s->nr == before && fetch_again(s, slot, key, handle, err) < 0))
		return PAGEOWNER_ENOMEM;
	if (!slot->bad)
		s->last = *slot;
	*ret = slot->stack;
	return !slot->bad;
}

int po_stacks_of_frames(struct po_stacks *s, const struct po_frames *frames,
			const struct pageowner_stack **ret, struct pageowner_error *err)
{
	uint64_t key = frames->nr;
	struct po_stack_slot *slot;

	for (uint32_t i = 0; i < frames->nr; i++)
		key = (key ^ frames->at[i]) * 0x100000001b3ull ^ key >> 29;
	if (look_up(s, key | FRAMES_KEY, 0, frames, &slot, err) < 0)
		return PAGEOWNER_ENOMEM;
	*ret = slot->stack;
	return 1;
}

int po_stacks_marker(struct po_stacks *s, int code, const struct pageowner_stack **ret,
		     struct pageowner_error *err)
{
	/* no frames have this key: they are marked, and no handle is so large */
	uint64_t key = ((uint64_t)1 << 32) + (uint64_t)-code;
	struct po_stack_slot *slot;

	if (s->store) {
		(void)pthread_mutex_lock(&s->store->lock);
		int rc = po_stacks_marker(&s->store->stacks, code, ret, err);
		(void)pthread_mutex_unlock(&s->store->lock);
		return rc;
	}
	if (find_or_grow(s, key, NULL, &slot, err) < 0)
		return PAGEOWNER_ENOMEM;
	if (!slot->key) {
		int rc = add_stack(s, slot, key & ~(uint64_t)UINT32_MAX, NULL, code, err);
		if (rc < 0)
			return rc;
		slot->key = key;
	}
	*ret = slot->stack;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/printk.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"

#define MAX_BITS	30		/* of the number of records, and of the bytes of text */
#define MAX_STRUCT	256
#define EMPTY_LINE	0x3u		/* … because it is an empty line; 5.10 calls it NO_LPOS */

/* enum desc_state, which is in the top two bits of a descriptor's state */
enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };

static int read_member(const struct po_log *log, uint64_t kva, const struct po_member *m, uint64_t *ret,
		       struct pageowner_error *err)
{
	return po_memory_read_uint(log->mem, kva + m->offset, m->size, ret, err);
}

static uint64_t long_mask(const struct po_log *log)
{
	return log->k->abi.ptr_size == 4 ? UINT32_MAX : UINT64_MAX;
}

/* --- the ring ------------------------------------------------------------------------------------ */

static bool has_ring_types(const struct po_layout *l)
{
	return PO_HAS(l, printk_ringbuffer, count_bits) && PO_HAS(l, printk_ringbuffer, descs) &&
	       PO_HAS(l, printk_ringbuffer, infos) && PO_HAS(l, printk_ringbuffer, head_id) &&
	       PO_HAS(l, printk_ringbuffer, tail_id) && PO_HAS(l, printk_ringbuffer, size_bits) &&
	       PO_HAS(l, printk_ringbuffer, data) && l->strct[PO_T_prb_desc].have && PO_HAS(l, prb_desc, state_var) &&
	       PO_HAS(l, prb_desc, begin) && PO_HAS(l, prb_desc, next) && l->strct[PO_T_printk_info].have &&
	       PO_SIZE(l, printk_info) <= MAX_STRUCT && PO_HAS(l, printk_info, ts_nsec) &&
	       PO_HAS(l, printk_info, text_len) && PO_HAS(l, printk_info, facility) &&
	       PO_HAS(l, printk_info, level) && PO_HAS(l, printk_info, caller_id);
}

static int open_ring(struct po_log *log, struct pageowner_error *err)
{
	const struct po_layout *l = &log->k->l;
	uint64_t prb, count_bits, size_bits;

	if (!has_ring_types(l))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct printk_ringbuffer");
	int rc = po_kernel_read_variable(log->k, log->mem, PO_S_prb, &prb, err);
	if (rc < 0)
		return rc;
	const struct {
		const struct po_member *m;
		uint64_t *to;
	} fields[] = {
		{ PO_AT(l, printk_ringbuffer, count_bits), &count_bits },
		{ PO_AT(l, printk_ringbuffer, size_bits), &size_bits },
		{ PO_AT(l, printk_ringbuffer, descs), &log->descs },
		{ PO_AT(l, printk_ringbuffer, infos), &log->infos },
		{ PO_AT(l, printk_ringbuffer, data), &log->data },
		{ PO_AT(l, printk_ringbuffer, tail_id), &log->at },
		{ PO_AT(l, printk_ringbuffer, head_id), &log->end },
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && rc == PAGEOWNER_OK; i++)
		rc = read_member(log, prb, fields[i].m, fields[i].to, err);
	if (rc < 0)
		return rc;
	if (count_bits > MAX_BITS || size_bits > MAX_BITS)
		return po_fail(err, PAGEOWNER_ECORRUPT, "ring of 2^%" PRIu64 " records, 2^%" PRIu64 " bytes", count_bits,
			       size_bits);
	log->descs_mask = ((uint64_t)1 << count_bits) - 1;
	log->data_size = (uint64_t)1 << size_bits;
	log->left = log->descs_mask + 1;
	return PAGEOWNER_OK;
}

/*
 * Where the text stands.  Positions count on and on, their low bits are the place; a block that would reach over the end
 * starts anew at its beginning.  It begins with the descriptor's identity.  1; 0: there is none.
 */
static int find_text(const struct po_log *log, uint64_t begin, uint64_t next, uint64_t *at, uint64_t *room,
		     struct pageowner_error *err)
{
	uint64_t mask = log->data_size - 1, id = log->k->abi.ptr_size;

	if ((begin & 1) && (next & 1)) {
		*room = 0;
		return begin == EMPTY_LINE && next == EMPTY_LINE;
	}
	if (((next - begin) & long_mask(log)) > log->data_size)
		return po_fail(err, PAGEOWNER_ECORRUPT, "text from 0x%" PRIx64 " to 0x%" PRIx64, begin, next);
	/* next is the first position behind, which may be the start of the next round */
	bool wrapped = (begin & ~mask) != ((next - 1) & long_mask(log) & ~mask);
	*at = log->data + (wrapped ? 0 : begin & mask) + id;
	*room = wrapped ? next & mask : (next - begin) & long_mask(log);
	if (*room < id)
		return po_fail(err, PAGEOWNER_ECORRUPT, "text of %" PRIu64 " bytes with its head", *room);
	*room -= id;
	return 1;
}

static int fill_from_ring(struct po_log *log, uint64_t info, uint64_t at, uint64_t room, struct po_log_record *ret,
			  struct pageowner_error *err)
{
	const struct po_layout *l = &log->k->l;
	const struct po_abi *abi = &log->k->abi;
	uint8_t raw[MAX_STRUCT];
	int rc = po_memory_read(log->mem, info, raw, PO_SIZE(l, printk_info), err);

	if (rc < 0)
		return rc;
	*ret = (struct po_log_record){
		.ts_nsec = po_member_load(abi, PO_AT(l, printk_info, ts_nsec), raw),
		.facility = (unsigned)po_member_load(abi, PO_AT(l, printk_info, facility), raw),
		.level = (unsigned)po_member_load(abi, PO_AT(l, printk_info, level), raw),
		.caller_id = (uint32_t)po_member_load(abi, PO_AT(l, printk_info, caller_id), raw),
		.flags = PO_LOG_NEWLINE,
		.text = log->text,
		.len = (size_t)po_member_load(abi, PO_AT(l, printk_info, text_len), raw),
	};
	if (ret->len > room || ret->len > sizeof(log->text))
		return po_fail(err, PAGEOWNER_ECORRUPT, "text of %zu bytes where there is room for %" PRIu64, ret->len, room);
	rc = ret->len ? po_memory_read(log->mem, at, log->text, ret->len, err) : PAGEOWNER_OK;
	return rc < 0 ? rc : 1;
}

/* A record that is whole, though the next one may still be joined to it, is told: nobody will join it any more. */
static int next_of_ring(struct po_log *log, struct po_log_record *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &log->k->l;
	unsigned shift = log->k->abi.ptr_size * 8u - 2;
	uint64_t id_mask = ((uint64_t)1 << shift) - 1, state, begin, next, at = 0, room = 0;

	while (!log->ended) {
		uint64_t id = log->at & id_mask, desc = log->descs + (id & log->descs_mask) * PO_SIZE(l, prb_desc);
		uint64_t info = log->infos + (id & log->descs_mask) * PO_SIZE(l, printk_info);
		log->ended = id == (log->end & id_mask) || --log->left == 0;
		log->at++;
		int rc = read_member(log, desc, PO_AT(l, prb_desc, state_var), &state, err);
		if (rc < 0)
			return rc;
		bool ours = (state & id_mask) == id;
		state >>= shift;
		log->unfinished += ours && state == RESERVED;
		if (!ours || state == RESERVED || state == REUSABLE)
			continue;
		rc = read_member(log, desc, PO_AT(l, prb_desc, begin), &begin, err);
		if (rc == PAGEOWNER_OK)
			rc = read_member(log, desc, PO_AT(l, prb_desc, next), &next, err);
		if (rc == PAGEOWNER_OK)
			rc = find_text(log, begin, next, &at, &room, err);
		if (rc == 1)
			rc = fill_from_ring(log, info, at, room, ret, err);
		if (rc != 0)
			return rc;
		log->lost++;
	}
	return 0;
}

/* --- the buffer ---------------------------------------------------------------------------------- */

static int open_buffer(struct po_log *log, struct pageowner_error *err)
{
	const struct po_layout *l = &log->k->l;

	if (!l->strct[PO_T_printk_log].have || PO_SIZE(l, printk_log) > MAX_STRUCT || PO_SIZE(l, printk_log) == 0 ||
	    !PO_HAS(l, printk_log, ts_nsec) || !PO_HAS(l, printk_log, len) || !PO_HAS(l, printk_log, text_len) ||
	    !PO_HAS(l, printk_log, facility) || !PO_HAS(l, printk_log, flags) || !PO_HAS(l, printk_log, level))
		return po_fail(err, PAGEOWNER_ENOTYPE, "type information lacks struct printk_log");
	int rc = po_kernel_read_variable(log->k, log->mem, PO_S_log_buf, &log->buf, err);
	if (rc == PAGEOWNER_OK)
		rc = po_kernel_read_variable(log->k, log->mem, PO_S_log_buf_len, &log->buf_len, err);
	if (rc == PAGEOWNER_OK)
		rc = po_kernel_read_variable(log->k, log->mem, PO_S_log_first_idx, &log->at, err);
	if (rc == PAGEOWNER_OK)
		rc = po_kernel_read_variable(log->k, log->mem, PO_S_log_next_idx, &log->end, err);
	if (rc < 0)
		return rc;
	if (log->buf_len >> MAX_BITS || log->at > log->buf_len || log->end > log->buf_len)
		return po_fail(err, PAGEOWNER_ECORRUPT, "records from %" PRIu64 " to %" PRIu64 " in a buffer of %" PRIu64
			       " bytes", log->at, log->end, log->buf_len);
	log->left = log->buf_len / PO_SIZE(l, printk_log) + 1;
	return PAGEOWNER_OK;
}

static int next_of_buffer(struct po_log *log, struct po_log_record *ret, struct pageowner_error *err)
{
	const struct po_layout *l = &log->k->l;
	const struct po_abi *abi = &log->k->abi;
	uint64_t head = PO_SIZE(l, printk_log), len = 0;
	uint8_t raw[MAX_STRUCT];

	for (unsigned rounds = 0; !len; rounds++) {
		if (log->at == log->end || log->left == 0)
			return 0;
		/* after a failure there is no way to the next record */
		log->left--;
		if (log->at + head > log->buf_len || rounds > 1) {
			log->left = 0;
			return po_fail(err, PAGEOWNER_ECORRUPT, "a record at %" PRIu64 " of %" PRIu64, log->at, log->buf_len);
		}
		int rc = po_memory_read(log->mem, log->buf + log->at, raw, head, err);
		if (rc < 0) {
			log->left = 0;
			return rc;
		}
		len = po_member_load(abi, PO_AT(l, printk_log, len), raw);
		if (!len)	/* the next one is at the beginning */
			log->at = 0;
	}
	*ret = (struct po_log_record){
		.ts_nsec = po_member_load(abi, PO_AT(l, printk_log, ts_nsec), raw),
		.facility = (unsigned)po_member_load(abi, PO_AT(l, printk_log, facility), raw),
		.level = (unsigned)po_member_load(abi, PO_AT(l, printk_log, level), raw),
		.flags = (unsigned)po_member_load(abi, PO_AT(l, printk_log, flags), raw),
		.text = log->text,
		.len = (size_t)po_member_load(abi, PO_AT(l, printk_log, text_len), raw),
	};
	if (PO_HAS(l, printk_log, caller_id))
		ret->caller_id = (uint32_t)po_member_load(abi, PO_AT(l, printk_log, caller_id), raw);
	if (len < head || log->at + len > log->buf_len || ret->len > len - head || ret->len > sizeof(log->text)) {
		log->left = 0;
		return po_fail(err, PAGEOWNER_ECORRUPT, "a record of %" PRIu64 " bytes at %" PRIu64 " with a text of %zu", len,
			       log->at, ret->len);
	}
	uint64_t at = log->buf + log->at + head;
	log->at += len;
	int rc = ret->len ? po_memory_read(log->mem, at, log->text, ret->len, err) : PAGEOWNER_OK;
	return rc < 0 ? rc : 1;
}

/* --- the door ------------------------------------------------------------------------------------ */

int po_log_open(struct po_log *log, const struct po_kernel *k, struct po_memory *mem, struct pageowner_error *err)
{
	memset(log, 0, offsetof(struct po_log, text));
	log->k = k;
	log->mem = mem;
	log->joins = PO_HAS(&k->l, cont, flushed);
	log->ring = PO_HAS_SYM(&k->l, prb);
	if (!log->ring && !PO_HAS_SYM(&k->l, log_first_idx))
		return po_fail(err, PAGEOWNER_ENOSYM, "this kernel has neither prb nor log_first_idx");
	return log->ring ? open_ring(log, err) : open_buffer(log, err);
}

int po_log_next(struct po_log *log, struct po_log_record *ret, struct pageowner_error *err)
{
	int rc = log->ring ? next_of_ring(log, ret, err) : next_of_buffer(log, ret, err);

	ret->begins = ret->ends = true;
	if (rc == 1 && log->joins) {
		bool part = ret->flags & PO_LOG_CONT, of = log->before & PO_LOG_CONT;
		ret->begins = !(of && !(ret->flags & PO_LOG_PREFIX)) && !(part && of && !(log->before & PO_LOG_NEWLINE));
		ret->ends = !part || (ret->flags & PO_LOG_NEWLINE);
		log->before = ret->flags;
	}
	return rc;
}

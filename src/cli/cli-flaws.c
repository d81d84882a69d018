/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with single records, and what all of a walk could not read. */
#include <inttypes.h>

#include "cli/cli.h"

#define MAX_FLAWS 10	/* told one by one; the rest are counted */

void cli_flaw(struct cli_flaws *f, const struct pageowner_error *err)
{
	f->bad |= err->code != PAGEOWNER_ETOOLONG;
	if (f->nr++ < MAX_FLAWS || f->all)
		cli_say("%s: %s", f->command, err->text);
}

void cli_flaws_end(const struct cli_flaws *f)
{
	if (f->nr > MAX_FLAWS && !f->all)
		cli_say("%s: %u more records have flaws", f->command, f->nr - MAX_FLAWS);
}

bool cli_tell_missing(const char *command, const struct pageowner_coverage *cov)
{
	static const enum pageowner_pass lost[] = { PAGEOWNER_PASS_MISSING_EXT,
						    PAGEOWNER_PASS_MISSING_PAGE,
						    PAGEOWNER_PASS_MISSING_MAP, PAGEOWNER_PASS_CORRUPT };
	const struct {
		uint64_t pages;
		const char *why;
	} cause[] = {
		{ cov->pages_excluded, "dropped by a filter" },
		{ cov->pages_hole, "not covered by the dump" },
		{ cov->pages_truncated, "past the end of a truncated file" },
		{ cov->pages_ioerror, "could not be read" },
	};
	bool bad = cov->bad_stack_records || cov->bad_memcg_records || cov->bad_block_records || cov->restless;

	if (cov->moved)
		cli_say("%s: %" PRIu64 " page frames changed hands while they were read, and were read again%s", command,
			cov->moved, cov->restless ? "" : " until they stood still");
	if (cov->restless)
		cli_say("%s: %" PRIu64 " page frames never stood still: what is told of them may not be of one moment",
			command, cov->restless);

	for (size_t i = 0; i < sizeof(lost) / sizeof(*lost); i++) {
		if (!cov->passed[lost[i]])
			continue;
		bad = true;
		cli_say("%s: %" PRIu64 " page frames passed over: %s", command, cov->passed[lost[i]],
			pageowner_pass_words(lost[i]));
	}
	if (cov->bad_stacks)
		cli_say("%s: %" PRIu64 " records without their stack: %" PRIu64
			" stacks are not in the dump or corrupt", command, cov->bad_stack_records, cov->bad_stacks);
	if (cov->bad_block_records)
		cli_say("%s: %" PRIu64 " records whose pageblock's migratetype is not in the dump",
			command, cov->bad_block_records);
	if (cov->bad_memcg_records)
		cli_say("%s: %" PRIu64 " records whose memory cgroup is not in the dump or corrupt",
			command, cov->bad_memcg_records);
	for (size_t i = 0; i < sizeof(cause) / sizeof(*cause); i++)
		if (cause[i].pages)
			cli_say("%s: %" PRIu64 " pages that were needed: %s", command, cause[i].pages,
				cause[i].why);
	if (cov->untranslated)
		cli_say("%s: %" PRIu64 " pages of addresses that no page table in the dump maps",
			command, cov->untranslated);
	if (cov->first_missing != UINT64_MAX)
		cli_say("%s: the missing pages lie at physical addresses 0x%" PRIx64 "-0x%" PRIx64,
			command, cov->first_missing, cov->last_missing);
	return bad;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which records, as report and stacks are told it. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

bool cli_filter_option(struct cli_filter *f, const struct cli_command *cmd, int c, int *status)
{
	*status = CLI_OK;
	switch (c) {
	case CLI_OPT_FILTER:
		if (f->nr == CLI_MAX_FILTERS)
			*status = cli_usage(cmd, "--filter: more than %d", CLI_MAX_FILTERS);
		else
			f->list[f->nr++] = optarg;
		return true;
	case CLI_OPT_FRAME:
		f->frame = optarg;
		return true;
	case CLI_OPT_SKIP:
		f->allocators = optarg;
		return true;
	default:
		return false;
	}
}

int cli_filter_make(struct cli_filter *f, const struct cli_command *cmd)
{
	const struct pageowner_filter_options o = {
		.size = sizeof(o), .filters = f->list, .nr_filters = f->nr, .frame = f->frame,
		.allocators = f->allocators,
	};
	struct pageowner_error err;

	if (!f->nr && !f->frame)
		return CLI_OK;
	return pageowner_filter_new(&o, &f->made, &err) < 0 ? cli_usage(cmd, "%s", err.text) : CLI_OK;
}

int cli_number(const struct cli_command *cmd, const char *option, const char *text, uint64_t least, uint64_t most,
	       uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text < '0' || *text > '9' || *ret < least || *ret > most)
		return cli_usage(cmd, "%s: %s: not a number from %llu on", option, text, (unsigned long long)least);
	return CLI_OK;
}

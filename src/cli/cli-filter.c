/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which records, and how to write numbers, as several commands are told it. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* "1h30m" in ns. */
static bool parse_duration(const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { "m", 60000000000 },
		{ "h", 3600000000000 }, { "d", 86400000000000 },
	};
	char *unit;

	*ret = 0;
	do {
		size_t i = 0;
		errno = 0;
		const uint64_t nr = strtoull(text, &unit, 10);
		const size_t len = strspn(unit, "nusmhd");
		while (i < sizeof(units) / sizeof(*units) &&
		       (strlen(units[i].name) != len || memcmp(units[i].name, unit, len) != 0))
			i++;
		if (errno || *text < '0' || *text > '9' || i == sizeof(units) / sizeof(*units) ||
		    nr > (UINT64_MAX - *ret) / units[i].ns)
			return false;
		*ret += nr * units[i].ns;
		text = unit + len;
	} while (*text);
	return true;
}

static int set_duration(const struct cli_command *cmd, const char *option, int *has, uint64_t *ret)
{
	*has = parse_duration(optarg, ret);
	return *has ? CLI_OK :
		      cli_usage(cmd, "%s: %s: not a duration, as 90s or 1h30m (units are ns, us, ms, s, m, h, d)", option, optarg);
}

bool cli_age_option(struct pageowner_age *age, const struct cli_command *cmd, int c, int *status)
{
	switch (c) {
	case CLI_OPT_OLDER:
		*status = set_duration(cmd, "--older", &age->has_older, &age->older);
		return true;
	case CLI_OPT_NEWER:
		*status = set_duration(cmd, "--newer", &age->has_newer, &age->newer);
		return true;
	case CLI_OPT_NOW:
		*status = set_duration(cmd, "--now", &age->has_now, &age->now);
		return true;
	default:
		return false;
	}
}

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
		return cli_age_option(&f->age, cmd, c, status);
	}
}

int cli_filter_make(struct cli_filter *f, const struct cli_command *cmd)
{
	const struct pageowner_filter_options o = {
		.size = sizeof(o), .filters = f->list, .nr_filters = f->nr, .frame = f->frame,
		.allocators = f->allocators, .age = f->age,
	};
	struct pageowner_error err;

	if (!f->nr && !f->frame && !f->age.has_older && !f->age.has_newer)
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

int cli_page_size(const struct cli_command *cmd, const char *text, unsigned *ret)
{
	char *end;
	const unsigned long nr = strtoul(text, &end, 10);
	const unsigned long size = *end == 'K' || *end == 'k' ? nr << 10 : nr;

	end += *end == 'K' || *end == 'k';
	*ret = (unsigned)size;
	if (*text < '0' || *text > '9' || *end || nr > 1 << 20 || size < 1024 || size > 1 << 20 || (size & (size - 1)))
		return cli_usage(cmd, "--page-size: %s: not a size of pages, as 4096 or 16K", text);
	return CLI_OK;
}

int cli_page_size_check(const struct cli_input *in, const struct cli_command *cmd, unsigned page_size)
{
	return page_size && !in->text ? cli_usage(cmd, "--page-size: is of a text; a dump tells it") : CLI_OK;
}

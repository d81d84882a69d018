/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to read, as all commands are told it: dumps, or raw images of RAM with their addresses. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define LINE_MAX_LEN (PATH_MAX + 64)

static int no_memory(void)
{
	cli_say("out of memory");
	return CLI_FAILED;
}

/* An address is hexadecimal, with or without 0x; all of the text is. */
static bool parse_address(const char *text, const char *end, uint64_t *ret)
{
	if (end - text > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	*ret = 0;
	for (const char *p = text; p < end; p++) {
		int c = tolower((unsigned char)*p);
		if (!isxdigit(c) || *ret >> 60)
			return false;
		*ret = *ret << 4 | (uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return text < end;
}

/* dir_len bytes of dir go before the path. */
static int add_ram(struct cli_input *in, const char *dir, size_t dir_len, const char *path, size_t len,
		   const uint64_t *base)
{
	struct pageowner_ram *ram = realloc(in->ram, (in->nr_ram + 1) * sizeof(*ram));

	if (!ram)
		return no_memory();
	in->ram = ram;
	char *copy = malloc(dir_len + len + 1);
	if (!copy)
		return no_memory();
	memcpy(copy, dir, dir_len);
	memcpy(copy + dir_len, path, len);
	copy[dir_len + len] = '\0';
	ram[in->nr_ram++] = (struct pageowner_ram){ .path = copy, .base = base ? *base : 0,
						    .has_base = base != NULL };
	return CLI_OK;
}

/* FILE@ADDRESS, or a FILE whose name may have an @ of its own. */
static int add_ram_option(struct cli_input *in, const struct cli_command *cmd, const char *text)
{
	const char *at = strrchr(text, '@'), *end = text + strlen(text);
	uint64_t base;
	bool has_base = at && parse_address(at + 1, end, &base);

	if (has_base)
		end = at;
	if (end == text)
		return cli_usage(cmd, "--ram: %s: names no file", *text ? text : "\"\"");
	return add_ram(in, "", 0, text, (size_t)(end - text), has_base ? &base : NULL);
}

static int add_list_option(struct cli_input *in, const char *path)
{
	const char **lists = realloc(in->lists, (in->nr_lists + 1) * sizeof(*lists));

	if (!lists)
		return no_memory();
	in->lists = lists;
	lists[in->nr_lists++] = path;
	return CLI_OK;
}

static int take_jobs(struct cli_input *in, const struct cli_command *cmd, const char *name, const char *text)
{
	uint64_t jobs = 0;
	int status = cli_number(cmd, name, text, 1, 1024, &jobs);

	in->jobs = (unsigned)jobs;
	return status;
}

int cli_input_option(struct cli_input *in, const struct cli_command *cmd, int c, char **argv)
{
	if (cli_host && c != 'j' && c != ':' && c != '?')
		return cli_usage(cmd, "%s: beside %s nothing else can be read", argv[optind - 1], cli_host->memory);
	switch (c) {
	case 'k':
		in->vmlinux = optarg;
		return CLI_OK;
	case CLI_OPT_BTF:
		in->btf = optarg;
		return CLI_OK;
	case 'j':
		return take_jobs(in, cmd, "--jobs", optarg);
	case CLI_OPT_RAM:
		return add_ram_option(in, cmd, optarg);
	case CLI_OPT_RAM_MAP:
		return add_list_option(in, optarg);
	case CLI_OPT_LIVE:
		in->live = true;
		return CLI_OK;
	case ':':
		return cli_usage(cmd, "%s: needs an argument", argv[optind - 1]);
	default:
		return cli_usage(cmd, "%s: unknown option", argv[optind - 1]);
	}
}

/* --- list files ---------------------------------------------------------------------------------- */

static int bad_line(const char *list, unsigned nr, const char *why)
{
	cli_say("ram map: %s: line %u: %s", list, nr, why);
	return CLI_FAILED;
}

static int add_line(struct cli_input *in, const char *list, unsigned nr, char *line)
{
	static const char blank[] = " \t\r\n\v\f";
	const char *slash = strrchr(list, '/');
	size_t len = strlen(line), dir_len = slash ? (size_t)(slash - list) + 1 : 0;
	uint64_t base;

	while (len && strchr(blank, line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, blank);
	if (!*line || *line == '#')
		return CLI_OK;
	size_t word = strcspn(line, blank);
	const char *path = line + word + strspn(line + word, blank);
	if (!parse_address(line, line + word, &base))
		return bad_line(list, nr, "does not begin with an address (hexadecimal)");
	if (!*path)
		return bad_line(list, nr, "names no file after the address");
	return add_ram(in, list, *path == '/' ? 0 : dir_len, path, strlen(path), &base);
}

static int read_lines(struct cli_input *in, const char *list, FILE *f)
{
	char line[LINE_MAX_LEN];
	size_t before = in->nr_ram;

	for (unsigned nr = 1; fgets(line, sizeof(line), f); nr++) {
		if (!strchr(line, '\n') && !feof(f))
			return bad_line(list, nr, "too long, or no text");
		int status = add_line(in, list, nr, line);
		if (status != CLI_OK)
			return status;
	}
	if (ferror(f)) {
		cli_say("ram map: %s: %s", list, strerror(errno));
		return CLI_FAILED;
	}
	if (in->nr_ram == before) {
		cli_say("ram map: %s: names no file", list);
		return CLI_FAILED;
	}
	return CLI_OK;
}

static int read_list(struct cli_input *in, const char *list)
{
	FILE *f = fopen(list, "re");

	if (!f) {
		cli_say("ram map: %s: %s", list, strerror(errno));
		return CLI_FAILED;
	}
	int status = read_lines(in, list, f);
	(void)fclose(f);
	return status;
}

/* --- texts --------------------------------------------------------------------------------------- */

static const char text_begin[] = "Page allocated via order ";

/* Whether some line of the first bytes is that of a record. */
static bool has_record(const char *buf, size_t len)
{
	const char *at = memmem(buf, len, text_begin, sizeof(text_begin) - 1);

	return at && (at == buf || at[-1] == '\n');
}

static bool is_plain(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)buf[i] < ' ' && !isspace((unsigned char)buf[i]))
			return false;
	return true;
}

/* Dumps need to be read at any place; what cannot be can only be a text. */
static bool is_text(const char *path, bool foreign)
{
	char buf[4096];
	struct stat st;

	if (!strcmp(path, "-"))
		return true;
	if (stat(path, &st) < 0 || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return false;
	if (!S_ISREG(st.st_mode))
		return true;
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t len = fread(buf, 1, sizeof(buf), f);
	(void)fclose(f);
	return has_record(buf, len) || (foreign && is_plain(buf, len));
}

bool cli_is_input(const char *path)
{
	char buf[4096];
	struct stat st;
	FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;

	if (!f)
		return false;
	size_t len = fread(buf, 1, sizeof(buf), f);
	(void)fclose(f);
	return memchr(buf, '\0', len) || (len >= sizeof(text_begin) - 1 &&
					  !memcmp(buf, text_begin, sizeof(text_begin) - 1));
}

void cli_input_take(struct cli_input *in, char **paths, size_t nr, bool foreign)
{
	if (nr == 1 && is_text(paths[0], foreign)) {
		in->text = paths[0];
		return;
	}
	in->dumps = paths;
	in->nr_dumps = nr;
}

const char *cli_input_instead(const struct cli_input *in)
{
	if (cli_host)
		return cli_host->memory;
	return in->nr_ram || in->nr_lists ? "raw images" : in->live ? "the running machine" : NULL;
}

int cli_input_check(const struct cli_input *in, const struct cli_command *cmd, const char *file)
{
	const char *instead = cli_input_instead(in);

	if (in->live && (in->nr_ram || in->nr_lists))
		return cli_usage(cmd, "--live: beside %s nothing else can be read", instead);
	if (file && instead)
		return cli_usage(cmd, "%s: beside %s no other dump can be read", file, instead);
	return CLI_OK;
}

int cli_input_finish(struct cli_input *in, const struct cli_command *cmd, int argc, char **argv)
{
	const size_t nr = (size_t)(argc - optind);
	int status = cli_input_check(in, cmd, nr ? argv[optind] : NULL);

	if (status != CLI_OK)
		return status;
	if (!nr && !cli_input_instead(in))
		return cli_usage(cmd, "no dump given");
	cli_input_take(in, argv + optind, nr, false);
	return cli_input_lists(in);
}

int cli_input_lists(struct cli_input *in)
{
	int status = CLI_OK;

	for (size_t i = 0; i < in->nr_lists && status == CLI_OK; i++)
		status = read_list(in, in->lists[i]);
	if (status == CLI_OK && !in->jobs && getenv("PAGEOWNER_JOBS"))
		status = take_jobs(in, NULL, "PAGEOWNER_JOBS", getenv("PAGEOWNER_JOBS"));
	return status;
}

void cli_input_fini(struct cli_input *in)
{
	for (size_t i = 0; i < in->nr_ram; i++)
		free((char *)in->ram[i].path);
	free(in->ram);
	free(in->lists);
	*in = (struct cli_input){ .vmlinux = NULL };
}

/* --- opening ------------------------------------------------------------------------------------- */

/* Whatever is found to be missing is no failure yet, so that notices about the dump can be told in any case. */
static int open_input(const struct cli_input *in, enum cli_want want, struct pageowner_session **ret,
		      struct pageowner_error *err)
{
	struct pageowner_open_options o = {
		.size = sizeof(o),
		.dumps = (const char *const *)in->dumps,
		.nr_dumps = in->nr_dumps,
		.ram = in->ram,
		.nr_ram = in->nr_ram,
		.live = in->live,
		.vmlinux = in->vmlinux,
		.btf = in->btf,
		.text = in->text,
		.all_types = in->all_types,
		.jobs = in->jobs,
		.describe_only = 1,
		.without_owner = want != CLI_WANT_RECORDS,
	};

	if (!cli_host)
		return pageowner_open(&o, ret, err);
	*ret = cli_host->session(err);
	return *ret ? PAGEOWNER_OK : err->code;
}

struct pageowner_session *cli_open(const struct cli_input *in, enum cli_want want)
{
	struct pageowner_session *s = NULL;
	struct pageowner_error err;
	const char *notice;

	if (open_input(in, want, &s, &err) < 0) {
		cli_say("%s", err.text);
		return NULL;
	}
	for (size_t i = 0; (notice = pageowner_notice(s, i)); i++)
		cli_say("%s", notice);
	if ((want == CLI_WANT_RECORDS && pageowner_ready(s, &err) < 0) ||
	    (want == CLI_WANT_FRAMES && pageowner_frames_ready(s, &err) < 0)) {
		cli_say("%s", err.text);
		cli_close(s);
		return NULL;
	}
	return s;
}

void cli_close(struct pageowner_session *s)
{
	if (!cli_host)
		pageowner_close(s);
}

static bool is_file(const struct stat *a, const char *path)
{
	struct stat b;

	return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

bool cli_input_has(const struct cli_input *in, const struct stat *file)
{
	if (in->text && strcmp(in->text, "-") != 0 && is_file(file, in->text))
		return true;
	for (size_t i = 0; i < in->nr_dumps; i++)
		if (is_file(file, in->dumps[i]))
			return true;
	for (size_t i = 0; i < in->nr_ram; i++)
		if (is_file(file, in->ram[i].path))
			return true;
	for (size_t i = 0; i < in->nr_lists; i++)
		if (is_file(file, in->lists[i]))
			return true;
	return (in->vmlinux && is_file(file, in->vmlinux)) || (in->btf && is_file(file, in->btf));
}

/* How many pages each command has: pages-by-command VMLINUX DUMP */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pageowner/pageowner.h>

#define MAX_COMMANDS 4096

static struct {
	char name[PAGEOWNER_COMM_MAX];
	uint64_t pages;
} command[MAX_COMMANDS];

static void count(const struct pageowner_record *rec)
{
	size_t i = 0;

	while (i < MAX_COMMANDS - 1 && command[i].pages && strcmp(command[i].name, rec->comm) != 0)
		i++;
	strcpy(command[i].name, rec->comm);
	command[i].pages += (uint64_t)1 << rec->order;
}

static int fail(const struct pageowner_error *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

int main(int argc, char **argv)
{
	struct pageowner_open_options options = { .size = sizeof(options), .nr_dumps = 1 };
	struct pageowner_session *session;
	struct pageowner_iter *it;
	struct pageowner_record rec;
	struct pageowner_error err;
	int rc, status = 0;

	if (argc != 3)
		return 2;
	options.vmlinux = argv[1];
	options.dumps = (const char *const *)&argv[2];
	if (pageowner_open(&options, &session, &err) < 0 || pageowner_iter_new(session, NULL, &it, &err) < 0)
		return fail(&err);
	while ((rc = pageowner_iter_next(it, &rec, &err)) != 0) {
		if (rc == 1 && rec.have & PAGEOWNER_HAS_COMM)
			count(&rec);
		if (rc < 0)
			status = fail(&err);
		if (rc < 0 && rc != PAGEOWNER_ENODATA && rc != PAGEOWNER_ECORRUPT)
			break;	/* those are of one record, and the walk goes on after it */
	}
	for (size_t i = 0; i < MAX_COMMANDS && command[i].pages; i++)
		printf("%s: %" PRIu64 " pages\n", command[i].name, command[i].pages);
	pageowner_iter_free(it);
	pageowner_close(session);
	return status;
}

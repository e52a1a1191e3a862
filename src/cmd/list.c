/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list: the containers of the state root as a table or as JSON, in runc's formats. The owner's name comes from the
 * host's /etc/passwd itself: the static binary loads no name service.
 */
#include "cmd/cmd.h"
#include "cmd/document.h"
#include "cmd/output.h"

#include "base/mem.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

enum { COLUMN_ID, COLUMN_PID, COLUMN_STATUS, COLUMN_BUNDLE, COLUMN_CREATED, COLUMN_OWNER, COLUMNS };
#define COLUMN_MIN_WIDTH 12
#define COLUMN_PADDING   3

struct request {
	const char *format;
	bool quiet;
};

struct row {
	char *json; /* or NULL */
	char *columns[COLUMNS];
};

struct listing {
	bool json;
	size_t n;
	struct row *rows;
	int error; /* negative errno */
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, format, "format", 'f', "FORMAT", "table (default) or json"),
	ARGS_OPTION(struct request, quiet, "quiet", 'q', NULL, "print the names only"),
};

/* The name of a user, or #UID; malloc'ed. */
static char *user_name(uid_t uid)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *entry;
	char *name;

	while (f && (entry = fgetpwent(f)))
		if (entry->pw_uid == uid)
			return strdup(entry->pw_name);
	return asprintf(&name, "#%u", uid) < 0 ? NULL : name;
}

static void free_row(struct row *row)
{
	free(row->json);
	for (size_t i = 0; i < COLUMNS; i++)
		free(row->columns[i]);
}

static int fill_row(struct row *row, const struct container_view *view, bool json)
{
	const struct container_state *state = &view->container.state;
	char *text;
	size_t size;

	row->columns[COLUMN_ID] = strdup(state->id);
	row->columns[COLUMN_STATUS] = strdup(container_status_name(view->status));
	row->columns[COLUMN_BUNDLE] = strdup(state->bundle);
	row->columns[COLUMN_CREATED] = strdup(state->created);
	row->columns[COLUMN_OWNER] = user_name(state->owner);
	if (asprintf(&row->columns[COLUMN_PID], "%d", view->pid) < 0)
		row->columns[COLUMN_PID] = NULL;
	for (size_t i = 0; i < COLUMNS; i++)
		if (!row->columns[i])
			return -ENOMEM;
	if (json) {
		if (document_write(view, row->columns[COLUMN_OWNER], OCISPEC_COMPACT, view->container.arena, &text,
				   &size) < 0)
			return -ENOMEM;
		row->json = strdup(text);
		if (!row->json)
			return -ENOMEM;
	}
	return 0;
}

static void each(void *arg, const struct container_view *view)
{
	struct listing *listing = arg;
	struct row row = {0}, *grown;

	grown = realloc(listing->rows, (listing->n + 1) * sizeof(*grown));
	if (grown)
		listing->rows = grown;
	if (!grown || fill_row(&row, view, listing->json) < 0) {
		listing->error = -ENOMEM;
		free_row(&row);
		return;
	}
	listing->rows[listing->n++] = row;
}

static void unreadable(void *arg, const char *id, const struct err *why)
{
	fprintf(stderr, "turtle: %s: %s\n", id, why->msg);
}

/* How many characters a terminal shows: continuation bytes of UTF-8 count nothing. */
static int width_of(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void put_table(FILE *f, const struct listing *listing)
{
	static const char *const titles[COLUMNS] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
	int width[COLUMNS];

	for (size_t c = 0; c < COLUMNS; c++) {
		width[c] = COLUMN_MIN_WIDTH;
		for (size_t i = 0; i < listing->n; i++)
			if (width_of(listing->rows[i].columns[c]) + COLUMN_PADDING > width[c])
				width[c] = width_of(listing->rows[i].columns[c]) + COLUMN_PADDING;
	}
	for (size_t i = 0; i <= listing->n; i++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			const char *text = i == 0 ? titles[c] : listing->rows[i - 1].columns[c];

			if (c + 1 < COLUMNS)
				fprintf(f, "%s%*s", text, width[c] - width_of(text), "");
			else
				fprintf(f, "%s\n", text);
		}
	}
}

static void put_json(FILE *f, const struct listing *listing)
{
	if (listing->n == 0) {
		fputs("null\n", f);
		return;
	}
	for (size_t i = 0; i < listing->n; i++)
		fprintf(f, "%c%s", i == 0 ? '[' : ',', listing->rows[i].json);
	fputs("]\n", f);
}

static int print(const struct listing *listing, bool quiet, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return err_set(err, -errno, "list containers");
	if (quiet)
		for (size_t i = 0; i < listing->n; i++)
			fprintf(f, "%s\n", listing->rows[i].columns[COLUMN_ID]);
	else if (listing->json)
		put_json(f, listing);
	else
		put_table(f, listing);
	if (fclose(f) != 0 || !text)
		return err_set(err, -ENOMEM, "list containers");
	return output_write(text, size, err);
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct request *request = arg;
	struct listing listing = {0};
	int r;

	if (request->format && strcmp(request->format, "json") == 0)
		listing.json = true;
	else if (request->format && strcmp(request->format, "table") != 0)
		return err_msg(err, -EINVAL, "invalid format option: %s (table or json)", request->format);
	r = host_list(&globals->host, each, unreadable, &listing, err);
	if (r == 0 && listing.error)
		r = err_set(err, listing.error, "list containers");
	if (r == 0)
		r = print(&listing, request->quiet, err);
	for (size_t i = 0; i < listing.n; i++)
		free_row(&listing.rows[i]);
	free(listing.rows);
	return r;
}

const struct cmd_verb cmd_list = {
	.name = "list",
	.arguments = "",
	.summary = "list containers",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.containers = true,
	.run = run,
};

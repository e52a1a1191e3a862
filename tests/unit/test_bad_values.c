/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of bad-values/, each in its document: parsed, validated and planned as create does it, for a privileged
 * host that doesn't exist. The whole message counts. bad-values/README.md says how the files are written.
 */
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "config/config.h"
#include "plan/plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>

#define DIRECTORY TEST_SRCDIR "/bad-values"
#define HEAD      "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
#define MAX_RUN   100000 /* of one character */

struct row {
	char *name;
	char *text;    /* of the document */
	char *message; /* NULL: it is taken */
};

struct rows {
	struct row *row;
	size_t n, max;
};

static _Noreturn void malformed(const char *file, size_t line, const char *what)
{
	fprintf(stderr, "%s:%zu: %s\n", file, line, what);
	exit(99);
}

static __attribute__((format(printf, 1, 2))) char *print(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/* Text with every <c*N> as N times c. */
static char *expand(const char *s)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	while (*s) {
		unsigned long n = 0;
		char *end;

		if (s[0] == '<' && s[1] && s[2] == '*')
			n = strtoul(s + 3, &end, 10);
		if (n == 0 || n > MAX_RUN || *end != '>') {
			putc(*s++, out);
			continue;
		}
		for (; n > 0; n--)
			putc(s[1], out);
		s = end + 1;
	}
	fclose(out);
	return text;
}

/* The first @ of the template is where the value goes. What each document needs is put in front where it is missing. */
static char *fill(const char *template, const char *value, size_t *ret_column)
{
	bool whole = strstr(template, "\"ociVersion\":") || strstr(template, "\"root\":");
	const char *begin = whole ? template : template + 1, *hole = strchr(template, '@');
	_cleanup_free_ char *head = print("%s%.*s", whole ? "" : HEAD, (int)(hole - begin), begin);

	*ret_column = strlen(head) + 1;
	return print("%s%s%s", head, value, hole + 1);
}

/* "(@)" is the place of the value, "(@-3)" is three characters before it; "\\n" is a newline. */
static char *place(char *message, size_t column)
{
	char *at = strstr(message, "\\n");
	char *end;
	long distance;

	if (at) {
		*at = '\n';
		memmove(at + 1, at + 2, strlen(at + 1));
	}
	at = strstr(message, "(@");
	if (!at)
		return print("%s", message);
	distance = strtol(at + 2, &end, 10);
	return print("%.*s(config.json:1:%ld%s", (int)(at - message), message, (long)column + distance, end);
}

static void add_row(struct rows *rows, const char *property, const char *template, char *line)
{
	bool taken = !strncmp(line, "ok ", 3);
	char *arrow = taken ? NULL : strstr(line, " => ");
	struct row row = {.name = print("%s: %.120s", property, line)};
	_cleanup_free_ char *value = NULL;
	size_t column;

	if (arrow)
		*arrow = '\0';
	value = expand(line + 3);
	row.text = fill(template, value, &column);
	row.message = taken ? NULL : place(arrow + 4, column);
	if (rows->n == rows->max) {
		rows->max = rows->max ? rows->max * 2 : 256;
		rows->row = reallocarray(rows->row, rows->max, sizeof(*rows->row));
		if (!rows->row)
			abort();
	}
	rows->row[rows->n++] = row;
}

static void read_file(struct rows *rows, const char *path)
{
	_cleanup_free_ char *text = NULL;
	char *property = NULL, *template = NULL, *line, *next;
	size_t size, number = 0;

	if (fd_read_file(AT_FDCWD, path, 1 << 24, &text, &size) < 0)
		malformed(path, 0, "can't be read");
	for (line = text; *line; line = next) {
		number++;
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (line[0] != '\t') {
			property = line;
			template = strchr(line, ' ');
			if (!template || template[1] != '{' || !strchr(template, '@'))
				malformed(path, number, "is not of the form PROPERTY {DOCUMENT WITH @}");
			*template ++ = '\0';
			continue;
		}
		line++;
		if (!property ||
		    (strncmp(line, "ok ", 3) != 0 && (strncmp(line, "no ", 3) != 0 || !strstr(line, " => "))))
			malformed(path, number,
				  "is neither \"ok VALUE\" nor \"no VALUE => MESSAGE\", below a property");
		add_row(rows, property, template, line);
	}
}

static void ignore(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static void test_row(void **state)
{
	static const struct config_facts config_facts = {.apparmor = true};
	static const struct plan_facts facts = {.cap_sys_admin = true,
						.caps_bounding = (UINT64_C(1) << 41) - 1,
						.cap_last = CAP_CHECKPOINT_RESTORE,
						.own_cgroup = "/system.slice/engine.service",
						.cgroup_mount = "/sys/fs/cgroup"};
	static const struct plan_request request = {.id = "bad", .bundle = "/bundle"};
	const struct row *row = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	struct ocispec_error why = {0};
	struct err err = {0};
	struct plan plan;
	void *config;
	int r;

	assert_non_null(arena);
	r = ocispec_parse(&oci_config_object, row->text, strlen(row->text), "config.json", arena, &config, &why);
	if (r < 0)
		err_msg(&err, r, "%s", why.message);
	if (r == 0)
		r = config_validate(config, &config_facts, ignore, NULL, &err);
	if (r == 0)
		r = plan_make(config, &facts, &request, NULL, arena, &plan, &err);
	if (row->message) {
		if (r == 0)
			fail_msg("taken: %.2000s", row->text);
		assert_string_equal(err.msg, row->message);
	} else if (r < 0) {
		fail_msg("refused: %s\n%.2000s", err.msg, row->text);
	}
	ocispec_arena_free(arena);
}

static int is_list(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".txt");
}

int main(void)
{
	struct rows rows = {0};
	struct dirent **entries;
	int failed, n = scandir(DIRECTORY, &entries, is_list, alphasort);

	if (n <= 0)
		malformed(DIRECTORY, 0, "has no lists");
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = print(DIRECTORY "/%s", entries[i]->d_name);

		read_file(&rows, path);
		free(entries[i]);
	}
	free(entries);
	failed = run_table_rows("bad values", rows.row, rows.n, sizeof(*rows.row), test_row);
	for (size_t i = 0; i < rows.n; i++) {
		free(rows.row[i].name);
		free(rows.row[i].text);
		free(rows.row[i].message);
	}
	free(rows.row);
	return failed;
}

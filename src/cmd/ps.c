/* SPDX-License-Identifier: Apache-2.0 */
/* ps ID [PS-OPTION...] */
#include "cmd/cmd.h"
#include "cmd/output.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct request {
	const char *format;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, format, "format", 'f', "FORMAT", "table (default) or json"),
};

/* An array of numbers on one line; runc's `null` when there are none. */
static int print_json(const struct host_options *host, const char *id, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	size_t n, size = 0;
	FILE *f;
	int r = host_pids(host, id, &pids, &n, err);

	if (r < 0)
		return r;
	f = open_memstream(&text, &size);
	if (!f)
		return err_set(err, -errno, "list processes");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%c%d", i == 0 ? '[' : ',', (int)pids[i]);
	fputs(n == 0 ? "null\n" : "]\n", f);
	if (fclose(f) != 0 || !text)
		return err_set(err, -ENOMEM, "list processes");
	return output_write(text, size, err);
}

/* Engines give all options of ps as one argument. ret: NULL-terminated; words points into the copy *ret_text. */
static int make_argv(int n_args, char **args, char ***ret, char **ret_text)
{
	static const char blanks[] = " \t\n";
	_cleanup_free_ char **argv = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n = 0;

	argv = calloc((n_args == 1 ? strlen(args[0]) : (size_t)n_args) + 3, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[n++] = (char *)"ps";
	if (n_args == 1) {
		char *save = NULL;

		text = strdup(args[0]);
		if (!text)
			return -ENOMEM;
		for (char *word = strtok_r(text, blanks, &save); word; word = strtok_r(NULL, blanks, &save))
			argv[n++] = word;
	} else {
		for (int i = 0; i < n_args; i++)
			argv[n++] = args[i];
	}
	if (n == 1)
		argv[n++] = (char *)"-ef";
	*ret = TAKE_PTR(argv);
	*ret_text = TAKE_PTR(text);
	return 0;
}

static int print_table(const struct host_options *host, const char *id, int n_args, char **args, struct err *err)
{
	_cleanup_free_ char *words = NULL, *text = NULL;
	_cleanup_free_ char **argv = NULL;
	size_t size;
	int r = make_argv(n_args, args, &argv, &words);

	if (r < 0)
		return err_set(err, r, "execute ps");
	r = host_ps(host, id, argv, &text, &size, err);
	return r < 0 ? r : output_write(text, size, err);
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	const struct request *request = arg;

	if (request->format && strcmp(request->format, "json") == 0)
		return print_json(&globals->host, args[0], err);
	if (request->format && strcmp(request->format, "table") != 0)
		return err_msg(err, -EINVAL, "invalid format option: %s (table or json)", request->format);
	return print_table(&globals->host, args[0], n_args - 1, args + 1, err);
}

const struct cmd_verb cmd_ps = {
	.name = "ps",
	.arguments = "ID [PS-OPTION...]",
	.summary = "list the processes of a container",
	.description =
		"   The table is that of the host's ps(1) with the options after ID (default: -ef), which must show "
		"the\n"
		"   column PID; a single argument may hold several of them. Options of turtle stand before ID.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options), .options_first = true},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = INT_MAX,
	.containers = true,
	.run = run,
};

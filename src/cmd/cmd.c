/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to the command: global options, log, the command's own options, the number of its arguments, call. What is
 * wrong with the command line is told with the help text on standard output, and ends as one error record like
 * everything else.
 */
#include "cmd/cmd.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#define STATUS_NO_SUCH_COMMAND 3

static const struct cmd_verb *find(const struct cmd_verb *const *verbs, size_t n_verbs, const char *name)
{
	for (size_t i = 0; i < n_verbs; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int check_count(const struct cmd_verb *verb, int n, struct err *err)
{
	if (n >= verb->min_args && n <= verb->max_args)
		return 0;
	if (verb->min_args == verb->max_args)
		return err_msg(err, -EINVAL, "\"%s\" requires exactly %d argument(s)", verb->name, verb->min_args);
	if (n < verb->min_args)
		return err_msg(err, -EINVAL, "\"%s\" requires a minimum of %d argument(s)", verb->name, verb->min_args);
	return err_msg(err, -EINVAL, "\"%s\" requires a maximum of %d argument(s)", verb->name, verb->max_args);
}

static int run_with(struct cmd_globals *globals, const struct cmd_verb *verb, void *request, int argc, char **argv,
		    int *ret_status, struct err *err)
{
	struct args args;
	int r;

	r = args_parse(&verb->syntax, argc, argv, request, &args, err);
	if (r < 0) {
		(void)cmd_help_verb(verb, err->msg, NULL);
		return err_wrap(err, "Incorrect Usage");
	}
	if (args.help)
		return cmd_help_verb(verb, NULL, err);
	r = verb->check ? verb->check(request, args.n, err) : check_count(verb, args.n, err);
	if (r < 0) {
		(void)cmd_help_verb(verb, "", NULL);
		return r;
	}
	r = cmd_globals_resolve(globals, verb, err);
	if (r < 0)
		return r;
	return verb->run(globals, request, args.n, args.values, ret_status, err);
}

static int run_verb(struct cmd_globals *globals, const struct cmd_verb *verb, int argc, char **argv, int *ret_status,
		    struct err *err)
{
	_cleanup_free_ void *request = calloc(1, verb->request_size ? verb->request_size : 1);
	int r;

	if (!request)
		return err_set(err, -ENOMEM, "%s", verb->name);
	r = run_with(globals, verb, request, argc, argv, ret_status, err);
	args_release(&verb->syntax, request);
	return r;
}

/* `help` and `help COMMAND`. */
static int run_help(const struct cmd_verb *const *verbs, size_t n_verbs, int argc, char **argv, int *ret_status,
		    struct err *err)
{
	const struct cmd_verb *verb;

	if (argc == 0)
		return cmd_help(verbs, n_verbs, NULL, err);
	verb = find(verbs, n_verbs, argv[0]);
	if (verb)
		return cmd_help_verb(verb, NULL, err);
	*ret_status = STATUS_NO_SUCH_COMMAND;
	return err_msg(err, -EINVAL, "No help topic for '%s'", argv[0]);
}

int cmd_main(const struct cmd_verb *const *verbs, size_t n_verbs, int argc, char **argv, int *ret_status,
	     struct err *err)
{
	struct cmd_globals globals = {0};
	const struct cmd_verb *verb;
	struct args args;
	int r;

	r = args_parse(&cmd_global_syntax, argc > 0 ? argc - 1 : 0, argv + (argc > 0), &globals, &args, err);
	if (r < 0) {
		(void)cmd_help(verbs, n_verbs, err->msg, NULL);
		return err_wrap(err, "Incorrect Usage");
	}
	if (globals.version)
		return cmd_version(err);
	r = cmd_globals_open_log(&globals, err);
	if (r < 0)
		return r;
	if (args.help || args.n == 0)
		return cmd_help(verbs, n_verbs, NULL, err);
	if (strcmp(args.values[0], "help") == 0 || strcmp(args.values[0], "h") == 0)
		return run_help(verbs, n_verbs, args.n - 1, args.values + 1, ret_status, err);

	verb = find(verbs, n_verbs, args.values[0]);
	if (!verb) {
		*ret_status = STATUS_NO_SUCH_COMMAND;
		return err_msg(err, -EINVAL, "No help topic for '%s'", args.values[0]);
	}
	r = run_verb(&globals, verb, args.n - 1, args.values + 1, ret_status, err);
	free(globals.root_buffer);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, made from the tables that the parser reads. The first two lines are what runc's callers look for; the manual
 * pages and the completion are held against the rest by tests/lint/docs.
 */
#include "cmd/cmd.h"
#include "cmd/output.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

/* "--bundle DIR, -b DIR" */
static void put_names(FILE *f, const struct args_option *option)
{
	const char *separator = option->value ? " " : "", *value = option->value ? option->value : "";

	if (option->name)
		fprintf(f, "--%s%s%s", option->name, separator, value);
	if (option->letter)
		fprintf(f, "%s-%c%s%s", option->name ? ", " : "", option->letter, separator, value);
}

static int names_width(const struct args_option *option)
{
	size_t width = 0, value = option->value ? strlen(option->value) + 1 : 0;

	if (option->name)
		width += 2 + strlen(option->name) + value;
	if (option->letter)
		width += (option->name ? 2 : 0) + 2 + value;
	return (int)width;
}

static void put_options(FILE *f, const struct args_syntax *syntax)
{
	static const struct args_option help = {.name = "help", .letter = 'h', .help = "print this help and exit"};
	int width = names_width(&help);

	for (size_t i = 0; i < syntax->n_options; i++)
		if (syntax->options[i].help && names_width(&syntax->options[i]) > width)
			width = names_width(&syntax->options[i]);
	for (size_t i = 0; i <= syntax->n_options; i++) {
		const struct args_option *option = i < syntax->n_options ? &syntax->options[i] : &help;

		if (!option->help)
			continue;
		fputs("   ", f);
		put_names(f, option);
		fprintf(f, "%*s   %s\n", width - names_width(option), "", option->help);
	}
}

/* NULL: help was asked for; "": the arguments are wrong; else what is wrong. */
static void put_usage_error(FILE *f, const char *error)
{
	if (error && *error)
		fprintf(f, "Incorrect Usage: %s\n\n", error);
	else if (error)
		fputs("Incorrect Usage.\n\n", f);
}

static int finish(FILE **f, char **text, const size_t *size, struct err *err)
{
	int r = fclose(TAKE_PTR(*f));

	return r == 0 && *text ? output_write(*text, *size, err) : err_set(err, -ENOMEM, "print help");
}

int cmd_help(const struct cmd_verb *const *verbs, size_t n_verbs, const char *error, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t size = 0;

	f = open_memstream(&text, &size);
	if (!f)
		return err_set(err, -errno, "print help");
	put_usage_error(f, error);
	fputs("NAME:\n"
	      "   turtle - Open Container Initiative runtime\n\n"
	      "USAGE:\n"
	      "   turtle [global options] command [command options] [arguments...]\n\n"
	      "DESCRIPTION:\n"
	      "   Runs containers from OCI bundles: directories with a config.json and a root file system.\n"
	      "   `turtle spec` writes a config.json to begin with, `turtle run ID` runs it.\n\n"
	      "COMMANDS:\n",
	      f);
	for (size_t i = 0; i < n_verbs; i++)
		fprintf(f, "   %-8s   %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("   help       print this help, or that of a command\n\nGLOBAL OPTIONS:\n", f);
	put_options(f, &cmd_global_syntax);
	return finish(&f, &text, &size, err);
}

int cmd_help_verb(const struct cmd_verb *verb, const char *error, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t size = 0;

	f = open_memstream(&text, &size);
	if (!f)
		return err_set(err, -errno, "print help");
	put_usage_error(f, error);
	fprintf(f, "NAME:\n   turtle %s - %s\n\n", verb->name, verb->summary);
	fprintf(f, "USAGE:\n   turtle [global options] %s [options]%s%s\n\n", verb->name, *verb->arguments ? " " : "",
		verb->arguments);
	if (verb->description)
		fprintf(f, "DESCRIPTION:\n%s\n", verb->description);
	fputs("OPTIONS:\n", f);
	put_options(f, &verb->syntax);
	return finish(&f, &text, &size, err);
}

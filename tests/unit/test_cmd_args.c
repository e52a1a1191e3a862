/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spellings of a command line. Each row is a command line, written with blanks between the words, and what is to
 * become of it: all values in one line of text, or the error.
 */
#include "table.h"

#include "base/mem.h"
#include "cmd/args.h"

#include <errno.h>
#include <string.h>

struct target {
	const char *bundle, *format;
	bool detach, systemd_cgroup;
	uint32_t fds;
	struct words env;
	struct oci_opt_i64 quota;
	struct oci_opt_u64 shares;
	struct args_size memory;
	struct choice tty;
	struct words command;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct target, bundle, "bundle", 'b', "DIR", "help"),
	ARGS_OPTION(struct target, format, "format", 'f', "FORMAT", "help"),
	ARGS_OPTION(struct target, detach, "detach", 'd', NULL, "help"),
	ARGS_OPTION(struct target, systemd_cgroup, "systemd-cgroup", 0, NULL, "help"),
	ARGS_OPTION(struct target, fds, "preserve-fds", 0, "N", "help"),
	ARGS_OPTION(struct target, env, "env", 'e', "K=V", "help"),
	ARGS_OPTION(struct target, detach, NULL, 'D', NULL, NULL),
	ARGS_OPTION(struct target, quota, "quota", 0, "N", "help"),
	ARGS_OPTION(struct target, shares, "shares", 0, "N", "help"),
	ARGS_OPTION(struct target, memory, "memory", 'm', "SIZE", "help"),
	ARGS_OPTION(struct target, tty, "tty", 't', NULL, "help"),
};

/* The same, and what follows `--` is a command. */
static const struct args_option with_rest[] = {
	ARGS_OPTION(struct target, bundle, "bundle", 'b', "DIR", "help"),
	ARGS_OPTION(struct target, detach, "detach", 'd', NULL, "help"),
	ARGS_REST_OF_LINE(struct target, command),
};

struct row {
	const char *line;     /* what is typed */
	const char *expected; /* "b=DIR d n=3 e=K=V | ARGUMENT ARGUMENT", or "! error text", or "help" */
	bool options_first, rest;
};

static const struct row rows[] = {
	{"", "|"},
	{"id", "| id"},
	{"--bundle /b id", "b=/b | id"},
	{"--bundle=/b id", "b=/b | id"},
	{"-bundle /b id", "b=/b | id"},
	{"-bundle=/b id", "b=/b | id"},
	{"-b /b id", "b=/b | id"},
	{"-b=/b id", "b=/b | id"},
	{"--b /b id", "b=/b | id"},
	{"--bundle= id", "b= | id"},
	{"--bundle=a=b id", "b=a=b | id"},
	{"--bundle -x id", "b=-x | id"},
	{"--bundle -- id", "b=-- | id"},
	{"id --bundle /b", "b=/b | id"},
	{"id -b /b id2 -d", "b=/b d | id id2"},
	{"--bundle a --bundle b id", "b=b | id"},
	{"--bundle=a -b b id", "b=b | id"},
	{"--detach id", "d | id"},
	{"-detach id", "d | id"},
	{"-d id", "d | id"},
	{"-D id", "d | id"},
	{"--detach=true id", "d | id"},
	{"--detach=1 id", "d | id"},
	{"--detach=T id", "d | id"},
	{"--detach=false id", "| id"},
	{"-d=false id", "| id"},
	{"--detach=0 id", "| id"},
	{"--detach --detach=false id", "| id"},
	{"--detach=false --detach id", "d | id"},
	{"--detach true id", "d | true id"},
	{"-systemd-cgroup id", "s | id"},
	{"--systemd-cgroup=TRUE id", "s | id"},
	{"id --force", "! flag provided but not defined: -force"},
	{"-no-subreaper", "! flag provided but not defined: -no-subreaper"},
	{"--bundles x", "! flag provided but not defined: -bundles"},
	{"--bundl x", "! flag provided but not defined: -bundl"},
	{"-bd x", "! flag provided but not defined: -bd"},
	{"-x=y", "! flag provided but not defined: -x"},
	{"--BUNDLE x", "! flag provided but not defined: -BUNDLE"},
	{"--bundle", "! flag needs an argument: --bundle"},
	{"-b", "! flag needs an argument: -b"},
	{"-bundle", "! flag needs an argument: -bundle"},
	{"id --format", "! flag needs an argument: --format"},
	{"---bundle x", "! bad flag syntax: ---bundle"},
	{"--=x", "! bad flag syntax: --=x"},
	{"-=x", "! bad flag syntax: -=x"},
	{"--detach=maybe", "! invalid boolean value \"maybe\" for --detach: parse error"},
	{"--detach=", "! invalid boolean value \"\" for --detach: parse error"},
	{"--preserve-fds 3 id", "n=3 | id"},
	{"--preserve-fds=0 id", "| id"},
	{"--preserve-fds 4294967295 id", "n=4294967295 | id"},
	{"--preserve-fds 4294967296", "! invalid value \"4294967296\" for --preserve-fds: out of range"},
	{"--preserve-fds -1", "! invalid value \"-1\" for --preserve-fds: not a number"},
	{"--preserve-fds=3x", "! invalid value \"3x\" for --preserve-fds: not a number"},
	{"--preserve-fds=", "! invalid value \"\" for --preserve-fds: not a number"},
	{"--preserve-fds=+3", "! invalid value \"+3\" for --preserve-fds: not a number"},
	{"--preserve-fds=0x10", "! invalid value \"0x10\" for --preserve-fds: not a number"},
	{"--env A=1 -e B=2,C=3 --env=D= id", "e=A=1 e=B=2,C=3 e=D= | id"},
	{"-- id", "| id"},
	{"-- --bundle x", "| --bundle x"},
	{"id -- -x", "| id -x"},
	{"-- --", "| --"},
	{"- id", "| - id"},
	{"id -", "| id -"},
	{"--format - id", "f=- | id"},
	{"--help", "help"},
	{"-h", "help"},
	{"-help", "help"},
	{"--h", "help"},
	{"id --help", "help"},
	{"--help --nonsense", "help"},
	{"--help=false id", "| id"},
	{"--nonsense --help", "! flag provided but not defined: -nonsense"},
	{"-- --help", "| --help"},
	/* numbers whose absence differs from 0 */
	{"--quota 0 id", "q=0 | id"},
	{"--quota -1 id", "q=-1 | id"},
	{"--quota=-9223372036854775808 id", "q=-9223372036854775808 | id"},
	{"--quota 9223372036854775807 id", "q=9223372036854775807 | id"},
	{"--quota 9223372036854775808", "! invalid value \"9223372036854775808\" for --quota: out of range"},
	{"--quota 5ms", "! invalid value \"5ms\" for --quota: not a number"},
	{"--quota --5", "! invalid value \"--5\" for --quota: not a number"},
	{"--quota=", "! invalid value \"\" for --quota: not a number"},
	{"--shares 0 id", "s=0 | id"},
	{"--shares 18446744073709551615 id", "s=18446744073709551615 | id"},
	{"--shares 18446744073709551616", "! invalid value \"18446744073709551616\" for --shares: out of range"},
	{"--shares -1", "! invalid value \"-1\" for --shares: not a number"},
	{"--shares 1.5", "! invalid value \"1.5\" for --shares: not a number"},
	/* sizes */
	{"--memory 0 id", "m=0 | id"},
	{"-m 1000 id", "m=1000 | id"},
	{"-m -1 id", "m=-1 | id"},
	{"--memory=-1 id", "m=-1 | id"},
	{"-m 7b id", "m=7 | id"},
	{"-m 7B id", "m=7 | id"},
	{"-m 1k id", "m=1024 | id"},
	{"-m 1K id", "m=1024 | id"},
	{"-m 1kb id", "m=1024 | id"},
	{"-m 1KiB id", "m=1024 | id"},
	{"-m 512m id", "m=536870912 | id"},
	{"-m 2g id", "m=2147483648 | id"},
	{"-m 2Gi", "! invalid value \"2Gi\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 3t id", "m=3298534883328 | id"},
	{"-m 1p id", "m=1125899906842624 | id"},
	{"-m 1.5g id", "m=1610612736 | id"},
	{"-m 0.1k id", "m=102 | id"},
	{"-m 1.999999999999999999999k id", "m=2047 | id"},
	{"-m 9223372036854775807 id", "m=9223372036854775807 | id"},
	{"-m 8191p id", "m=9222246136947933184 | id"},
	{"-m 8192p", "! invalid value \"8192p\" for -m: out of range"},
	{"-m 9223372036854775808", "! invalid value \"9223372036854775808\" for -m: out of range"},
	{"-m 99999999999999999999999", "! invalid value \"99999999999999999999999\" for -m: out of range"},
	{"-m -2", "! invalid value \"-2\" for -m: not a size such as 512m, 2g or -1"},
	{"-m -1m", "! invalid value \"-1m\" for -m: not a size such as 512m, 2g or -1"},
	{"-m m", "! invalid value \"m\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 5x", "! invalid value \"5x\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 5mm", "! invalid value \"5mm\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 5bk", "! invalid value \"5bk\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 1.", "! invalid value \"1.\" for -m: not a size such as 512m, 2g or -1"},
	{"-m .5g", "! invalid value \".5g\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 1.5.5g", "! invalid value \"1.5.5g\" for -m: not a size such as 512m, 2g or -1"},
	{"-m +5", "! invalid value \"+5\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 0x10", "! invalid value \"0x10\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 1e3", "! invalid value \"1e3\" for -m: not a size such as 512m, 2g or -1"},
	{"-m max", "! invalid value \"max\" for -m: not a size such as 512m, 2g or -1"},
	{"-m=", "! invalid value \"\" for -m: not a size such as 512m, 2g or -1"},
	{"-m 1k -m 2k id", "m=2048 | id"},
	/* switches whose absence means something */
	{"--tty id", "t=1 | id"},
	{"-t=true id", "t=1 | id"},
	{"--tty=false id", "t=0 | id"},
	{"--tty --tty=false id", "t=0 | id"},
	{"--tty=perhaps id", "! invalid boolean value \"perhaps\" for --tty: parse error"},
	/* the rest of the line */
	{"id -- sh -c x", "c=sh c=-c c=x | id", false, true},
	{"-b /b -- sh -b -- y", "b=/b c=sh c=-b c=-- c=y |", false, true},
	{"-d -- -h", "d c=-h |", false, true},
	{"id --", "| id", false, true},
	{"--bundle -- -d", "b=-- d |", false, true},
	/* exec, ps, and the options before the command */
	{"id --bundle x", "| id --bundle x", true},
	{"-d id -d", "d | id -d", true},
	{"id -x", "| id -x", true},
	{"id --help", "| id --help", true},
	{"-b x id -- y", "b=x | id -- y", true},
	{"-- -d id", "| -d id", true},
	{"--help id", "help", true},
	{"-x id", "! flag provided but not defined: -x", true},
};

/* Splits at blanks; empty words can't be written. */
static int split(char *line, char **words)
{
	int n = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		words[n++] = word;
	return n;
}

static void describe(const struct target *target, const struct args *args, char *ret, size_t size)
{
	FILE *f = fmemopen(ret, size, "w");

	assert_non_null(f);
	if (target->bundle)
		fprintf(f, "b=%s ", target->bundle);
	if (target->format)
		fprintf(f, "f=%s ", target->format);
	if (target->detach)
		fputs("d ", f);
	if (target->systemd_cgroup)
		fputs("s ", f);
	if (target->fds)
		fprintf(f, "n=%u ", target->fds);
	for (size_t i = 0; i < target->env.n; i++)
		fprintf(f, "e=%s ", target->env.values[i]);
	if (target->quota.set)
		fprintf(f, "q=%jd ", (intmax_t)target->quota.value);
	if (target->shares.set)
		fprintf(f, "s=%ju ", (uintmax_t)target->shares.value);
	if (target->memory.bytes.set)
		fprintf(f, "m=%jd ", (intmax_t)target->memory.bytes.value);
	if (target->tty.given)
		fprintf(f, "t=%d ", target->tty.value);
	for (size_t i = 0; i < target->command.n; i++)
		fprintf(f, "c=%s ", target->command.values[i]);
	fputc('|', f);
	for (int i = 0; i < args->n; i++)
		fprintf(f, " %s", args->values[i]);
	assert_int_equal(fclose(f), 0);
}

static void test_line(void **state)
{
	const struct row *row = *state;
	struct args_syntax syntax = {.options = row->rest ? with_rest : options,
				     .n_options = row->rest ? ARRAY_SIZE(with_rest) : ARRAY_SIZE(options),
				     .options_first = row->options_first};
	_cleanup_free_ char *line = strdup(row->line);
	struct target target = {0};
	struct args args = {0};
	struct err err = {0};
	char *words[16], found[512];
	int r, n;

	assert_non_null(line);
	n = split(line, words);
	r = args_parse(&syntax, n, words, &target, &args, &err);
	if (row->expected[0] == '!') {
		assert_int_equal(r, -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_string_equal(err.msg, row->expected + 2);
	} else {
		assert_int_equal(r, 0);
		assert_int_equal(args.help, strcmp(row->expected, "help") == 0);
		describe(&target, &args, found, sizeof(found));
		if (!args.help)
			assert_string_equal(found, row->expected);
	}
	args_release(&syntax, &target);
	assert_null(target.env.values);
	assert_null(target.command.values);
}

static void test_first_given(void **state)
{
	static const struct args_syntax syntax = {.options = options, .n_options = ARRAY_SIZE(options)};
	const size_t begin = offsetof(struct target, detach), end = offsetof(struct target, memory);
	struct target target = {.bundle = "outside", .memory = {.bytes.set = true}};
	const char *value = "K=V";

	assert_null(args_first_given(&syntax, &target, begin, end));
	target.quota.set = true;
	assert_string_equal(args_first_given(&syntax, &target, begin, end)->name, "quota");
	target.env = (struct words){.n = 1, .values = &value};
	assert_string_equal(args_first_given(&syntax, &target, begin, end)->name, "env");
	target.detach = true;
	assert_string_equal(args_first_given(&syntax, &target, begin, end)->name, "detach");
	assert_string_equal(args_first_given(&syntax, &target, 0, begin)->name, "bundle");
}

/* What blanks can't write: an empty word is an argument, and a value. */
static void test_empty_words(void **state)
{
	struct args_syntax syntax = {.options = options, .n_options = ARRAY_SIZE(options)};
	char bundle[] = "--bundle", empty[] = "", second[] = "";
	char *words[] = {bundle, empty, second};
	struct target target = {0};
	struct args args;

	assert_int_equal(args_parse(&syntax, 3, words, &target, &args, NULL), 0);
	assert_string_equal(target.bundle, "");
	assert_int_equal(args.n, 1);
	assert_string_equal(args.values[0], "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty_words), cmocka_unit_test(test_first_given)};

	return run_table("args", rows, test_line) + cmocka_run_group_tests_name("args, others", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The one option parser: see args.h. */
#include "cmd/args.h"

#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <string.h>

int args_parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

/* name is not terminated: it may be followed by =VALUE. */
static bool is_name(const char *name, size_t size, const char *candidate)
{
	return candidate && strlen(candidate) == size && memcmp(name, candidate, size) == 0;
}

static const struct args_option *find(const struct args_syntax *syntax, const char *name, size_t size)
{
	for (size_t i = 0; i < syntax->n_options; i++) {
		const struct args_option *option = &syntax->options[i];

		if (is_name(name, size, option->name) || (size == 1 && option->letter == *name))
			return option;
	}
	return NULL;
}

static int append(struct words *list, const char *value)
{
	const char **grown = realloc(list->values, (list->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->values = grown;
	list->values[list->n++] = value;
	return 0;
}

/* Numbers: r is what their parser says. */
static int check_number(int r, const char *what, const char *value, int written_size, const char *written,
			struct err *err)
{
	if (r == 0)
		return 0;
	return err_msg(err, -EINVAL, "invalid value \"%s\" for %.*s: %s", value, written_size, written,
		       r == -ERANGE ? "out of range" : what);
}

/* dashes and name as they were written, for messages. */
static int store(const struct args_option *option, const char *written, int written_size, const char *value,
		 void *target, struct err *err)
{
	void *field = (char *)target + option->offset;

	switch ((enum args_kind)option->kind) {
	case ARGS_STRING:
		*(const char **)field = value;
		return 0;
	case ARGS_LIST:
	case ARGS_REST:
		if (append(field, value) < 0)
			return err_set(err, -ENOMEM, "%.*s", written_size, written);
		return 0;
	case ARGS_CHOICE:
		((struct choice *)field)->given = true;
		field = &((struct choice *)field)->value;
		__attribute__((fallthrough));
	case ARGS_BOOL:
		if (args_parse_bool(value, field) < 0)
			return err_msg(err, -EINVAL, "invalid boolean value \"%s\" for %.*s: parse error", value,
				       written_size, written);
		return 0;
	case ARGS_U32:
		return check_number(num_u32(value, field), "not a number", value, written_size, written, err);
	case ARGS_OPT_I64:
		((struct oci_opt_i64 *)field)->set = true;
		return check_number(num_i64(value, &((struct oci_opt_i64 *)field)->value), "not a number", value,
				    written_size, written, err);
	case ARGS_OPT_U64:
		((struct oci_opt_u64 *)field)->set = true;
		return check_number(num_u64(value, &((struct oci_opt_u64 *)field)->value), "not a number", value,
				    written_size, written, err);
	case ARGS_SIZE:
		((struct args_size *)field)->bytes.set = true;
		return check_number(num_size(value, &((struct args_size *)field)->bytes.value),
				    "not a size such as 512m, 2g or -1", value, written_size, written, err);
	case ARGS_DURATION:
		((struct args_duration *)field)->ns.set = true;
		return check_number(num_duration(value, &((struct args_duration *)field)->ns.value),
				    "not a duration such as 500ms, 5s or 1m30s", value, written_size, written, err);
	}
	return err_msg(err, -EINVAL, "option %.*s is of no known kind", written_size, written);
}

/* One option, at argv[*at]; leaves *at at the last word that it has used. */
static int parse_option(const struct args_syntax *syntax, int argc, char **argv, int *at, void *target, bool *ret_help,
			struct err *err)
{
	const char *word = argv[*at], *name = word + (word[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '='), *value = equals ? equals + 1 : NULL;
	size_t size = equals ? (size_t)(equals - name) : strlen(name);
	int written_size = (int)(name + size - word);
	const struct args_option *option;

	if (size == 0 || *name == '-')
		return err_msg(err, -EINVAL, "bad flag syntax: %s", word);
	option = find(syntax, name, size);
	if (!option) {
		static const struct args_option help = {.name = "help", .letter = 'h', .kind = ARGS_BOOL};

		if (!is_name(name, size, "help") && !is_name(name, size, "h"))
			return err_msg(err, -EINVAL, "flag provided but not defined: -%.*s", (int)size, name);
		return store(&help, word, written_size, value ? value : "true", ret_help, err);
	}
	if (!value && (option->kind == ARGS_BOOL || option->kind == ARGS_CHOICE))
		value = "true";
	if (!value) {
		if (*at + 1 >= argc)
			return err_msg(err, -EINVAL, "flag needs an argument: %.*s", written_size, word);
		value = argv[++*at];
	}
	return store(option, word, written_size, value, target, err);
}

static const struct args_option *rest_option(const struct args_syntax *syntax)
{
	for (size_t i = 0; i < syntax->n_options; i++)
		if (syntax->options[i].kind == ARGS_REST)
			return &syntax->options[i];
	return NULL;
}

int args_parse(const struct args_syntax *syntax, int argc, char **argv, void *target, struct args *ret, struct err *err)
{
	const struct args_option *rest = NULL;
	struct args args = {.values = argv};
	bool options = true;

	for (int i = 0; i < argc && !args.help; i++) {
		int r;

		if (rest) {
			r = store(rest, "--", 2, argv[i], target, err);
			if (r < 0)
				return r;
			continue;
		}
		/* A lone dash is an argument: it stands for standard input. */
		if (!options || argv[i][0] != '-' || argv[i][1] == '\0') {
			args.values[args.n++] = argv[i];
			if (syntax->options_first)
				options = false;
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			options = false;
			rest = rest_option(syntax);
			continue;
		}
		r = parse_option(syntax, argc, argv, &i, target, &args.help, err);
		if (r < 0)
			return r;
	}
	*ret = args;
	return 0;
}

void args_release(const struct args_syntax *syntax, void *target)
{
	for (size_t i = 0; i < syntax->n_options; i++) {
		const struct args_option *option = &syntax->options[i];

		if (option->kind == ARGS_LIST || option->kind == ARGS_REST) {
			struct words *list = (void *)((char *)target + option->offset);

			free(list->values);
			*list = (struct words){0};
		}
	}
}

static bool is_given(const struct args_option *option, const void *target)
{
	const void *field = (const char *)target + option->offset;

	switch ((enum args_kind)option->kind) {
	case ARGS_STRING:
		return *(const char *const *)field != NULL;
	case ARGS_BOOL:
		return *(const bool *)field;
	case ARGS_CHOICE:
		return ((const struct choice *)field)->given;
	case ARGS_U32:
		return *(const uint32_t *)field != 0;
	case ARGS_LIST:
	case ARGS_REST:
		return ((const struct words *)field)->n > 0;
	case ARGS_OPT_I64:
		return ((const struct oci_opt_i64 *)field)->set;
	case ARGS_OPT_U64:
		return ((const struct oci_opt_u64 *)field)->set;
	case ARGS_SIZE:
		return ((const struct args_size *)field)->bytes.set;
	case ARGS_DURATION:
		return ((const struct args_duration *)field)->ns.set;
	}
	return false;
}

const struct args_option *args_first_given(const struct args_syntax *syntax, const void *target, size_t begin,
					   size_t end)
{
	for (size_t i = 0; i < syntax->n_options; i++) {
		const struct args_option *option = &syntax->options[i];

		if (option->name && option->offset >= begin && option->offset < end && is_given(option, target))
			return option;
	}
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options and arguments of a command line, by table: each row says where its value goes in a struct that belongs to the
 * command. Parsing and the help text read the same rows.
 *
 * The spellings are those that runc's callers use: `--x V`, `--x=V`, and the same with a single dash, for long and for
 * short names; switches take `=true` and `=false`. Short names can't be bundled, since `-ab` is the long option "ab".
 * An option that is given twice: the last one counts, unless it is a list. `--` ends the options; what follows are
 * arguments, or the rest of the line where the command has a row for that.
 */
#ifndef TURTLE_CMD_ARGS_H
#define TURTLE_CMD_ARGS_H

#include "base/err.h"
#include "base/words.h"
#include "ocispec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum args_kind {
	ARGS_STRING,
	ARGS_BOOL,
	ARGS_CHOICE,
	ARGS_U32,
	ARGS_LIST,
	ARGS_REST,
	ARGS_OPT_I64,
	ARGS_OPT_U64,
	ARGS_SIZE,
	ARGS_DURATION
};

/* Bytes, with the units of num_size(); -1 is unlimited. */
struct args_size {
	struct oci_opt_i64 bytes;
};

/* Nanoseconds, with the units of num_duration(). */
struct args_duration {
	struct oci_opt_i64 ns;
};

struct args_option {
	const char *name;         /* long name, or NULL */
	char letter;              /* short name, or 0 */
	uint8_t kind;             /* enum args_kind */
	uint16_t offset;          /* of the field */
	const char *value, *help; /* how help calls the value; what it says. help NULL: not shown */
};

/* The kind follows from the C type of the field. */
#define ARGS_OPTION(type, field, long_name, short_name, value_name, text)           \
	{                                                                           \
		.name = (long_name),                                              \
	 .letter = (short_name),                                           \
	 .kind = _Generic(((type *)0)->field,                              \
		const char *: ARGS_STRING,                                 \
		bool: ARGS_BOOL,                                           \
		struct choice: ARGS_CHOICE,                                \
		uint32_t: ARGS_U32,                                        \
		struct words: ARGS_LIST,                                   \
		struct oci_opt_i64: ARGS_OPT_I64,                          \
		struct oci_opt_u64: ARGS_OPT_U64,                          \
		struct args_size: ARGS_SIZE,                               \
		struct args_duration: ARGS_DURATION),                      \
	 .offset = offsetof(type, field),                                  \
	 .value = (value_name),                                            \
	 .help = (text) \
	}

/* What follows `--` goes to this field, a struct words, instead of being arguments. A row without a name. */
#define ARGS_REST_OF_LINE(type, field)                             \
	{                                                          \
		.kind = ARGS_REST, .offset = offsetof(type, field) \
	}

struct args_syntax {
	const struct args_option *options;
	size_t n_options;
	bool options_first; /* options end at the first argument; otherwise they may follow it */
};

/* What is left of the command line. */
struct args {
	bool help; /* -h or --help was met; parsing stopped there */
	int n;
	char **values; /* argv, with the arguments moved to its beginning */
};

/* Reads argv, which does not hold the command's name, into target. -EINVAL with the text of what is wrong. */
int args_parse(const struct args_syntax *syntax, int argc, char **argv, void *target, struct args *ret,
	       struct err *err);

/* Frees the lists that args_parse() has made in target; the strings are those of argv. */
void args_release(const struct args_syntax *syntax, void *target);

/*
 * The first option with a value whose field lies from offset begin to end in target, NULL when there is none: for
 * options that only make sense with others. A switch that was turned off is not seen.
 */
const struct args_option *args_first_given(const struct args_syntax *syntax, const void *target, size_t begin,
					   size_t end);

/* A switch's value in text: true, false and what else runc takes for them. 0 or -EINVAL. */
int args_parse_bool(const char *text, bool *ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of turtle as data: its name, its options, what help says, and the function that does it. The table of
 * commands is in main.c; cmd.c finds the one on the command line, reads its options and calls it.
 */
#ifndef TURTLE_CMD_CMD_H
#define TURTLE_CMD_CMD_H

#include "base/err.h"
#include "cmd/args.h"
#include "host/host.h"

#include <stdbool.h>
#include <stddef.h>

/* The options before the command. */
struct cmd_globals {
	bool debug, systemd_cgroup, version;
	const char *log, *log_format, *log_level, *root, *cgroup_manager, *rootless;
	struct host_options host; /* what they come to; host.root only for commands that work on containers */
	char *root_buffer;        /* host.root; owned */
};

struct cmd_verb {
	const char *name;
	const char *arguments;   /* as help shows them: "ID [SIGNAL]" */
	const char *summary;     /* one line */
	const char *description; /* NULL or some lines, each indented by three blanks */
	struct args_syntax syntax;
	size_t request_size; /* of the struct that the options go to */
	int min_args, max_args;
	bool containers;   /* works on the state root */
	bool makes_cgroup; /* the options choose the driver; other commands go by the container's */
	/* Instead of min_args and max_args, where the number depends on the options; NULL for most. */
	int (*check)(const void *request, int n_args, struct err *err);
	/*
	 * request is zeroed and then filled by the options. args has min_args to max_args elements. *ret_status: the
	 * exit status, 0 when it is left alone; on failure 1, or what was stored there.
	 */
	int (*run)(const struct cmd_globals *globals, void *request, int n_args, char **args, int *ret_status,
		   struct err *err);
};

extern const struct cmd_verb cmd_checkpoint, cmd_create, cmd_delete, cmd_events, cmd_exec, cmd_features, cmd_kill,
	cmd_list, cmd_pause, cmd_ps, cmd_restore, cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update;

/* The whole program: finds the verb and runs it. Returns 0 or a negative errno; *ret_status is the exit status. */
int cmd_main(const struct cmd_verb *const *verbs, size_t n_verbs, int argc, char **argv, int *ret_status,
	     struct err *err);

/* globals.c */
extern const struct args_syntax cmd_global_syntax;
int cmd_globals_open_log(const struct cmd_globals *globals, struct err *err);
int cmd_globals_resolve(struct cmd_globals *globals, const struct cmd_verb *verb, struct err *err);

/* help.c. error: what is wrong with the command line, NULL where help was asked for. */
int cmd_help(const struct cmd_verb *const *verbs, size_t n_verbs, const char *error, struct err *err);
int cmd_help_verb(const struct cmd_verb *verb, const char *error, struct err *err);

/* version.c */
int cmd_version(struct err *err);

/* regex.c: calls each() for every container with a match of the extended regular expression in its name. */
int cmd_each_match(const struct host_options *options, const char *regex, bool none_is_error,
		   int (*each)(const struct host_options *options, const char *id, void *arg, struct err *err),
		   void *arg, struct err *err);

#endif

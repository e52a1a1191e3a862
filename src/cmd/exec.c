/* SPDX-License-Identifier: Apache-2.0 */
/* exec ID COMMAND: one more process in a container that lives. What the options mean for it is in config/exec.c. */
#include "cmd/cmd.h"

#include "base/mem.h"
#include "config/exec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What callers of runc tell a failure of exec from the process's own status by. */
#define STATUS_NOT_EXECUTED 255

struct request {
	struct exec_request exec;
	struct exec_wishes wishes;
	struct words cgroup;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, wishes.additional_gids, "additional-gids", 'g', "GID",
		    "a group besides those of the container's process; repeatable"),
	ARGS_OPTION(struct request, wishes.apparmor, "apparmor", 0, "PROFILE", "the AppArmor profile to run under"),
	ARGS_OPTION(struct request, wishes.caps, "cap", 'c', "CAP",
		    "let it have this capability, too: bounding, effective and permitted; repeatable"),
	ARGS_OPTION(struct request, cgroup, "cgroup", 0, "PATH", "put it into this cgroup below the container's own"),
	ARGS_OPTION(struct request, exec.console_socket, "console-socket", 0, "PATH",
		    "the unix socket that receives the master of its terminal"),
	ARGS_OPTION(struct request, wishes.cwd, "cwd", 0, "DIR", "its working directory"),
	ARGS_OPTION(struct request, exec.detach, "detach", 'd', NULL, "return as soon as the process is started"),
	ARGS_OPTION(struct request, wishes.env, "env", 'e', "NAME=VALUE",
		    "an environment variable, added or instead of the container's; repeatable"),
	ARGS_OPTION(struct request, exec.ignore_paused, "ignore-paused", 0, NULL,
		    "put it into a paused container, too; it begins when the container is resumed"),
	ARGS_OPTION(struct request, wishes.no_new_privs, "no-new-privs", 0, NULL,
		    "whether set-user-ID programs gain nothing"),
	ARGS_OPTION(struct request, exec.pid_file, "pid-file", 0, "FILE", "where to write the pid of the process"),
	ARGS_OPTION(struct request, exec.pidfd_socket, "pidfd-socket", 0, "PATH",
		    "the unix socket that receives a pidfd of the process"),
	ARGS_OPTION(struct request, exec.preserve_fds, "preserve-fds", 0, "N", "pass this many descriptors, from 3 on"),
	ARGS_OPTION(struct request, wishes.process_file, "process", 'p', "FILE",
		    "take all of the process from this JSON document (- is standard input)"),
	ARGS_OPTION(struct request, wishes.process_label, "process-label", 0, "LABEL",
		    "the SELinux label to run under"),
	ARGS_OPTION(struct request, wishes.tty, "tty", 't', NULL, "whether it gets a terminal (default: false)"),
	ARGS_OPTION(struct request, wishes.user, "user", 'u', "UID[:GID]", "who it is, by number"),
};

/*
 * [CONTROLLER[,CONTROLLER]:]PATH. With one hierarchy for all controllers there is one place to be in; whether it is a
 * fit one is judged where the container's cgroup is known.
 */
static int take_cgroup(const struct words *words, const char **ret, struct err *err)
{
	for (size_t i = 0; words->n > 1 && i < words->n; i++) {
		const char *word = words->values[i];

		if (!strchr(word, ':'))
			return err_msg(err, -EINVAL, "invalid --cgroup argument: %s (missing <controller>: prefix)",
				       word);
		if (strcmp(strchr(word, ':'), strchr(words->values[0], ':')) != 0)
			return err_msg(err, -EINVAL,
				       "--cgroup %s contradicts --cgroup %s: a process is in one cgroup, for all "
				       "controllers",
				       word, words->values[0]);
	}
	*ret = words->n ? words->values[0] : NULL;
	return 0;
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct request *request = arg;
	int first = n_args > 1 && strcmp(args[1], "--") == 0 ? 2 : 1, r;

	request->exec.id = args[0];
	request->exec.wishes = &request->wishes;
	request->wishes.command =
		(struct words){.n = (size_t)(n_args - first), .values = (const char **)(args + first)};
	r = take_cgroup(&request->cgroup, &request->exec.cgroup, err);
	if (r == 0)
		r = host_exec(&globals->host, &request->exec, ret_status, err);
	if (r == 0)
		return 0;
	*ret_status = STATUS_NOT_EXECUTED;
	return err_wrap(err, "exec failed");
}

const struct cmd_verb cmd_exec = {
	.name = "exec",
	.arguments = "ID [--] COMMAND [ARGUMENT...]",
	.summary = "start another process in a container",
	.description = "   Runs the command in the container ID as its own process would be run, but for what the\n"
		       "   options say, and ends with its status. A process document (-p) replaces the command and\n"
		       "   what is said about it. Options come before the ID. If the process can't be started the\n"
		       "   status is 255.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options), .options_first = true},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = INT_MAX,
	.containers = true,
	.run = run,
};

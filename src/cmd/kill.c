/* SPDX-License-Identifier: Apache-2.0 */
/* kill ID [SIGNAL] */
#include "cmd/cmd.h"

#include "base/mem.h"
#include "base/signals.h"

#include <errno.h>

struct request {
	bool all, regex;
	int sig;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, all, "all", 'a', NULL,
		    "signal every process of the container's cgroup; a stopped container is no error"),
	ARGS_OPTION(struct request, regex, "regex", 'r', NULL,
		    "signal every container with a match of the extended regular expression ID in its name"),
};

static int kill_one(const struct host_options *host, const char *id, void *arg, struct err *err)
{
	const struct request *request = arg;

	return host_kill(host, id, request->sig, request->all, err);
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	const char *name = n_args > 1 ? args[1] : "TERM";
	struct request *request = arg;

	if (signal_parse(name, &request->sig) < 0)
		return err_msg(err, -EINVAL, "unknown signal \"%s\"", name);
	if (request->regex)
		return cmd_each_match(&globals->host, args[0], true, kill_one, request, err);
	return kill_one(&globals->host, args[0], request, err);
}

const struct cmd_verb cmd_kill = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "send a signal to the first process of a container",
	.description = "   SIGNAL is a number or a name, with or without SIG, in any case; the default is SIGTERM.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = 2,
	.containers = true,
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* delete ID */
#include "cmd/cmd.h"

#include "base/mem.h"

struct request {
	bool force, regex;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, force, "force", 'f', NULL,
		    "kill all of its processes first, whatever its state; an unknown ID is no error"),
	ARGS_OPTION(struct request, regex, "regex", 'r', NULL,
		    "delete every container with a match of the extended regular expression ID in its name"),
};

static int delete_one(const struct host_options *host, const char *id, void *arg, struct err *err)
{
	const struct request *request = arg;

	return host_delete(host, id, request->force, err);
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct request *request = arg;

	if (request->regex)
		return cmd_each_match(&globals->host, args[0], !request->force, delete_one, request, err);
	return delete_one(&globals->host, args[0], request, err);
}

const struct cmd_verb cmd_delete = {
	.name = "delete",
	.arguments = "ID",
	.summary = "remove what a container has left",
	.description =
		"   Removes the cgroup and the state of a container that has stopped or was never started; with\n"
		"   --force, of any container, and what a killed turtle has left behind.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* run ID */
#include "cmd/cmd.h"
#include "cmd/create_options.h"

#include "base/mem.h"

static const struct args_option options[] = {
	CREATE_OPTIONS,
	ARGS_OPTION(struct create_request, detach, "detach", 'd', NULL, "return as soon as the process is started"),
	ARGS_OPTION(struct create_request, keep, "keep", 0, NULL, "don't delete the container when its process ends"),
};

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct create_request *request = arg;

	request->id = args[0];
	if (!request->bundle)
		request->bundle = ".";
	return host_run(&globals->host, request, ret_status, err);
}

const struct cmd_verb cmd_run = {
	.name = "run",
	.arguments = "ID",
	.summary = "create, start, wait and delete in one",
	.description =
		"   Makes the container ID from a bundle, starts it, passes signals and terminal sizes on to it,\n"
		"   and deletes it when its process has ended. The exit status is the process's, or 128 plus the\n"
		"   number of the signal that ended it.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct create_request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.makes_cgroup = true,
	.run = run,
};

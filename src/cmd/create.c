/* SPDX-License-Identifier: Apache-2.0 */
/* create ID */
#include "cmd/cmd.h"
#include "cmd/create_options.h"

#include "base/mem.h"

static const struct args_option options[] = {CREATE_OPTIONS};

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct create_request *request = arg;

	request->id = args[0];
	if (!request->bundle)
		request->bundle = ".";
	return host_create(&globals->host, request, err);
}

const struct cmd_verb cmd_create = {
	.name = "create",
	.arguments = "ID",
	.summary = "make a container whose process waits for start",
	.description =
		"   Makes the container ID from a bundle. Everything but the process's own program is in place\n"
		"   when the command returns; `turtle start ID` lets it begin. Where the command fails, nothing\n"
		"   is left.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct create_request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.makes_cgroup = true,
	.run = run,
};

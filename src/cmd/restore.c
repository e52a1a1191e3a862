/* SPDX-License-Identifier: Apache-2.0 */
/* restore ID */
#include "cmd/checkpoint_options.h"
#include "cmd/cmd.h"

#include "base/mem.h"

struct request {
	struct create_request create;
	struct criu_wishes wishes;
};

static const struct args_option options[] = {CHECKPOINT_OPTIONS(struct request, OPTION_LEFT_OUT, OPTION_TAKEN)};

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct request *request = arg;

	request->create.id = args[0];
	if (!request->create.bundle)
		request->create.bundle = ".";
	return host_restore(&globals->host, &request->create, &request->wishes, ret_status, err);
}

const struct cmd_verb cmd_restore = {
	.name = "restore",
	.arguments = "ID",
	.summary = "make a container again that checkpoint has saved",
	.description =
		"   Makes the container ID from a bundle, with the processes of a checkpoint, which go on where\n"
		"   they were; like run it stays until they have ended, unless it is to detach.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.makes_cgroup = true,
	.run = run,
};

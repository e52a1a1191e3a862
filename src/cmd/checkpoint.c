/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint ID */
#include "cmd/checkpoint_options.h"
#include "cmd/cmd.h"

#include "base/mem.h"

struct request {
	struct criu_wishes wishes;
};

static const struct args_option options[] = {CHECKPOINT_OPTIONS(struct request, OPTION_TAKEN, OPTION_LEFT_OUT)};

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	const struct request *request = arg;

	return host_checkpoint(&globals->host, args[0], &request->wishes, err);
}

const struct cmd_verb cmd_checkpoint = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "save a running container in files",
	.description =
		"   Has CRIU save the processes of the container ID, and deletes the container, unless it is to\n"
		"   run on. `turtle restore` makes it again, here or on another machine.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};

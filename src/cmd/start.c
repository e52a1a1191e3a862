/* SPDX-License-Identifier: Apache-2.0 */
/* start ID */
#include "cmd/cmd.h"

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	return host_start(&globals->host, args[0], err);
}

const struct cmd_verb cmd_start = {
	.name = "start",
	.arguments = "ID",
	.summary = "let the process of a created container begin",
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* pause ID */
#include "cmd/cmd.h"

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	return host_pause(&globals->host, args[0], err);
}

const struct cmd_verb cmd_pause = {
	.name = "pause",
	.arguments = "ID",
	.summary = "suspend all processes of a container",
	.description = "   The processes stop where they are, until `turtle resume`.\n",
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};

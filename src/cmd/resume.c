/* SPDX-License-Identifier: Apache-2.0 */
/* resume ID */
#include "cmd/cmd.h"

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	return host_resume(&globals->host, args[0], err);
}

const struct cmd_verb cmd_resume = {
	.name = "resume",
	.arguments = "ID",
	.summary = "let a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};

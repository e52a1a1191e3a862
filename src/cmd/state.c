/* SPDX-License-Identifier: Apache-2.0 */
/* state ID */
#include "cmd/cmd.h"
#include "cmd/document.h"
#include "cmd/output.h"

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct container_view view;
	char *text = NULL;
	size_t size = 0;
	int r;

	r = host_state(&globals->host, args[0], &view, err);
	if (r < 0)
		return r;
	/* runc leaves the owner empty here, and names it in list. */
	r = document_write(&view, "", OCISPEC_TWO, view.container.arena, &text, &size);
	if (r < 0)
		err_set(err, r, "print the state of %s", args[0]);
	else
		r = output_write(text, size, err);
	container_view_close(&view);
	return r;
}

const struct cmd_verb cmd_state = {
	.name = "state",
	.arguments = "ID",
	.summary = "print what is known of a container, as JSON",
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint ID */
#include "cmd/checkpoint_options.h"
#include "cmd/cmd.h"

#include "base/mem.h"

struct request {
	struct criu_wishes wishes;
};

static const struct args_option options[] = {
	CHECKPOINT_OPTIONS(struct request, wishes),
	ARGS_OPTION(struct request, wishes.leave_running, "leave-running", 0, NULL, "let the container run on"),
	ARGS_OPTION(struct request, wishes.link_remap, "link-remap", 0, NULL,
		    "allow open files without a name, by making links to them"),
	ARGS_OPTION(struct request, wishes.page_server, "page-server", 0, "ADDRESS:PORT",
		    "send memory to this page server of CRIU's, not into the images"),
	ARGS_OPTION(struct request, wishes.parent_path, "parent-path", 0, "DIR",
		    "earlier images, relative to these; only what has changed since is saved"),
	ARGS_OPTION(struct request, wishes.pre_dump, "pre-dump", 0, NULL,
		    "save memory alone, and let the container run on"),
	ARGS_OPTION(struct request, wishes.status_fd, "status-fd", 0, "FD",
		    "write a NUL byte to this descriptor once memory can be asked for (--lazy-pages)"),
	ARGS_OPTION(struct request, wishes.tcp_skip_in_flight, "tcp-skip-in-flight", 0, NULL,
		    "leave out TCP connections that are not established yet"),
};

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

/* SPDX-License-Identifier: Apache-2.0 */
/* restore ID */
#include "cmd/checkpoint_options.h"
#include "cmd/cmd.h"

#include "base/mem.h"

struct request {
	struct create_request create;
	struct criu_wishes wishes;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, create.bundle, "bundle", 'b', "DIR", "the bundle (default: the current directory)"),
	ARGS_OPTION(struct request, create.console_socket, "console-socket", 0, "PATH",
		    "the unix socket that receives the master of the container's terminal"),
	ARGS_OPTION(struct request, create.detach, "detach", 'd', NULL, "return as soon as the process is restored"),
	ARGS_OPTION(struct request, create.no_pivot, "no-pivot", 0, NULL,
		    "accepted: CRIU moves the root in its own way"),
	ARGS_OPTION(struct request, create.no_subreaper, "no-subreaper", 0, NULL,
		    "don't adopt orphans of the container (with --detach never done)"),
	ARGS_OPTION(struct request, create.pid_file, "pid-file", 0, "FILE",
		    "where to write the pid of the container's first process"),
	ARGS_OPTION(struct request, wishes.lsm_mount_context, "lsm-mount-context", 0, "CONTEXT",
		    "the SELinux context of mounts, instead of the one that they had"),
	ARGS_OPTION(struct request, wishes.lsm_profile, "lsm-profile", 0, "TYPE:NAME",
		    "the profile to run under, instead of the one it had: apparmor:PROFILE or selinux:LABEL"),
	ARGS_OPTION(struct request, wishes.tcp_close, "tcp-close", 0, NULL, "restore TCP connections as closed ones"),
	CHECKPOINT_OPTIONS(struct request, wishes),
};

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

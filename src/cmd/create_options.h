/* SPDX-License-Identifier: Apache-2.0 */
/* What create and run have in common on the command line. */
#ifndef TURTLE_CMD_CREATE_OPTIONS_H
#define TURTLE_CMD_CREATE_OPTIONS_H

#include "cmd/args.h"
#include "host/host.h"

/* clang-format off */
#define CREATE_OPTIONS                                                                                                 \
	ARGS_OPTION(struct create_request, bundle, "bundle", 'b', "DIR", "the bundle (default: the current directory)"), \
	ARGS_OPTION(struct create_request, config_file, "config", 'f', "FILE",                                         \
		    "the configuration, instead of config.json in the bundle"),                                        \
	ARGS_OPTION(struct create_request, console_socket, "console-socket", 0, "PATH",                                \
		    "the unix socket that receives the master of the container's terminal"),                           \
	ARGS_OPTION(struct create_request, no_new_keyring, "no-new-keyring", 0, NULL,                                  \
		    "keep the caller's session keyring"),                                                              \
	ARGS_OPTION(struct create_request, no_pivot, "no-pivot", 0, NULL,                                              \
		    "move the root into place instead of pivot_root (weaker; for callers on an initial ramdisk)"),     \
	ARGS_OPTION(struct create_request, no_subreaper, "no-subreaper", 0, NULL,                                      \
		    "accepted: turtle never becomes a subreaper"),                                                     \
	ARGS_OPTION(struct create_request, pid_file, "pid-file", 0, "FILE",                                            \
		    "where to write the pid of the container's first process"),                                        \
	ARGS_OPTION(struct create_request, pidfd_socket, "pidfd-socket", 0, "PATH",                                    \
		    "the unix socket that receives a pidfd of the container's first process"),                         \
	ARGS_OPTION(struct create_request, preserve_fds, "preserve-fds", 0, "N",                                       \
		    "pass this many descriptors, from 3 on (after those of LISTEN_FDS)")
/* clang-format on */

#endif

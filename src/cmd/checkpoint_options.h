/* SPDX-License-Identifier: Apache-2.0 */
/* The options of checkpoint and restore, most of which are those of both: in one list, which is the order of help. */
#ifndef TURTLE_CMD_CHECKPOINT_OPTIONS_H
#define TURTLE_CMD_CHECKPOINT_OPTIONS_H

#include "cmd/args.h"
#include "host/host.h"

/*
 * type: the command's, with a struct criu_wishes "wishes", and for restore a struct create_request "create".
 * CHECKPOINT, RESTORE: what becomes of an option that one of them has alone, OPTION_TAKEN or OPTION_LEFT_OUT.
 */
#define OPTION_TAKEN(...) __VA_ARGS__,
#define OPTION_LEFT_OUT(...)
/* clang-format off */
#define CHECKPOINT_OPTIONS(type, CHECKPOINT, RESTORE)                                                                  \
	ARGS_OPTION(type, wishes.auto_dedup, "auto-dedup", 0, NULL,                                                    \
		    "drop memory from images once a later one, or the restored process, has it"),                      \
	RESTORE(ARGS_OPTION(type, create.bundle, "bundle", 'b', "DIR",                                                 \
			    "the bundle (default: the current directory)"))                                            \
	RESTORE(ARGS_OPTION(type, create.console_socket, "console-socket", 0, "PATH",                                  \
			    "the unix socket that receives the master of the container's terminal"))                   \
	RESTORE(ARGS_OPTION(type, create.detach, "detach", 'd', NULL,                                                  \
			    "return as soon as the process is restored"))                                              \
	ARGS_OPTION(type, wishes.empty_ns, "empty-ns", 0, "network",                                                   \
		    "make the network namespace, but don't keep what is in it"),                                       \
	ARGS_OPTION(type, wishes.ext_unix_sk, "ext-unix-sk", 0, NULL,                                                  \
		    "allow unix sockets that are connected to processes outside"),                                     \
	ARGS_OPTION(type, wishes.file_locks, "file-locks", 0, NULL, "allow locks on files"),                           \
	ARGS_OPTION(type, wishes.image_path, "image-path", 0, "DIR", "the images (default: checkpoint)"),              \
	ARGS_OPTION(type, wishes.lazy_pages, "lazy-pages", 0, NULL,                                                    \
		    "let memory follow when it is needed (userfaultfd)"),                                              \
	CHECKPOINT(ARGS_OPTION(type, wishes.leave_running, "leave-running", 0, NULL, "let the container run on"))      \
	CHECKPOINT(ARGS_OPTION(type, wishes.link_remap, "link-remap", 0, NULL,                                         \
			       "allow open files without a name, by making links to them"))                            \
	RESTORE(ARGS_OPTION(type, wishes.lsm_mount_context, "lsm-mount-context", 0, "CONTEXT",                         \
			    "the SELinux context of mounts, instead of the one that they had"))                        \
	RESTORE(ARGS_OPTION(type, wishes.lsm_profile, "lsm-profile", 0, "TYPE:NAME",                                   \
			    "the profile to run under, instead of the one it had: apparmor:PROFILE or selinux:LABEL")) \
	ARGS_OPTION(type, wishes.cgroups_mode, "manage-cgroups-mode", 0, "MODE",                                       \
		    "what becomes of the cgroups below the container's: soft (default), full, strict or ignore"),      \
	ARGS_OPTION(type, wishes.network_lock, "network-lock", 0, "METHOD",                                            \
		    "how connections are held meanwhile: iptables (default), nftables or skip"),                       \
	RESTORE(ARGS_OPTION(type, create.no_pivot, "no-pivot", 0, NULL,                                                \
			    "accepted: CRIU moves the root in its own way"))                                           \
	RESTORE(ARGS_OPTION(type, create.no_subreaper, "no-subreaper", 0, NULL,                                        \
			    "don't adopt orphans of the container (with --detach never done)"))                        \
	CHECKPOINT(ARGS_OPTION(type, wishes.page_server, "page-server", 0, "ADDRESS:PORT",                             \
			       "send memory to this page server of CRIU's, not into the images"))                      \
	CHECKPOINT(ARGS_OPTION(type, wishes.parent_path, "parent-path", 0, "DIR",                                      \
			       "earlier images, relative to these; only what has changed since is saved"))             \
	RESTORE(ARGS_OPTION(type, create.pid_file, "pid-file", 0, "FILE",                                              \
			    "where to write the pid of the container's first process"))                                \
	CHECKPOINT(ARGS_OPTION(type, wishes.pre_dump, "pre-dump", 0, NULL,                                             \
			       "save memory alone, and let the container run on"))                                     \
	ARGS_OPTION(type, wishes.shell_job, "shell-job", 0, NULL, "allow a terminal of the caller's"),                 \
	CHECKPOINT(ARGS_OPTION(type, wishes.status_fd, "status-fd", 0, "FD",                                           \
			       "write a NUL byte to this descriptor once memory can be asked for (--lazy-pages)"))     \
	RESTORE(ARGS_OPTION(type, wishes.tcp_close, "tcp-close", 0, NULL, "restore TCP connections as closed ones"))   \
	ARGS_OPTION(type, wishes.tcp_established, "tcp-established", 0, NULL, "allow open TCP connections"),           \
	CHECKPOINT(ARGS_OPTION(type, wishes.tcp_skip_in_flight, "tcp-skip-in-flight", 0, NULL,                         \
			       "leave out TCP connections that are not accepted yet"))                                 \
	ARGS_OPTION(type, wishes.work_path, "work-path", 0, "DIR", "CRIU's log and sockets (default: with the images)")
/* clang-format on */

#endif

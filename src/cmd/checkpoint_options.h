/* SPDX-License-Identifier: Apache-2.0 */
/* What checkpoint and restore have in common on the command line. */
#ifndef TURTLE_CMD_CHECKPOINT_OPTIONS_H
#define TURTLE_CMD_CHECKPOINT_OPTIONS_H

#include "cmd/args.h"
#include "host/host.h"

/* wishes: the struct criu_wishes in the command's type. */
/* clang-format off */
#define CHECKPOINT_OPTIONS(type, wishes)                                                                               \
	ARGS_OPTION(type, wishes.auto_dedup, "auto-dedup", 0, NULL,                                                    \
		    "drop memory from images once a later one, or the restored process, has it"),                      \
	ARGS_OPTION(type, wishes.empty_ns, "empty-ns", 0, "network",                                                   \
		    "make the network namespace, but don't keep what is in it"),                                       \
	ARGS_OPTION(type, wishes.ext_unix_sk, "ext-unix-sk", 0, NULL,                                                  \
		    "allow unix sockets that are connected to processes outside"),                                     \
	ARGS_OPTION(type, wishes.file_locks, "file-locks", 0, NULL, "allow locks on files"),                           \
	ARGS_OPTION(type, wishes.image_path, "image-path", 0, "DIR", "the images (default: checkpoint)"),              \
	ARGS_OPTION(type, wishes.lazy_pages, "lazy-pages", 0, NULL,                                                    \
		    "let memory follow when it is needed (userfaultfd)"),                                              \
	ARGS_OPTION(type, wishes.cgroups_mode, "manage-cgroups-mode", 0, "MODE",                                       \
		    "what becomes of the cgroups below the container's: soft (default), full, strict or ignore"),      \
	ARGS_OPTION(type, wishes.network_lock, "network-lock", 0, "METHOD",                                            \
		    "how connections are held meanwhile: iptables (default), nftables or skip"),                       \
	ARGS_OPTION(type, wishes.shell_job, "shell-job", 0, NULL, "allow a terminal of the caller's"),                 \
	ARGS_OPTION(type, wishes.tcp_established, "tcp-established", 0, NULL, "allow open TCP connections"),           \
	ARGS_OPTION(type, wishes.work_path, "work-path", 0, "DIR", "CRIU's log and sockets (default: with the images)")
/* clang-format on */

#endif

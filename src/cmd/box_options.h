/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What spec and run have in common on the command line: the wishes of config/box.h. The names are docker's and
 * podman's; where the two have several for one thing, both are rows.
 */
#ifndef TURTLE_CMD_BOX_OPTIONS_H
#define TURTLE_CMD_BOX_OPTIONS_H

#include "cmd/args.h"
#include "config/box.h"

/* wishes: the struct box_wishes in the command's type. */
/* clang-format off */
#define BOX_OPTIONS(type, wishes)                                                                                      \
	ARGS_OPTION(type, wishes.rootfs, "rootfs", 0, "DIR", "a box: this directory as its root filesystem"),          \
	ARGS_OPTION(type, wishes.annotation, "annotation", 0, "NAME=VALUE", "an annotation; repeatable"),              \
	ARGS_OPTION(type, wishes.cap_add, "cap-add", 0, "CAP", "let it have this capability, or ALL; repeatable"),     \
	ARGS_OPTION(type, wishes.cap_drop, "cap-drop", 0, "CAP", "take this capability away, or ALL; repeatable"),     \
	ARGS_OPTION(type, wishes.cpu_shares, "cpu-shares", 'c', "N", "weight against others, from 2; 1024 is usual"),  \
	ARGS_OPTION(type, wishes.cpus, "cpus", 0, "N", "how many CPUs' time it gets at most, as 0.2 or 1.5"),          \
	ARGS_OPTION(type, wishes.cpuset_cpus, "cpuset-cpus", 0, "LIST", "on which CPUs it runs, as 0-2,5"),            \
	ARGS_OPTION(type, wishes.cpuset_mems, "cpuset-mems", 0, "LIST", "from which memory nodes it takes memory"),    \
	ARGS_OPTION(type, wishes.device, "device", 0, "DEVICE", "let it use a device: HOST[:CONTAINER][:rwm]; repeatable"), \
	ARGS_OPTION(type, wishes.env, "env", 'e', "NAME[=VALUE]",                                                      \
		    "an environment variable, without =VALUE the caller's; repeatable"),                               \
	ARGS_OPTION(type, wishes.env_file, "env-file", 0, "FILE", "environment variables, one on a line; repeatable"), \
	ARGS_OPTION(type, wishes.gid_map, "gidmap", 0, "C:H:N", "N groups from C on are those from H on outside; repeatable"), \
	ARGS_OPTION(type, wishes.group_add, "group-add", 0, "GROUP", "an additional group; repeatable"),               \
	ARGS_OPTION(type, wishes.hostname, "hostname", 0, "NAME", "its host name (default: turtle)"),                \
	ARGS_OPTION(type, wishes.memory, "memory", 'm', "SIZE", "how much memory it gets at most, as 128m or 1.5g"),   \
	ARGS_OPTION(type, wishes.memory_reservation, "memory-reservation", 0, "SIZE", "memory that is taken from it last"), \
	ARGS_OPTION(type, wishes.memory_swap, "memory-swap", 0, "SIZE",                                                \
		    "memory and swap together (default: twice --memory); -1: no limit"),                               \
	ARGS_OPTION(type, wishes.mount, "mount", 0, "SPEC",                                                            \
		    "type=bind,source=S,target=T[,readonly] or type=tmpfs,target=T[,tmpfs-size=N]; repeatable"),       \
	ARGS_OPTION(type, wishes.network, "network", 0, "NETWORK", "none: a new one with nothing but lo; host: the host's"), \
	ARGS_OPTION(type, wishes.no_network, "no-network", 0, NULL, "the same as --network none"),                     \
	ARGS_OPTION(type, wishes.no_new_privs, "no-new-privs", 0, NULL, "whether set-user-ID programs gain nothing (default: true)"), \
	ARGS_OPTION(type, wishes.no_terminal, "no-tty", 0, NULL, "the same as --tty=false"),                           \
	ARGS_OPTION(type, wishes.pids, "pids-limit", 0, "N", "how many processes and threads it may have; -1: no limit"), \
	ARGS_OPTION(type, wishes.pids, "pids", 0, "N", "the same as --pids-limit"),                                    \
	ARGS_OPTION(type, wishes.read_only, "read-only", 0, NULL, "whether its root can't be written to"),             \
	ARGS_OPTION(type, wishes.seccomp, "seccomp", 0, "FILE", "a profile of system calls that are allowed"),         \
	ARGS_OPTION(type, wishes.security_opt, "security-opt", 0, "OPTION",                                            \
		    "no-new-privileges[=BOOL], seccomp=FILE or seccomp=unconfined; repeatable"),                       \
	ARGS_OPTION(type, wishes.shm_size, "shm-size", 0, "SIZE", "size of /dev/shm (default: 64m)"),                  \
	ARGS_OPTION(type, wishes.swap, "swap", 0, "SIZE", "swap alone; 0: none, -1: no limit; needs --memory"),        \
	ARGS_OPTION(type, wishes.sysctl, "sysctl", 0, "NAME=VALUE", "a kernel setting of its namespaces; repeatable"), \
	ARGS_OPTION(type, wishes.tmpfs, "tmpfs", 0, "DIR[:OPTIONS]", "an empty filesystem in memory; repeatable"),     \
	ARGS_OPTION(type, wishes.terminal, "tty", 't', NULL, "whether it gets a terminal"),                            \
	ARGS_OPTION(type, wishes.uid_map, "uidmap", 0, "C:H:N", "N users from C on are those from H on outside; repeatable"), \
	ARGS_OPTION(type, wishes.ulimit, "ulimit", 0, "NAME=SOFT[:HARD]", "a resource limit, as nofile=1024; repeatable"), \
	ARGS_OPTION(type, wishes.umask, "umask", 0, "MODE", "the file mode creation mask, in octal"),                  \
	ARGS_OPTION(type, wishes.user, "user", 'u', "USER[:GROUP]", "who its process is, by number or name"),          \
	ARGS_OPTION(type, wishes.volume, "volume", 'v', "S:T[:OPTIONS]",                                               \
		    "show S of the host at T, with option ro read-only; repeatable"),                                  \
	ARGS_OPTION(type, wishes.cwd, "workdir", 'w', "DIR", "its working directory (default: /)"),                    \
	ARGS_OPTION(type, wishes.cwd, "cwd", 0, "DIR", "the same as --workdir"),                                       \
	/* What fingers that know docker type. */                                                                      \
	ARGS_OPTION(type, wishes.terminal, "it", 0, NULL, NULL),                                                       \
	ARGS_OPTION(type, wishes.terminal, "ti", 0, NULL, NULL),                                                       \
	ARGS_REST_OF_LINE(type, wishes.command)
/* clang-format on */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation of turtle (the host side) and turtle-init (the container's side): named messages of one fixed size
 * over a SOCK_SEQPACKET pair, made before the clone. End of file at any point means that the other side is gone: init
 * then exits at once, turtle unwinds.
 *
 *   turtle                                          turtle-init
 *     clone3, CLONE_INTO_CGROUP unless              execve of the sealed memory file
 *     PLAN_AWAIT_CGROUP ────────────────────────▶
 *     SYNC_FDS (descriptors) ───────────────────▶   maps the plan; takes the descriptors: first those of plan.joins,
 *                                                   in order, then a socket, where rootfs_fd or a source_fd is given
 *                                                   [PLAN_STAGE: the intermediate process enters plan.joins, clones
 *     ◀────────────────── SYNC_PID + pidfd           init as its sibling, says its pid, and exits]
 *     id maps, oom_score_adj
 *     SYNC_MAPPED (only PLAN_NEW_USERNS) ───────▶   becomes ns_uid:ns_gid
 *     systemd makes the unit, init in it            root, mounts, as far as none is of the cgroup
 *     SYNC_CGROUP (only PLAN_AWAIT_CGROUP) ─────▶   new cgroup namespace, what is left of the mounts
 *     cgroup limits, devices, state … meanwhile     devices
 *     ◀────────────────── SYNC_NETWORK + socket      (only PLAN_NET_DEVICES; sent as soon as the network namespace is
 *     network devices moved, through that socket      ours, before the mounts)
 *     SYNC_NETWORK_DONE (only PLAN_NET_DEVICES) ─▶   goes on after all mounts, before hooks
 *     ◀────────────────── SYNC_HOOKS                 (only PLAN_HOST_HOOKS; all mounts made, before pivot_root)
 *     prestart, createRuntime hooks
 *     SYNC_HOOKS_DONE ──────────────────────────▶   createContainer hooks
 *     ◀────────────────── SYNC_HOOK_STDOUT, _STDERR  (only PLAN_HOOK_STDOUT, _STDERR; what they write)
 *     appends it to files                           pivot_root, masks, sysctls
 *     ◀────────────────── SYNC_TTY + master         (only PLAN_TERMINAL)
 *     ◀────────────────── SYNC_READY                 credentials set, program found
 *     init to the delegated cgroup, rlimits (user
 *     namespace), state "created", pid file
 *     SYNC_CREATED ─────────────────────────────▶   waits for SYNC_START: on an accepted connection of the listening
 *                                                   socket (create; the sync socket is closed), or on the sync socket
 *                                                   (run)
 *   start, or run
 *     SYNC_START ───────────────────────────────▶   startContainer hooks
 *     ◀────────────────── SYNC_HOOK_STDOUT, _STDERR  (as above)
 *                                                   seccomp
 *     ◀────────────────── SYNC_EXEC [+ memory]       the next thing is execve (PLAN_MUTE: an error of it will
 *                                                   be in that memory, since the filter may forbid a message)
 *     ◀────────────────── end of file                execve succeeded (the socket has O_CLOEXEC)
 *
 * In a joined pid namespace (PLAN_BUILD_OUTSIDE) the intermediate process does all down to the terminal and closes what
 * it has of the host; SYNC_PID and its exit come then, just before SYNC_READY, which is the new init's. The limits of
 * the cgroup are applied between the two.
 *
 * For an exec (PLAN_EXEC) it is shorter. What of the container can see the process sees it from the second clone on, in
 * which nothing is left of the host:
 *
 *   turtle                                          turtle-init
 *     clone3, CLONE_INTO_CGROUP unless              execve of the sealed memory file
 *     PLAN_AWAIT_CGROUP ────────────────────────▶
 *     SYNC_FDS (the container's namespaces, its     takes them
 *     root where rootfs_fd says so, procfs) ────▶
 *     systemd moves the process
 *     SYNC_CGROUP (only PLAN_AWAIT_CGROUP) ─────▶   enters the namespaces; terminal, stdio, home, working directory
 *     ◀────────────────── SYNC_TTY + master         (only PLAN_TERMINAL)
 *                                                   closes all that
 *     ◀────────────────── SYNC_PID + pidfd           (only PLAN_STAGE: clones a sibling into the pid namespace, exits)
 *     ◀────────────────── SYNC_READY                 session, keyring, credentials set, program found
 *     rlimits (user namespace), pidfd, pid file
 *     SYNC_START ───────────────────────────────▶   seccomp
 *     ◀────────────────── SYNC_EXEC, end of file     as above
 *
 * Where the filter has SCMP_ACT_NOTIFY (SECCOMP_FILTER_FLAG_NEW_LISTENER), the seccomp agent must have the listener
 * before anything is executed, but a process under such a filter can't pass it on: the kernel may hold any call that it
 * makes until the agent has answered. A second thread of init, not under the filter, speaks for it; the two know of
 * each other by memory alone:
 *
 *   turtle                                     init's second thread         init
 *     connects to the agent
 *     SYNC_START ──────────────────────────────────────────────────────▶  starts the thread
 *                                              waits for the number        seccomp(2), no call from now on but execve
 *                                                                   ◀────  the number of the listener
 *     ◀──────── SYNC_LISTENER + listener       closes it
 *     sends it to the agent
 *     SYNC_LISTENER_SENT ──────────────────▶
 *     ◀──────── SYNC_EXEC                      it is sent           ─────▶  execve, which ends any other thread
 *     ◀──────── end of file
 *
 * In the socket after plan.joins are the detached trees of rootfs_fd and source_fd, ascending: messages SYNC_FDS of
 * at most SYNC_TREES descriptors each, all of them sent before the clone. Init takes a message when it needs the next
 * tree. So neither side ever has more than those of one message open, however many mounts there are and however few
 * descriptors RLIMIT_NOFILE allows.
 *
 * Instead of any message init may send SYNC_ERROR, also after SYNC_EXEC, and exit. The failure of a startContainer hook
 * is SYNC_HOOK_ERROR: that one alone obliges the start to destroy the container.
 *
 * turtle-init is executed as: argv[0] "turtle-init", argv[1] the decimal numbers "SYNC PLAN LISTEN" (descriptors;
 * LISTEN is -1 for run), an empty environment. Descriptors 0, 1, 2 and 3 .. 3+preserve_fds-1 are the container's;
 * all others have O_CLOEXEC or are the three named.
 */
#ifndef TURTLE_SYNC_SYNC_H
#define TURTLE_SYNC_SYNC_H

#include "base/err.h"

#include <stdint.h>

#define SYNC_MAX_FDS 250 /* SCM_MAX_FD is 253 */
#define SYNC_TREES   16

enum sync_type {
	SYNC_FDS = 1,
	SYNC_PID,
	SYNC_MAPPED,
	SYNC_CGROUP,
	SYNC_NETWORK,
	SYNC_NETWORK_DONE,
	SYNC_HOOKS,
	SYNC_HOOKS_DONE,
	SYNC_HOOK_STDOUT,
	SYNC_HOOK_STDERR,
	SYNC_TTY,
	SYNC_READY,
	SYNC_CREATED,
	SYNC_START,
	SYNC_LISTENER,
	SYNC_LISTENER_SENT,
	SYNC_EXEC,
	SYNC_ERROR,
	SYNC_HOOK_ERROR,
};

/* Short messages carry only the first two fields (SYNC_SHORT bytes); errors and output are the whole struct. */
struct sync_msg {
	uint32_t type; /* enum sync_type */
	int32_t value; /* SYNC_PID: pid in the host's pid namespace; SYNC_FDS: how many; SYNC_HOOK_STDOUT, _STDERR:
			  how many bytes of err.msg, 0 when a hook is about to run */
	struct err err;
};

#define SYNC_SHORT (2 * sizeof(uint32_t))

#endif

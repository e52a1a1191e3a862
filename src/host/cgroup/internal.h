/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of host/cgroup share: the way to files of cgroupfs, and the steps that tests want to reach one by one.
 *
 *   mount.c       the cgroup2 mount and the small files in it
 *   create.c      making a cgroup, with its controllers
 *   apply.c       limits, device program, owner
 *   devices.c     the system calls for the device program
 *   device_prog.c the program itself: rules to instructions, pure
 *   update.c      limits of a living cgroup, and the way back
 *   empty.c       frozen? populated? killing, signalling
 *   freeze.c      freezing, thawing
 *   pids.c        who is in it
 *   walk.c        a cgroup and all below it
 *   stuck.c       who neither dies nor freezes
 *   remove.c      waiting until it is empty, removing it
 *   oom.c         did the kernel kill for memory?
 *   unit.c        cgroups that systemd has made
 */
#ifndef TURTLE_HOST_CGROUP_INTERNAL_H
#define TURTLE_HOST_CGROUP_INTERNAL_H

#include "host/cgroup/cgroup.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <sys/types.h>

/* Enough for every file here but cgroup.procs. */
#define CGROUP_FILE_SIZE 4096

/* The descriptor of the cgroup2 mount, opened once; -EOPNOTSUPP when there is none. Not the caller's to close. */
int cgroup_root(void);

/* path is "/" based or relative to dirfd; never leaves it. Returns a descriptor or a negative errno. */
int cgroup_openat(int dirfd, const char *path, int flags);

/* A small file as NUL-terminated text without the last newline. Returns its length or a negative errno. */
ssize_t cgroup_read(int dirfd, const char *file, char *ret, size_t size);
int cgroup_write(int dirfd, const char *file, const char *value);

/* The number behind key in text made of "key value" lines; -1 when there is none. */
long long cgroup_key(const char *text, const char *key);

/* Whether a list of words, separated by spaces, holds this one (n bytes). */
bool cgroup_has_word(const char *list, const char *word, size_t n);

/* ENOENT and ENODEV: the cgroup went away under us. */
static inline bool cgroup_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/*
 * The processes in this one cgroup, in ascending order; those in a threaded cgroup are listed further up. ret->pids is
 * malloc'ed.
 */
int cgroup_read_pids(int dirfd, struct cgroup_pids *ret);

/* Of them only those whose first thread has ended, which cgroup.kill does not reach; also in threaded cgroups. */
int cgroup_read_leaderless(int dirfd, struct cgroup_pids *ret);

bool cgroup_has_pid(const struct cgroup_pids *list, pid_t pid);

/*
 * Calls visit for dirfd and every cgroup below it, children first. Stops at the first negative result; what is gone in
 * between is skipped.
 */
typedef int (*cgroup_visit)(void *arg, int fd);
int cgroup_walk(int dirfd, cgroup_visit visit, void *arg);

/* A deadline in milliseconds of CLOCK_MONOTONIC, and what is left until then (at least 0). */
long long cgroup_deadline(int timeout_ms);
int cgroup_time_left(long long deadline);

/*
 * Waits until key ("populated", "frozen") has this value in the cgroup.events that events_fd was opened from. 0,
 * -ETIMEDOUT, or a negative errno (cgroup_gone()).
 */
int cgroup_wait_event(int events_fd, const char *key, int value, long long deadline);
/* The same, but -EINTR when stop_fd becomes readable. */
int cgroup_wait_event_or(int events_fd, const char *key, int value, long long deadline, int stop_fd);

/* The process of a cgroup (and of all below it) that is most likely what a kill or a freeze waits for. */
struct cgroup_stuck {
	pid_t pid;
	char name[32]; /* of the thread */
	char state;    /* as in /proc/PID/stat */
};
bool cgroup_find_stuck(int fd, struct cgroup_stuck *ret);
/* "process PID (NAME) in ..." in buf. */
const char *cgroup_stuck_text(const struct cgroup_stuck *stuck, char *buf, size_t size);

/* `PROPERTY: the X controller is not available in cgroup PATH (it has: ...)`. has: cgroup.controllers. */
int cgroup_no_controller(const struct plan_cgroup_write *write, const char *path, const char *has, struct err *err);

/* memory.checkBeforeUpdate: -EBUSY for a limit below the usage. */
int cgroup_check_memory(int fd, const struct plan_cgroup *plan, struct err *err);

/* The writes of plan, in order. ret_written (or NULL): one for each, set to true once it is done. */
int cgroup_write_limits(int fd, const struct plan_cgroup *plan, bool *ret_written, struct err *err);

/*
 * What must be written to file so that it says again what it said in old (its whole text), after value has been
 * written to it: the text itself, or the one line of it that value touched. malloc'ed; NULL with *ret_none where there
 * is no way back (out of memory without). Not all files read as they are written.
 */
char *cgroup_way_back(const char *file, const char *value, const char *old, bool *ret_none);

/*
 * Switches on, for the children of the cgroup fd, the controllers that it has. Only one that the plan has a limit for
 * is worth an error; plan may be NULL. path is for messages.
 */
int cgroup_enable(int fd, const char *path, const struct plan_cgroup *plan, struct err *err);

/* Gives the cgroup to the plan's owner, where it has one. */
int cgroup_hand_over(int fd, const char *path, const struct plan_cgroup *plan, struct err *err);

/*
 * The device program for these rules with the defaults behind them: the last rule that speaks of a device and a kind of
 * access decides, what no rule speaks of is denied. *ret is malloc'ed. -ENOMEM.
 */
int device_prog_make(const struct oci_device_cgroup *rules, size_t n, struct bpf_insn **ret, size_t *ret_n);

/* Puts the program in force, in place of what is attached there. -EPERM where the kernel forbids it to this caller. */
int devices_attach(int fd, const struct bpf_insn *prog, size_t n, struct err *err);

/* What cgroup_kill does before Linux 5.14: freeze, SIGKILL to each, thaw. */
int cgroup_kill_each(int dirfd, const char *path, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's cgroup (v2): make it, put limits on it, ask it, empty it, remove it. Paths are relative to the
 * cgroup2 mount, "/" based; every file is reached from a verified descriptor of that mount (openat2 with BENEATH,
 * NO_XDEV, NO_SYMLINKS). ENOENT and ENODEV on a read mean that the cgroup is gone.
 */
#ifndef TURTLE_HOST_CGROUP_CGROUP_H
#define TURTLE_HOST_CGROUP_CGROUP_H

#include "base/err.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Where cgroup2 is mounted: /sys/fs/cgroup on a pure host, /sys/fs/cgroup/unified on a hybrid one (checked by the file
 * system's magic, in this order). NULL when there is none.
 */
const char *cgroup_mount_point(void);

/*
 * The options that its file system has ("rw,nsdelegate"), malloc'ed, NULL when there is none; and those again, after
 * another program may have changed them. NULL: nothing to do.
 */
int cgroup_read_options(char **ret, struct err *err);
int cgroup_restore_options(const char *options, struct err *err);

/* One clear line for a host without cgroup2. */
int cgroup_missing(struct err *err);

/* The caller's own cgroup out of /proc/self/cgroup ("0::/path"), malloc'ed; and that of another process. */
int cgroup_own_path(char **ret, struct err *err);
int cgroup_path_of(pid_t pid, char **ret, struct err *err);

/*
 * Makes the cgroup and the missing ones above it, enables the controllers that the plan wants on the way down, and
 * refuses one that is not empty or is frozen. *ret_fd: a descriptor of the directory, fit for CLONE_INTO_CGROUP, owned
 * by the caller. *ret_made: whether the last directory was made by this call. Where plan->optional holds and permission
 * lacks: returns 0 with *ret_fd = -1. A controller that a limit needs and that the host has not: error naming property
 * and controller.
 */
int cgroup_create(const struct plan_cgroup *plan, int *ret_fd, bool *ret_made, struct err *err);

/*
 * Refuses what cgroup_create would refuse in a cgroup that is there already. To be asked before the path is written
 * into a state file as the container's own: a later delete takes that word for it, and kills what is in there.
 */
int cgroup_check(const struct plan_cgroup *plan, struct err *err);

/*
 * The same for a cgroup that systemd has made, for this process (0: a slice, without any): checks that the process is
 * there, and has the controllers that limits need switched on. Returns a descriptor as cgroup_create's.
 */
int cgroup_adopt(const struct plan_cgroup *plan, pid_t pid, struct err *err);

/* Every controller that a limit of the plan needs, in the cgroup fd that is there already, by switching it on above. */
int cgroup_provide(const struct plan_cgroup *plan, int fd, struct err *err);

/*
 * Makes plan->subgroup below the cgroup fd, and moves the process there (0: none, it is to be born there). Returns a
 * descriptor of it, owned by the caller.
 */
int cgroup_make_subgroup(const struct plan_cgroup *plan, int fd, pid_t pid, struct err *err);

/* Makes plan->delegate below the cgroup fd, the subgroup where there is one, and moves the process there. */
int cgroup_delegate(const struct plan_cgroup *plan, int fd, pid_t pid, struct err *err);

/*
 * Writes the limits, attaches the device program, hands the cgroup over (chown), unless it is the subgroup that the
 * container sees as its root. After the clone, before the payload.
 */
int cgroup_apply(int fd, const struct plan_cgroup *plan, struct err *err);

/* Opens the cgroup at path; -ENOENT when it is gone. */
int cgroup_open(const char *path, struct err *err);

/* Whether it has come to share out controllers, and so takes no process (EBUSY). */
bool cgroup_takes_none(int fd);

bool cgroup_is_frozen(const char *path);

/* Whether any process is in it or below; false when it is gone. */
bool cgroup_is_populated(const char *path);

/*
 * The processes in it and below it; none when it is gone. ret->pids is malloc'ed; 0 stands for a process that our pid
 * namespace can't see.
 */
struct cgroup_pids {
	size_t n;
	pid_t *pids;
};
int cgroup_list_pids(const char *path, struct cgroup_pids *ret, struct err *err);

/*
 * The number of the directory, which no other one gets as long as the machine runs: whether a cgroup is still the one
 * that it was, and not a new one of the same path. -ENOENT when it is gone.
 */
int cgroup_inode(const char *path, uint64_t *ret);

/* SIGKILL to everything in and below it (cgroup.kill, also frozen; one by one before Linux 5.14). Gone is no error. */
int cgroup_kill(const char *path, struct err *err);

/* sig to every process in and below it, by pidfd. Gone is no error. */
int cgroup_signal(const char *path, int sig, struct err *err);

/*
 * Freezes everything in and below it and waits until that is so, at most timeout_ms; else it is thawed again and the
 * process that resists is named. -ENOENT when it is gone.
 */
int cgroup_freeze(const char *path, int timeout_ms, struct err *err);
int cgroup_thaw(const char *path, int timeout_ms, struct err *err);

/* A change of a living cgroup's limits that can be taken back. */
struct cgroup_change {
	int fd;                         /* of the cgroup; the caller's, like the plan */
	const struct plan_cgroup *plan; /* no devices and no owner: only its writes count */
	struct cgroup_old *old;         /* one for each write; owned */
};

/*
 * cgroup_change_begin: checks against the usage (checkBeforeUpdate), and reads what every file says; nothing is
 * written. cgroup_change_write: the writes of the plan. It stops at the first that fails. cgroup_change_undo: puts back
 * what was written (all: every file, also those that somebody else may have changed), latest first. What can't be put
 * back is appended to err.
 */
int cgroup_change_begin(int fd, const struct plan_cgroup *plan, struct cgroup_change *ret, struct err *err);
int cgroup_change_write(struct cgroup_change *change, struct err *err);
void cgroup_change_undo(struct cgroup_change *change, bool all, struct err *err);
void cgroup_change_end(struct cgroup_change *change);

/*
 * What the files said before, each once, by its name; ret has room for two for each write. Returns how many there are.
 * The texts last as long as change, or until it is undone.
 */
size_t cgroup_change_old(const struct cgroup_change *change, struct oci_pair *ret);

/*
 * What an update has to complete, or to be held against, of the files of memory and cpu; has_cpu_max is false where
 * there are none of the latter.
 */
int cgroup_read_current(int fd, struct plan_current *ret, struct err *err);

/*
 * Waits until no process is left in it, at most timeout_ms; for one that somebody else removes. Gone is no error.
 */
int cgroup_wait_empty(const char *path, int timeout_ms, struct err *err);

/*
 * Thaws, waits until nothing is left in it (poll of cgroup.events; at most timeout_ms), removes it, children first.
 * Gone is no error. -ETIMEDOUT names a process that stays, with its state (D = uninterruptible).
 */
int cgroup_remove(const char *path, int timeout_ms, struct err *err);

/* Removes it if nothing is in it nor below it; -EBUSY otherwise. Gone is no error. */
int cgroup_remove_idle(const char *path, struct err *err);

/* Adds to an error which of its processes is most likely the one that does not die. Returns the error's code. */
int cgroup_hint_stuck(const char *path, struct err *err);

/*
 * Why init may have died: how often the kernel killed something in this cgroup for memory, and the limit that holds
 * there, as text, in ret_limit. 0 when unknown.
 */
unsigned long cgroup_oom_kills(int fd, char *ret_limit, size_t size);

/*
 * How often it did so on the whole machine. systemd removes a unit's cgroup with its last process, and what was counted
 * there with it.
 */
unsigned long cgroup_oom_kills_anywhere(void);

#endif

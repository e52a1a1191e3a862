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

/* One clear line for a host without cgroup2. */
int cgroup_missing(struct err *err);

/* The caller's own cgroup out of /proc/self/cgroup ("0::/path"), malloc'ed. */
int cgroup_own_path(char **ret, struct err *err);

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

/* Writes the limits, attaches the device program, hands the cgroup over (chown). After the clone, before the payload.
 */
int cgroup_apply(int fd, const struct plan_cgroup *plan, struct err *err);

/* Opens the cgroup at path; -ENOENT when it is gone. */
int cgroup_open(const char *path, struct err *err);

bool cgroup_is_frozen(const char *path);

/* Whether any process is in it or below; false when it is gone. */
bool cgroup_is_populated(const char *path);

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

/*
 * The writes of plan into the living cgroup at fd; on a failure those that are done already are taken back, latest
 * first, to what the files said before. No devices, no owner.
 */
int cgroup_update(int fd, const struct plan_cgroup *plan, struct err *err);

/*
 * Thaws, waits until nothing is left in it (poll of cgroup.events; at most timeout_ms), removes it, children first.
 * Gone is no error. -ETIMEDOUT names a process that stays, with its state (D = uninterruptible).
 */
int cgroup_remove(const char *path, int timeout_ms, struct err *err);

/*
 * Why init may have died: how often the kernel killed something in this cgroup for memory, and its limit ("max" or
 * bytes) in ret_limit. 0 when unknown.
 */
unsigned long cgroup_oom_kills(int fd, char *ret_limit, size_t size);

#endif

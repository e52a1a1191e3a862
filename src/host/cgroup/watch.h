/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for what happens in a cgroup. The kernel makes these files ready (POLLPRI) when they change; reading one is
 * also what makes the next poll wait for something newer. -ENODEV: the cgroup is gone.
 */
#ifndef TURTLE_HOST_CGROUP_WATCH_H
#define TURTLE_HOST_CGROUP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor of memory.events of the cgroup at fd; -EOPNOTSUPP without the memory controller. */
int cgroup_watch_oom(int fd);

/* How many processes the kernel has killed in it, and below, for lack of memory. events_fd: of cgroup_watch_oom(). */
int cgroup_oom_count(int events_fd, uint64_t *ret);

/*
 * The kills in a cgroup until its end. systemd removes one as soon as it is empty, and with it goes the count that
 * would tell of the last kill; the cgroups around it have counted that one as well, and stay.
 */
#define CGROUP_OOM_LEVELS 8
struct cgroup_oom {
	size_t n;                          /* 0: without the memory controller */
	int fds[CGROUP_OOM_LEVELS];        /* of memory.events: the cgroup's own, then those above, nearest first */
	uint64_t kills[CGROUP_OOM_LEVELS]; /* when they were last read, all at one time */
};

/* Kills that there were before are not told. path: of the cgroup at fd. */
int cgroup_oom_open(int fd, const char *path, struct cgroup_oom *ret);
void cgroup_oom_close(struct cgroup_oom *oom);

/* Whether there were kills since it was last asked; also with -ENODEV, which says that the cgroup is gone. */
int cgroup_oom_more(struct cgroup_oom *oom, bool *ret);

/* A descriptor of cgroup.events of the cgroup at fd. */
int cgroup_watch_empty(int fd);

/* Whether no process is left in it and below, or the cgroup is gone. events_fd: of cgroup_watch_empty(). */
bool cgroup_is_empty(int events_fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for what happens in a cgroup. The kernel makes these files ready (POLLPRI) when they change; reading one is
 * also what makes the next poll wait for something newer. -ENODEV: the cgroup is gone.
 */
#ifndef TURTLE_HOST_CGROUP_WATCH_H
#define TURTLE_HOST_CGROUP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor of memory.events of the cgroup at fd; -EOPNOTSUPP without the memory controller. */
int cgroup_watch_oom(int fd);

/* How many processes the kernel has killed in it, and below, for lack of memory. events_fd: of cgroup_watch_oom(). */
int cgroup_oom_count(int events_fd, uint64_t *ret);

/* A descriptor of cgroup.events of the cgroup at fd. */
int cgroup_watch_empty(int fd);

/* Whether no process is left in it and below, or the cgroup is gone. events_fd: of cgroup_watch_empty(). */
bool cgroup_is_empty(int events_fd);

#endif

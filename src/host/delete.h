/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container, for delete itself and for what ends in one (run, a failed start). */
#ifndef TURTLE_HOST_DELETE_H
#define TURTLE_HOST_DELETE_H

#include "host/host.h"
#include "host/state/state.h"

/*
 * Ends whatever of the container lives (init by pidfd, the rest by its cgroup), removes its cgroup and its state
 * directory, runs its poststop hooks. The container must be locked. Idempotent: what is gone already is no error.
 * On failure the state directory is kept, so that it can be tried again. force: what can't be reached from here is
 * left.
 */
int container_destroy(struct container *container, int pidfd, bool force, struct err *err);

/*
 * delete --force of a container that was kept open, without the lock: of this one, not of another that has its id by
 * now. One that is gone is no error.
 */
int container_delete(const struct host_options *options, struct container *container, struct err *err);

#endif

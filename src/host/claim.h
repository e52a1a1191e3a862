/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the cgroup that a state file names is still the container's own. A path alone does not say so: after a
 * reboot, or once somebody has removed the cgroup, it may be another's; and an empty one that was left is free for any
 * container of the same configuration. What follows are signals to all that is in there, so who is not sure keeps off.
 */
#ifndef TURTLE_HOST_CLAIM_H
#define TURTLE_HOST_CLAIM_H

#include "host/host.h"

/* By this boot and by the number of the directory alone. *ret: the path, or NULL when nothing of it is left. */
int claim_cgroup(const struct container *container, const char **ret, struct err *err);

/*
 * The same, for signals and removal: where init has ended and something is in the cgroup, also no other container of
 * the state root may live with that path. -EBUSY while that can't be told.
 */
int claim_cgroup_alone(const struct host_options *options, const struct container *container, bool init_lives,
		       const char **ret, struct err *err);

#endif

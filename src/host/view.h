/* SPDX-License-Identifier: Apache-2.0 */
/* A container as it is seen from outside: what the commands on one that exists have in common. */
#ifndef TURTLE_HOST_VIEW_H
#define TURTLE_HOST_VIEW_H

#include "host/host.h"

/*
 * Checks the id and opens ROOT/ID with state_open(). A missing root holds no container: -ENOENT,
 * `container does not exist`.
 */
int view_open_container(const struct host_options *options, const char *id, enum state_lock lock, int timeout_ms,
			struct container *ret, struct err *err);

/*
 * The status, with the freezer asked where it matters. *ret_pidfd (ret_pidfd may be NULL): of the living init, owned by
 * the caller, or -1.
 */
int view_status(const struct container *container, enum container_status *ret, int *ret_pidfd, struct err *err);

#endif

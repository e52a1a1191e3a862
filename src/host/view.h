/* SPDX-License-Identifier: Apache-2.0 */
/* A container as it is seen from outside: what state, kill and list have in common. */
#ifndef TURTLE_HOST_VIEW_H
#define TURTLE_HOST_VIEW_H

#include "host/host.h"

/* Opens ROOT/ID without a lock. A missing root holds no container: -ENOENT, `container does not exist`. */
int view_open_container(const struct host_options *options, const char *id, struct container *ret, struct err *err);

/*
 * The status, with the freezer asked where it matters. *ret_pidfd (ret_pidfd may be NULL): of the living init, owned by
 * the caller, or -1.
 */
int view_status(const struct container *container, enum container_status *ret, int *ret_pidfd, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* For what belongs to ids of a container, where we have no right to it: work as the root of a user namespace. */
#ifndef TURTLE_HOST_MAPPED_H
#define TURTLE_HOST_MAPPED_H

#include "host/state/state.h"

/*
 * Removes ROOT/ID/notify in a new user namespace with the maps of the container's configuration. 0, or a negative errno
 * where that has none of its own, or the removal fails there as well.
 */
int mapped_remove_notify(const struct container *container);

#endif

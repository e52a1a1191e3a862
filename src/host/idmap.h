/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of new user namespaces, written from outside: user_namespaces(7). */
#ifndef TURTLE_HOST_IDMAP_H
#define TURTLE_HOST_IDMAP_H

#include "plan/plan.h"

/*
 * Maps pid (our living child, so that the number can't be reused) as the plan says: directly where the kernel lets us,
 * else by newuidmap and newgidmap.
 */
int idmap_write(const struct plan *plan, pid_t pid, struct err *err);

/*
 * For a user namespace that was joined: that the maps of pid are those the configuration says, where it says any.
 */
int idmap_check_joined(const struct plan *plan, pid_t pid, struct err *err);

/* A user namespace that nobody is in, with these maps (join is not looked at). Returns its descriptor. */
int idmap_make(const struct plan_idmap *map, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What every program that turtle executes begins with. */
#ifndef TURTLE_BASE_SPAWN_H
#define TURTLE_BASE_SPAWN_H

#include <spawn.h>
#include <stdbool.h>

/*
 * Sets initialized attributes so that the program begins with no signal blocked or ignored, as after boot; session: in
 * a session of its own. 0 or a negative errno.
 */
int spawn_attributes(posix_spawnattr_t *attr, bool session);

#endif

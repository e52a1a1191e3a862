/* SPDX-License-Identifier: Apache-2.0 */
/* What turtle wants of units. Each function is one request of protocol.h and has the manager's limit of time. */
#ifndef TURTLE_SYSTEMD_UNIT_H
#define TURTLE_SYSTEMD_UNIT_H

#include "base/err.h"
#include "systemd/manager.h"
#include "systemd/value.h"

#include <stddef.h>
#include <sys/types.h>

struct unit {
	char *name; /* owned, as are the properties */
	size_t n_properties;
	struct property *properties;
};

void unit_free(struct unit *unit);

/* Makes a transient unit with process pid (0: none) in it. On failure nothing of it is left. */
int unit_start(struct manager *manager, const struct unit *unit, pid_t pid, struct err *err);
/* Changes properties of a living unit, until the next boot at most. */
int unit_set(struct manager *manager, const struct unit *unit, struct err *err);
/* Stops it and has a failure forgotten. One that is not there is stopped. */
int unit_stop(struct manager *manager, const char *name, struct err *err);
/* Moves a process into the unit's cgroup, or into the one called subgroup below it. */
int unit_attach(struct manager *manager, const char *name, const char *subgroup, pid_t pid, struct err *err);

#endif

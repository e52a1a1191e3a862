/* SPDX-License-Identifier: Apache-2.0 */
/* What the three files about systemd units share: unit.c names and assembles, the other two translate. */
#ifndef TURTLE_PLAN_UNIT_H
#define TURTLE_PLAN_UNIT_H

#include "plan/internal.h"

/* The properties under construction. Out of memory is kept, and told at the end. */
struct unit_properties {
	struct ocispec_arena *arena;
	uint32_t version; /* systemd's: which properties it knows */
	bool slice;
	bool living; /* an update: what systemd takes only from a new unit is left to the files */
	size_t n, max;
	struct plan_unit_property *items;
	bool failed;
};

/* Takes the place of an earlier one of the same name: what is said last holds. */
void unit_put(struct unit_properties *p, const char *name, const char *value);
/* printf into the arena; "" when out of memory. */
const char *unit_print(struct unit_properties *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* unit_limits.c: the cgroup's writes, as properties as far as there are any. */
int unit_put_limits(struct unit_properties *p, const struct plan_cgroup *cgroup, struct err *err);
/* Rounds the quotas of the writes up to what systemd can express, so that the two don't contradict each other. */
int unit_round_quotas(struct ocispec_arena *arena, struct plan_cgroup *cgroup, struct err *err);

/* unit_devices.c: systemd's own list of devices. */
void unit_put_devices(struct unit_properties *p, const struct plan_cgroup *cgroup);

#endif

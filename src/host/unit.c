/* SPDX-License-Identifier: Apache-2.0 */
/* See unit.h. */
#include "host/unit.h"

#include "host/cgroup/cgroup.h"

int unit_end(struct systemd *systemd, bool user, const char *unit, const char *cgroup, int timeout_ms, struct err *err)
{
	/* Otherwise systemd would wait for them, and for longer than we do. */
	int r = cgroup_wait_empty(cgroup, timeout_ms, err);

	if (r == 0 && systemd->sock < 0)
		r = systemd_open(user, systemd, err);
	if (r == 0)
		r = systemd_stop(systemd, unit, err);
	return r < 0 ? r : cgroup_remove(cgroup, timeout_ms, err);
}

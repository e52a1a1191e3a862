/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel killed for memory: read after init died for no reason of its own. */
#include "host/cgroup/internal.h"

#include <stdio.h>

unsigned long cgroup_oom_kills(int fd, char *ret_limit, size_t size)
{
	char events[CGROUP_FILE_SIZE], limit[64];
	long long kills;

	if (fd < 0 || cgroup_read(fd, "memory.events", events, sizeof(events)) < 0)
		return 0;
	kills = cgroup_key(events, "oom_kill");
	if (kills <= 0)
		return 0;
	if (cgroup_read(fd, "memory.max", limit, sizeof(limit)) < 0)
		limit[0] = '\0';
	snprintf(ret_limit, size, "%s", limit[0] ? limit : "unknown");
	return (unsigned long)kills;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel killed for memory: read after init died for no reason of its own. */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* The nearest limit, from this cgroup up. The root has none. */
static void find_limit(int fd, char *ret, size_t size)
{
	_cleanup_close_ int at = -1;
	char limit[64];

	snprintf(ret, size, "max");
	for (int dir = fd; cgroup_read(dir, "memory.max", limit, sizeof(limit)) > 0;) {
		int up;

		if (strcmp(limit, "max") != 0) {
			snprintf(ret, size, "%s%s", limit, dir == fd ? "" : " in a cgroup above");
			return;
		}
		up = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return;
		cleanup_close(&at);
		dir = at = up;
	}
}

unsigned long cgroup_oom_kills(int fd, char *ret_limit, size_t size)
{
	char events[CGROUP_FILE_SIZE];
	long long kills;

	if (fd < 0 || cgroup_read(fd, "memory.events", events, sizeof(events)) < 0)
		return 0;
	kills = cgroup_key(events, "oom_kill");
	if (kills <= 0)
		return 0;
	find_limit(fd, ret_limit, size);
	return (unsigned long)kills;
}

unsigned long cgroup_oom_kills_anywhere(void)
{
	_cleanup_free_ char *text = NULL;
	long long kills = -1;

	if (fd_read_file(AT_FDCWD, "/proc/vmstat", 64 * 1024, &text, NULL) == 0)
		kills = cgroup_key(text, "oom_kill");
	return kills > 0 ? (unsigned long)kills : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for what happens in a cgroup: see watch.h. */
#include "host/cgroup/watch.h"

#include "base/mem.h"
#include "host/cgroup/internal.h"
#include "host/cgroup/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static ssize_t read_again(int fd, char *ret, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, ret, size - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return n;
}

int cgroup_watch_empty(int fd)
{
	int events_fd = cgroup_openat(fd, "cgroup.events", O_RDONLY);

	return cgroup_gone(events_fd) ? -ENODEV : events_fd;
}

bool cgroup_is_empty(int events_fd)
{
	char text[CGROUP_FILE_SIZE];

	return read_again(events_fd, text, sizeof(text)) < 0 || cgroup_key(text, "populated") == 0;
}

int cgroup_watch_oom(int fd)
{
	int events_fd = cgroup_openat(fd, "memory.events", O_RDONLY);
	_cleanup_close_ int other = -1;

	if (!cgroup_gone(events_fd))
		return events_fd;
	/* Is it this file alone that is not there? */
	other = cgroup_watch_empty(fd);
	return other < 0 ? other : -EOPNOTSUPP;
}

int cgroup_oom_count(int events_fd, uint64_t *ret)
{
	char text[CGROUP_FILE_SIZE];
	ssize_t n = read_again(events_fd, text, sizeof(text));

	if (n < 0)
		return cgroup_gone((int)n) ? -ENODEV : (int)n;
	return stats_parse_key(text, "oom_kill", ret) ? 0 : -EBADMSG;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for what happens in a cgroup: see watch.h. */
#include "host/cgroup/watch.h"

#include "base/mem.h"
#include "host/cgroup/internal.h"
#include "host/cgroup/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

/* The cgroups above path, as far as they count. */
static void open_above(char *path, struct cgroup_oom *oom)
{
	for (char *last = strrchr(path, '/'); last && last != path && oom->n < CGROUP_OOM_LEVELS;
	     last = strrchr(path, '/')) {
		_cleanup_close_ int dir = -1;
		int fd;

		*last = '\0';
		dir = cgroup_openat(cgroup_root(), path, O_RDONLY | O_DIRECTORY);
		fd = dir < 0 ? dir : cgroup_watch_oom(dir);
		if (fd < 0)
			return;
		oom->fds[oom->n++] = fd;
	}
}

/*
 * All counts, as they are at one time: a kill in between would be in the later ones only. Those of cgroups above that
 * are gone stay as they were.
 */
static int read_levels(const struct cgroup_oom *oom, uint64_t *kills)
{
	uint64_t own;
	int r;

	do {
		r = cgroup_oom_count(oom->fds[0], &own);
		for (size_t i = 1; r == 0 && i < oom->n; i++)
			(void)cgroup_oom_count(oom->fds[i], &kills[i]);
		if (r == 0)
			r = cgroup_oom_count(oom->fds[0], &kills[0]);
	} while (r == 0 && kills[0] != own);
	return r;
}

int cgroup_oom_open(int fd, const char *path, struct cgroup_oom *ret)
{
	struct cgroup_oom oom = {0};
	char *copy;
	int r = cgroup_watch_oom(fd);

	if (r < 0) {
		/* Nothing can be killed for a limit that can't be set. */
		if (r == -EOPNOTSUPP)
			*ret = oom;
		return r == -EOPNOTSUPP ? 0 : r;
	}
	oom.fds[oom.n++] = r;
	copy = strdup(path);
	if (copy)
		open_above(copy, &oom);
	r = copy ? read_levels(&oom, oom.kills) : -ENOMEM;
	free(copy);
	if (r < 0)
		cgroup_oom_close(&oom);
	else
		*ret = oom;
	return r;
}

void cgroup_oom_close(struct cgroup_oom *oom)
{
	for (size_t i = 0; i < oom->n; i++)
		close(oom->fds[i]);
	oom->n = 0;
}

int cgroup_oom_more(struct cgroup_oom *oom, bool *ret)
{
	uint64_t kills[CGROUP_OOM_LEVELS];
	int r;

	*ret = false;
	if (oom->n == 0)
		return 0;
	memcpy(kills, oom->kills, sizeof(kills));
	r = read_levels(oom, kills);
	if (r == 0) {
		*ret = kills[0] > oom->kills[0];
		memcpy(oom->kills, kills, sizeof(kills));
	}
	if (r != -ENODEV)
		return r;
	for (size_t i = 1; i < oom->n; i++)
		if (cgroup_oom_count(oom->fds[i], &kills[i]) == 0) {
			*ret = kills[i] > oom->kills[i];
			break;
		}
	return r;
}

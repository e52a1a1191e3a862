/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a cgroup. Mostly it is empty and one call does it. Else what holds it is waited for, with cgroup.events to
 * tell, and then its children go first: a container that owns its cgroup may have made any number, at any depth.
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int thaw(void *arg, int fd)
{
	/* What can't be thawed shows itself in the wait. */
	cgroup_write(fd, "cgroup.freeze", "0");
	return 0;
}

/* The name of any child into ret; 0 when there is none. */
static int find_child(int dirfd, char *ret, size_t size)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = cgroup_openat(dirfd, ".", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(ret, size, "%s", entry->d_name);
			return 1;
		}
	return 0;
}

/*
 * Removes everything below top. Holds one descriptor however deep it goes: it climbs by "..", which is safe here, since
 * directories of cgroupfs can't be moved.
 */
static int remove_children(int top)
{
	_cleanup_close_ int fd = cgroup_openat(top, ".", O_RDONLY | O_DIRECTORY);
	_cleanup_free_ char *names = NULL; /* of the way down, NUL-terminated one after the other */
	size_t used = 0, room = 0;
	char name[NAME_MAX + 1];
	int r = fd;

	while (r >= 0) {
		int next;

		r = find_child(fd, name, sizeof(name));
		if (r < 0)
			break;
		if (r == 1) {
			if (used + sizeof(name) > room) {
				char *grown = realloc(names, room = room * 2 + 4096);

				if (!grown)
					return -ENOMEM;
				names = grown;
			}
			memcpy(names + used, name, strlen(name) + 1);
			used += strlen(name) + 1;
			next = cgroup_openat(fd, name, O_RDONLY | O_DIRECTORY);
		} else if (used == 0) {
			return 0;
		} else {
			for (used--; used > 0 && names[used - 1] != '\0';)
				used--;
			next = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			next = next < 0 ? -errno : next;
			if (next >= 0 && unlinkat(next, names + used, AT_REMOVEDIR) < 0 && errno != ENOENT) {
				r = -errno;
				close(next);
				return r;
			}
		}
		if (next < 0)
			return next;
		close(fd);
		fd = next;
	}
	return r;
}

struct stuck {
	bool found;
	pid_t pid;
};

static int find_process(void *arg, int fd)
{
	struct stuck *stuck = arg;
	struct cgroup_pids pids;

	if (stuck->found || cgroup_read_pids(fd, &pids) < 0)
		return 0;
	if (pids.n > 0) {
		stuck->found = true;
		stuck->pid = pids.pids[0];
	}
	free(pids.pids);
	return 0;
}

/* Says who it is that stays, and why. */
static int name_stuck(int fd, const char *path, int timeout_ms, struct err *err)
{
	_cleanup_free_ char *stat = NULL;
	struct stuck stuck = {0};
	char file[64], *name, *end;

	cgroup_walk(fd, find_process, &stuck);
	if (!stuck.found || stuck.pid == 0)
		return err_msg(err, -ETIMEDOUT, "remove cgroup %s: it is not empty after %d ms", path, timeout_ms);
	snprintf(file, sizeof(file), "/proc/%d/stat", stuck.pid);
	if (fd_read_file(AT_FDCWD, file, 4096, &stat, NULL) < 0 || !(name = strchr(stat, '(')) ||
	    !(end = strrchr(stat, ')')) || end[1] != ' ')
		return err_msg(err, -ETIMEDOUT, "remove cgroup %s: process %d is still there after %d ms", path,
			       stuck.pid, timeout_ms);
	*end = '\0';
	if (end[2] == 'D')
		return err_msg(err, -ETIMEDOUT,
			       "remove cgroup %s: process %d (%s) in uninterruptible sleep, still there after %d ms",
			       path, stuck.pid, name + 1, timeout_ms);
	return err_msg(err, -ETIMEDOUT, "remove cgroup %s: process %d (%s) in state %c is still there after %d ms",
		       path, stuck.pid, name + 1, end[2], timeout_ms);
}

/* It is in use: waits for it to become empty, clears what is below, tries again, until the deadline. */
static int remove_busy(int parent, const char *name, int fd, int events, long long deadline)
{
	int pause = 1, r;

	if (cgroup_wait_event(events, "populated", 0, cgroup_deadline(0)) == -ETIMEDOUT)
		cgroup_walk(fd, thaw, NULL);
	for (;;) {
		struct pollfd pfd = {.fd = events, .events = POLLPRI};

		r = cgroup_wait_event(events, "populated", 0, deadline);
		if (r < 0)
			return r;
		r = remove_children(fd);
		if (cgroup_gone(r)) /* somebody else removes, too */
			r = -EBUSY;
		if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0)
			r = -errno;
		if (r != -EBUSY)
			return r;
		/* Something came in meanwhile; or a part of it is just being dismantled, which makes no event. */
		if (cgroup_time_left(deadline) == 0)
			return -ETIMEDOUT;
		poll(&pfd, 1, pause < cgroup_time_left(deadline) ? pause : cgroup_time_left(deadline));
		pause = pause < 64 ? pause * 2 : pause;
	}
}

int cgroup_remove(const char *path, int timeout_ms, struct err *err)
{
	_cleanup_free_ char *above = strdup(path);
	_cleanup_close_ int parent_owned = -1, fd = -1, events = -1;
	int parent = cgroup_root(), r;
	char *slash, *name;

	if (!above)
		return err_set(err, -ENOMEM, "remove cgroup %s", path);
	if (parent < 0)
		return 0; /* without cgroup2 there is nothing left of it */
	slash = strrchr(above, '/');
	if (!slash || !slash[1] || !strcmp(slash + 1, ".") || !strcmp(slash + 1, ".."))
		return err_msg(err, -EINVAL, "remove cgroup \"%s\": no path of a cgroup", path);
	name = slash + 1;
	if (slash != above) {
		*slash = '\0';
		parent = parent_owned = cgroup_openat(parent, above, O_PATH | O_DIRECTORY);
		if (parent < 0)
			return cgroup_gone(parent) ? 0 : err_set(err, parent, "open cgroup %s", above);
	}
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	r = -errno;
	if (r == -EBUSY) {
		fd = cgroup_openat(parent, name, O_RDONLY | O_DIRECTORY);
		events = fd < 0 ? fd : cgroup_openat(fd, "cgroup.events", O_RDONLY);
		r = events < 0 ? events : remove_busy(parent, name, fd, events, cgroup_deadline(timeout_ms));
	}
	if (r == -ETIMEDOUT)
		return name_stuck(fd, path, timeout_ms, err);
	return r == 0 || cgroup_gone(r) ? 0 : err_set(err, r, "remove cgroup %s", path);
}

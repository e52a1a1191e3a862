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
	int r = fd_open_directory(dirfd, ".", &dir);

	if (r < 0)
		return r;
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

/* Says who it is that stays, and why. */
static int name_stuck(int fd, const char *path, int timeout_ms, struct err *err)
{
	struct cgroup_stuck stuck;
	char text[128];

	if (!cgroup_find_stuck(fd, &stuck))
		return err_msg(err, -ETIMEDOUT, "remove cgroup %s: it is not empty after %d ms", path, timeout_ms);
	return err_msg(err, -ETIMEDOUT, "remove cgroup %s: %s%s still there after %d ms", path,
		       cgroup_stuck_text(&stuck, text, sizeof(text)), stuck.state == 'D' ? "," : " is", timeout_ms);
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

/*
 * Opens the parent of path and finds its last name. *ret_parent: -1 where there is nothing left above. *ret_owned is to
 * be closed, *ret_name to be freed with *ret_above.
 */
static int open_parent(const char *path, int *ret_parent, int *ret_owned, char **ret_above, const char **ret_name,
		       struct err *err)
{
	_cleanup_free_ char *above = strdup(path);
	int parent = cgroup_root(), owned = -1;
	char *slash;

	if (!above)
		return err_set(err, -ENOMEM, "remove cgroup %s", path);
	slash = strrchr(above, '/');
	if (!slash || !slash[1] || !strcmp(slash + 1, ".") || !strcmp(slash + 1, ".."))
		return err_msg(err, -EINVAL, "remove cgroup \"%s\": no path of a cgroup", path);
	if (parent >= 0 && slash != above) {
		*slash = '\0';
		parent = owned = cgroup_openat(parent, above, O_PATH | O_DIRECTORY);
		if (parent < 0 && !cgroup_gone(parent))
			return err_set(err, parent, "open cgroup %s", above);
	}
	*ret_parent = parent < 0 ? -1 : parent;
	*ret_owned = owned < 0 ? -1 : owned;
	*ret_name = slash + 1;
	*ret_above = TAKE_PTR(above);
	return 0;
}

int cgroup_remove_idle(const char *path, struct err *err)
{
	_cleanup_free_ char *above = NULL;
	_cleanup_close_ int owned = -1;
	const char *name;
	int parent, r = open_parent(path, &parent, &owned, &above, &name, err);

	/* Without cgroup2 there is nothing left of it. */
	if (r < 0 || parent < 0 || unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return r;
	r = -errno;
	return cgroup_gone(r) ? 0 : err_set(err, r, "remove cgroup %s", path);
}

int cgroup_remove(const char *path, int timeout_ms, struct err *err)
{
	_cleanup_free_ char *above = NULL;
	_cleanup_close_ int owned = -1, fd = -1, events = -1;
	const char *name;
	int parent, r = open_parent(path, &parent, &owned, &above, &name, err);

	if (r < 0 || parent < 0 || unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return r;
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

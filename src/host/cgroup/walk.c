/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way through a cgroup and everything below it. A container that owns its cgroup decides how deep and how wide that
 * is, so neither our stack nor our descriptors may grow with it: one directory is open at a time, and the names that
 * are still to be visited wait in memory. The way up is "..", which is safe here, since directories of cgroupfs can't
 * be moved.
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* A stack of names, NUL-terminated, one after the other. An empty one marks where a directory's children begin. */
struct names {
	char *text;
	size_t used, room;
};

static int push(struct names *names, const char *name)
{
	size_t n = strlen(name) + 1;

	if (names->used + n > names->room) {
		char *grown = realloc(names->text, names->room * 2 + 4096);

		if (!grown)
			return -ENOMEM;
		names->text = grown;
		names->room = names->room * 2 + 4096;
	}
	memcpy(names->text + names->used, name, n);
	names->used += n;
	return 0;
}

/* The last name into ret, which has room for any. */
static void pop(struct names *names, char ret[static NAME_MAX + 1])
{
	size_t end = names->used - 1, start = end;

	while (start > 0 && names->text[start - 1] != '\0')
		start--;
	memcpy(ret, names->text + start, end - start + 1);
	names->used = start;
}

static int push_children(struct names *names, int dirfd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int r = push(names, "");

	if (r == 0)
		r = fd_open_directory(dirfd, ".", &dir);
	if (!dir)
		return cgroup_gone(r) ? 0 : r;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = push(names, entry->d_name);
	return r;
}

int cgroup_walk(int dirfd, cgroup_visit visit, void *arg)
{
	_cleanup_close_ int fd = cgroup_openat(dirfd, ".", O_RDONLY | O_DIRECTORY);
	struct names names = {0};
	char name[NAME_MAX + 1];
	size_t depth = 0;
	int r, next;

	if (fd < 0)
		return cgroup_gone(fd) ? 0 : fd;
	r = push_children(&names, fd);
	while (r == 0) {
		pop(&names, name);
		if (*name) {
			next = cgroup_openat(fd, name, O_RDONLY | O_DIRECTORY);
			if (cgroup_gone(next))
				continue;
			r = next < 0 ? next : push_children(&names, next);
			depth++;
		} else {
			r = visit(arg, fd);
			r = cgroup_gone(r) ? 0 : r;
			if (r < 0 || depth == 0)
				break;
			depth--;
			next = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			r = next < 0 ? -errno : 0;
		}
		if (next >= 0) {
			close(fd);
			fd = next;
		}
	}
	free(names.text);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state root. Whoever could write to it could make turtle kill processes and remove cgroups of others, so it is
 * only used where it belongs to the caller alone.
 */
#include "host/state/state.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/*
 * The sticky bit keeps the directory from being cleaned away as old when it is in XDG_RUNTIME_DIR, as the base
 * directory specification has it.
 */
#define ROOT_MODE   (S_ISVTX | 0700)
#define PARENT_MODE 0700

#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Makes path and what is missing above it. */
static int make(const char *path, mode_t mode)
{
	_cleanup_free_ char *parent = NULL;
	const char *slash;
	int r;

	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	slash = strrchr(path, '/');
	if (errno != ENOENT || !slash || slash == path)
		return -errno;
	parent = strndup(path, (size_t)(slash - path));
	if (!parent)
		return -ENOMEM;
	r = make(parent, PARENT_MODE);
	if (r < 0)
		return r;
	return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

static int check(int fd, const char *root, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "stat state directory %s", root);
	if (st.st_uid != geteuid())
		return err_msg(err, -EPERM, "state directory %s is not owned by uid %u but by uid %u", root, geteuid(),
			       st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_msg(err, -EPERM, "state directory %s may be written by others (mode %04o)", root,
			       st.st_mode & 07777);
	return 0;
}

static int open_failed(const char *root, int error, struct err *err)
{
	struct stat st;

	/* The kernel says "not a directory" or "too many links" of a symlink; neither helps. */
	if ((error == -ENOTDIR || error == -ELOOP) && lstat(root, &st) == 0 && S_ISLNK(st.st_mode))
		return err_msg(err, -ELOOP, "state directory %s is a symbolic link", root);
	return err_set(err, error, "open state directory %s", root);
}

int state_root_open(const char *root, bool create, struct err *err)
{
	_cleanup_close_ int fd = open(root, OPEN_FLAGS);
	int r;

	if (fd < 0 && errno == ENOENT && create) {
		r = make(root, ROOT_MODE);
		if (r < 0)
			return err_set(err, r, "create state directory %s", root);
		fd = open(root, OPEN_FLAGS);
	}
	if (fd < 0)
		return open_failed(root, -errno, err);
	r = check(fd, root, err);
	return r < 0 ? r : TAKE_FD(fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount option tmpcopyup: fills a new tmpfs with what it is going to cover. Works on descriptors of the two
 * directories; symlinks are copied, never followed, and other mounts are not entered. What is copied comes from the
 * image, so depth is limited, and special files are made, never opened.
 */
#include "init/init.h"

#include <dirent.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Each level holds two descriptors and its buffers. */
#define MAX_DEPTH 100

static int copy_dir(int from, int to, dev_t dev, int depth, struct err *err);

/* What user space has attached to the file; what this tmpfs can't keep (user.* before Linux 6.6) is left out. */
static int copy_xattrs(int from, int to)
{
	static char names[4096], value[4096];
	ssize_t n = flistxattr(from, names, sizeof(names));

	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(from, name, value, sizeof(value));

		/* One that is gone again, or not for us to read, is not copied; one too long must not get lost unsaid.
		 */
		if (size < 0 && errno == ERANGE)
			return -ERANGE;
		if (size >= 0 && fsetxattr(to, name, value, (size_t)size, 0) < 0 && errno != ENOTSUP && errno != EPERM)
			return -errno;
	}
	return 0;
}

/* An owner that is not mapped here (EINVAL) can't be kept: the copy is ours. */
static int change_owner(int fd, const char *name, const struct stat *st)
{
	int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);

	return fchownat(fd, name, st->st_uid, st->st_gid, flags) < 0 && errno != EINVAL ? -1 : 0;
}

/* Owner before mode, since a change of owner takes set-id bits away; times last. */
static int copy_attributes(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	int r;

	if (change_owner(to, "", st) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	return fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0 ? -errno : 0;
}

static int copy_file(int dir, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int in = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	struct stat opened;

	if (in < 0 || fstat(in, &opened) < 0)
		return -errno;
	if (!S_ISREG(opened.st_mode))
		return -EAGAIN;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	for (;;) {
		ssize_t n = sendfile(out, in, NULL, 1 << 20);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return copy_attributes(in, out, st);
	}
}

static int copy_link(int dir, int to, const char *name, const struct stat *st)
{
	static char target[4096];
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 || change_owner(to, name, st) < 0 ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_node(int to, const char *name, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0)
		/* In a user namespace: a device that can't be made can't be opened where it is, either. */
		return errno == EPERM && !S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode) ? 0 : -errno;
	return change_owner(to, name, st) < 0 ? -errno : 0;
}

static int copy_subdir(int dir, int to, const char *name, const struct stat *st, dev_t dev, int depth, struct err *err)
{
	_cleanup_close_ int in = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), out = -1;
	int r;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	/* Another mount is not part of what is covered; its mount point is. */
	r = st->st_dev == dev ? copy_dir(in, out, dev, depth, err) : 0;
	return r < 0 ? r : copy_attributes(in, out, st);
}

static int copy_entry(int from, int to, const char *name, dev_t dev, int depth, struct err *err)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "%s", name);
	if (S_ISDIR(st.st_mode))
		r = copy_subdir(from, to, name, &st, dev, depth + 1, err);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, &st);
	else
		r = copy_node(to, name, &st);
	if (r < 0)
		return err->code ? err_wrap(err, "%s", name) : err_set(err, r, "%s", name);
	return 0;
}

static int copy_dir(int from, int to, dev_t dev, int depth, struct err *err)
{
	/* Big enough for any one entry, small enough for MAX_DEPTH of them on a stack of the least size. */
	char buf[512] __attribute__((aligned(8)));
	int n;

	if (depth > MAX_DEPTH)
		return err_msg(err, -ELOOP, "directories are nested more than %d deep", MAX_DEPTH);
	while ((n = getdents(from, (struct dirent *)(void *)buf, sizeof(buf))) > 0) {
		for (int at = 0; at < n;) {
			const struct dirent *entry = (const struct dirent *)(void *)(buf + at);
			int r = 0;

			if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
				r = copy_entry(from, to, entry->d_name, dev, depth, err);
			if (r < 0)
				return r;
			at += entry->d_reclen;
		}
	}
	return n < 0 ? err_set(err, -errno, "read directory") : 0;
}

int copy_tree(int from, int to, struct err *err)
{
	_cleanup_close_ int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	err_clear(err);
	if (in < 0 || out < 0 || fstat(in, &st) < 0)
		return err_set(err, -errno, "open");
	return copy_dir(in, out, st.st_dev, 0, err);
}

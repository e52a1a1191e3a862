/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup2 mount, and the small text files below it. */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static const char *const mount_points[] = {
	"/sys/fs/cgroup",         /* cgroup v2 alone */
	"/sys/fs/cgroup/unified", /* beside v1 hierarchies */
};

/* Opened once and kept: turtle lives for one command, and never changes its mount namespace. */
static int root_fd = -1;
static const char *root_path;

int cgroup_root(void)
{
	for (size_t i = 0; root_fd < 0 && i < ARRAY_SIZE(mount_points); i++) {
		_cleanup_close_ int fd = open(mount_points[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct statfs fs;

		if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		root_fd = TAKE_FD(fd);
		root_path = mount_points[i];
	}
	return root_fd < 0 ? -EOPNOTSUPP : root_fd;
}

const char *cgroup_mount_point(void)
{
	return cgroup_root() < 0 ? NULL : root_path;
}

int cgroup_missing(struct err *err)
{
	return err_msg(err, -EOPNOTSUPP,
		       "there is no cgroup v2 on this host: neither /sys/fs/cgroup nor /sys/fs/cgroup/unified is a "
		       "cgroup2 file system (mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified, or use "
		       "--cgroup-manager=disabled)");
}

static int read_path(const char *file, char **ret, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char *own;
	int r = fd_read_file(AT_FDCWD, file, 1024 * 1024, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read %s", file);
	for (char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL)
		if (!strncmp(line, "0::", 3)) {
			own = strndup(line + 3, strcspn(line + 3, "\n"));
			if (!own)
				return err_set(err, -ENOMEM, "read %s", file);
			*ret = own;
			return 0;
		}
	return cgroup_missing(err);
}

int cgroup_own_path(char **ret, struct err *err)
{
	return read_path("/proc/self/cgroup", ret, err);
}

int cgroup_path_of(pid_t pid, char **ret, struct err *err)
{
	char file[64];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	return read_path(file, ret, err);
}

int cgroup_openat(int dirfd, const char *path, int flags)
{
	int fd, tries = 0;

	while (*path == '/')
		path++;
	do /* EAGAIN: a rename somewhere made it impossible to say that the path stayed below */
		fd = sys_openat2(dirfd, *path ? path : ".", (uint64_t)flags, 0,
				 RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 100)));
	return fd < 0 ? -errno : fd;
}

ssize_t cgroup_read(int dirfd, const char *file, char *ret, size_t size)
{
	_cleanup_close_ int fd = cgroup_openat(dirfd, file, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	/* One read: seq files give all that fits, and the end would cost a second call. */
	do
		n = read(fd, ret, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	while (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return n;
}

int cgroup_write(int dirfd, const char *file, const char *value)
{
	_cleanup_close_ int fd = cgroup_openat(dirfd, file, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, value, strlen(value));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(value) ? 0 : -EIO;
}

long long cgroup_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL)
		if (!strncmp(line, key, n) && line[n] == ' ')
			return strtoll(line + n + 1, NULL, 10);
	return -1;
}

bool cgroup_has_word(const char *list, const char *word, size_t n)
{
	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (len == n && !strncmp(p, word, n))
			return true;
		p += len;
	}
	return false;
}

int cgroup_open(const char *path, struct err *err)
{
	int root = cgroup_root(), fd;

	if (root < 0)
		return cgroup_missing(err);
	fd = cgroup_openat(root, path, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? err_set(err, fd, "open cgroup %s", path) : fd;
}

bool cgroup_takes_none(int fd)
{
	char below[CGROUP_FILE_SIZE];

	return cgroup_read(fd, "cgroup.subtree_control", below, sizeof(below)) > 0;
}

int cgroup_inode(const char *path, uint64_t *ret)
{
	int root = cgroup_root();
	struct stat st;

	if (root < 0)
		return root;
	while (*path == '/')
		path++;
	if (fstatat(root, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

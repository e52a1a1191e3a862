/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own procfs. What is mounted at /proc is the image's or another container's to play with (symlinks, binds, a tmpfs
 * full of lookalikes), so reading and writing goes through a mount that nobody else has: detached, or, when the config
 * asks for a plain procfs anyway, that one before anybody could see it. Every access says: below this directory, no
 * magic link, and no other mount on the way.
 */
#include "init/init.h"

#include "base/fs.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define PROC_MAGIC    0x9fa0
#define PROC_ROOT_INO 1

static int check(int fd, struct err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "look at procfs");
	if (fs.f_type != PROC_MAGIC || st.st_ino != PROC_ROOT_INO)
		return err_msg(err, -EXDEV, "what should be /proc is not procfs");
	return 0;
}

int proc_open(struct init *init, unsigned attrs, struct err *err)
{
	static const char *const none[] = {"source=proc", NULL};
	_cleanup_close_ int fd = -1;
	int r;

	if (init->proc >= 0)
		return 0;
	fd = fs_mount("proc", none, attrs | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	/* In a user namespace the kernel only gives one where the caller's is not covered; then that has to do. */
	if (fd == -EPERM && init->plan->flags & PLAN_IN_USERNS) {
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_set(err, -errno, "open /proc");
		err_clear(err);
	}
	if (fd < 0)
		return fd;
	r = check(fd, err);
	if (r < 0)
		return r;
	init->proc = take_fd(&fd);
	return 0;
}

int proc_write(struct init *init, const char *path, const char *value, struct err *err)
{
	_cleanup_close_ int fd = -1;
	size_t size = strlen(value);
	ssize_t n;

	fd = root_open(init->proc, path, O_WRONLY | O_NOCTTY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	if (fd < 0)
		return err_set(err, fd, "open /proc/%s", path);
	do
		n = write(fd, value, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, -errno, "write \"%s\" to /proc/%s", value, path);
	if ((size_t)n != size)
		return err_msg(err, -EIO, "write \"%s\" to /proc/%s: only %d bytes were taken", value, path, (int)n);
	return 0;
}

int proc_sysctls(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct plan_sysctl *sysctls = plan_items(plan, plan->sysctls, struct plan_sysctl);
	int r = proc_open(init, 0, err);

	for (uint32_t i = 0; i < plan->sysctls.n && r == 0; i++) {
		char path[300];
		int n = text(path, sizeof(path), "sys/%s", plan_str(plan, sysctls[i].path));

		if ((size_t)n == sizeof(path) - 1)
			r = err_set(err, -ENAMETOOLONG, "sysctl");
		else
			r = proc_write(init, path, plan_str(plan, sysctls[i].value), err);
		if (r < 0)
			err_wrap(err, "sysctl \"%s\"", plan_str(plan, sysctls[i].key));
	}
	return r;
}

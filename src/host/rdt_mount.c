/* SPDX-License-Identifier: Apache-2.0 */
/* Where resctrl is mounted. Asked only for a container that wants it: the list of mounts may be long. */
#include "host/rdt.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

const char *rdt_mount_point(char **mountinfo)
{
	struct mountinfo mount;

	/* A part of it that is bound elsewhere is not the root. */
	while (mountinfo_next(mountinfo, &mount))
		if (strcmp(mount.type, "resctrl") == 0 && strcmp(mount.root, "/") == 0)
			return mount.point;
	return NULL;
}

bool rdt_tells_of_mount(const char *groups)
{
	/* Mounted, the group of the process stands behind it; that of all who are in no other is "/". */
	return strncmp(groups, "res:\n", 5) != 0;
}

bool rdt_is_mounted_elsewhere(void)
{
	_cleanup_free_ char *groups = NULL;

	return fd_read_file(AT_FDCWD, "/proc/self/cpu_resctrl_groups", 4096, &groups, NULL) < 0 ||
	       rdt_tells_of_mount(groups);
}

int rdt_open(struct err *err)
{
	_cleanup_free_ char *text = NULL;
	const char *path;
	char *rest;
	int r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read /proc/self/mountinfo");
	for (rest = text; (path = rdt_mount_point(&rest));) {
		_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct statfs fs;

		/* Something else may be mounted over it. */
		if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == RDTGROUP_SUPER_MAGIC)
			return TAKE_FD(fd);
	}
	return err_msg(err, -ENODEV,
		       "resctrl is not mounted (where CPU and kernel have it: mount -t resctrl resctrl "
		       "/sys/fs/resctrl)");
}

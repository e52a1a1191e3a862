/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of the host's cgroup2: there is one file system for all mounts of it, so whoever mounts it anew without
 * them, as CRIU does, takes them from the host's, delegation (nsdelegate) and the protection of memory included.
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/mountinfo.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Those of the file system that is mounted there. */
static const char *options_in(char *text, const char *point)
{
	struct mountinfo mount;

	while (mountinfo_next(&text, &mount))
		if (strcmp(mount.point, point) == 0)
			return mount.super_options;
	return NULL;
}

int cgroup_read_options(char **ret, struct err *err)
{
	const char *point = cgroup_mount_point(), *options;
	_cleanup_free_ char *text = NULL;
	int r;

	*ret = NULL;
	if (!point)
		return 0;
	r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return err_set(err, r, "read /proc/self/mountinfo");
	options = options_in(text, point);
	*ret = options ? strdup(options) : NULL;
	return options && !*ret ? err_set(err, -ENOMEM, "read the options of %s", point) : 0;
}

static int set(const char *point, char *options)
{
	_cleanup_close_ int fs = sys_fspick(AT_FDCWD, point, 0);
	char *rest = NULL;

	if (fs < 0)
		return -errno;
	for (char *word = strtok_r(options, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (strcmp(word, "rw") != 0 && strcmp(word, "ro") != 0 &&
		    sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
			return -errno;
	return sys_fsconfig(fs, SYS_FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0 ? -errno : 0;
}

int cgroup_restore_options(const char *options, struct err *err)
{
	_cleanup_free_ char *now = NULL, *copy = NULL;
	int r;

	if (!options)
		return 0;
	r = cgroup_read_options(&now, err);
	if (r < 0 || (now && strcmp(now, options) == 0))
		return r;
	copy = strdup(options);
	r = copy ? set(cgroup_mount_point(), copy) : -ENOMEM;
	return r < 0 ? err_set(err, r, "give cgroup2 at %s its options back: %s", cgroup_mount_point(), options) : 0;
}

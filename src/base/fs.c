/* SPDX-License-Identifier: Apache-2.0 */
/* New file systems, with what they have to say about failures: see fs.h. */
#include "base/fs.h"

#include "base/sys.h"

#include <string.h>

int fs_error(int fsfd, struct err *err)
{
	char line[256];
	ssize_t n;

	/* One message a read: "e tmpfs: Unknown parameter 'x'". Warnings (w) and notices (i) may come first. */
	while ((n = read(fsfd, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == 'e' && line[1] == ' ')
			err_hint(err, "%s", line + 2);
	}
	return err->code;
}

int fs_param(int fsfd, const char *param, struct err *err)
{
	char key[64];
	size_t n = strcspn(param, "=");
	const char *value = param[n] ? param + n + 1 : NULL;

	if (n == 0 || n >= sizeof(key))
		return err_msg(err, -EINVAL, "option \"%s\" has no valid name", param);
	memcpy(key, param, n);
	key[n] = '\0';
	if (sys_fsconfig(fsfd, value ? SYS_FSCONFIG_SET_STRING : SYS_FSCONFIG_SET_FLAG, key, value, 0) == 0)
		return 0;
	err_set(err, -errno, "option \"%s\"", param);
	if (value && strlen(value) > 255)
		return err_hint(err, "the kernel takes at most 255 bytes here");
	return fs_error(fsfd, err);
}

int fs_string(int fsfd, const char *key, const char *value, struct err *err)
{
	if (sys_fsconfig(fsfd, SYS_FSCONFIG_SET_STRING, key, value, 0) == 0)
		return 0;
	err_set(err, -errno, "%s \"%s\"", key, value);
	return fs_error(fsfd, err);
}

int fs_create(int fsfd, const char *fstype, unsigned attrs, struct err *err)
{
	int fd;

	if (sys_fsconfig(fsfd, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		err_set(err, -errno, "create the %s file system", fstype);
		return fs_error(fsfd, err);
	}
	fd = sys_fsmount(fsfd, attrs);
	if (fd < 0) {
		err_set(err, -errno, "fsmount of %s", fstype);
		return fs_error(fsfd, err);
	}
	return fd;
}

int fs_open(const char *fstype, struct err *err)
{
	int fd = sys_fsopen(fstype);

	if (fd < 0 && errno == ENODEV)
		return err_set(err, -ENODEV, "file system type %s is not known to the kernel", fstype);
	return fd < 0 ? err_set(err, -errno, "fsopen %s", fstype) : fd;
}

int fs_mount(const char *fstype, const char *const params[], unsigned attrs, struct err *err)
{
	int fsfd = fs_open(fstype, err), r = fsfd < 0 ? fsfd : 0;

	for (unsigned i = 0; params[i] && r == 0; i++)
		r = fs_param(fsfd, params[i], err);
	if (r == 0)
		r = fs_create(fsfd, fstype, attrs, err);
	if (fsfd >= 0)
		close(fsfd);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The pid file: written beside its place, then renamed there. */
#include "host/pidfile.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int pidfile_write(const char *path, pid_t pid, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *temp = NULL;
	_cleanup_close_ int fd = -1;
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (asprintf(&temp, "%.*s.%s.%d", (int)(name - path), path, name, (int)getpid()) < 0)
		return err_set(err, -ENOMEM, "write pid file %s", path);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return err_set(err, -errno, "create pid file %s", path);
	r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temp);
		return err_set(err, r, "write pid file %s", path);
	}
	return 0;
}

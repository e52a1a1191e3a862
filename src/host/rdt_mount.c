/* SPDX-License-Identifier: Apache-2.0 */
/* Where resctrl is mounted. Asked only for a container that wants it: the list of mounts may be long. */
#include "host/rdt.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#define MAX_FILE (64 * 1024 * 1024)

/* Octal escapes of mountinfo, in place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		*to = *s;
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
		    s[3] <= '7') {
			*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		}
	}
	*to = '\0';
}

/* One line: fields 4 and 5 are root and mount point, the file system's type is the first after " - ". */
static bool look_at_line(const char *line, size_t n, char *ret, size_t size)
{
	const char *type = memmem(line, n, " - resctrl ", 11), *field = line, *end = line + n;
	size_t length;

	for (int i = 0; i < 3 && field; i++) {
		field = memchr(field, ' ', (size_t)(end - field));
		field += field != NULL;
	}
	/* A part of it that is bound elsewhere is not the root. */
	if (!type || !field || field > type || strncmp(field, "/ ", 2) != 0)
		return false;
	field += 2;
	length = strcspn(field, " ");
	if (length >= size)
		return false;
	memcpy(ret, field, length);
	ret[length] = '\0';
	unescape(ret);
	return true;
}

bool rdt_mount_point(const char **at, char *ret, size_t size)
{
	while (**at) {
		const char *line = *at;
		size_t n = strcspn(line, "\n");

		*at = line + n + (line[n] == '\n');
		if (look_at_line(line, n, ret, size))
			return true;
	}
	return false;
}

int rdt_open(struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	const char *at;
	int r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MAX_FILE, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read /proc/self/mountinfo");
	for (at = text; rdt_mount_point(&at, path, sizeof(path));) {
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

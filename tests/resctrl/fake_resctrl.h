/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resctrl for machines that have none: a tree of ordinary files, and the calls behind which the kernel would do more
 * than a file does, played by the linker's --wrap (FAKE_RESCTRL_WRAPS in tests/Makefile.am):
 *
 *	mkdirat		a new group has its files; EINVAL when the groups are used up
 *	unlinkat	removes a group with its files
 *	fd_write_file	"tasks" and "schemata" are what their lines make of them; what resctrl would refuse is refused,
 *			with a sentence in info/last_cmd_status
 *
 * Nothing of turtle knows of it. rdt_open(), which looks for the mount, is played by whoever includes this where it is
 * needed.
 */
#ifndef TURTLE_TESTS_FAKE_RESCTRL_H
#define TURTLE_TESTS_FAKE_RESCTRL_H

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FAKE_GROUPS 4 /* besides the root */

static char fake_resctrl[PATH_MAX]; /* where it is; empty: nowhere */

int __real_mkdirat(int dir, const char *name, mode_t mode);
int __real_unlinkat(int dir, const char *name, int flags);
int __real_fd_write_file(int dir, const char *path, const void *data, size_t size);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_fd_write_file(int dir, const char *path, const void *data, size_t size);

/* The path of dir below the fake: "" for its root, NULL for what is elsewhere. */
static inline const char *fake_place(int dir)
{
	static char path[PATH_MAX];
	size_t n = strlen(fake_resctrl);
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	length = n == 0 || dir < 0 ? -1 : readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return NULL;
	path[length] = '\0';
	return strncmp(path, fake_resctrl, n) == 0 && (path[n] == '/' || !path[n]) ? path + n : NULL;
}

static inline void fake_put(int dir, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		abort();
}

static inline int fake_root(void)
{
	return open(fake_resctrl, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static inline void fake_status(const char *text)
{
	_cleanup_close_ int root = fake_root();

	fake_put(root, "info/last_cmd_status", text);
}

/* What is in a group; a monitoring one has no schemata. */
static inline void fake_fill(int dir, bool monitoring)
{
	fake_put(dir, "tasks", "");
	__real_mkdirat(dir, "mon_data", 0755);
	__real_mkdirat(dir, "mon_data/mon_L3_00", 0755);
	__real_mkdirat(dir, "mon_data/mon_L3_01", 0755);
	fake_put(dir, "mon_data/mon_L3_00/llc_occupancy", monitoring ? "4096\n" : "8192\n");
	fake_put(dir, "mon_data/mon_L3_00/mbm_total_bytes", "100\n");
	fake_put(dir, "mon_data/mon_L3_00/mbm_local_bytes", "50\n");
	fake_put(dir, "mon_data/mon_L3_01/llc_occupancy", "Unavailable\n");
	fake_put(dir, "mon_data/mon_L3_01/mbm_total_bytes", "7\n");
	fake_put(dir, "mon_data/mon_L3_01/mbm_local_bytes", "Unavailable\n");
	if (monitoring)
		return;
	fake_put(dir, "schemata", "    L3:0=fffff;1=fffff\n    MB:0= 100;1= 100\n");
	__real_mkdirat(dir, "mon_groups", 0755);
}

/* An empty directory becomes resctrl's root. */
static inline void fake_make(const char *path)
{
	_cleanup_close_ int root = -1;

	snprintf(fake_resctrl, sizeof(fake_resctrl), "%s", path);
	root = fake_root();
	if (root < 0 || faccessat(root, "info", F_OK, 0) == 0)
		return;
	__real_mkdirat(root, "info", 0755);
	__real_mkdirat(root, "info/L3", 0755);
	__real_mkdirat(root, "info/MB", 0755);
	fake_put(root, "info/last_cmd_status", "ok\n");
	fake_put(root, "info/L3/cbm_mask", "fffff\n");
	fake_put(root, "info/L3/min_cbm_bits", "1\n");
	fake_put(root, "info/L3/num_closids", "5\n");
	fake_put(root, "info/MB/bandwidth_gran", "10\n");
	fake_put(root, "info/MB/delay_linear", "1\n");
	fake_put(root, "info/MB/min_bandwidth", "10\n");
	fake_put(root, "info/MB/num_closids", "5\n");
	fake_fill(root, false);
}

int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
	const char *place = fake_place(dir);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!place)
		return __real_mkdirat(dir, name, mode);
	/* Links of the root: its own two, info, mon_data, mon_groups, and the groups. */
	if (!*place && faccessat(dir, name, F_OK, 0) < 0 && fstat(dir, &st) == 0 && st.st_nlink - 5 >= FAKE_GROUPS) {
		fake_status("Out of CLOSIDs\n");
		errno = ENOSPC;
		return -1;
	}
	if (__real_mkdirat(dir, name, mode) < 0)
		return -1;
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fake_fill(fd, *place);
	return 0;
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	char command[2 * PATH_MAX + 64];

	if (!(flags & AT_REMOVEDIR) || !fake_place(dir) || faccessat(dir, name, F_OK, 0) < 0)
		return __real_unlinkat(dir, name, flags);
	snprintf(command, sizeof(command), "rm -r '/proc/%d/fd/%d/%s'", (int)getpid(), dir, name);
	if (system(command) == 0)
		return 0;
	errno = EBUSY;
	return -1;
}

/* "NAME:DOMAIN=VALUE" replaces that value. */
static inline int fake_set(char *schemata, size_t size, const char *name, const char *domain, const char *value)
{
	char old[1024], wanted[64];
	char *line = strstr(schemata, name), *at;

	snprintf(old, sizeof(old), "%s", schemata);
	if (!line || line[strlen(name)] != ':') {
		fake_status("Unknown or unsupported resource name\n");
		return -EINVAL;
	}
	snprintf(wanted, sizeof(wanted), "%s=", domain);
	at = strstr(line, wanted);
	if (!at || at > strchrnul(line, '\n')) {
		fake_status("Missing '=' or non-numeric domain\n");
		return -EINVAL;
	}
	if (!strcmp(name, "L3") && strspn(value, "0123456789abcdef") != strlen(value)) {
		fake_status("Non-hex character in the mask\n");
		return -EINVAL;
	}
	if (!strcmp(name, "L3") && strtoul(value, NULL, 16) > 0xfffff) {
		fake_status("Mask out of range\n");
		return -EINVAL;
	}
	at += strlen(wanted);
	if (!strcmp(name, "MB"))
		snprintf(at, size - (size_t)(at - schemata), "%4lu%s", (strtoul(value, NULL, 10) + 9) / 10 * 10,
			 old + (at - schemata) + strcspn(at, ";\n"));
	else
		snprintf(at, size - (size_t)(at - schemata), "%lx%s", strtoul(value, NULL, 16),
			 old + (at - schemata) + strcspn(at, ";\n"));
	return 0;
}

static inline int fake_write_schemata(int dir, const char *data, size_t size)
{
	_cleanup_free_ char *old = NULL, *lines = strndup(data, size);
	char schemata[1024], *save = NULL, *next = NULL;

	if (fd_read_file(dir, "schemata", sizeof(schemata), &old, NULL) < 0)
		return -ENOENT;
	/* What the kernel asks of a write. */
	if (size == 0 || data[size - 1] != '\n')
		return -EINVAL;
	snprintf(schemata, sizeof(schemata), "%s", old);
	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *name = strtok_r(line, ": ", &next);

		for (char *part = strtok_r(NULL, ";", &next); part; part = strtok_r(NULL, ";", &next)) {
			char *equals = strchr(part, '=');
			int r;

			*equals = '\0';
			r = fake_set(schemata, sizeof(schemata), name, part, equals + 1 + strspn(equals + 1, " "));
			if (r < 0)
				return r;
		}
	}
	fake_put(dir, "schemata", schemata);
	return 0;
}

int __wrap_fd_write_file(int dir, const char *path, const void *data, size_t size)
{
	if (!fake_place(dir))
		return __real_fd_write_file(dir, path, data, size);
	fake_status("ok\n");
	if (!strcmp(path, "schemata"))
		return fake_write_schemata(dir, data, size);
	if (!strcmp(path, "tasks")) {
		_cleanup_close_ int fd = openat(dir, path, O_WRONLY | O_APPEND | O_CLOEXEC);

		return fd < 0 ? -errno : fd_write_all(fd, data, size);
	}
	return __real_fd_write_file(dir, path, data, size);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process a pid of long ago was: pids come round again, so a process is identified by its pid, its start time and
 * the boot in which both were counted.
 */
#include "host/state/state.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Moves to the field that is n further; NULL when there is none. */
static const char *skip(const char *at, unsigned n)
{
	for (; at && n > 0; n--) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

/* A whole number: a line that is cut off within it has another one. */
static bool ends(const char *at)
{
	return *at == ' ' || *at == '\n';
}

static bool take_u32(const char *at, uint32_t *ret)
{
	return at && num_take_u32(&at, ret) == 0 && ends(at);
}

static bool take_u64(const char *at, uint64_t *ret)
{
	return at && num_take_u64(&at, ret) == 0 && ends(at);
}

int state_parse_stat(const char *text, struct pid_stat *ret)
{
	/* The name may hold anything, also `) R 1`; what comes after it are a letter and numbers only. */
	const char *state = skip(strrchr(text, ')'), 1);
	const char *flags = skip(state, 9 - 3), *threads = skip(flags, 20 - 9), *start_time = skip(threads, 22 - 20);
	struct pid_stat stat;

	if (!take_u32(flags, &stat.flags) || !take_u32(threads, &stat.threads) ||
	    !take_u64(start_time, &stat.start_time))
		return -EINVAL;
	stat.state = *state;
	*ret = stat;
	return 0;
}

int state_read_stat(pid_t pid, struct pid_stat *ret)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/* The kernel makes the line in one read; asking for its end would make it once more. */
	do
		n = read(fd, text, sizeof(text) - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return state_parse_stat(text, ret);
}

int state_pid_start_time(pid_t pid, uint64_t *ret)
{
	struct pid_stat stat;
	int r = state_read_stat(pid, &stat);

	if (r < 0)
		return r;
	/*
	 * A process whose first thread has ended is shown as a zombie, too, for as long as another one goes on. A real
	 * zombie still counts itself.
	 */
	if (stat.state == 'X' || stat.state == 'x' || (stat.state == 'Z' && stat.threads <= 1))
		return -ESRCH;
	*ret = stat.start_time;
	return 0;
}

#define BOOT_ID_LENGTH 36

int state_boot_id(const char **ret, struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	static char boot_id[BOOT_ID_LENGTH + 1];
	_cleanup_close_ int fd = -1;
	char text[BOOT_ID_LENGTH];
	ssize_t n;

	/* A process sees one boot only. */
	*ret = boot_id;
	if (boot_id[0] != '\0')
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_set(err, -errno, "open %s", path);
	n = fd_read_all(fd, text, sizeof(text));
	if (n < 0)
		return err_set(err, (int)n, "read %s", path);
	if (n != sizeof(text))
		return err_msg(err, -EIO, "read %s: it is too short", path);
	memcpy(boot_id, text, sizeof(text));
	return 0;
}

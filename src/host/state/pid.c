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

enum { FIELD_STATE = 3, FIELD_THREADS = 20, FIELD_START_TIME = 22 };

/* Field n of the line, counted as proc(5) does, from the state on. */
static const char *field(const char *text, unsigned n)
{
	/* The name may hold anything, also `) R 1`; what comes after it are a letter and numbers only. */
	const char *p = strrchr(text, ')');

	for (unsigned i = FIELD_STATE - 1; p && i < n; i++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return p;
}

int state_parse_stat(const char *text, char *ret_state, uint64_t *ret_start_time)
{
	const char *state = field(text, FIELD_STATE), *start_time = field(text, FIELD_START_TIME);

	if (!start_time || num_take_u64(&start_time, ret_start_time) < 0)
		return -EINVAL;
	*ret_state = *state;
	return 0;
}

/* A process whose first thread has ended is shown as a zombie, too, for as long as another one goes on. */
static bool has_living_thread(const char *text)
{
	const char *p = field(text, FIELD_THREADS);
	uint32_t threads;

	/* A real zombie still counts itself. */
	return p && num_take_u32(&p, &threads) == 0 && threads > 1;
}

int state_pid_start_time(pid_t pid, uint64_t *ret)
{
	uint64_t start_time;
	char path[64], text[4096], state;
	_cleanup_close_ int fd = -1;
	ssize_t n;
	int r;

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
	r = state_parse_stat(text, &state, &start_time);
	if (r < 0)
		return r;
	if (state == 'X' || state == 'x' || (state == 'Z' && !has_living_thread(text)))
		return -ESRCH;
	*ret = start_time;
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

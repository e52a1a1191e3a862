/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why CRIU failed. Its answer has a number at most; the reason is in its log: mostly the first line that is an error,
 * and else the last ones, which tell what became of it.
 */
#include "host/criu/criu.h"

#include "base/mem.h"

#include <fcntl.h>
#include <string.h>

#define TAIL_SIZE   (64 * 1024)
#define MAX_REASONS 3 /* the first, and the last ones */

/* Said by every CRIU without the right to raise its own limits, and of no consequence. */
static bool is_noise(const char *line)
{
	return strstr(line, "rlimit: Can't setup RLIMIT_NOFILE for self") != NULL;
}

/* "(00.012345)   1: Error (criu/x.c:12): text": from "Error" on. NULL: no error. */
static char *error_of(char *line)
{
	char *error = strstr(line, "Error (");

	return error && !is_noise(line) ? error : NULL;
}

/* The end of the file, terminated; malloc'ed. */
static char *read_tail(int dir, const char *file)
{
	_cleanup_close_ int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (end < 0)
		return NULL;
	text = malloc(TAIL_SIZE + 1);
	n = text ? pread(fd, text, TAIL_SIZE, end > TAIL_SIZE ? end - TAIL_SIZE : 0) : -1;
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return TAKE_PTR(text);
}

static void append(char *ret, size_t size, const char *reason)
{
	size_t n = strlen(ret);

	snprintf(ret + n, size - n, "%s%s", n ? "; " : "", reason);
}

void criu_log_errors(int dir, const char *file, char *ret, size_t size)
{
	_cleanup_free_ char *text = read_tail(dir, file);
	char *reasons[MAX_REASONS] = {NULL}, *last = NULL, *rest = NULL;
	size_t n = 0;

	ret[0] = '\0';
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		char *error = error_of(line);

		last = line;
		if (!error)
			continue;
		if (n == MAX_REASONS)
			memmove(&reasons[1], &reasons[2], (MAX_REASONS - 2) * sizeof(reasons[0]));
		reasons[n < MAX_REASONS ? n++ : MAX_REASONS - 1] = error;
	}
	for (size_t i = 0; i < n; i++)
		append(ret, size, reasons[i]);
	if (n == 0 && last)
		append(ret, size, last);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See stdio.h. */
#include "host/stdio.h"

#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void describe(int fd, char *ret, size_t size)
{
	struct sys_statx st;

	snprintf(ret, size, "/dev/null");
	if (sys_statx(fd, SYS_STATX_TYPE | SYS_STATX_INO | SYS_STATX_MNT_ID, &st) < 0)
		return;
	if (S_ISCHR(st.mode) && isatty(fd))
		snprintf(ret, size, "tty[%llx:%llx]", (unsigned long long)makedev(st.rdev[0], st.rdev[1]),
			 (unsigned long long)makedev(st.dev[0], st.dev[1]));
	else if (S_ISFIFO(st.mode))
		snprintf(ret, size, "pipe:[%llu]", (unsigned long long)st.ino);
	else if (S_ISSOCK(st.mode))
		snprintf(ret, size, "socket:[%llu]", (unsigned long long)st.ino);
	else if (S_ISREG(st.mode) && st.mask & SYS_STATX_MNT_ID)
		snprintf(ret, size, "file[%llx:%llx]", (unsigned long long)st.mnt_id, (unsigned long long)st.ino);
}

int stdio_describe(struct ocispec_arena *arena, const char ***ret, struct err *err)
{
	const char **list = ocispec_alloc(arena, STDIO_N * sizeof(*list));

	for (int fd = 0; list && fd < STDIO_N; fd++) {
		char word[64];

		describe(fd, word, sizeof(word));
		list[fd] = ocispec_strndup(arena, word, strlen(word));
		if (!list[fd])
			list = NULL;
	}
	if (!list)
		return err_set(err, -ENOMEM, "describe standard input and output");
	*ret = list;
	return 0;
}

bool stdio_is_replaceable(const char *word)
{
	return strncmp(word, "pipe:", 5) == 0 || strncmp(word, "socket:", 7) == 0 || strncmp(word, "file[", 5) == 0;
}

bool stdio_is_terminal(const char *word)
{
	return strncmp(word, "tty[", 4) == 0;
}

const char *stdio_external(const char *word, struct ocispec_arena *arena)
{
	char text[64];

	if (strncmp(word, "file[", 5) == 0 || stdio_is_terminal(word))
		return word;
	if (strncmp(word, "socket:", 7) != 0)
		return NULL;
	snprintf(text, sizeof(text), "unix%s", word + 7);
	return ocispec_strndup(arena, text, strlen(text));
}

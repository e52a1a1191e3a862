/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: see internal.h. Nothing here looks at a file system. */
#include "plan/internal.h"

#include <string.h>

/* Appends the components of path at s[n]; with dotdot, ".." removes the component before it. Returns the new length. */
static size_t append(char *s, size_t n, const char *path, bool dotdot)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 0) {
			path++;
			continue;
		}
		if (len == 2 && path[0] == '.' && path[1] == '.' && dotdot) {
			while (n > 0 && s[--n] != '/')
				;
		} else if (len != 1 || path[0] != '.') {
			s[n++] = '/';
			memcpy(s + n, path, len);
			n += len;
		}
		path += len;
	}
	return n;
}

char *path_clean(struct ocispec_arena *arena, const char *path)
{
	/* A relative path gets one byte longer, and an empty one becomes "/". */
	char *s = ocispec_alloc(arena, strlen(path) + 2);
	size_t n;

	if (!s)
		return NULL;
	n = append(s, 0, path, true);
	if (n == 0)
		s[n++] = '/';
	s[n] = '\0';
	return s;
}

char *path_below(struct ocispec_arena *arena, const char *base, const char *path)
{
	char *s = ocispec_alloc(arena, strlen(base) + strlen(path) + 3);
	size_t n = 0;

	if (!s)
		return NULL;
	if (path[0] != '/')
		n = append(s, n, base, false);
	n = append(s, n, path, false);
	if (n == 0)
		s[n++] = '/';
	s[n] = '\0';
	return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of mounts: see mountinfo.h. */
#include "base/mountinfo.h"

#include <string.h>

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7';
}

/* In place. */
static char *unescape(char *s)
{
	char *to = s;

	for (const char *from = s; *from; from++)
		if (*from == '\\' && is_octal(from + 1)) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	*to = '\0';
	return s;
}

/* id parent device root point options [tag...] - type source super-options; a source may be empty, but has its place.
 */
static bool split(char *line, struct mountinfo *ret)
{
	char *first[6], *last[3];
	const char *tag;

	for (int i = 0; i < 6; i++) {
		first[i] = strsep(&line, " ");
		if (!first[i])
			return false;
	}
	do
		tag = strsep(&line, " ");
	while (tag && strcmp(tag, "-") != 0);
	for (int i = 0; i < 3; i++) {
		last[i] = strsep(&line, " ");
		if (!last[i])
			return false;
	}
	ret->id = first[0];
	ret->parent = first[1];
	ret->root = unescape(first[3]);
	ret->point = unescape(first[4]);
	ret->type = unescape(last[0]);
	ret->super_options = last[2];
	return true;
}

bool mountinfo_next(char **text, struct mountinfo *ret)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (split(line, ret))
			return true;
	return false;
}

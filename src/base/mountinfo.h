/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a list of mounts, /proc/PID/mountinfo as proc(5) describes it, for turtle and turtle-init. */
#ifndef TURTLE_BASE_MOUNTINFO_H
#define TURTLE_BASE_MOUNTINFO_H

#include <stdbool.h>

#define MOUNTINFO_MAX (64 * 1024 * 1024) /* more than this many bytes nobody reads */

struct mountinfo {
	const char *id, *parent; /* decimal */
	const char *root, *point, *type;
	const char *super_options; /* as the list has them */
};

/*
 * Takes the next line out of *text, in place: what *ret points to is in it, without the octal numbers that stand for
 * blanks and line breaks in names. What is no whole line of such a list is passed over. False at the end.
 */
bool mountinfo_next(char **text, struct mountinfo *ret);

#endif

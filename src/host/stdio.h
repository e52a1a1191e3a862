/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What descriptors 0 to 2 lead to, in CRIU's words. A container's process gets those of its caller, and they are the
 * one thing in it that leads out; who restores it puts his own in their place, and finds them by these words.
 */
#ifndef TURTLE_HOST_STDIO_H
#define TURTLE_HOST_STDIO_H

#include "base/err.h"
#include "ocispec.h"

#include <stdbool.h>

#define STDIO_N 3

/*
 * "pipe:[INODE]", "socket:[INODE]", "file[MOUNT:INODE]", "tty[NUMBER:FILE-SYSTEM]", or "/dev/null" for what is not to
 * be replaced. In arena.
 */
int stdio_describe(struct ocispec_arena *arena, const char ***ret, struct err *err);

/* Whether any other descriptor can be put in place of it. */
bool stdio_is_replaceable(const char *word);
/* Whether it is a terminal of the caller's, which only another terminal can be put in place of. */
bool stdio_is_terminal(const char *word);

/* How it is to be named to CRIU as something outside; NULL: not at all (a pipe needs no name). In arena. */
const char *stdio_external(const char *word, struct ocispec_arena *arena);

#endif

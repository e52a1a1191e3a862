/* SPDX-License-Identifier: Apache-2.0 */
/* The one way to execute another program: hooks, ps(1), newuidmap(1), turtle-systemd. */
#ifndef TURTLE_BASE_SPAWN_H
#define TURTLE_BASE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_MAX_FDS 4

struct spawn {
	const char *path; /* without a slash it is looked for in the caller's PATH */
	char *const *argv, *const *envp;
	/*
	 * What the program has open: fds[i] becomes its descriptor i, and there is no other. None of fds may be below
	 * n_fds unless it is its own place, or the one before it has been taken from there.
	 */
	int fds[SPAWN_MAX_FDS], n_fds;
	int directory; /* the descriptor of its working directory, or -1: the caller's */
	bool session;  /* in a session of its own */
};

/*
 * Executes it with no signal blocked or ignored, as after boot. Returns once that is done: 0, and *ret is a child to be
 * waited for; or a negative errno, that of execve(2) above all, and there is no child. Nothing of the caller's memory
 * is copied, and no descriptor besides fds reaches the program, whatever its flags.
 */
int spawn_program(const struct spawn *spawn, pid_t *ret);

#endif

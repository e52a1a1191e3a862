/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: crowd N COMMAND [ARGUMENT...]
 *
 * Starts N of the command at once and waits for all; fails when any of them does. What the stop-watch times as one
 * step is then how long a crowd takes.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[1]) : 0, failed = 0, status;

	if (n <= 0) {
		fprintf(stderr, "usage: crowd N COMMAND [ARGUMENT...]\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		int r = posix_spawn(&(pid_t){0}, argv[2], NULL, NULL, argv + 2, environ);

		if (r != 0) {
			fprintf(stderr, "crowd: %s: %s\n", argv[2], strerror(r));
			return 1;
		}
	}
	while (wait(&status) > 0)
		if (status != 0)
			failed = 1;
	return failed;
}

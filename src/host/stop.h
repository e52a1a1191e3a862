/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals that would end turtle in the middle of its work, where it has something to put back first: held while
 * they are watched, and delivered afterwards. Those that the caller has it ignore are left alone.
 */
#ifndef TURTLE_HOST_STOP_H
#define TURTLE_HOST_STOP_H

#include <signal.h>
#include <stdbool.h>

struct stop {
	int fd; /* readable once one of them has come; -1: that can't be told */
	bool held;
	sigset_t before;
};
#define STOP_NONE ((struct stop){.fd = -1})

/* A negative errno when it can't be told that one has come; they are held all the same. */
int stop_watch(struct stop *stop);

/* One that came meanwhile ends turtle here. */
void stop_unwatch(struct stop *stop);

#endif

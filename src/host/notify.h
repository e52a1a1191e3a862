/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) for the container's process. When NOTIFY_SOCKET is set, the caller is a service of Type=notify, and the
 * container's process is the one that knows when it is ready. It gets a socket of turtle's, not the caller's: in the
 * directory ROOT/ID/notify, which the plan binds on /run/notify. Whoever starts the container listens there, and passes
 * on to the caller's socket the one thing that a container may say, which is READY=1, and its main process as the host
 * numbers it.
 */
#ifndef TURTLE_HOST_NOTIFY_H
#define TURTLE_HOST_NOTIFY_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct notify {
	int container; /* where its process sends to; -1: nobody is to be told, or no more */
	int caller;    /* connected to the caller's socket */
};

#define NOTIFY_NONE ((struct notify){.container = -1, .caller = -1})

/* NOTIFY_SOCKET of the environment; NULL when it is not set. */
const char *notify_caller(void);

/* create: makes the directory for the socket in the state directory dir_fd. */
int notify_make_dir(int dir_fd, struct err *err);

/*
 * start, run: before the process begins. Without NOTIFY_SOCKET, or without the directory (create was not told), there
 * is nothing to do, and *ret is NOTIFY_NONE.
 */
int notify_open(int dir_fd, struct notify *ret, struct err *err);
void notify_close(struct notify *notify);

/*
 * Waits until the process says that it is ready, and tells the caller that and its pid; returns once the caller has
 * taken note. Also returns, with 0, when the process (pidfd) ends before.
 */
int notify_wait(struct notify *notify, pid_t pid, int pidfd, struct err *err);

/* For a foreground run, which is the caller's main process itself: looks once, without waiting. */
int notify_look(struct notify *notify, struct err *err);

#endif

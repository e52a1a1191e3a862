/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals and signals between the caller and a container in the foreground: hand the pty's master to a console
 * socket, or stand between it and the caller's terminal until the container's init is gone.
 */
#ifndef TURTLE_HOST_CONSOLE_H
#define TURTLE_HOST_CONSOLE_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Sends the pty master over the console socket (connected before the clone): one message, payload "/dev/ptmx". */
int console_send(int sock, int master, struct err *err);

/* The pty gets the size of the caller's terminal: the first of descriptors 0 to 2 that is one. */
void console_resize(int master);

/*
 * Makes a new pty fit the caller, before the container's process can look at it: the size, and whether its output ends
 * lines in CR LF. Output processing must happen once: in the container's pty where the caller's terminal is raw, in the
 * caller's terminal (or not at all, in a pipe or file) everywhere else.
 */
void console_adapt(int master);

/* The caller sits at a terminal: its input becomes raw, and so does its output. */
bool console_is_interactive(void);

/*
 * What a foreground run does from clone to end. Signals are blocked and a signalfd is opened before the clone
 * (foreground_prepare), so that nothing is lost in between; the old mask comes back with foreground_finish.
 */
struct foreground {
	int signal_fd;
	bool raw;              /* the caller's terminal is in raw mode and must be restored */
	void *saved;           /* private */
	struct notify *notify; /* NULL, or who is to be told that the container is ready (notify.h) */
};

int foreground_prepare(struct foreground *ret, struct err *err);

/*
 * Until init (pid, pidfd: our child) has ended: forwards every signal but SIGCHLD, SIGPIPE and SIGURG to it; SIGWINCH
 * sets the pty's size; master >= 0: relays stdin to it and it to stdout with bounded buffers, non-blocking, drained
 * after the end; the caller's terminal is raw meanwhile. Reaps every other child (subreaper). *ret_status is wait(2)'s
 * status. When nobody reads stdout any more the pty is hung up: master then refers to /dev/null, and is still to be
 * closed by the caller.
 */
int foreground_wait(struct foreground *fg, pid_t pid, int pidfd, int master, int *ret_status, struct err *err);

/* Restores terminal and signals; what still came in is dropped. Does nothing on one that was never prepared. */
void foreground_finish(struct foreground *fg);

#endif

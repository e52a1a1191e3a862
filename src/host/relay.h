/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay between the caller's stdin and stdout and the master of a container's pty. It never blocks and never spins:
 * each direction has one bounded buffer, reads only what fits and waits only for what it can use.
 */
#ifndef TURTLE_HOST_RELAY_H
#define TURTLE_HOST_RELAY_H

#include "base/err.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define RELAY_BUFFER 16384

struct relay_buffer {
	size_t start, end; /* what is in it */
	char bytes[RELAY_BUFFER];
};

/* One of the caller's descriptors. */
struct relay_end {
	int fd;    /* -1 when there is nothing more to do with it */
	bool own;  /* reopened by us */
	bool sock; /* has its own way to not block */
	bool calm; /* never blocks for long: regular files, or opened with O_NONBLOCK */
};

enum { RELAY_IN, RELAY_OUT, RELAY_MASTER, RELAY_N };

struct relay {
	int master; /* the caller's; -1 once it is drained or hung up */
	int real_master;
	int peer; /* our own end of the container's side, -1 when it can't be had */
	struct relay_end in, out;
	struct relay_buffer to_master, to_out;
	bool in_eof;      /* to be told to the container once what was typed before is delivered */
	bool in_line;     /* the last byte typed was no newline */
	bool stalled;     /* the other side is closed, for want of a peer: wait for the end */
	bool ended;       /* the container's init is gone */
	size_t remaining; /* how much more may be read then */
};

/* in, out: normally 0 and 1; they are not closed and their flags are not changed. */
int relay_open(struct relay *relay, int master, int in, int out, struct err *err);

/* Fills in what to wait for: RELAY_N entries. */
void relay_poll(struct relay *relay, struct pollfd *fds);

/* Does what the entries say is possible. */
void relay_run(struct relay *relay, const struct pollfd *fds);

/* The container's init is gone: no more input, and what it wrote is still to be passed on. */
void relay_end(struct relay *relay);

/* All of it was passed on (or nobody wants it). */
bool relay_done(const struct relay *relay);

/* Drops what is not delivered yet. */
void relay_discard(struct relay *relay);
void relay_close(struct relay *relay);

#endif

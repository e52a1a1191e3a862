/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp agent: who answers the system calls whose action is SCMP_ACT_NOTIFY. For each process that such a filter
 * is loaded in, it gets one message on a connection of its own: a ContainerProcessState, and the listener of the
 * filter.
 *
 * The connection is made before anything is that a failure would have to undo. The message goes out while the process,
 * already under its filter, waits to execute the program (init/listener.c): execve may be one of the calls that are
 * asked for.
 */
#ifndef TURTLE_HOST_AGENT_H
#define TURTLE_HOST_AGENT_H

#include "host/state/state.h"
#include "plan/plan.h"

struct agent {
	int socket;       /* connected, owned; -1: there is no agent */
	const char *path; /* for messages; the caller's */
	char *document;   /* owned */
};

#define AGENT_NONE ((struct agent){.socket = -1})

/*
 * Whether there is a socket at path. For create, whose start comes later: an agent that takes a single connection must
 * not get another one before.
 */
int agent_check(const char *path, struct err *err);

int agent_connect(const char *path, struct agent *ret, struct err *err);

/*
 * What will be said: of process pid, in the container of this state. status: "creating" for the container's own
 * process, "running" for an exec's. The first is the word of the specification's example, of runc and of crun, and
 * agents tell the two by it; `state` says "created" at that time.
 */
int agent_describe(struct agent *agent, const struct container_state *state, const char *status, pid_t pid,
		   const char *metadata, struct err *err);

/* Says it, and ends the connection. */
int agent_send(struct agent *agent, int listener, struct err *err);

void agent_close(struct agent *agent);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a start, for start and run alike. */
#ifndef TURTLE_HOST_START_H
#define TURTLE_HOST_START_H

#include "host/agent.h"
#include "host/state/state.h"

#include <stdbool.h>

/*
 * Waits on the conversation `sock` with the init of `pidfd` until the program was executed, then runs the poststart
 * hooks; without the lock, for these may well call turtle. *ret_destroy: on failure, whether the spec wants the
 * container destroyed (a failed hook or
 * agent), or left stopped. The lock is held again then; if not, it is not ours to destroy.
 */
int start_finish(struct container *container, int sock, int pidfd, struct agent *agent, bool *ret_destroy,
		 struct err *err);

/* Connects to the agent of the container's state, if it has one, with its init to tell of. */
int start_connect_agent(const struct container_state *state, struct agent *ret, struct err *err);

#endif

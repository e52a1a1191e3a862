/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a start, for start and run alike. */
#ifndef TURTLE_HOST_START_H
#define TURTLE_HOST_START_H

#include "host/state/state.h"

#include <stdbool.h>

/*
 * Waits on the conversation `sock` with the init of `pidfd` until the program was executed, then runs the poststart
 * hooks; without the lock, for these may well call turtle. *ret_destroy: on failure, whether the spec wants the
 * container destroyed (a failed hook), or left stopped. The lock is held again then; if not, it is not ours to destroy.
 */
int start_finish(struct container *container, int sock, int pidfd, bool *ret_destroy, struct err *err);

#endif

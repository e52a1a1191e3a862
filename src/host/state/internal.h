/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of host/state share with each other and with nobody else. */
#ifndef TURTLE_HOST_STATE_INTERNAL_H
#define TURTLE_HOST_STATE_INTERNAL_H

#include "host/state/state.h"

#define STATE_FILE_NEW STATE_FILE ".new"

/* lock.c: flock(2) with a deadline. timeout_ms -1 = for ever, 0 = one try. 0, -ETIMEDOUT or another -errno. */
int state_lock_fd(int fd, enum state_lock lock, int timeout_ms);

/*
 * document.c: reads ROOT/ID/state.json. What is wrong with the file goes to container->load_error and leaves has_state
 * false; only a lack of memory or of descriptors is a failure.
 */
int state_load(struct container *container, struct err *err);

#endif

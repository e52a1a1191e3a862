/* SPDX-License-Identifier: Apache-2.0 */
/* The host's half of the conversation with turtle-init; sync/sync.h draws it. */
#ifndef TURTLE_HOST_TALK_H
#define TURTLE_HOST_TALK_H

#include "base/err.h"
#include "host/agent.h"
#include "host/hooks.h"
#include "sync/sync.h"

#include <stdbool.h>
#include <stddef.h>

/* Sends a short message. -EPIPE when init is gone. */
int talk_send(int sock, enum sync_type type, struct err *err);

/* Sends n descriptors, SYNC_MAX_FDS a message. */
int talk_send_fds(int sock, const int *fds, size_t n, struct err *err);

/*
 * Waits for the next message. A SYNC_ERROR becomes this function's error, as init wrote it. End of file is -EPIPE,
 * with err set to "... ended before it said ...". *ret_fd (may be NULL): the descriptor that came along, or -1; owned
 * by the caller. ret may be NULL.
 */
int talk_receive(int sock, enum sync_type expected, struct sync_msg *ret, int *ret_fd, struct err *err);

/*
 * Takes what hooks on the container's side write, until init has something else to say, or is gone. At once where the
 * output of hooks has no file.
 */
int talk_receive_output(int sock, const struct hooks_place *place, struct err *err);

/*
 * As talk_receive, for the end of a start: 0 when the program was executed (SYNC_EXEC, then end of file), else init's
 * error. On the way the agent, if there is one, gets its listener. *ret_destroy: it is the error of a startContainer
 * hook, or of the agent, with which the container can't go on.
 */
int talk_receive_exec(int sock, struct agent *agent, bool *ret_destroy, struct err *err);

/* Waits until init has said something, or is gone without a word: true then. */
bool talk_is_over(int sock);

/*
 * The error that init has left unread, as this function's own; 0 when it left none. Does not wait. For when something
 * failed that may have failed because init is gone, or about to go.
 */
int talk_last_words(int sock, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the caller of create, run or exec gets of the process that is made: its terminal, its pidfd, its pid; and the
 * limits that only the host can set. The same for a container's first process as for every further one.
 */
#ifndef TURTLE_HOST_HANDOVER_H
#define TURTLE_HOST_HANDOVER_H

#include "plan/plan.h"

#include <stdbool.h>
#include <sys/types.h>

struct handover {
	const char *console_path, *pidfd_path, *pid_file; /* as asked for; or NULL */
	int console_socket, pidfd_socket;                 /* connected, or -1 */
	int master;                                       /* of the terminal, until it is handed on; -1 */
	bool pid_file_written;
};

/* The terminal's master must have somewhere to go: compat with runc, whose words these are. */
int handover_check(const struct handover *handover, bool terminal, bool detached, struct err *err);

/* Connects the sockets. */
int handover_connect(struct handover *handover, struct err *err);

/* Receives the terminal, and passes it to the console socket or makes it fit the caller's. */
int handover_terminal(struct handover *handover, int sync, struct err *err);

/* The same of a terminal that is here already; master becomes the handover's. */
int handover_take_terminal(struct handover *handover, int master, struct err *err);

/* Sends the pidfd with this payload, where a socket for it was given. */
int handover_pidfd(struct handover *handover, int pidfd, const char *payload, struct err *err);

int handover_pid(struct handover *handover, pid_t pid, struct err *err);
void handover_undo_pid(struct handover *handover);

void handover_close(struct handover *handover);

/* Inside a user namespace a process could not raise a limit; outside it has done this itself. */
int process_rlimits(const struct plan *plan, pid_t pid, struct err *err);
/* The same of its scheduler and ioPriority. */
int process_scheduling(const struct plan *plan, pid_t pid, struct err *err);

#endif

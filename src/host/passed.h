/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan wants opened on the host and handed to init: namespaces to join, and detached trees to mount. */
#ifndef TURTLE_HOST_PASSED_H
#define TURTLE_HOST_PASSED_H

#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* Descriptors for init: namespaces to join, then what goes with them (sync/sync.h). */
struct passed {
	int *fds; /* owned */
	size_t n;
	/* Who is privileged in a user namespace only may not have more trees in the socket than the soft limit of
	 * descriptors; it is raised then until they are taken. */
	bool raised;
	struct rlimit nofile; /* as it was */
};

/* Opens all (namespaces are checked to be of their type); passed_close() closes all and puts the limit back. */
int passed_open(const struct plan *plan, struct passed *ret, struct err *err);
void passed_close(struct passed *passed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking systemd for units, through the program turtle-systemd (src/systemd/protocol.h). It is found beside turtle's
 * own binary, else in the directory given at build time (libexecdir/turtle). Opening only starts it; it connects while
 * we go on, and the first function that needs an answer waits for it.
 */
#ifndef TURTLE_HOST_SYSTEMD_SYSTEMD_H
#define TURTLE_HOST_SYSTEMD_SYSTEMD_H

#include "base/err.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct systemd {
	int sock, pidfd; /* -1 while not open */
	pid_t pid;
	bool user;
	bool greeted;
	uint32_t version;
	char *cgroup; /* of the manager; owned */
};

#define SYSTEMD_NONE ((struct systemd){.sock = -1, .pidfd = -1})

/* Whether the manager to ask is the user's: any caller that is not the system's root (compat.md A.2, --rootless). */
bool systemd_wants_user(void);

/* Starts the helper. Its inability to connect is told by the next call. */
int systemd_open(bool user, struct systemd *ret, struct err *err);
/* Ends it; everything that was done stays. NONE is fine. */
void systemd_close(struct systemd *systemd);

/* Waits until it is connected: version and cgroup are known then. */
int systemd_greet(struct systemd *systemd, struct err *err);

/* Parses all properties of the unit; after that systemd_start() can only fail for systemd's own reasons. */
int systemd_check(struct systemd *systemd, const struct plan_unit *unit, struct err *err);
/*
 * Makes the unit that was checked, with process pid in it (0: none), and waits for its job (30 s at most). On failure
 * nothing of the unit is left.
 */
int systemd_start(struct systemd *systemd, const struct plan_unit *unit, pid_t pid, struct err *err);
/* Changes properties of a living unit, at runtime only. */
int systemd_set(struct systemd *systemd, const struct plan_unit *unit, struct err *err);
/* Stops the unit and has its failure forgotten; gone is no error. */
int systemd_stop(struct systemd *systemd, const char *unit, struct err *err);
/* Moves a process into the unit's cgroup, or the one below it. */
int systemd_attach(struct systemd *systemd, const char *unit, const char *subgroup, pid_t pid, struct err *err);

#endif

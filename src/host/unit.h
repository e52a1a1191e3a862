/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container's systemd unit, for delete and for a create that failed. */
#ifndef TURTLE_HOST_UNIT_H
#define TURTLE_HOST_UNIT_H

#include "host/systemd/systemd.h"

#define _cleanup_systemd_ __attribute__((cleanup(systemd_close)))

/*
 * Waits for the processes of the cgroup, which have been killed (at most timeout_ms), has systemd stop the unit, and
 * removes what it has left. systemd: open already, or NONE, which is opened here. What is gone is no error.
 */
int unit_end(struct systemd *systemd, bool user, const char *unit, const char *cgroup, int timeout_ms, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation of turtle and turtle-systemd, the small program that speaks D-Bus so that turtle itself stays
 * static. It is executed as `turtle-systemd system|user` with a SOCK_SEQPACKET socket as descriptor 3, and ends at its
 * end of file.
 *
 *   turtle                                            turtle-systemd
 *     fork, exec ──────────────────────────────────▶  connects to the manager
 *     ◀──────────────────────────────── SYSTEMD_HELLO  its version; the path of its cgroup behind the head
 *     SYSTEMD_CHECK + unit, properties ─────────────▶  parses all values, keeps them
 *     ◀──────────────────────────────── SYSTEMD_DONE
 *     SYSTEMD_START + pid ──────────────────────────▶  StartTransientUnit of what was checked, waits for its job
 *     ◀──────────────────────────────── SYSTEMD_DONE   (the process is in the unit's cgroup)
 *
 * and in any number: SYSTEMD_SET (SetUnitProperties at runtime), SYSTEMD_STOP (StopUnit, ResetFailedUnit; a unit that
 * is not there is no error), SYSTEMD_ATTACH (AttachProcessesToUnit). Each is answered by SYSTEMD_DONE or, in place of
 * any answer, SYSTEMD_ERROR. A request is a head followed by n_strings strings, each with its NUL: the unit's name, for
 * SYSTEMD_ATTACH the sub-cgroup ("" for none), for CHECK and SET names and values of properties in turn, values as
 * GVariant text (plan.h, struct plan_unit_property).
 */
#ifndef TURTLE_SYSTEMD_PROTOCOL_H
#define TURTLE_SYSTEMD_PROTOCOL_H

#include "base/err.h"

#include <stdint.h>

#define SYSTEMD_SOCKET     3
#define SYSTEMD_MAX_PACKET (128 * 1024)

enum systemd_verb {
	SYSTEMD_HELLO = 1,
	SYSTEMD_CHECK,
	SYSTEMD_START,
	SYSTEMD_SET,
	SYSTEMD_STOP,
	SYSTEMD_ATTACH,
	SYSTEMD_DONE,
	SYSTEMD_ERROR,
};

struct systemd_request {
	uint32_t verb;
	int32_t pid; /* START (0: a unit without processes), ATTACH */
	uint32_t n_strings;
};

struct systemd_answer {
	uint32_t verb;    /* HELLO, DONE or ERROR */
	uint32_t version; /* HELLO */
	struct err err;   /* ERROR */
};

#endif

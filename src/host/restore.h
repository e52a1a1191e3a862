/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a restore that are not create's: its table is beside create's (create.c), since the two differ only in
 * who makes the processes.
 */
#ifndef TURTLE_HOST_RESTORE_H
#define TURTLE_HOST_RESTORE_H

#include "host/create.h"
#include "host/images.h"
#include "host/stdio.h"

struct restore {
	const struct criu_wishes *wishes;
	struct images images;
	struct criu_options criu_options; /* texts in the bundle's arena */
	struct criu criu;
	bool terminal;                                 /* it was handed over */
	bool had_caller_terminal, has_caller_terminal; /* among standard descriptors: then, now */
	int *fds; /* descriptors that CRIU is to have: of namespaces, which create has opened, and our own */
	size_t n_fds;
	int stdio[STDIO_N]; /* our own 0 to 2 under other numbers; 0: not wanted */
};

int restore_check_privileges(struct create *c, struct err *err);
int restore_open_images(struct create *c, struct err *err);
int restore_share_images(struct create *c, struct err *err);
int restore_make_places(struct create *c, struct err *err);
int restore_start_criu(struct create *c, struct err *err);
int restore_enter_cgroup(struct create *c, struct err *err);
int restore_processes(struct create *c, struct err *err);
void restore_end_criu(struct create *c);

#endif

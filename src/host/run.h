/* SPDX-License-Identifier: Apache-2.0 */
/* A container in the foreground, from before it is made until it is deleted; for run and restore. */
#ifndef TURTLE_HOST_RUN_H
#define TURTLE_HOST_RUN_H

#include "host/console.h"
#include "host/create.h"

/* Before anything is made. Nothing to do where the request is to detach. */
int run_prepare(const struct create_request *request, struct foreground *fg, struct err *err);

/* From the start of its process to its end, then deletes it. *ret_status: as of host_run(). */
int run_attached(struct create *c, struct foreground *fg, int *ret_status, struct err *err);

#endif

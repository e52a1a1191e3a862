/* SPDX-License-Identifier: Apache-2.0 */
/* The pid file that engines read. */
#ifndef TURTLE_HOST_PIDFILE_H
#define TURTLE_HOST_PIDFILE_H

#include "base/err.h"

#include <sys/types.h>

/* Writes the decimal pid without a newline, atomically (a reader sees all of it or no file); mode 0666 less the umask.
 */
int pidfile_write(const char *path, pid_t pid, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* New file systems by fsopen(2) and its family, for turtle and turtle-init: no heap and no stdio. */
#ifndef TURTLE_BASE_FS_H
#define TURTLE_BASE_FS_H

#include "base/err.h"

/* The steps. */
int fs_open(const char *fstype, struct err *err);                             /* a context, or -errno */
int fs_param(int fsfd, const char *param, struct err *err);                   /* "key" or "key=value" */
int fs_string(int fsfd, const char *key, const char *value, struct err *err); /* whatever is in the value */
int fs_create(int fsfd, const char *fstype, unsigned attrs, struct err *err); /* a detached mount, or -errno */

/* Adds what the file system itself says about the failure to err. */
int fs_error(int fsfd, struct err *err);

/* All of them at once, with a NULL-terminated list of parameters. */
int fs_mount(const char *fstype, const char *const params[], unsigned attrs, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a new file system; fs_mount() in init.h is all of them at once. */
#ifndef TURTLE_INIT_FS_H
#define TURTLE_INIT_FS_H

#include "base/err.h"

int fs_open(const char *fstype, struct err *err);                             /* a context, or -errno */
int fs_param(int fsfd, const char *param, struct err *err);                   /* "key" or "key=value" */
int fs_create(int fsfd, const char *fstype, unsigned attrs, struct err *err); /* a detached mount, or -errno */

#endif

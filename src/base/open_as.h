/* SPDX-License-Identifier: Apache-2.0 */
/* Opening what oneself may not reach, though somebody may: for turtle and turtle-init, no heap and no stdio. */
#ifndef TURTLE_BASE_OPEN_AS_H
#define TURTLE_BASE_OPEN_AS_H

#include <stdint.h>

/*
 * open_tree(2) of path as another user, without any of the privileges that root has over files. There are file systems
 * on which root has none and no rights either: FUSE without allow_other, NFS with root_squash. A descriptor or -errno.
 */
int open_tree_as(uint32_t uid, uint32_t gid, const char *path, unsigned flags);

#endif

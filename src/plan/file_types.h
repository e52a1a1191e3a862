/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File types as in st_mode, inode(7). libc has them only in headers that bring system calls along, which have no place
 * in this room.
 */
#ifndef TURTLE_PLAN_FILE_TYPES_H
#define TURTLE_PLAN_FILE_TYPES_H

#ifndef S_IFMT
#define S_IFMT  0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#endif

#endif

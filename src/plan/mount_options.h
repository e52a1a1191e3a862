/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount options of the configuration as data: config.md, "Linux mount options", plus what engines use beyond it. What
 * is not in the table is a parameter of the file system.
 */
#ifndef TURTLE_PLAN_MOUNT_OPTIONS_H
#define TURTLE_PLAN_MOUNT_OPTIONS_H

#include <linux/mount.h>
#include <stdint.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW /* headers older than Linux 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

enum mount_option_kind {
	OPTION_NOTHING,     /* says what is so anyway */
	OPTION_BIND,        /* value: whether recursive */
	OPTION_REMOUNT,     /* changes the mount that is there */
	OPTION_SET,         /* value: MOUNT_ATTR_* of this mount */
	OPTION_CLEAR,       /* value: MOUNT_ATTR_* of this mount */
	OPTION_ATIME,       /* value: one of MOUNT_ATTR__ATIME, or OPTION_NORELATIME */
	OPTION_REC_SET,     /* the same three, for the mount and all below it */
	OPTION_REC_CLEAR,   /**/
	OPTION_REC_ATIME,   /**/
	OPTION_PROPAGATION, /* value: MS_* */
	OPTION_FLAG,        /* value: enum plan_mount_flag */
	OPTION_SUPERBLOCK,  /* of the whole file system: the word itself is its parameter; no matter to a bind mount */
	OPTION_OBSOLETE,    /* the mount API of the kernel has no such thing (any more) */
	OPTION_IDMAP,       /* value: whether recursive; not among the mount options that `features` lists */
};

/* Takes back a relatime given before, as MS_RELATIME's absence does: the kernel then decides. */
#define OPTION_NORELATIME UINT32_MAX

struct mount_option {
	const char *word;
	enum mount_option_kind kind;
	uint32_t value;
};

/* NULL when the word is not in the table. */
const struct mount_option *mount_option_find(const char *word);

/* The table itself, sorted by word; for `features` and tests. */
extern const struct mount_option mount_options[];
extern const unsigned n_mount_options;

#endif

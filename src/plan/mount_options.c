/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mount options: see mount_options.h. Sorted by strcmp(3); a test holds that. */
#include "plan/mount_options.h"

#include "plan/init_plan.h"

#include <stddef.h>
#include <string.h>

const struct mount_option mount_options[] = {
	{"async", OPTION_SUPERBLOCK, 0},
	{"atime", OPTION_ATIME, MOUNT_ATTR_RELATIME},
	{"bind", OPTION_BIND, 0},
	{"copy-symlink", OPTION_FLAG, PLAN_MOUNT_COPY_SYMLINK},
	{"defaults", OPTION_NOTHING, 0},
	{"dest-nofollow", OPTION_FLAG, PLAN_MOUNT_DEST_NOFOLLOW},
	{"dev", OPTION_CLEAR, MOUNT_ATTR_NODEV},
	{"diratime", OPTION_CLEAR, MOUNT_ATTR_NODIRATIME},
	{"dirsync", OPTION_SUPERBLOCK, 0},
	{"exec", OPTION_CLEAR, MOUNT_ATTR_NOEXEC},
	{"idmap", OPTION_IDMAP, 0},
	{"iversion", OPTION_OBSOLETE, 0},
	{"lazytime", OPTION_SUPERBLOCK, 0},
	{"loud", OPTION_NOTHING, 0},
	{"mand", OPTION_OBSOLETE, 0},
	{"noatime", OPTION_ATIME, MOUNT_ATTR_NOATIME},
	{"nodev", OPTION_SET, MOUNT_ATTR_NODEV},
	{"nodiratime", OPTION_SET, MOUNT_ATTR_NODIRATIME},
	{"noexec", OPTION_SET, MOUNT_ATTR_NOEXEC},
	{"noiversion", OPTION_NOTHING, 0},
	{"nolazytime", OPTION_SUPERBLOCK, 0},
	{"nomand", OPTION_NOTHING, 0},
	{"norelatime", OPTION_ATIME, OPTION_NORELATIME},
	{"nostrictatime", OPTION_ATIME, MOUNT_ATTR_RELATIME},
	{"nosuid", OPTION_SET, MOUNT_ATTR_NOSUID},
	{"nosymfollow", OPTION_SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", OPTION_PROPAGATION, MS_PRIVATE},
	{"rasync", OPTION_SUPERBLOCK, 0},
	{"ratime", OPTION_REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rbind", OPTION_BIND, 1},
	{"rdev", OPTION_REC_CLEAR, MOUNT_ATTR_NODEV},
	{"rdiratime", OPTION_REC_CLEAR, MOUNT_ATTR_NODIRATIME},
	{"rdirsync", OPTION_SUPERBLOCK, 0},
	{"relatime", OPTION_ATIME, MOUNT_ATTR_RELATIME},
	{"remount", OPTION_REMOUNT, 0},
	{"rexec", OPTION_REC_CLEAR, MOUNT_ATTR_NOEXEC},
	{"ridmap", OPTION_IDMAP, 1},
	{"rmand", OPTION_OBSOLETE, 0},
	{"rnoatime", OPTION_REC_ATIME, MOUNT_ATTR_NOATIME},
	{"rnodev", OPTION_REC_SET, MOUNT_ATTR_NODEV},
	{"rnodiratime", OPTION_REC_SET, MOUNT_ATTR_NODIRATIME},
	{"rnoexec", OPTION_REC_SET, MOUNT_ATTR_NOEXEC},
	{"rnomand", OPTION_NOTHING, 0},
	{"rnorelatime", OPTION_REC_ATIME, OPTION_NORELATIME},
	{"rnostrictatime", OPTION_REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rnosuid", OPTION_REC_SET, MOUNT_ATTR_NOSUID},
	{"rnosymfollow", OPTION_REC_SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"ro", OPTION_SET, MOUNT_ATTR_RDONLY},
	{"rprivate", OPTION_PROPAGATION, MS_PRIVATE | MS_REC},
	{"rrelatime", OPTION_REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rro", OPTION_REC_SET, MOUNT_ATTR_RDONLY},
	{"rrw", OPTION_REC_CLEAR, MOUNT_ATTR_RDONLY},
	{"rshared", OPTION_PROPAGATION, MS_SHARED | MS_REC},
	{"rslave", OPTION_PROPAGATION, MS_SLAVE | MS_REC},
	{"rstrictatime", OPTION_REC_ATIME, MOUNT_ATTR_STRICTATIME},
	{"rsuid", OPTION_REC_CLEAR, MOUNT_ATTR_NOSUID},
	{"rsymfollow", OPTION_REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"rsync", OPTION_SUPERBLOCK, 0},
	{"runbindable", OPTION_PROPAGATION, MS_UNBINDABLE | MS_REC},
	{"rw", OPTION_CLEAR, MOUNT_ATTR_RDONLY},
	{"shared", OPTION_PROPAGATION, MS_SHARED},
	{"silent", OPTION_NOTHING, 0},
	{"slave", OPTION_PROPAGATION, MS_SLAVE},
	{"src-nofollow", OPTION_FLAG, PLAN_MOUNT_SRC_NOFOLLOW},
	{"strictatime", OPTION_ATIME, MOUNT_ATTR_STRICTATIME},
	{"suid", OPTION_CLEAR, MOUNT_ATTR_NOSUID},
	{"symfollow", OPTION_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"sync", OPTION_SUPERBLOCK, 0},
	{"tmpcopyup", OPTION_FLAG, PLAN_MOUNT_TMPCOPYUP},
	{"unbindable", OPTION_PROPAGATION, MS_UNBINDABLE},
};

const unsigned n_mount_options = sizeof(mount_options) / sizeof(mount_options[0]);

const struct mount_option *mount_option_find(const char *word)
{
	size_t low = 0, high = n_mount_options;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(word, mount_options[middle].word);

		if (order == 0)
			return &mount_options[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

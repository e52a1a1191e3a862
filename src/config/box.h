/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration out of wishes instead of out of a file: what `spec` and `run --rootfs` take on the command line,
 * applied to config_default(). Names, units and meanings are docker's and podman's where they have them.
 *
 * Three steps: box_look() reads what the wishes refer to (files, the user's ids, the root filesystem's passwd);
 * box_config() decides, and is pure; box_check_rootfs() tells early what would fail late.
 */
#ifndef TURTLE_CONFIG_BOX_H
#define TURTLE_CONFIG_BOX_H

#include "base/err.h"
#include "base/words.h"
#include "config/own_ids.h"
#include "ocispec.h"

#include <stdbool.h>
#include <stdint.h>

/* As they were written; NULL and empty: not wished. */
struct box_wishes {
	const char *rootfs, *hostname, *cwd, *user, *umask, *network, *shm_size, *seccomp;
	const char *memory, *memory_swap, *swap, *memory_reservation;
	const char *cpus, *cpu_shares, *cpuset_cpus, *cpuset_mems, *pids;
	bool no_network, no_terminal;
	struct choice terminal, read_only, no_new_privs;
	struct words env, env_file, group_add, mount, volume, tmpfs, device, cap_add, cap_drop, security_opt, ulimit,
		sysctl, annotation, uid_map, gid_map;
	struct words command;
};

/* All that box_config() knows besides the wishes. */
struct box_surroundings {
	/*
	 * Absolute; NULL where none was named. Naming one makes a box, which has the defaults of docker and podman
	 * rather than those of runc's example: a root that can be written to, what a package manager needs.
	 */
	const char *rootfs;
	const char *cwd;                   /* the caller's: relative sources count from there */
	uint32_t uid, gid;                 /* the caller's */
	bool rootless;                     /* without privileges: in a user namespace, where the caller is root */
	struct own_ids sub_uids, sub_gids; /* further ids for it; both or neither */
	bool terminal;                     /* where the wishes don't say */
	bool resolv_conf;                  /* the host has /etc/resolv.conf */
	unsigned kernel[2];                /* version of the running one */
	char *const *environ;              /* the caller's environment */
	const char *passwd, *group;        /* the root filesystem's; NULL: has none */
	const char *const *env_files;      /* their texts, one for each wish */
	const char *seccomp;               /* the profile's text, or NULL */
	/* Fills type, major, minor, mode and owner of the device at the path of the host; -ENODEV: it is none. */
	int (*device)(const char *path, struct oci_device *ret);
	bool (*selinux)(void); /* whether this host has SELinux, with a policy */
};

/* In arena. -EINVAL names the option and the value that is wrong. */
int box_config(const struct box_wishes *wishes, const struct box_surroundings *around, struct ocispec_arena *arena,
	       struct oci_config **ret, struct err *err);

/* What box_look() is told besides. */
struct box_request {
	bool rootless;              /* even for root */
	bool terminal;              /* where the wishes don't say */
	const char *default_rootfs; /* whose passwd to read where none is named */
	bool (*selinux)(void);      /* asked where it matters */
};

/* Fills *ret, in arena. Nothing is changed. */
int box_look(const struct box_wishes *wishes, const struct box_request *request, struct ocispec_arena *arena,
	     struct box_surroundings *ret, struct err *err);

/* Whether the root filesystem of a box holds anything, and the command, as far as can be told from outside. */
int box_check_rootfs(const struct oci_config *config, struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a container a checkpoint can't hold: the parts of the host that are shown in it, and its ways out. Whoever
 * dumps has to name them, and whoever restores has to bring them; both go by this, so that they mean the same.
 */
#ifndef TURTLE_PLAN_CHECKPOINT_H
#define TURTLE_PLAN_CHECKPOINT_H

#include "plan/plan.h"

/* A mount of something that is on the host. */
struct plan_outside {
	const char *inside; /* where it is, as the configuration says: absolute, through what links there may be */
	const char *source; /* the host's path */
	bool tree;          /* with what is mounted below the source */
	bool mask;          /* only where it is no directory: those are empty file systems of the container's own */
	bool place;         /* its mount point may be missing, and is then to be made */
	bool nofollow;      /* the source is a symlink itself */
	bool cgroup;        /* a view of cgroup2, of the file system or of a part of it */
	bool node;          /* a device, whichever node of its number */
	uint64_t attributes, below; /* MOUNT_ATTR_* that it must have, and that what is mounted below must have */
};

/* In the order of the mounts. */
int plan_outside(const struct plan *plan, struct ocispec_arena *arena, struct plan_outside **ret, size_t *ret_n,
		 struct err *err);

/* The last of the plan's mounts before number `before` that path is below of; NULL: it is in the rootfs itself. */
const struct plan_mount *plan_mount_above(const struct plan *plan, uint32_t before, const char *path);

/* Refuses what would come back as something else: some mounts, namespaces that CRIU can't be given, scheduling. */
int plan_check_checkpoint(const struct oci_config *config, const struct plan *plan, struct err *err);

/* --page-server: ADDRESS:PORT. */
int plan_page_server(const char *text, struct ocispec_arena *arena, const char **ret_address, uint16_t *ret_port,
		     struct err *err);

/* --lsm-profile: apparmor:NAME or selinux:LABEL. */
int plan_lsm_profile(const char *text, struct err *err);

#endif

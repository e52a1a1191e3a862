/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources that the host opens. The root of a user namespace is nobody on the host: it may not reach a volume below a
 * directory that is closed to others. So a privileged runtime clones the trees itself and passes them; an unprivileged
 * one could reach no more than its container can, and leaves that to init.
 */
#include "plan/internal.h"

#include <linux/mount.h>
#include <linux/sched.h>

bool plan_passes_sources(const struct planner *p)
{
	return (p->new_ns | p->joined_ns) & CLONE_NEWUSER && p->facts->cap_sys_admin &&
	       p->init.flags & PLAN_NEW_MOUNTNS;
}

int plan_sources(struct planner *p, struct plan_mount *mounts, const char *const *paths, size_t n, struct err *err)
{
	bool cut_off = !(p->init.root_propagation & MS_SHARED);
	struct plan_source *sources;
	size_t count = 0;

	if (!plan_passes_sources(p))
		return 0;
	sources = plan_alloc(p, n + 1, sizeof(*sources));
	if (!sources)
		return plan_no_memory(err);
	p->init.rootfs_fd = 0;
	sources[count++] = (struct plan_source){.path = p->plan.rootfs, .recursive = true, .slave = cut_off};
	for (size_t i = 0; i < n; i++) {
		if (mounts[i].kind != PLAN_MOUNT_BIND)
			continue;
		mounts[i].source_fd = (int32_t)count;
		sources[count++] = (struct plan_source){
			.path = paths[i],
			.recursive = mounts[i].flags & PLAN_MOUNT_RECURSIVE,
			.nofollow = mounts[i].flags & (PLAN_MOUNT_SRC_NOFOLLOW | PLAN_MOUNT_COPY_SYMLINK),
			.slave = cut_off,
		};
	}
	p->plan.sources = sources;
	p->plan.n_sources = count;
	return 0;
}

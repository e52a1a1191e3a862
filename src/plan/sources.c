/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources that the host opens. The root of a user namespace is nobody on the host: it may not reach a volume below a
 * directory that is closed to others. So a privileged runtime clones the trees itself and passes them; an unprivileged
 * one could reach no more than its container can, and leaves that to init.
 *
 * A mount is id-mapped by whoever has privileges over its file system, which the root of a user namespace has not, and
 * while nobody can see it: so such trees are made by the host, new file systems too.
 */
#include "plan/internal.h"

#include <linux/mount.h>
#include <linux/sched.h>

bool plan_passes_sources(const struct planner *p)
{
	return (p->new_ns | p->joined_ns) & CLONE_NEWUSER && p->facts->cap_sys_admin &&
	       p->init.flags & PLAN_NEW_MOUNTNS;
}

int plan_sources(struct planner *p, struct plan_mount *mounts, const struct plan_source *candidates, size_t n,
		 struct err *err)
{
	bool cut_off = !(p->init.root_propagation & MS_SHARED), all = plan_passes_sources(p);
	struct plan_source *sources = plan_alloc(p, n + 1, sizeof(*sources));
	size_t count = 0;

	if (!sources)
		return plan_no_memory(err);
	if (all) {
		p->init.rootfs_fd = 0;
		sources[count++] = (struct plan_source){.path = p->plan.rootfs,
							.recursive = true,
							.slave = cut_off,
							.idmap = -1,
							.index = PLAN_INDEX_ROOT};
	}
	for (size_t i = 0; i < n; i++) {
		struct plan_source *source = &sources[count];

		if (candidates[i].idmap < 0 && !(all && mounts[i].kind == PLAN_MOUNT_BIND))
			continue;
		*source = candidates[i];
		source->recursive = mounts[i].flags & PLAN_MOUNT_RECURSIVE;
		source->nofollow = mounts[i].flags & (PLAN_MOUNT_SRC_NOFOLLOW | PLAN_MOUNT_COPY_SYMLINK);
		source->slave = cut_off && !source->fstype;
		mounts[i].source_fd = (int32_t)count++;
	}
	p->plan.sources = sources;
	p->plan.n_sources = count;
	return 0;
}

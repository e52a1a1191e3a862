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

static bool to_host(const struct oci_id_mapping *map, size_t n, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (id >= map[i].container_id && id - map[i].container_id < map[i].size) {
			*ret = map[i].host_id + (id - map[i].container_id);
			return true;
		}
	return false;
}

/* A user of the container, unless that is the host's root, which has been tried. */
static void add_opener(struct planner *p, uint32_t uid, uint32_t gid)
{
	const struct oci_linux *l = p->config->linux_;
	struct plan_opener host = {uid, gid};

	if ((p->new_ns | p->joined_ns) & CLONE_NEWUSER &&
	    (!to_host(l->uid_mappings, l->n_uid_mappings, uid, &host.uid) ||
	     !to_host(l->gid_mappings, l->n_gid_mappings, gid, &host.gid)))
		return;
	if (host.uid != 0 && (!p->plan.n_openers || p->plan.openers[0].uid != host.uid))
		p->plan.openers[p->plan.n_openers++] = host;
}

/*
 * On some file systems (FUSE, NFS) root has no rights; whom a volume is for may have them. No user of the container
 * gets at anything by this that was closed to it.
 */
static void plan_openers(struct planner *p)
{
	const struct oci_process *process = p->config->process;

	add_opener(p, p->init.ns_uid, p->init.ns_gid);
	if (process && process->user)
		add_opener(p, process->user->uid, process->user->gid);
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
	if (count)
		plan_openers(p);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system around the mounts: where it is, propagation, masks, host name, sysctls. */
#include "plan/internal.h"

#include "config/names.h"

#include <errno.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>

/*
 * rootfsPropagation is applied twice. At first to "/" of the new mount namespace, so that what is mounted from then on
 * reaches the host only where that was asked for: everything but shared is cut off there recursively, and unbindable
 * waits, because the root itself has still to be bound. At last, exactly as given, to the new "/".
 */
static void plan_propagation(struct planner *p)
{
	const struct oci_linux *l = p->config->linux_;
	const char *word = l ? l->rootfs_propagation : NULL;
	uint32_t flags = word && word[0] ? name_to_propagation(word) : 0;

	p->init.final_propagation = flags;
	if (flags & MS_SHARED)
		p->init.root_propagation = flags;
	else if (flags & (MS_PRIVATE | MS_UNBINDABLE))
		p->init.root_propagation = MS_PRIVATE | MS_REC;
	else
		p->init.root_propagation = MS_SLAVE | MS_REC;
}

static int plan_paths(struct planner *p, const char **paths, size_t n, struct plan_list *ret, struct err *err)
{
	plan_off *items;

	if (n == 0)
		return 0;
	items = plan_alloc(p, n, sizeof(*items));
	if (!items)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		char *clean = path_clean(p->arena, paths[i]);

		if (!clean)
			return plan_no_memory(err);
		items[i] = block_string(&p->block, clean);
	}
	*ret = block_table(&p->block, items, n, sizeof(*items));
	return 0;
}

static int plan_sysctls(struct planner *p, const struct oci_pair *pairs, size_t n, struct err *err)
{
	struct plan_sysctl *items;

	if (n == 0)
		return 0;
	items = plan_alloc(p, n, sizeof(*items));
	if (!items)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		char path[SYSCTL_PATH_SIZE];

		if (!sysctl_path(pairs[i].key, path, sizeof(path)))
			return err_msg(err, -EINVAL, "linux.sysctl: \"%s\" is not a sysctl", pairs[i].key);
		items[i].path = block_string(&p->block, path);
		items[i].key = block_string(&p->block, pairs[i].key);
		items[i].value = block_string(&p->block, pairs[i].value);
		p->plan.join_not_own |= p->joined_ns & sysctl_namespace(path);
	}
	p->init.sysctls = block_table(&p->block, items, n, sizeof(*items));
	return 0;
}

static plan_off name_or_none(struct planner *p, const char *name)
{
	if (!name || !name[0])
		return 0;
	p->plan.join_not_own |= p->joined_ns & CLONE_NEWUTS;
	return block_string(&p->block, name);
}

int plan_root(struct planner *p, struct err *err)
{
	const struct oci_config *config = p->config;
	const struct oci_linux *l = config->linux_;
	int r;

	p->plan.rootfs = path_below(p->arena, p->request->bundle, config->root->path);
	if (!p->plan.rootfs)
		return plan_no_memory(err);
	p->init.rootfs = block_string(&p->block, p->plan.rootfs);
	p->init.rootfs_fd = -1;
	if (config->root->readonly)
		p->init.flags |= PLAN_ROOT_READONLY;
	if (p->request->no_pivot)
		p->init.flags |= PLAN_NO_PIVOT;
	plan_propagation(p);
	p->init.hostname = name_or_none(p, config->hostname);
	p->init.domainname = name_or_none(p, config->domainname);
	if (!l)
		return 0;
	r = plan_paths(p, l->masked_paths, l->n_masked_paths, &p->init.masked, err);
	if (r < 0)
		return r;
	r = plan_paths(p, l->readonly_paths, l->n_readonly_paths, &p->init.readonly_paths, err);
	if (r < 0)
		return r;
	return plan_sysctls(p, l->sysctl, l->n_sysctl, err);
}

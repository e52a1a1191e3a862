/* SPDX-License-Identifier: Apache-2.0 */
/* The user namespace: its maps, what happens to setgroups(2), and who init becomes in it. */
#include "plan/internal.h"

#include <errno.h>
#include <linux/sched.h>

/*
 * Who does the set-up inside the namespace: root where it is mapped. Where it is not, any mapped id does, since the
 * capabilities of the namespace's first process don't depend on it.
 */
static uint32_t first_id(const struct oci_id_mapping *map, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (map[i].container_id == 0)
			return 0;
	return n ? map[0].container_id : 0;
}

/*
 * user_namespaces(7): without privilege over the parent namespace one's own single id can be mapped, and the group only
 * after setgroups(2) was given up for good. Longer maps go through newgidmap, which has the privilege.
 */
static bool must_deny_setgroups(const struct plan_facts *facts, const struct oci_linux *l)
{
	return facts->euid != 0 && !facts->cap_sys_admin && l->n_gid_mappings == 1 && l->gid_mappings[0].size == 1 &&
	       l->gid_mappings[0].host_id == facts->egid;
}

static int deny_setgroups(struct planner *p, struct err *err)
{
	const struct oci_process *process = p->config->process;

	if (process && process->user && process->user->n_additional_gids) {
		err_msg(err, -EINVAL,
			"process.user.additionalGids: cannot set any additional groups in a rootless container");
		err_hint(err, "only one group is mapped; more of them need /etc/subgid and newgidmap");
		return -EINVAL;
	}
	p->init.flags |= PLAN_DENY_SETGROUPS;
	return 0;
}

int plan_ids(struct planner *p, struct err *err)
{
	const struct oci_linux *l = p->config->linux_;

	if ((p->new_ns | p->joined_ns) & CLONE_NEWUSER || p->facts->in_userns) {
		p->plan.in_userns = true;
		p->init.flags |= PLAN_IN_USERNS;
	}
	if (p->joined_ns & CLONE_NEWUSER) {
		p->plan.n_joined_uid_map = l->n_uid_mappings;
		p->plan.joined_uid_map = l->uid_mappings;
		p->plan.n_joined_gid_map = l->n_gid_mappings;
		p->plan.joined_gid_map = l->gid_mappings;
	}
	/* Every user namespace below one with this ban has it too. */
	if (p->facts->setgroups_denied) {
		int r = deny_setgroups(p, err);

		if (r < 0)
			return r;
	}
	if (!(p->new_ns & CLONE_NEWUSER))
		return 0;
	p->plan.new_userns = true;
	p->plan.n_uid_map = l->n_uid_mappings;
	p->plan.uid_map = l->uid_mappings;
	p->plan.n_gid_map = l->n_gid_mappings;
	p->plan.gid_map = l->gid_mappings;
	p->init.ns_uid = first_id(l->uid_mappings, l->n_uid_mappings);
	p->init.ns_gid = first_id(l->gid_mappings, l->n_gid_mappings);
	if (must_deny_setgroups(p->facts, l)) {
		p->plan.deny_setgroups = true;
		return deny_setgroups(p, err);
	}
	return 0;
}

int plan_exec_ids(struct planner *p, bool setgroups_denied, struct err *err)
{
	const struct oci_linux *l = p->config->linux_;

	if (!(p->joined_ns & CLONE_NEWUSER) && !p->facts->in_userns)
		return 0;
	p->plan.in_userns = true;
	p->init.flags |= PLAN_IN_USERNS;
	if (p->joined_ns & CLONE_NEWUSER && l) {
		p->init.ns_uid = first_id(l->uid_mappings, l->n_uid_mappings);
		p->init.ns_gid = first_id(l->gid_mappings, l->n_gid_mappings);
	}
	return setgroups_denied ? deny_setgroups(p, err) : 0;
}

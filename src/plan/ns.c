/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces: which are new, which are joined, and who makes or enters them.
 *
 * One clone3 makes all that are new, except two that init unshares itself: cgroup, whose root would else be the
 * runtime's cgroup, and time, which takes its offsets only while it is empty. Joins are entered by init, unless that is
 * too late: a pid or time namespace is for children only, and what is created beside a user namespace must belong to
 * it, so a joined user namespace, or a new one with other joins, needs a process in between (the stage). For the sake
 * of a joined pid namespace that process does all that the processes there are not to see.
 */
#include "plan/internal.h"

#include "config/names.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

/* Text for /proc/self/timens_offsets. */
static int plan_time_offsets(struct planner *p, struct err *err)
{
	const struct oci_time_offsets *offsets = p->config->linux_->time_offsets;
	const struct {
		const char *clock;
		const struct oci_time_offset *offset;
	} clocks[] = {
		{"monotonic ", offsets ? offsets->monotonic : NULL},
		{"boottime ", offsets ? offsets->boottime : NULL},
	};
	struct text text = {.arena = p->arena};

	text_str(&text, "");
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (!clocks[i].offset)
			continue;
		text_str(&text, clocks[i].clock);
		text_i64(&text, clocks[i].offset->secs);
		text_str(&text, " ");
		text_u64(&text, clocks[i].offset->nanosecs);
		text_str(&text, "\n");
	}
	if (text.failed)
		return plan_no_memory(err);
	p->init.new_timens = 1;
	p->init.time_offsets = block_string(&p->block, text.s);
	return 0;
}

/* The user namespace goes last, while we still have our rights in the others; without rights it gives them. */
static int plan_joins(struct planner *p, const char *const paths[], const uint64_t types[], size_t n, struct err *err)
{
	bool user_first = !p->facts->cap_sys_admin;
	struct plan_join_path *joins;
	struct plan_join *items;
	size_t at = 0;

	if (n == 0)
		return 0;
	joins = plan_alloc(p, n, sizeof(*joins));
	items = plan_alloc(p, n, sizeof(*items));
	if (!joins || !items)
		return plan_no_memory(err);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++)
			if ((types[i] == CLONE_NEWUSER) == ((pass == 0) == user_first))
				joins[at++] = (struct plan_join_path){(uint32_t)types[i], paths[i]};
	for (size_t i = 0; i < n; i++)
		items[i] = (struct plan_join){joins[i].type, block_string(&p->block, joins[i].path)};
	p->plan.joins = joins;
	p->plan.n_joins = n;
	p->init.joins = block_table(&p->block, items, n, sizeof(*items));
	return 0;
}

/*
 * What is built in a joined pid namespace is seen by those who are in it. Not outside: beside a new user namespace, in
 * which there is no right to enter the pid namespace; nor with hooks that are told the number of the container's init.
 */
static bool build_outside(const struct planner *p)
{
	const struct oci_hooks *hooks = p->config->hooks;

	return p->joined_ns & CLONE_NEWPID && !(p->new_ns & CLONE_NEWUSER) &&
	       !(hooks && (hooks->n_prestart || hooks->n_create_runtime || hooks->n_create_container));
}

/* The root of a user namespace may, even where the mount namespace around it is not its own. */
static bool may_make_namespaces(const struct plan_facts *facts)
{
	return facts->cap_sys_admin || (facts->in_userns && facts->euid == 0);
}

int plan_namespaces(struct planner *p, struct err *err)
{
	static const struct {
		uint64_t ns;
		uint32_t flag;
	} new_flags[] = {
		{CLONE_NEWUSER, PLAN_NEW_USERNS},
		{CLONE_NEWCGROUP, PLAN_NEW_CGROUPNS},
		{CLONE_NEWPID, PLAN_NEW_PIDNS},
		{CLONE_NEWNET, PLAN_NEW_NETNS},
	};
	const uint64_t late = CLONE_NEWPID | CLONE_NEWTIME | CLONE_NEWUSER;
	const struct oci_linux *l = p->config->linux_;
	size_t n = l ? l->n_namespaces : 0, n_joins = 0;
	const char *paths[8];
	uint64_t types[8], made;
	int r;

	for (size_t i = 0; i < n; i++) {
		uint64_t ns = name_to_namespace(l->namespaces[i].type);

		/* Validation has found the types known and different, so there are at most eight. */
		if (!ns || (p->new_ns | p->joined_ns) & ns)
			return err_msg(err, -EINVAL, "linux.namespaces[%zu].type: \"%s\" is not known or given twice",
				       i, l->namespaces[i].type);
		if (l->namespaces[i].path && l->namespaces[i].path[0]) {
			p->joined_ns |= ns;
			paths[n_joins] = l->namespaces[i].path;
			types[n_joins++] = ns;
		} else {
			p->new_ns |= ns;
		}
	}
	if (p->new_ns && !((p->new_ns | p->joined_ns) & CLONE_NEWUSER) && !may_make_namespaces(p->facts)) {
		err_set(err, -EPERM, "linux.namespaces: making namespaces needs CAP_SYS_ADMIN");
		err_hint(err, "without it, give the container a user namespace of its own");
		return -EPERM;
	}
	r = plan_joins(p, paths, types, n_joins, err);
	if (r < 0)
		return r;

	made = p->new_ns & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	/*
	 * The directory of its message queues belongs to who makes it, as do no other things of a namespace. At the
	 * clone that is somebody of the host's, whom the user namespace may not know.
	 */
	p->init.new_ipcns = made & CLONE_NEWIPC && (p->new_ns | p->joined_ns) & CLONE_NEWUSER;
	if (p->init.new_ipcns)
		made &= ~(uint64_t)CLONE_NEWIPC;
	p->plan.stage = (p->joined_ns & late) || (p->joined_ns && (p->new_ns & CLONE_NEWUSER));
	if (p->plan.stage) {
		p->init.flags |= PLAN_STAGE | (build_outside(p) ? PLAN_BUILD_OUTSIDE : 0);
		p->init.stage_flags = made;
	} else {
		p->plan.clone_flags = made;
	}
	for (size_t i = 0; i < sizeof(new_flags) / sizeof(new_flags[0]); i++)
		if (p->new_ns & new_flags[i].ns)
			p->init.flags |= new_flags[i].flag;
	if ((p->new_ns | p->joined_ns) & CLONE_NEWNS)
		p->init.flags |= PLAN_NEW_MOUNTNS;
	if (p->new_ns & CLONE_NEWTIME)
		return plan_time_offsets(p, err);
	return 0;
}

/* The mount namespace takes the paths of the host with it, the user namespace the rights in all others. */
int plan_exec_namespaces(struct planner *p, uint64_t namespaces, struct err *err)
{
	static const uint32_t order[] = {CLONE_NEWNET,  CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP,
					 CLONE_NEWTIME, CLONE_NEWPID, CLONE_NEWNS,  CLONE_NEWUSER};
	const size_t max = sizeof(order) / sizeof(order[0]);
	struct plan_join *items = plan_alloc(p, max, sizeof(*items));
	size_t n = 0;

	if (!items)
		return plan_no_memory(err);
	for (size_t i = 0; i < max; i++)
		if (namespaces & order[i])
			items[n++] = (struct plan_join){order[i], block_string(&p->block, name_of_namespace(order[i]))};
	p->joined_ns = namespaces;
	p->init.joins = block_table(&p->block, items, n, sizeof(*items));
	/* All others are for whoever enters them. */
	if (namespaces & CLONE_NEWPID) {
		p->plan.stage = true;
		p->init.flags |= PLAN_STAGE;
	}
	p->init.rootfs_fd = namespaces & CLONE_NEWNS ? -1 : 0;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* When and where the process runs, and where its memory lies. */
#include "init/init.h"

#include <sched.h>
#include <string.h>

/* The CPUs that the cgroup does not have are the kernel's to leave out. */
int sched_affinity(struct init *init, struct err *err)
{
	static uint8_t all[1024];
	const struct init_plan *plan = init->plan;
	const uint8_t *cpus = plan_items(plan, plan->cpus, uint8_t);
	size_t size = plan->cpus.n;

	if (!size) {
		memset(all, 0xff, sizeof(all));
		cpus = all;
		size = sizeof(all);
	}
	/* More CPUs are a courtesy, which a sandbox around us may deny; those that were asked for are not. */
	if (sched_setaffinity(0, size, (const cpu_set_t *)(const void *)cpus) == 0 || !plan->cpus.n)
		return 0;
	err_set(err, -errno, "process.execCPUAffinity.final: bind the process to its CPUs");
	return err->code == -EINVAL ? err_hint(err, "none of them is online and in the container's cgroup") : err->code;
}

/* 0 for pid: ourselves. The host has the same for a process that may not do it: process_scheduling(). */
int sched_apply(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct plan_scheduler *s = plan_at(plan, plan->scheduler);

	if (s && sys_sched_setattr(0, &s->attr) < 0) {
		int r = err_set(err, -errno, "process.scheduler: set %s", plan_str(plan, s->policy));
		const char *why = plan_str(plan, r == -EPERM ? s->denied : s->invalid);

		return why ? err_hint(err, "%s", why) : r;
	}
	if (plan->io_priority && sys_ioprio_set(0, plan->io_priority) < 0) {
		err_set(err, -errno, "process.ioPriority: set the class and priority");
		return err->code == -EPERM ? err_hint(err, "it takes CAP_SYS_NICE") : err->code;
	}
	return 0;
}

/* The kernel leaves out nodes that the machine, or the cgroup, does not have. */
int sched_memory_policy(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const uint8_t *nodes = plan_items(plan, plan->memory_nodes, uint8_t);

	if (sys_set_mempolicy(plan->memory_mode, nodes, nodes ? 8UL * plan->memory_nodes.n : 0) == 0)
		return 0;
	err_set(err, -errno, "linux.memoryPolicy: set the policy");
	if (err->code == -EINVAL && nodes)
		err_hint(err, "are there such nodes, and does the kernel have the mode, with these flags?");
	return err->code == -ENOSYS ? err_hint(err, "the kernel is built without NUMA") : err->code;
}

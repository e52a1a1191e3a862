/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When and where the process runs, and where its memory lies: scheduler, ioPriority, memoryPolicy, and the CPUs of an
 * exec.
 *
 * Priorities are privileges over the initial user namespace. A process in another one has lost them: then the host sets
 * them from outside, where it has them itself.
 */
#include "plan/internal.h"

#include "base/num.h"
#include "config/names.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>

/* The list as a mask in whole longs, which is how the kernel counts; *ret is NULL where nothing is given. */
static int parse_list(struct planner *p, const char *property, const char *list, uint32_t bits, const uint8_t **ret,
		      size_t *ret_size, struct err *err)
{
	uint8_t *mask;
	size_t size;
	int r;

	*ret = NULL;
	*ret_size = 0;
	if (!list || !list[0])
		return 0;
	mask = plan_alloc(p, bits / 8, 1);
	if (!mask)
		return plan_no_memory(err);
	r = num_list(list, mask, bits);
	if (r < 0)
		return err_set(err, r, "%s: \"%s\"", property, list);
	for (size = bits / 8; size && !mask[size - 1]; size--)
		;
	*ret = mask;
	*ret_size = (size + sizeof(long) - 1) / sizeof(long) * sizeof(long);
	return 0;
}

/*
 * Without the property the process may use all CPUs of its cgroup: what turtle is bound to is the engine's affair. With
 * it nothing happens that it does not say.
 */
int plan_affinity(struct planner *p, struct err *err)
{
	const struct oci_process *process = p->config->process;
	const struct oci_exec_cpu_affinity *affinity = process ? process->exec_cpu_affinity : NULL;
	const uint8_t *final;
	size_t size;
	int r;

	if (!affinity) {
		p->init.flags |= PLAN_ANY_CPU;
		return 0;
	}
	r = parse_list(p, "process.execCPUAffinity.initial", affinity->initial, CPUS_MAX, &p->plan.initial_cpus,
		       &p->plan.n_initial_cpus, err);
	if (r == 0)
		r = parse_list(p, "process.execCPUAffinity.final", affinity->final, CPUS_MAX, &final, &size, err);
	if (r == 0 && final)
		p->init.cpus = block_table(&p->block, final, size, 1);
	return r;
}

/* Whether the cgroup leaves the process less than all CPUs. */
static bool has_cpuset(const struct oci_resources *resources)
{
	if (!resources)
		return false;
	if (resources->cpu && resources->cpu->cpus && resources->cpu->cpus[0])
		return true;
	for (size_t i = 0; i < resources->n_unified; i++)
		if (!strcmp(resources->unified[i].key, "cpuset.cpus"))
			return true;
	return false;
}

static const char *why_denied(const struct planner *p, uint32_t policy)
{
	const struct oci_linux *l = p->config->linux_;

	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return "it takes CAP_SYS_NICE, and real-time bandwidth of the cgroup";
	if (policy != SCHED_DEADLINE)
		return "it takes CAP_SYS_NICE";
	if (l && has_cpuset(l->resources))
		return "process scheduler can't be used together with AllowedCPUs";
	return "it takes CAP_SYS_NICE, and all CPUs of the machine";
}

static const char *why_invalid(uint32_t policy, uint64_t flags)
{
	if (flags & (SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG_UTIL_CLAMP_MAX))
		return "is the kernel built with CONFIG_UCLAMP_TASK?";
	if (policy == SCHED_POLICY_ISO)
		return "Linux has no such policy, its number is reserved";
	if (policy == SCHED_DEADLINE)
		return "see /proc/sys/kernel/sched_rt_runtime_us, sched_deadline_period_min_us and "
		       "sched_deadline_period_max_us";
	return NULL;
}

static int plan_scheduler(struct planner *p, const struct oci_scheduler *s, struct err *err)
{
	struct plan_scheduler scheduler = {.attr = {.size = sizeof(scheduler.attr),
						    .nice = s->nice.value,
						    .priority = (uint32_t)s->priority.value,
						    .runtime = s->runtime.value,
						    .deadline = s->deadline.value,
						    .period = s->period.value}};

	if (!name_to_sched_policy(s->policy, &scheduler.attr.policy))
		return err_msg(err, -EINVAL, "process.scheduler.policy: unknown policy \"%s\"", s->policy);
	for (size_t i = 0; i < s->n_flags; i++) {
		uint32_t flag = 0;

		if (!name_to_sched_flag(s->flags[i], &flag))
			return err_msg(err, -EINVAL, "process.scheduler.flags[%zu]: unknown flag \"%s\"", i,
				       s->flags[i]);
		scheduler.attr.flags |= flag;
	}
	scheduler.policy = block_string(&p->block, s->policy);
	scheduler.denied = block_string(&p->block, why_denied(p, scheduler.attr.policy));
	scheduler.invalid = block_string(&p->block, why_invalid(scheduler.attr.policy, scheduler.attr.flags));
	p->init.scheduler = block_bytes(&p->block, &scheduler, sizeof(scheduler));
	return 0;
}

static int plan_io_priority(struct planner *p, const struct oci_io_priority *io, struct err *err)
{
	uint32_t class;

	if (!name_to_io_class(io->class_, &class))
		return err_msg(err, -EINVAL, "process.ioPriority.class: unknown class \"%s\"", io->class_);
	p->init.io_priority = class << IOPRIO_CLASS_SHIFT | (uint32_t)io->priority.value;
	return 0;
}

static int plan_memory_policy(struct planner *p, const struct oci_memory_policy *policy, struct err *err)
{
	const uint8_t *nodes;
	size_t size;
	int r;

	if (!name_to_memory_policy(policy->mode, &p->init.memory_mode))
		return err_msg(err, -EINVAL, "linux.memoryPolicy.mode: unknown mode \"%s\"", policy->mode);
	for (size_t i = 0; i < policy->n_flags; i++) {
		uint32_t flag = 0;

		if (!name_to_memory_policy_flag(policy->flags[i], &flag))
			return err_msg(err, -EINVAL, "linux.memoryPolicy.flags[%zu]: unknown flag \"%s\"", i,
				       policy->flags[i]);
		p->init.memory_mode |= flag;
	}
	r = parse_list(p, "linux.memoryPolicy.nodes", policy->nodes, MEMORY_NODES_MAX, &nodes, &size, err);
	if (r == 0 && nodes)
		p->init.memory_nodes = block_table(&p->block, nodes, size, 1);
	p->init.flags |= PLAN_SET_MEMORY_POLICY;
	return r;
}

int plan_scheduling(struct planner *p, struct err *err)
{
	const struct oci_process *process = p->config->process;
	const struct oci_linux *l = p->config->linux_;
	int r = 0;

	if (process && process->scheduler)
		r = plan_scheduler(p, process->scheduler, err);
	if (r == 0 && process && process->io_priority)
		r = plan_io_priority(p, process->io_priority, err);
	if (r == 0 && (p->init.scheduler || p->init.io_priority) && (p->new_ns | p->joined_ns) & CLONE_NEWUSER &&
	    p->facts->euid == 0 && !p->facts->in_userns)
		p->init.flags |= PLAN_HOST_SCHEDULING;
	if (r == 0 && l && l->memory_policy)
		r = plan_memory_policy(p, l->memory_policy, err);
	return r;
}

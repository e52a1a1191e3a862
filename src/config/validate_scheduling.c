/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of process.scheduler, ioPriority and execCPUAffinity: what the kernel would refuse whatever machine it runs
 * on. What depends on the machine (privileges, CPUs, bandwidth) only the kernel knows.
 */
#include "config/validate.h"

#include "base/mem.h"
#include "base/num.h"
#include "config/names.h"

#include <linux/sched.h>
#include <string.h>

/* Below it the kernel's clocks are too coarse: 2^DL_SCALE. */
#define RUNTIME_LEAST 1024

bool validate_cpu_list(const char *s)
{
	return num_list(s, NULL, UINT32_MAX) == 0;
}

static int check_flags(const struct oci_scheduler *s, uint32_t *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < s->n_flags; i++) {
		uint32_t flag;

		if (!name_to_sched_flag(s->flags[i], &flag))
			return INVALID(err, "process.scheduler.flags[%zu]: unknown flag \"%s\"", i, s->flags[i]);
		*ret |= flag;
	}
	return 0;
}

static int check_deadline(const struct oci_scheduler *s, struct err *err)
{
	uint64_t period = s->period.value ? s->period.value : s->deadline.value;

	if (s->runtime.value < RUNTIME_LEAST)
		return INVALID(err, "process.scheduler.runtime: %llu ns are too short for SCHED_DEADLINE, it takes %d",
			       (unsigned long long)s->runtime.value, RUNTIME_LEAST);
	if (s->deadline.value < s->runtime.value)
		return INVALID(err, "process.scheduler.deadline: %llu ns are shorter than the runtime of %llu",
			       (unsigned long long)s->deadline.value, (unsigned long long)s->runtime.value);
	if (period < s->deadline.value)
		return INVALID(err, "process.scheduler.period: %llu ns are shorter than the deadline of %llu",
			       (unsigned long long)period, (unsigned long long)s->deadline.value);
	if (period > INT64_MAX)
		return INVALID(err, "process.scheduler.%s: %llu ns are longer than the kernel takes",
			       s->period.value ? "period" : "deadline", (unsigned long long)period);
	return 0;
}

/* Each policy has numbers of its own; 0 is as good as none. */
static int check_numbers(struct validation *v, const struct oci_scheduler *s, uint32_t policy, bool keep,
			 struct err *err)
{
	bool realtime = policy == SCHED_FIFO || policy == SCHED_RR;

	if (policy == SCHED_NORMAL || policy == SCHED_BATCH) {
		if (s->nice.value < -20 || s->nice.value > 19)
			return INVALID(err,
				       "process.scheduler.nice: invalid scheduler.nice: %d when scheduler.policy is %s",
				       s->nice.value, s->policy);
	} else if (s->nice.value) {
		validate_warn(v, "process.scheduler.nice: %s has no nice value, it is ignored", s->policy);
	}
	if (s->priority.value && !realtime)
		return INVALID(err, "process.scheduler.priority: scheduler.priority can only be specified for "
				    "SchedFIFO or SchedRR policy");
	if (realtime && !keep && (s->priority.value < 1 || s->priority.value > 99))
		return INVALID(err, "process.scheduler.priority: %d is not between 1 and 99", s->priority.value);
	if (policy != SCHED_DEADLINE && (s->runtime.value || s->deadline.value || s->period.value))
		return INVALID(err,
			       "process.scheduler.%s: scheduler runtime/deadline/period can only be specified for "
			       "SchedDeadline policy",
			       s->runtime.value    ? "runtime"
			       : s->deadline.value ? "deadline"
						   : "period");
	return policy == SCHED_DEADLINE && !keep ? check_deadline(s, err) : 0;
}

static int check_scheduler(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;
	const struct oci_scheduler *s = p ? p->scheduler : NULL;
	const struct oci_hooks *hooks = v->config->hooks;
	uint32_t policy, flags;
	int r;

	if (!s)
		return 0;
	if (!given(s->policy))
		return INVALID(err, "process.scheduler.policy: scheduler policy is required");
	if (!name_to_sched_policy(s->policy, &policy))
		return INVALID(err, "process.scheduler.policy: unknown policy \"%s\"", s->policy);
	r = check_flags(s, &flags, err);
	if (r == 0)
		r = check_numbers(v, s, policy, flags & SCHED_FLAG_KEEP_PARAMS, err);
	if (r < 0)
		return r;
	/* The kernel lets nothing of this policy fork, and hooks are run by what becomes the process. */
	if (policy == SCHED_DEADLINE && !(flags & (SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_KEEP_POLICY)) && hooks &&
	    hooks->n_start_container)
		return INVALID(err, "process.scheduler.policy: SCHED_DEADLINE can't start the startContainer hooks "
				    "without SCHED_FLAG_RESET_ON_FORK");
	return 0;
}

static int check_io_priority(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;
	const struct oci_io_priority *io = p ? p->io_priority : NULL;
	uint32_t class;

	if (!io)
		return 0;
	if (!name_to_io_class(io->class_, &class))
		return INVALID(err, "process.ioPriority.class: invalid ioPriority.Class: \"%s\"", io->class_);
	if (io->priority.value < 0 || io->priority.value > 7)
		return INVALID(err,
			       "process.ioPriority.priority: invalid ioPriority.Priority: %d is not between 0 and 7",
			       io->priority.value);
	return 0;
}

/* It is for processes that join later; here it only has to be right. */
static int check_cpu_affinity(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;
	const struct oci_exec_cpu_affinity *a = p ? p->exec_cpu_affinity : NULL;
	const struct {
		const char *property, *list;
	} each[] = {{"initial", a ? a->initial : NULL}, {"final", a ? a->final : NULL}};

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		int r = given(each[i].list) ? num_list(each[i].list, NULL, CPUS_MAX) : 0;

		if (r == -ERANGE)
			return INVALID(err,
				       "process.execCPUAffinity.%s: \"%s\": the last CPU that a kernel can have is %d",
				       each[i].property, each[i].list, CPUS_MAX - 1);
		if (r < 0)
			return INVALID(err, "process.execCPUAffinity.%s: \"%s\" is not a list of CPUs",
				       each[i].property, each[i].list);
	}
	return 0;
}

const struct config_check config_checks_scheduling[] = {
	{"scheduler", check_scheduler},
	{"ioPriority", check_io_priority},
	{"execCPUAffinity", check_cpu_affinity},
	{0},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `update`: what a container that lives is to be changed to. Only what the new resources set is touched, and 0 where
 * engines write it for "not set" leaves the old value; what belongs together (quota and period, memory and the sum of
 * it and swap) is completed from what the files say now. Device rules are never changed: there is no moment in which a
 * running program could lose and get back a device.
 */
#include "plan/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CPU "linux.resources.cpu."

/* cpu.max holds quota and period: the one that is not given stays. */
static void complete_cpu_max(struct oci_resources_cpu *cpu, const struct plan_current *current)
{
	bool quota = cpu->quota.set && cpu->quota.value != 0;
	bool period = cpu->period.set && cpu->period.value != 0;

	if (!current->has_cpu_max || quota == period)
		return;
	if (period)
		cpu->quota = (struct oci_opt_i64){.set = true, .value = current->cpu_quota};
	else
		cpu->period = (struct oci_opt_u64){.set = true, .value = current->cpu_period};
}

/* The kernel holds a new burst against the old quota, and the other way round, with no more to say than EINVAL. */
static int check_burst(const struct oci_resources_cpu *cpu, const struct plan_current *current, struct err *err)
{
	bool quota = cpu->quota.set && cpu->quota.value != 0;

	if (!current->has_cpu_max)
		return 0;
	if (cpu->burst.set && !quota && current->cpu_quota > 0 && cpu->burst.value > (uint64_t)current->cpu_quota)
		return err_msg(err, -EINVAL, CPU "burst: %" PRIu64 " is more than the quota of %" PRId64,
			       cpu->burst.value, current->cpu_quota);
	if (quota && !cpu->burst.set && cpu->quota.value > 0 && current->cpu_burst > (uint64_t)cpu->quota.value)
		return err_msg(err, -EINVAL, CPU "quota: %" PRId64 " is less than the burst of %" PRIu64,
			       cpu->quota.value, current->cpu_burst);
	return 0;
}

/* The kernel refuses it with EINVAL, and systemd takes it for the end of being idle: neither is what was asked for. */
static int check_idle(const struct oci_resources_cpu *cpu, const struct plan_current *current, struct err *err)
{
	if (current->cpu_idle && !cpu->idle.set && cpu->shares.set && cpu->shares.value != 0)
		return err_msg(err, -EINVAL,
			       CPU "shares: unable to apply both idle and a weight (the container is idle; set "
				   "cpu.idle to 0 with it)");
	return 0;
}

/* The swap that may be used is what is left of the sum, so the limit of memory belongs to it: the one that holds. */
static void complete_swap(struct oci_resources_memory *memory, const struct plan_current *current)
{
	if (memory->swap.set && memory->swap.value > 0 && (!memory->limit.set || memory->limit.value == 0))
		memory->limit = (struct oci_opt_i64){.set = true, .value = current->memory_max};
}

static int add_warning(struct ocispec_arena *arena, struct plan_cgroup *cgroup, const char *warning)
{
	const char **grown = ocispec_alloc(arena, (cgroup->n_warnings + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	if (cgroup->n_warnings > 0)
		memcpy(grown, cgroup->warnings, cgroup->n_warnings * sizeof(*grown));
	grown[cgroup->n_warnings++] = warning;
	cgroup->warnings = grown;
	return 0;
}

static bool zero_pids(const struct oci_resources *resources)
{
	return resources->pids && resources->pids->limit.set && resources->pids->limit.value == 0;
}

static int add_warnings(const struct oci_resources *resources, struct ocispec_arena *arena, struct plan_cgroup *cgroup,
			struct err *err)
{
	int r = 0;

	if (resources->n_devices > 0)
		r = add_warning(arena, cgroup,
				"linux.resources.devices is left out: an update changes no device rules");
	if (r == 0 && zero_pids(resources))
		r = add_warning(arena, cgroup,
				"linux.resources.pids.limit is left as it is: 0 is no limit to update to");
	return r < 0 ? err_set(err, r, "plan linux.resources") : 0;
}

int plan_update(const struct oci_resources *resources, const struct plan_current *current,
		const struct plan_facts *facts, struct ocispec_arena *arena, struct plan_cgroup *ret, struct err *err)
{
	struct oci_resources wanted = *resources;
	struct plan_cgroup cgroup = *ret;
	struct oci_resources_memory memory;
	struct oci_resources_cpu cpu;
	int r;

	if (resources->cpu) {
		cpu = *resources->cpu;
		if ((r = check_burst(&cpu, current, err)) < 0 || (r = check_idle(&cpu, current, err)) < 0)
			return r;
		complete_cpu_max(&cpu, current);
		wanted.cpu = &cpu;
	}
	if (resources->memory) {
		memory = *resources->memory;
		complete_swap(&memory, current);
		wanted.memory = &memory;
	}
	/* Callers whose type for it can't say "none" send a 0 with every update; as a limit it would stop every fork.
	 */
	if (zero_pids(resources))
		wanted.pids = NULL;
	if ((r = plan_resources(&wanted, arena, &cgroup, err)) < 0 ||
	    (r = add_warnings(resources, arena, &cgroup, err)) < 0)
		return r;
	if (cgroup.unit.name && (r = plan_unit_update(&wanted, facts, arena, &cgroup, err)) < 0)
		return r;
	*ret = cgroup;
	return 0;
}

int plan_update_back(const struct oci_pair *old, size_t n, const struct plan_facts *facts, struct ocispec_arena *arena,
		     struct plan_cgroup *ret, struct err *err)
{
	const struct oci_resources resources = {.n_unified = n, .unified = (struct oci_pair *)(uintptr_t)old};

	struct plan_cgroup cgroup = *ret;
	int r = plan_unit_update(&resources, facts, arena, &cgroup, err);

	if (r < 0)
		return r;
	*ret = cgroup;
	return 0;
}

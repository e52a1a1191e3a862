/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of an exec: of a further process in a container whose namespaces, root and devices are there. It takes the
 * same decisions about the process as for the container's own, by the same functions.
 */
#include "plan/internal.h"

#include <errno.h>
#include <string.h>

/* No kernel is built for more. */
#define CPUS_MAX 8192

/* The number that a list of CPUs goes on with. Validation has found it to be one. */
static unsigned next_number(const char **s)
{
	unsigned n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		n = n * 10 + (unsigned)(**s - '0');
	return n;
}

/* "0-2,7" as a mask. *ret is NULL where nothing is given. */
static int parse_cpus(struct planner *p, const char *property, const char *list, const uint8_t **ret, size_t *ret_size,
		      struct err *err)
{
	uint8_t *mask;
	size_t size = 0;

	if (!list || !list[0])
		return 0;
	mask = plan_alloc(p, CPUS_MAX / 8, 1);
	if (!mask)
		return plan_no_memory(err);
	for (const char *s = list;; s++) {
		unsigned first = next_number(&s), last = first;

		if (*s == '-') {
			s++;
			last = next_number(&s);
		}
		if (last >= CPUS_MAX)
			return err_msg(err, -EINVAL, "process.execCPUAffinity.%s: \"%s\": there is no CPU %u", property,
				       list, last);
		for (unsigned cpu = first; cpu <= last; cpu++)
			mask[cpu / 8] |= (uint8_t)(1u << cpu % 8);
		if (last / 8 + 1 > size)
			size = last / 8 + 1;
		if (!*s)
			break;
	}
	*ret = mask;
	/* The kernel counts in longs. */
	*ret_size = (size + sizeof(long) - 1) / sizeof(long) * sizeof(long);
	return 0;
}

/*
 * Without the property the process may use all CPUs of its cgroup: what turtle is bound to is the engine's affair. With
 * it nothing happens that it does not say.
 */
static int plan_affinity(struct planner *p, struct err *err)
{
	const struct oci_process *process = p->config->process;
	const struct oci_exec_cpu_affinity *affinity = process ? process->exec_cpu_affinity : NULL;
	const uint8_t *final = NULL;
	size_t size = 0;
	int r;

	if (!affinity) {
		p->init.flags |= PLAN_ANY_CPU;
		return 0;
	}
	r = parse_cpus(p, "initial", affinity->initial, &p->plan.initial_cpus, &p->plan.n_initial_cpus, err);
	if (r == 0)
		r = parse_cpus(p, "final", affinity->final, &final, &size, err);
	if (r == 0 && final)
		p->init.cpus = block_table(&p->block, final, size, 1);
	return r;
}

int plan_exec(const struct oci_config *config, const struct plan_facts *facts, const struct plan_exec_request *request,
	      const struct plan_seccomp *seccomp, struct ocispec_arena *arena, struct plan *ret, struct err *err)
{
	const struct plan_request as_created = {
		.id = request->id, .no_new_keyring = request->no_new_keyring, .preserve_fds = request->preserve_fds};
	size_t filter = seccomp ? seccomp->len * sizeof(uint64_t) : 0;
	struct planner p = {
		.config = config, .facts = facts, .request = &as_created, .seccomp = seccomp, .arena = arena};
	int r;

	block_init(&p.block, arena, 4096 + filter);
	p.init.id = block_string(&p.block, request->id);
	p.init.flags = PLAN_EXEC | (request->await_cgroup ? PLAN_AWAIT_CGROUP : 0);
	p.init.preserve_fds = request->preserve_fds;
	r = plan_exec_namespaces(&p, request->namespaces, err);
	if (r == 0)
		r = plan_exec_ids(&p, request->setgroups_denied, err);
	if (r == 0)
		r = plan_process(&p, err);
	if (r == 0)
		r = plan_security(&p, err);
	if (r == 0)
		r = plan_affinity(&p, err);
	if (r == 0)
		r = block_finish(&p.block, &p.init, &p.plan.init, &p.plan.init_size, err);
	if (r == 0)
		*ret = p.plan;
	return r;
}

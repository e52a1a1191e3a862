/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of an exec: of a further process in a container whose namespaces, root and devices are there. It takes the
 * same decisions about the process as for the container's own, by the same functions.
 */
#include "plan/internal.h"

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
		r = plan_scheduling(&p, err);
	if (r == 0)
		r = plan_affinity(&p, err);
	if (r == 0)
		r = block_finish(&p.block, &p.init, &p.plan.init, &p.plan.init_size, err);
	if (r == 0)
		*ret = p.plan;
	return r;
}

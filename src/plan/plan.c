/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of planning. Every step is a pure function of the configuration, the facts and the request; together they
 * fill struct plan and the flat block. Later steps read what earlier ones decided (the namespaces above all), so the
 * order below is part of the logic.
 */
#include "plan/internal.h"

#include "config/annotations.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int plan_cgroup_step(struct planner *p, struct err *err)
{
	int r = plan_cgroup(p->config, p->facts, p->request, p->arena, &p->plan.cgroup, err);

	for (size_t i = 0; r == 0 && i < p->plan.cgroup.n_warnings; i++)
		plan_warn(p, "%s", p->plan.cgroup.warnings[i]);
	/* A scope is made around a process; a slice is there before it. */
	if (r == 0 && p->plan.cgroup.unit.name && !p->plan.cgroup.unit.slice)
		p->init.flags |= PLAN_AWAIT_CGROUP;
	return r;
}

static const struct {
	const char *name;
	int (*plan)(struct planner *p, struct err *err);
} steps[] = {
	{"namespaces", plan_namespaces},
	{"ids", plan_ids},            /* which user namespace decides who may do what later */
	{"cgroup", plan_cgroup_step}, /* cgroup mounts name the cgroup's directory */
	{"root", plan_root},
	{"mounts", plan_mounts},
	{"devices", plan_devices}, /* whether /dev is ours to fill depends on the mounts */
	{"process", plan_process},
	{"security", plan_security},
	{"scheduling", plan_scheduling},
	{"hooks", plan_hooks},
	{"network devices", plan_network},
	{"resctrl", plan_rdt},
};

int plan_make(const struct oci_config *config, const struct plan_facts *facts, const struct plan_request *request,
	      const struct plan_seccomp *seccomp, struct ocispec_arena *arena, struct plan *ret, struct err *err)
{
	size_t filter = seccomp ? seccomp->len * sizeof(uint64_t) : 0;
	struct planner p = {.config = config, .facts = facts, .request = request, .seccomp = seccomp, .arena = arena};
	int r;

	/* An ordinary plan without its filter is 4 to 6 KiB. */
	block_init(&p.block, arena, 8192 + filter);
	p.init.id = block_string(&p.block, request->id);
	p.init.preserve_fds = request->preserve_fds;
	/* The engine's own binding is its own affair. */
	p.init.flags = PLAN_ANY_CPU | (request->listen ? PLAN_WAIT_START : 0);
	p.plan.oci_version = config->oci_version;
	p.plan.n_annotations = config->n_annotations;
	p.plan.annotations = config->annotations;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r = steps[i].plan(&p, err);
		if (r < 0)
			return r;
	}
	r = block_finish(&p.block, &p.init, &p.plan.init, &p.plan.init_size, err);
	if (r < 0)
		return r;
	*ret = p.plan;
	return 0;
}

void *plan_alloc(struct planner *p, size_t n, size_t size)
{
	return n > SIZE_MAX / size ? NULL : ocispec_alloc(p->arena, n * size);
}

int plan_no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "build the plan");
}

void plan_warn(struct planner *p, const char *fmt, ...)
{
	char line[ERR_MSG_SIZE];
	const char **list;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (p->plan.n_warnings == p->max_warnings) {
		size_t more = p->max_warnings ? 2 * p->max_warnings : 8;

		list = plan_alloc(p, more, sizeof(*list));
		if (!list)
			return;
		if (p->plan.n_warnings)
			memcpy(list, p->plan.warnings, p->plan.n_warnings * sizeof(*list));
		p->plan.warnings = list;
		p->max_warnings = more;
	}
	p->plan.warnings[p->plan.n_warnings] = ocispec_strndup(p->arena, line, strlen(line));
	if (p->plan.warnings[p->plan.n_warnings])
		p->plan.n_warnings++;
}

const char *plan_annotation(const struct planner *p, const char *key)
{
	return annotation(p->config->annotations, p->config->n_annotations, key);
}

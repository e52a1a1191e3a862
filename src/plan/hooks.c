/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks. Those of the runtime's namespaces stay with the host as they are; those of the container's side go into the
 * block together with the state documents that they read from their stdin. The documents are complete but for the pid,
 * which only the container's side knows as the container sees it.
 */
#include "plan/internal.h"

#include "config/annotations.h"

#include <errno.h>
#include <string.h>

/* A number that stands for the pid: no other place of the document can hold these bytes, quotes in strings are escaped.
 */
#define PID_KEY   "\"pid\":"
#define PID_DIGIT "1"

static int plan_state(struct planner *p, const char *status, plan_off ret[2], struct err *err)
{
	struct oci_state state = {
		.oci_version = p->config->oci_version,
		.id = p->request->id,
		.status = status,
		.pid = {.set = true, .value = 1},
		.bundle = p->request->bundle,
		.n_annotations = p->config->n_annotations,
		.annotations = p->config->n_annotations ? p->config->annotations : NULL,
	};
	char *text, *pid;
	size_t size;

	if (ocispec_write(&oci_state_object, &state, OCISPEC_COMPACT, p->arena, &text, &size) < 0)
		return plan_no_memory(err);
	pid = strstr(text, PID_KEY PID_DIGIT);
	if (!pid)
		return err_msg(err, -EINVAL, "the state document for hooks has no pid");
	pid += sizeof(PID_KEY) - 1;
	ret[1] = block_string(&p->block, pid + sizeof(PID_DIGIT) - 1);
	*pid = '\0';
	ret[0] = block_string(&p->block, text);
	return 0;
}

/* process_env: a hook that names no environment has the process's, else none. */
static int plan_hook_list(struct planner *p, const struct oci_hook *hooks, size_t n, bool process_env,
			  struct plan_list *ret, struct err *err)
{
	struct plan_hook *items = plan_alloc(p, n, sizeof(*items));

	if (!items)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		items[i].path = block_string(&p->block, hooks[i].path);
		items[i].args = block_strings(&p->block, hooks[i].n_args, hooks[i].args);
		if (hooks[i].env)
			items[i].env = block_strings(&p->block, hooks[i].n_env, hooks[i].env);
		else
			items[i].process_env = process_env;
		items[i].timeout = hooks[i].timeout.set ? hooks[i].timeout.value : 0;
	}
	*ret = block_table(&p->block, items, n, sizeof(*items));
	return 0;
}

/* Hooks on the container's side have no descriptor of the host's: turtle writes to its files for them. */
static void plan_output(struct planner *p)
{
	if (plan_annotation(p, ANNOTATION_HOOKS_STDOUT))
		p->init.flags |= PLAN_HOOK_STDOUT;
	if (plan_annotation(p, ANNOTATION_HOOKS_STDERR))
		p->init.flags |= PLAN_HOOK_STDERR;
}

int plan_hooks(struct planner *p, struct err *err)
{
	const struct oci_hooks *hooks = p->config->hooks;
	int r;

	if (!hooks)
		return 0;
	if (hooks->n_prestart || hooks->n_create_runtime || hooks->n_poststart || hooks->n_poststop)
		p->plan.hooks = hooks;
	if (hooks->n_prestart || hooks->n_create_runtime)
		p->init.flags |= PLAN_HOST_HOOKS;
	if (hooks->n_create_container || hooks->n_start_container)
		plan_output(p);
	if (hooks->n_create_container) {
		r = plan_hook_list(p, hooks->create_container, hooks->n_create_container, false,
				   &p->init.create_container, err);
		if (r < 0)
			return r;
		r = plan_state(p, "creating", p->init.create_container_state, err);
		if (r < 0)
			return r;
	}
	if (hooks->n_start_container) {
		/* These run inside the container, and by custom see what its process sees. */
		r = plan_hook_list(p, hooks->start_container, hooks->n_start_container, true, &p->init.start_container,
				   err);
		if (r < 0)
			return r;
		return plan_state(p, "created", p->init.start_container_state, err);
	}
	return 0;
}

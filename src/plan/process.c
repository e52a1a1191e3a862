/* SPDX-License-Identifier: Apache-2.0 */
/* The process: program, environment, ids, limits, terminal. */
#include "plan/internal.h"

#include "config/annotations.h"
#include "config/names.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_UMASK 0022u

static size_t name_length(const char *variable)
{
	return (size_t)(strchrnul(variable, '=') - variable);
}

static uint32_t hash(const char *s, size_t n)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

/*
 * Each variable once, with its last value, where that value stands. A hash table, since an engine may hand over
 * thousands of variables, and the time of all this is the start-up time of the container.
 */
static int plan_env(struct planner *p, const char *const *env, size_t n, struct err *err)
{
	size_t slots = 16, kept = n;
	const char **table, **list;

	if (n == 0)
		return 0;
	while (slots < 2 * n)
		slots *= 2;
	table = plan_alloc(p, slots, sizeof(*table));
	list = plan_alloc(p, n, sizeof(*list));
	if (!table || !list)
		return plan_no_memory(err);
	for (size_t i = n; i-- > 0;) {
		size_t len = name_length(env[i]);
		size_t at = hash(env[i], len) & (slots - 1);

		while (table[at] && (name_length(table[at]) != len || memcmp(table[at], env[i], len) != 0))
			at = (at + 1) & (slots - 1);
		if (table[at])
			continue;
		table[at] = env[i];
		list[--kept] = env[i];
	}
	p->init.env = block_strings(&p->block, n - kept, list + kept);
	return 0;
}

/*
 * What the process is told by variables besides its own. Socket activation is passed on: the sockets come first among
 * the preserved descriptors, and init adds the number that the process has, LISTEN_PID.
 */
static int plan_service_env(struct planner *p, const char *const *env, size_t n, struct err *err)
{
	const char **list = plan_alloc(p, n + 2, sizeof(*list));
	char text[32];

	if (!list)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++)
		list[i] = env[i];
	if (p->request->listen_fds) {
		p->init.flags |= PLAN_LISTEN_PID;
		snprintf(text, sizeof(text), "LISTEN_FDS=%u", p->request->listen_fds);
		list[n++] = ocispec_strndup(p->arena, text, strlen(text));
		if (!list[n - 1])
			return plan_no_memory(err);
	}
	if (p->plan.notify)
		list[n++] = NOTIFY_VARIABLE;
	return plan_env(p, list, n, err);
}

/*
 * Limits are raised with the privilege over the initial user namespace, so before a container in another one is there
 * to lose it: by the host with prlimit(2). Otherwise init does it on the way.
 */
static int plan_rlimits(struct planner *p, const struct oci_rlimit *rlimits, size_t n, struct err *err)
{
	struct plan_rlimit *items;

	if (n == 0)
		return 0;
	items = plan_alloc(p, n, sizeof(*items));
	if (!items)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		int resource = name_to_rlimit(rlimits[i].type);

		if (resource < 0)
			return err_msg(err, -EINVAL, "process.rlimits[%zu].type: unknown limit \"%s\"", i,
				       rlimits[i].type);
		items[i].resource = (uint32_t)resource;
		items[i].soft = rlimits[i].soft;
		items[i].hard = rlimits[i].hard;
	}
	if ((p->new_ns | p->joined_ns) & CLONE_NEWUSER) {
		p->plan.rlimits = items;
		p->plan.n_rlimits = n;
	} else {
		p->init.rlimits = block_table(&p->block, items, n, sizeof(*items));
	}
	return 0;
}

static void plan_user(struct planner *p, const struct oci_user *user)
{
	static const struct oci_user root = {0};

	if (!user)
		user = &root;
	p->init.uid = user->uid;
	p->init.gid = user->gid;
	p->init.umask = user->umask.set ? user->umask.value : DEFAULT_UMASK;
	p->init.flags |= PLAN_SET_UMASK;
	if (annotation_is_on(p->config->annotations, p->config->n_annotations, ANNOTATION_KEEP_GROUPS)) {
		p->init.flags |= PLAN_KEEP_GROUPS;
		if (user->n_additional_gids)
			plan_warn(p, "process.user.additionalGids is ignored: the annotation " ANNOTATION_KEEP_GROUPS
				     " keeps the caller's groups");
		return;
	}
	p->init.groups =
		block_table(&p->block, user->additional_gids, user->n_additional_gids, sizeof(*user->additional_gids));
}

int plan_process(struct planner *p, struct err *err)
{
	const struct oci_process *process = p->config->process;
	int r;

	plan_user(p, process ? process->user : NULL);
	if (!process) {
		p->init.cwd = block_string(&p->block, "/");
		return 0;
	}
	p->init.args = block_strings(&p->block, process->n_args, process->args);
	p->init.cwd = block_string(&p->block, process->cwd);
	if (p->request->listen_fds || p->plan.notify)
		r = plan_service_env(p, process->env, process->n_env, err);
	else
		r = plan_env(p, process->env, process->n_env, err);
	if (r < 0)
		return r;
	r = plan_rlimits(p, process->rlimits, process->n_rlimits, err);
	if (r < 0)
		return r;
	p->plan.oom_score_adj = process->oom_score_adj;
	if (process->terminal) {
		p->plan.terminal = true;
		p->init.flags |= PLAN_TERMINAL;
		if (process->console_size) {
			p->init.console_height = process->console_size->height;
			p->init.console_width = process->console_size->width;
		}
	}
	return 0;
}

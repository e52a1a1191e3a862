/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of an exec: see exec.h. As in runc, what a process document leaves out of limits, privileges and labels
 * is as the container's own process has it; a document that says nothing must not be a way out of them.
 */
#include "config/exec.h"

#include "base/mem.h"
#include "base/num.h"
#include "config/box_internal.h"
#include "config/names.h"
#include "config/validate.h"

#include <errno.h>
#include <string.h>

struct exec {
	const struct exec_wishes *wishes;
	const struct oci_process *own; /* the container's; NULL: it has none */
	struct oci_process *process;   /* the result */
	struct ocispec_arena *arena;
};

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "prepare the process");
}

/* ---- a document ---------------------------------------------------------------------------------------------- */

static int read_document(struct exec *e, const char *path, struct err *err)
{
	void *process;
	int r = config_read_document(path, &oci_process_object, e->arena, &process, err);

	if (r == 0)
		e->process = process;
	return r;
}

static int inherit_umask(struct exec *e, struct err *err)
{
	const struct oci_user *own = e->own->user;
	struct oci_user *user = e->process->user;

	if (!own || !own->umask.set || (user && user->umask.set))
		return 0;
	if (!user) {
		user = ocispec_alloc(e->arena, sizeof(*user));
		if (!user)
			return no_memory(err);
		e->process->user = user;
	}
	user->umask = own->umask;
	return 0;
}

static int inherit(struct exec *e, struct err *err)
{
	const struct oci_process *own = e->own;
	struct oci_process *p = e->process;

	if (!own)
		return 0;
	if (!p->capabilities)
		p->capabilities = own->capabilities;
	if (!p->n_rlimits) {
		p->n_rlimits = own->n_rlimits;
		p->rlimits = own->rlimits;
	}
	if (!p->oom_score_adj.set)
		p->oom_score_adj = own->oom_score_adj;
	if (!p->scheduler)
		p->scheduler = own->scheduler;
	if (!p->io_priority)
		p->io_priority = own->io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = own->exec_cpu_affinity;
	if (!given(p->apparmor_profile))
		p->apparmor_profile = own->apparmor_profile;
	if (!given(p->selinux_label))
		p->selinux_label = own->selinux_label;
	return inherit_umask(e, err);
}

/* One warning names all that the document overrules; runc's callers count on its being no error. */
static void warn_ignored(const struct exec_wishes *w, void (*warn)(void *arg, const char *message), void *arg)
{
	const struct {
		const char *name;
		bool given;
	} others[] = {
		{" --cwd", w->cwd},
		{" --user", w->user},
		{" --apparmor", w->apparmor},
		{" --process-label", w->process_label},
		{" --no-new-privs", w->no_new_privs.given},
		{" --env", w->env.n},
		{" --cap", w->caps.n},
		{" --additional-gids", w->additional_gids.n},
		{" command", w->command.n},
	};
	char text[256] = "ignored, since --process says it all:";
	size_t n = strlen(text);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].given)
			n = (size_t)(stpcpy(text + n, others[i].name) - text);
	if (text[n - 1] != ':' && warn)
		warn(arg, text);
}

/* ---- options --------------------------------------------------------------------------------------------------- */

/* n elements of own and room for more behind them; NULL when out of memory. */
static void *extend(struct exec *e, const void *own, size_t n, size_t more, size_t size)
{
	void *list = ocispec_alloc(e->arena, (n + more) * size);

	if (list && n)
		memcpy(list, own, n * size);
	return list;
}

static int add_env(struct exec *e, struct err *err)
{
	const struct words *env = &e->wishes->env;
	struct oci_process *p = e->process;
	const char **list;

	if (!env->n)
		return 0;
	list = extend(e, p->env, p->n_env, env->n, sizeof(*list));
	if (!list)
		return no_memory(err);
	for (size_t i = 0; i < env->n; i++) {
		const char *word = env->values[i];

		if (!strchr(word, '='))
			return box_bad(err, "--env", word, "not of the form NAME=VALUE");
		if (*word == '=')
			return box_bad(err, "--env", word, "no name before the '='");
		/* Of a variable that is there twice the last one counts: plan/process.c. */
		list[p->n_env++] = word;
	}
	p->env = list;
	return 0;
}

/* A set of names with one more. */
static int add_to_set(struct exec *e, const char ***set, size_t *n, const char *name, struct err *err)
{
	const char **list = extend(e, *set, *n, 1, sizeof(*list));

	if (!list)
		return no_memory(err);
	list[(*n)++] = name;
	*set = list;
	return 0;
}

static bool in_set(const char *const *set, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(set[i], name) == 0)
			return true;
	return false;
}

/*
 * Never into the inheritable set: through it files of the image could grant what nobody asked for. And so the ambient
 * set, which the kernel keeps within that one, gets only what the configuration itself has there.
 */
static int add_caps(struct exec *e, struct err *err)
{
	const struct words *caps = &e->wishes->caps;
	struct oci_capabilities *c;

	if (!caps->n)
		return 0;
	c = extend(e, e->process->capabilities, e->process->capabilities ? 1 : 0, 1, sizeof(*c));
	if (!c)
		return no_memory(err);
	e->process->capabilities = c;
	for (size_t i = 0; i < caps->n; i++) {
		int cap = box_capability(caps->values[i]);
		const char *name;
		int r;

		if (cap < 0)
			return box_bad(err, "--cap", caps->values[i], "no such capability, see capabilities(7)");
		name = name_of_capability((unsigned)cap);
		r = add_to_set(e, &c->bounding, &c->n_bounding, name, err);
		if (r == 0)
			r = add_to_set(e, &c->effective, &c->n_effective, name, err);
		if (r == 0)
			r = add_to_set(e, &c->permitted, &c->n_permitted, name, err);
		if (r == 0 && in_set(c->inheritable, c->n_inheritable, name))
			r = add_to_set(e, &c->ambient, &c->n_ambient, name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A part of what an option says: digits, and nothing else. -1 would leave the id as it is, and that is root's. */
static int parse_id(const char *option, const char *value, const char *text, const char *what, uint32_t *ret,
		    struct err *err)
{
	uint32_t id;
	int r = num_u32(text, &id);

	if (r == -ERANGE)
		return box_bad(err, option, value, "the %s is out of range", what);
	if (r < 0)
		return box_bad(err, option, value, "the %s is not a number", what);
	if (id == UINT32_MAX)
		return box_bad(err, option, value, "%u is no %s", id, what);
	*ret = id;
	return 0;
}

/* UID or UID:GID; without a GID the container's own stays. */
static int set_user(const char *value, struct oci_user *user, struct err *err)
{
	const char *colon = strchr(value, ':');
	size_t n = colon ? (size_t)(colon - value) : strlen(value);
	_cleanup_free_ char *uid = NULL;
	int r;

	if (n == 0 || (colon && (!colon[1] || strchr(colon + 1, ':'))))
		return box_bad(err, "--user", value, "not of the form UID[:GID]");
	uid = strndup(value, n);
	if (!uid)
		return no_memory(err);
	r = parse_id("--user", value, uid, "uid", &user->uid, err);
	return r == 0 && colon ? parse_id("--user", value, colon + 1, "gid", &user->gid, err) : r;
}

static int add_ids(struct exec *e, struct err *err)
{
	const struct exec_wishes *w = e->wishes;
	const struct words *gids = &w->additional_gids;
	struct oci_user *user;
	uint32_t *list;
	int r = 0;

	if (!w->user && !gids->n)
		return 0;
	user = extend(e, e->process->user, e->process->user ? 1 : 0, 1, sizeof(*user));
	if (!user)
		return no_memory(err);
	e->process->user = user;
	if (w->user)
		r = set_user(w->user, user, err);
	if (r < 0 || !gids->n)
		return r;
	list = extend(e, user->additional_gids, user->n_additional_gids, gids->n, sizeof(*list));
	if (!list)
		return no_memory(err);
	for (size_t i = 0; i < gids->n && r == 0; i++)
		r = parse_id("--additional-gids", gids->values[i], gids->values[i], "gid",
			     &list[user->n_additional_gids++], err);
	user->additional_gids = list;
	return r;
}

static int from_options(struct exec *e, struct err *err)
{
	const struct exec_wishes *w = e->wishes;
	struct oci_process *p;
	int r;

	if (!w->command.n)
		return err_msg(err, -EINVAL, "exec args cannot be empty");
	if (!e->own) {
		err_msg(err, -EINVAL, "process property must not be empty");
		return err_hint(err, "the container's configuration has none; --process can name one");
	}
	p = extend(e, e->own, 1, 0, sizeof(*p));
	if (!p)
		return no_memory(err);
	e->process = p;
	p->n_args = w->command.n;
	p->args = w->command.values;
	/* A terminal is the caller's affair, not the container's. */
	p->terminal = false;
	if (w->cwd)
		p->cwd = w->cwd;
	if (given(w->apparmor))
		p->apparmor_profile = w->apparmor;
	if (given(w->process_label))
		p->selinux_label = w->process_label;
	if (w->no_new_privs.given)
		p->no_new_privileges = w->no_new_privs.value;
	r = add_env(e, err);
	if (r == 0)
		r = add_caps(e, err);
	return r == 0 ? add_ids(e, err) : r;
}

int exec_process(struct oci_config *config, const struct exec_wishes *wishes, const struct config_facts *facts,
		 void (*warn)(void *arg, const char *message), void *arg, struct ocispec_arena *arena, struct err *err)
{
	struct exec e = {.wishes = wishes, .own = config->process, .arena = arena};
	struct oci_config changed = *config;
	int r;

	if (wishes->process_file) {
		r = read_document(&e, wishes->process_file, err);
		if (r == 0)
			r = inherit(&e, err);
		if (r == 0)
			warn_ignored(wishes, warn, arg);
	} else {
		r = from_options(&e, err);
	}
	if (r < 0)
		return r;
	if (wishes->tty.given)
		e.process->terminal = wishes->tty.value;
	changed.process = e.process;
	r = config_validate_process(&changed, facts, warn, arg, err);
	if (r == 0)
		config->process = e.process;
	return r;
}

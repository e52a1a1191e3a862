/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of process. It may be absent: such a container can be created, and has nothing to start. */
#include "config/validate.h"

#include "config/names.h"

#include <linux/sched.h>
#include <string.h>

static int check_program(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;

	if (!p)
		return 0;
	if (!given(p->cwd))
		return INVALID(err, "Cwd property must not be empty");
	if (p->cwd[0] != '/')
		return INVALID(err, "Cwd must be an absolute path");
	if (p->n_args == 0)
		return INVALID(err, "args must not be empty");
	return validate_path(p->cwd, true, err, "process.cwd");
}

static int check_env(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;

	for (size_t i = 0; p && i < p->n_env; i++) {
		if (p->env[i][0] == '=')
			return INVALID(err, "process.env[%zu]: \"%s\" has no name before the '='", i, p->env[i]);
		if (!strchr(p->env[i], '='))
			return INVALID(err, "process.env[%zu]: \"%s\" is not of the form NAME=VALUE", i, p->env[i]);
	}
	return 0;
}

static int check_terminal(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;

	/* Without a terminal the size is ignored, as the specification says. */
	if (!p || !p->terminal)
		return 0;
	if (!has_namespace(v, CLONE_NEWNS))
		return INVALID(err, "process.terminal: needs a mount namespace");
	if (p->console_size && (p->console_size->height > UINT16_MAX || p->console_size->width > UINT16_MAX))
		return INVALID(err, "process.consoleSize: %u x %u is larger than a terminal can be (%d x %d)",
			       p->console_size->height, p->console_size->width, UINT16_MAX, UINT16_MAX);
	return 0;
}

static int check_mapped(struct validation *v, uint32_t id, bool gid, struct err *err, const char *property, size_t i)
{
	const struct oci_id_mapping *map = gid ? v->linux_->gid_mappings : v->linux_->uid_mappings;
	size_t n = gid ? v->linux_->n_gid_mappings : v->linux_->n_uid_mappings;

	if (!(v->new_ns & CLONE_NEWUSER) || id_is_mapped(map, n, id))
		return 0;
	if (i == SIZE_MAX)
		return INVALID(err, "process.user.%s: %u is not mapped in the user namespace", property, id);
	return INVALID(err, "process.user.%s[%zu]: %u is not mapped in the user namespace", property, i, id);
}

static int check_user(struct validation *v, struct err *err)
{
	static const struct oci_user root = {0};
	const struct oci_process *p = v->config->process;
	const struct oci_user *user = p && p->user ? p->user : &root;
	int r;

	if (!p)
		return 0;
	r = validate_id(user->uid, err, "process.user.uid");
	if (r < 0)
		return r;
	r = validate_id(user->gid, err, "process.user.gid");
	if (r < 0)
		return r;
	if (user->umask.set && user->umask.value > 0777)
		return INVALID(err, "process.user.umask: %u is more than 511 (octal 777)", user->umask.value);
	r = check_mapped(v, user->uid, false, err, "uid", SIZE_MAX);
	if (r < 0)
		return r;
	r = check_mapped(v, user->gid, true, err, "gid", SIZE_MAX);
	if (r < 0)
		return r;
	for (size_t i = 0; i < user->n_additional_gids; i++) {
		r = validate_id(user->additional_gids[i], err, "process.user.additionalGids[%zu]", i);
		if (r < 0)
			return r;
		r = check_mapped(v, user->additional_gids[i], true, err, "additionalGids", i);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_group_count(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;
	const size_t max = 65536; /* NGROUPS_MAX */

	if (p && p->user && p->user->n_additional_gids > max)
		return INVALID(err, "process.user.additionalGids: %zu are too many, the kernel takes at most %zu",
			       p->user->n_additional_gids, max);
	return 0;
}

static int check_rlimits(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;
	uint64_t seen = 0;

	for (size_t i = 0; p && i < p->n_rlimits; i++) {
		const struct oci_rlimit *limit = &p->rlimits[i];
		int resource = name_to_rlimit(limit->type);

		if (resource < 0)
			return INVALID(err, "process.rlimits[%zu].type: unknown limit \"%s\"", i, limit->type);
		if (seen & UINT64_C(1) << resource)
			return INVALID(err, "process.rlimits[%zu].type: %s is given twice", i, limit->type);
		seen |= UINT64_C(1) << resource;
		if (limit->soft > limit->hard)
			return INVALID(
				err, "process.rlimits[%zu]: %s: the soft limit %llu is higher than the hard limit %llu",
				i, limit->type, (unsigned long long)limit->soft, (unsigned long long)limit->hard);
	}
	return 0;
}

static int check_oom_score_adj(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;

	if (p && p->oom_score_adj.set && (p->oom_score_adj.value < -1000 || p->oom_score_adj.value > 1000))
		return INVALID(err, "process.oomScoreAdj: %d is not between -1000 and 1000", p->oom_score_adj.value);
	return 0;
}

/* A profile that can't be had must not be left out silently: it is what keeps the container in. */
static int check_apparmor(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;

	if (!p || !given(p->apparmor_profile))
		return 0;
	if (!v->facts->apparmor)
		return INVALID(err, "process.apparmorProfile: apparmor: config provided but apparmor not supported");
	if (strchr(p->apparmor_profile, '\n'))
		return INVALID(err, "process.apparmorProfile: there is a line break in the name");
	return 0;
}

/*
 * The kernel would take any label where no policy is loaded, and forget it. Which labels there are the policy knows,
 * and says no to at the end.
 */
static int check_selinux(struct validation *v, struct err *err)
{
	const struct oci_process *p = v->config->process;

	return p && given(p->selinux_label) ? validate_label(v, p->selinux_label, err, "process.selinuxLabel") : 0;
}

const struct config_check config_checks_process[] = {
	{"program", check_program},
	{"environment", check_env},
	{"terminal", check_terminal},
	{"number of groups", check_group_count},
	{"user", check_user},
	{"rlimits", check_rlimits},
	{"oomScoreAdj", check_oom_score_adj},
	{"apparmorProfile", check_apparmor},
	{"selinuxLabel", check_selinux},
	{0},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of linux.seccomp: every word that has a meaning must be known, so that no rule is weaker than it reads. Names
 * of system calls are the exception: profiles list those of newer kernels and other architectures.
 */
#include "config/validate.h"

#include "config/annotations.h"
#include "config/names.h"

#include <string.h>

#define MAX_ERRNO 4095  /* SECCOMP_RET_ERRNO takes no more */
#define MAX_TRACE 65535 /* SECCOMP_RET_DATA */
#define MAX_ARGS  6     /* of a system call */

static int check_action(const char *action, const struct oci_opt_u32 *errno_ret, const char *property,
			const char *errno_property, struct err *err)
{
	bool trace = !strcmp(action, "SCMP_ACT_TRACE"), number = trace || !strcmp(action, "SCMP_ACT_ERRNO");
	uint32_t max = trace ? MAX_TRACE : MAX_ERRNO, value;

	if (!name_to_seccomp_action(action, &value))
		return INVALID(err, "%s: unknown action \"%s\"", property, action);
	if (errno_ret->set && !number)
		return INVALID(err, "%s: %s takes no number", errno_property, action);
	if (errno_ret->set && errno_ret->value > max)
		return INVALID(err, "%s: %u is more than %s takes (%u)", errno_property, errno_ret->value, action, max);
	return 0;
}

static bool notifies(const struct oci_seccomp *s)
{
	for (size_t i = 0; i < s->n_syscalls; i++)
		if (!strcmp(s->syscalls[i].action, "SCMP_ACT_NOTIFY"))
			return true;
	return false;
}

/* The agent of a ready-made filter is found when the filter is read (host/seccomp.c), and so is a missing one. */
static int check_listener(struct validation *v, struct err *err)
{
	const struct oci_seccomp *s = v->linux_->seccomp;

	if (!s)
		return 0;
	if (given(s->listener_metadata) && !given(s->listener_path))
		return INVALID(err, "linux.seccomp.listenerMetadata: means nothing without listenerPath");
	if (given(s->listener_path) && !notifies(s) &&
	    !annotation(v->config->annotations, v->config->n_annotations, ANNOTATION_SECCOMP_BPF))
		validate_warn(v, "linux.seccomp.listenerPath: ignored, no action is SCMP_ACT_NOTIFY");
	/* Whoever has to ask before each call can't ask: also for the calls that ask. */
	if (!strcmp(s->default_action, "SCMP_ACT_NOTIFY"))
		return INVALID(err, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	return 0;
}

static int check_defaults(struct validation *v, struct err *err)
{
	const struct oci_seccomp *s = v->linux_->seccomp;
	uint32_t value;

	if (!s)
		return 0;
	for (size_t i = 0; i < s->n_flags; i++)
		if (!name_to_seccomp_flag(s->flags[i], &value))
			return INVALID(err, "linux.seccomp.flags[%zu]: unknown flag \"%s\"", i, s->flags[i]);
	return check_action(s->default_action, &s->default_errno_ret, "linux.seccomp.defaultAction",
			    "linux.seccomp.defaultErrnoRet", err);
}

static int check_architectures(struct validation *v, struct err *err)
{
	const struct oci_seccomp *s = v->linux_->seccomp;

	for (size_t i = 0; s && i < s->n_architectures; i++)
		if (!is_seccomp_architecture(s->architectures[i]))
			return INVALID(err, "linux.seccomp.architectures[%zu]: unknown architecture \"%s\"", i,
				       s->architectures[i]);
	return 0;
}

static int check_rule(const struct oci_seccomp_rule *rule, size_t i, struct err *err)
{
	enum seccomp_operator op;
	struct err why;
	int r;

	if (rule->n_names == 0)
		return INVALID(err, "linux.seccomp.syscalls[%zu].names: must not be empty", i);
	for (size_t k = 0; k < rule->n_names; k++)
		if (!rule->names[k][0])
			return INVALID(err, "linux.seccomp.syscalls[%zu].names[%zu]: must not be empty", i, k);
		else if (!strcmp(rule->action, "SCMP_ACT_NOTIFY") && !strcmp(rule->names[k], "write"))
			return INVALID(err,
				       "linux.seccomp.syscalls[%zu].names[%zu]: SCMP_ACT_NOTIFY cannot be used for the "
				       "write syscall",
				       i, k);
	r = check_action(rule->action, &rule->errno_ret, "action", "errnoRet", &why);
	if (r < 0)
		return err_msg(err, r, "linux.seccomp.syscalls[%zu].%s", i, why.msg);
	for (size_t k = 0; k < rule->n_args; k++) {
		if (rule->args[k].index >= MAX_ARGS)
			return INVALID(err, "linux.seccomp.syscalls[%zu].args[%zu].index: %u is not below %d", i, k,
				       rule->args[k].index, MAX_ARGS);
		if (!name_to_seccomp_operator(rule->args[k].op, &op))
			return INVALID(err, "linux.seccomp.syscalls[%zu].args[%zu].op: unknown operator \"%s\"", i, k,
				       rule->args[k].op);
	}
	return 0;
}

static int check_rules(struct validation *v, struct err *err)
{
	const struct oci_seccomp *s = v->linux_->seccomp;

	for (size_t i = 0; s && i < s->n_syscalls; i++) {
		int r = check_rule(&s->syscalls[i], i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

const struct config_check config_checks_seccomp[] = {
	{"defaults", check_defaults},
	{"listener", check_listener},
	{"architectures", check_architectures},
	{"rules", check_rules},
	{0},
};

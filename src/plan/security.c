/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities, noNewPrivileges, AppArmor, SELinux, seccomp, personality, keyring.
 *
 * Capability sets are taken exactly as given: nothing is ever added, above all not to the inheritable set, through
 * which files of the image could grant more, nor to the ambient set, with which a plain user would keep what it was
 * only allowed to gain. Without process.capabilities all five are empty. What can't be granted is left out with a
 * warning, as the specification wants: engines list capabilities of newer kernels.
 */
#include "plan/internal.h"

#include "config/annotations.h"
#include "config/names.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>

static const char *const set_names[PLAN_CAP_N] = {
	[PLAN_CAP_BOUNDING] = "bounding",   [PLAN_CAP_EFFECTIVE] = "effective", [PLAN_CAP_INHERITABLE] = "inheritable",
	[PLAN_CAP_PERMITTED] = "permitted", [PLAN_CAP_AMBIENT] = "ambient",
};

/* The mask of what the names stand for and the kernel knows. */
static uint64_t parse_set(struct planner *p, enum plan_cap_set set, const char *const *names, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++) {
		int cap = name_to_capability(names[i]);

		if (cap < 0)
			plan_warn(p, "process.capabilities.%s: unknown capability \"%s\"", set_names[set], names[i]);
		else if ((uint32_t)cap > p->facts->cap_last)
			plan_warn(p, "process.capabilities.%s: this kernel has no %s", set_names[set], names[i]);
		else
			mask |= UINT64_C(1) << cap;
	}
	return mask;
}

/* Takes the bits of lost out of the set, one warning each. */
static void drop(struct planner *p, enum plan_cap_set set, uint64_t lost, const char *why)
{
	uint64_t *mask = &p->init.caps[set];

	lost &= *mask;
	*mask &= ~lost;
	for (unsigned cap = 0; lost; cap++, lost >>= 1) {
		if (!(lost & 1))
			continue;
		if (set == PLAN_CAP_AMBIENT)
			plan_warn(p, "process.capabilities.ambient: can't raise ambient capability %s: %s",
				  name_of_capability(cap), why);
		else
			plan_warn(p, "process.capabilities.%s: %s is left out: %s", set_names[set],
				  name_of_capability(cap), why);
	}
}

static void plan_capabilities(struct planner *p, const struct oci_capabilities *c)
{
	uint64_t *caps = p->init.caps;

	if (!c)
		return;
	p->init.flags |= PLAN_HAS_CAPS;
	caps[PLAN_CAP_BOUNDING] = parse_set(p, PLAN_CAP_BOUNDING, c->bounding, c->n_bounding);
	caps[PLAN_CAP_EFFECTIVE] = parse_set(p, PLAN_CAP_EFFECTIVE, c->effective, c->n_effective);
	caps[PLAN_CAP_INHERITABLE] = parse_set(p, PLAN_CAP_INHERITABLE, c->inheritable, c->n_inheritable);
	caps[PLAN_CAP_PERMITTED] = parse_set(p, PLAN_CAP_PERMITTED, c->permitted, c->n_permitted);
	caps[PLAN_CAP_AMBIENT] = parse_set(p, PLAN_CAP_AMBIENT, c->ambient, c->n_ambient);

	/* A user namespace comes with all of them; otherwise nothing can be had that the caller has lost for good. */
	if (!((p->new_ns | p->joined_ns) & CLONE_NEWUSER))
		for (int set = 0; set < PLAN_CAP_N; set++)
			drop(p, (enum plan_cap_set)set, ~p->facts->caps_bounding, "the caller may not grant it");
	/* The kernel's own rules, capabilities(7): it would refuse the whole set. */
	drop(p, PLAN_CAP_EFFECTIVE, ~caps[PLAN_CAP_PERMITTED], "it is not permitted");
	drop(p, PLAN_CAP_AMBIENT, ~(caps[PLAN_CAP_PERMITTED] & caps[PLAN_CAP_INHERITABLE]),
	     "it must be both permitted and inheritable");
}

static int plan_keyring(struct planner *p, struct err *err)
{
	struct text name = {.arena = p->arena};

	if (p->request->no_new_keyring)
		return 0;
	text_str(&name, "_ses.");
	text_str(&name, p->request->id);
	if (name.failed)
		return plan_no_memory(err);
	p->init.keyring = block_string(&p->block, name.s);
	p->init.flags |= PLAN_NEW_KEYRING;
	return 0;
}

static void plan_mount_label(struct planner *p, const char *label)
{
	const char *kind = plan_annotation(p, ANNOTATION_MOUNT_CONTEXT);

	p->init.mount_label = block_string(&p->block, label);
	p->init.mount_context = block_string(&p->block, kind ? kind : "context");
}

int plan_security(struct planner *p, struct err *err)
{
	const struct oci_process *process = p->config->process;
	const struct oci_linux *l = p->config->linux_;

	if (process) {
		plan_capabilities(p, process->capabilities);
		if (process->no_new_privileges)
			p->init.flags |= PLAN_NO_NEW_PRIVS;
		if (process->apparmor_profile && process->apparmor_profile[0])
			p->init.apparmor = block_string(&p->block, process->apparmor_profile);
		if (process->selinux_label && process->selinux_label[0])
			p->init.selinux = block_string(&p->block, process->selinux_label);
	}
	if (l && l->mount_label && l->mount_label[0])
		plan_mount_label(p, l->mount_label);
	if (l && l->personality && name_to_personality(l->personality->domain, &p->init.personality))
		p->init.flags |= PLAN_SET_PERSONALITY;
	if (p->seccomp && p->seccomp->len) {
		/* struct sock_filter, whose size is fixed by the kernel's interface. */
		p->init.seccomp = block_bytes(&p->block, p->seccomp->filter, p->seccomp->len * sizeof(uint64_t));
		p->init.seccomp_len = p->seccomp->len;
		p->init.seccomp_flags = p->seccomp->flags;
		if (p->seccomp->may_deny_write)
			p->init.flags |= PLAN_MUTE;
	}
	return plan_keyring(p, err);
}

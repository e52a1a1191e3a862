/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the container's program is: resource limits, capabilities, groups, user. The order is forced: the bounding set
 * takes a capability to shrink; the groups take one and must go before the user; changing from root would empty the
 * permitted set but for PR_SET_KEEPCAPS; the sets come last, ambient after what it depends on. Then everything is read
 * back: a kernel, an LSM or a bug of ours that did less than it said ends the container here.
 */
#include "init/init.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT           47
#define PR_CAP_AMBIENT_RAISE     2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif
/* Fewer descriptors than this are not enough for what is still to be done; the program gets its limit at last. */
#define NOFILE_LEAST 64

struct caps {
	uint64_t effective, permitted, inheritable;
};

static int get_caps(struct caps *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (sys_capget(&header, data) < 0)
		return -errno;
	ret->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_caps(const struct caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (unsigned i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(caps->effective >> 32 * i);
		data[i].permitted = (uint32_t)(caps->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(caps->inheritable >> 32 * i);
	}
	return sys_capset(&header, data) < 0 ? -errno : 0;
}

static const char *limit_name(uint32_t resource)
{
	static const char *const names[] = {
		[RLIMIT_CPU] = "CPU",           [RLIMIT_FSIZE] = "FSIZE",
		[RLIMIT_DATA] = "DATA",         [RLIMIT_STACK] = "STACK",
		[RLIMIT_CORE] = "CORE",         [RLIMIT_RSS] = "RSS",
		[RLIMIT_NPROC] = "NPROC",       [RLIMIT_NOFILE] = "NOFILE",
		[RLIMIT_MEMLOCK] = "MEMLOCK",   [RLIMIT_AS] = "AS",
		[RLIMIT_LOCKS] = "LOCKS",       [RLIMIT_SIGPENDING] = "SIGPENDING",
		[RLIMIT_MSGQUEUE] = "MSGQUEUE", [RLIMIT_NICE] = "NICE",
		[RLIMIT_RTPRIO] = "RTPRIO",     [RLIMIT_RTTIME] = "RTTIME",
	};

	return resource < sizeof(names) / sizeof(names[0]) ? names[resource] : "(unknown)";
}

int ids_rlimits(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct plan_rlimit *limits = plan_items(plan, plan->rlimits, struct plan_rlimit);

	for (uint32_t i = 0; i < plan->rlimits.n; i++) {
		struct rlimit limit = {.rlim_cur = limits[i].soft, .rlim_max = limits[i].hard};

		if (limits[i].resource == RLIMIT_NOFILE) {
			init->has_nofile = limit.rlim_cur < NOFILE_LEAST;
			init->nofile[0] = limit.rlim_cur;
			init->nofile[1] = limit.rlim_max;
			if (limit.rlim_cur < NOFILE_LEAST)
				limit.rlim_cur = NOFILE_LEAST;
			if (limit.rlim_max < NOFILE_LEAST)
				limit.rlim_max = NOFILE_LEAST;
		}
		if (prlimit(0, (int)limits[i].resource, &limit, NULL) < 0)
			return err_set(err, -errno, "set RLIMIT_%s to %lu:%lu", limit_name(limits[i].resource),
				       (unsigned long)limits[i].soft, (unsigned long)limits[i].hard);
	}
	return 0;
}

static int drop_bounding(uint64_t keep, struct err *err)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap) == 0)
			continue;
		/* The kernel has no more. */
		if (errno == EINVAL && prctl(PR_CAPBSET_READ, cap) < 0)
			return 0;
		if (errno != EPERM || prctl(PR_CAPBSET_READ, cap) != 0)
			return err_set(err, -errno, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

static int set_groups(const struct init_plan *plan, struct err *err)
{
	const gid_t *groups = plan_items(plan, plan->groups, gid_t);

	if (plan->flags & (PLAN_DENY_SETGROUPS | PLAN_KEEP_GROUPS))
		return 0;
	if (sys_setgroups(plan->groups.n, groups) == 0)
		return 0;
	/* Without the right to it, none is what we may have already. */
	if (errno == EPERM && plan->groups.n == 0 && getgroups(0, NULL) == 0)
		return 0;
	return err_set(err, -errno, "set the supplementary groups");
}

static int set_user(const struct init_plan *plan, struct err *err)
{
	int r;

	if (plan->uid != 0 && prctl(PR_SET_KEEPCAPS, 1) < 0)
		return err_set(err, -errno, "prctl PR_SET_KEEPCAPS");
	r = set_groups(plan, err);
	if (r < 0)
		return r;
	if (sys_setresgid(plan->gid, plan->gid, plan->gid) < 0)
		return err_set(err, -errno, "become group %u", plan->gid);
	if (sys_setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return err_set(err, -errno, "become user %u", plan->uid);
	if (plan->uid != 0 && prctl(PR_SET_KEEPCAPS, 0) < 0)
		return err_set(err, -errno, "prctl PR_SET_KEEPCAPS");
	return 0;
}

static int set_ambient(uint64_t ambient, struct err *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_set(err, -errno, "empty the ambient set");
	for (int cap = 0; cap < 64; cap++)
		if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_set(err, -errno, "raise ambient capability %d", cap);
	return 0;
}

static bool groups_are(const struct init_plan *plan)
{
	const gid_t *wanted = plan_items(plan, plan->groups, gid_t);
	int n = getgroups(0, NULL);
	gid_t *have;

	if (plan->flags & (PLAN_DENY_SETGROUPS | PLAN_KEEP_GROUPS) || (n == 0 && plan->groups.n == 0))
		return true;
	have = n > 0 && (uint32_t)n == plan->groups.n ? pages((size_t)n * sizeof(*have)) : NULL;
	if (!have || getgroups(n, have) != n)
		return false;
	/* The kernel has sorted them. */
	for (int i = 0; i < n; i++) {
		int at = 0;

		while (at < n && have[at] != wanted[i])
			at++;
		if (at == n)
			return false;
	}
	return true;
}

static int check(const struct init_plan *plan, const struct caps *wanted, struct err *err)
{
	uid_t u[3];
	gid_t g[3];
	struct caps have = {0};

	if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0 || get_caps(&have) < 0)
		return err_set(err, -errno, "read the credentials back");
	for (unsigned i = 0; i < 3; i++)
		if (u[i] != plan->uid || g[i] != plan->gid)
			return err_msg(err, -EPERM, "the process is user %u group %u instead of %u %u", u[i], g[i],
				       plan->uid, plan->gid);
	if (!groups_are(plan))
		return err_msg(err, -EPERM, "the process has other supplementary groups than it should");
	if (memcmp(&have, wanted, sizeof(have)))
		return err_msg(err, -EPERM, "the process has other capabilities than it should");
	return 0;
}

int ids_set(struct init *init, struct err *err)
{
	const uint64_t sys_admin = UINT64_C(1) << CAP_SYS_ADMIN, *given = init->plan->caps;
	bool has_caps = init->plan->flags & PLAN_HAS_CAPS;
	uint64_t ambient, bounding = has_caps ? given[PLAN_CAP_BOUNDING] : 0;
	struct caps now = {0}, caps = {0};
	int r = get_caps(&now);

	if (r < 0)
		return err_set(err, r, "read the capabilities");
	/* What is not ours to give is left out, as are capabilities that this kernel does not know. */
	if (has_caps) {
		caps.permitted = given[PLAN_CAP_PERMITTED] & now.permitted;
		caps.effective = given[PLAN_CAP_EFFECTIVE] & caps.permitted;
		caps.inheritable = given[PLAN_CAP_INHERITABLE] & (now.inheritable | now.permitted);
	}
	ambient = (has_caps ? given[PLAN_CAP_AMBIENT] : 0) & caps.permitted & caps.inheritable;
	/*
	 * Loading a filter takes CAP_SYS_ADMIN or no_new_privs, and it is loaded last. There is no need to drop the
	 * capability afterwards: execve makes the permitted set anew, without a look at the old one.
	 */
	if (init->plan->seccomp && !(init->plan->flags & PLAN_NO_NEW_PRIVS)) {
		if (!(now.permitted & sys_admin))
			return err_msg(err, -EPERM, "seccomp without noNewPrivileges needs CAP_SYS_ADMIN");
		caps.permitted |= sys_admin;
		caps.effective |= sys_admin;
	}
	r = drop_bounding(bounding, err);
	if (r == 0)
		r = set_user(init->plan, err);
	if (r < 0)
		return r;
	r = set_caps(&caps);
	if (r < 0)
		return err_set(err, r, "set the capabilities");
	r = set_ambient(ambient, err);
	return r < 0 ? r : check(init->plan, &caps, err);
}

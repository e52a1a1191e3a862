/* SPDX-License-Identifier: Apache-2.0 */
/* The facts about the caller and the host that a plan depends on (plan.h), gathered once. */
#include "host/facts.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/mountinfo.h"
#include "base/num.h"
#include "base/sys.h"
#include "host/cgroup/cgroup.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The initial user namespace maps everything to itself. */
static int read_in_userns(bool *ret, struct err *err)
{
	_cleanup_free_ char *map = NULL;
	uint32_t columns[3]; /* inside, outside, count */
	int r;

	r = fd_read_file(AT_FDCWD, "/proc/self/uid_map", 64 * 1024, &map, NULL);
	if (r < 0)
		return err_set(err, r, "read /proc/self/uid_map");
	*ret = num_columns_u32(map, columns, 3) < 0 || columns[0] != 0 || columns[1] != 0 || columns[2] != UINT32_MAX;
	return 0;
}

bool have_capability(unsigned cap)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return sys_capget(&header, data) == 0 && (data[cap / 32].effective & (1u << (cap % 32)));
}

/*
 * Whether the caller may copy mounts of its mount namespace. In a user namespace the capability alone does not tell:
 * the mount namespace may belong to the parent.
 */
static bool may_clone_mounts(bool in_userns)
{
	if (!have_capability(CAP_SYS_ADMIN))
		return false;
	if (in_userns) {
		_cleanup_close_ int fd = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);

		return fd >= 0;
	}
	return true;
}

/* Only a user namespace can have it denied. */
static int read_setgroups_denied(bool *ret, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r = fd_read_file(AT_FDCWD, "/proc/self/setgroups", 64, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read /proc/self/setgroups");
	*ret = strncmp(text, "deny", 4) == 0;
	return 0;
}

int facts_gather(struct plan_facts *ret, struct err *err)
{
	char *own = NULL;
	int r;

	*ret = (struct plan_facts){.euid = geteuid(), .egid = getegid()};
	r = read_in_userns(&ret->in_userns, err);
	if (r < 0)
		return r;
	if (ret->in_userns) {
		r = read_setgroups_denied(&ret->setgroups_denied, err);
		if (r < 0)
			return r;
	}
	ret->cap_sys_admin = may_clone_mounts(ret->in_userns);
	for (unsigned cap = 0; cap < 64; cap++) {
		int set = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		/* The kernel has no more; not even a first one would be news. */
		if (set < 0 && errno == EINVAL && cap > 0)
			break;
		if (set < 0)
			return err_set(err, -errno, "read capability %u of the bounding set", cap);
		ret->cap_last = cap;
		if (set)
			ret->caps_bounding |= UINT64_C(1) << cap;
	}
	ret->cgroup_mount = cgroup_mount_point();
	if (ret->cgroup_mount) {
		r = cgroup_own_path(&own, err);
		if (r < 0)
			return r;
	}
	ret->own_cgroup = own;
	return 0;
}

bool facts_apparmor(void)
{
	_cleanup_free_ char *enabled = NULL;

	return fd_read_file(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &enabled, NULL) >= 0 &&
	       enabled[0] == 'Y';
}

static bool is_selinuxfs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == SELINUX_MAGIC && !(fs.f_flags & ST_RDONLY);
}

/* Its file system at one of the usual places, or anywhere; read-only is how containers are told that there is none. */
static bool selinuxfs_is_mounted(void)
{
	_cleanup_free_ char *text = NULL;
	struct mountinfo mount;
	char *rest;

	if (is_selinuxfs("/sys/fs/selinux") || is_selinuxfs("/selinux"))
		return true;
	if (fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) < 0)
		return false;
	for (rest = text; mountinfo_next(&rest, &mount);)
		if (strcmp(mount.type, "selinuxfs") == 0 && is_selinuxfs(mount.point))
			return true;
	return false;
}

/*
 * Without a policy the kernel takes labels and forgets them: then the only ones are the words of its initial table,
 * such as "kernel"; a label has parts.
 */
bool facts_selinux(void)
{
	_cleanup_free_ char *own = NULL;

	return selinuxfs_is_mounted() && fd_read_file(AT_FDCWD, "/proc/self/attr/current", 4096, &own, NULL) >= 0 &&
	       strchr(own, ':');
}

void facts_free(struct plan_facts *facts)
{
	free((char *)facts->own_cgroup);
	facts->own_cgroup = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup that systemd has made, and what turtle makes below a cgroup, with either driver. systemd gave it the
 * properties of the unit, among them most limits; what it does not know of (hugetlb, rdma, misc, ...) has to be
 * switched on and written by us, as in a cgroup of our own. Below it everything is ours: the unit is made with
 * Delegate=.
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* systemd says that it is done, but whose systemd is it, and what does it call that cgroup? */
static int check_moved(const struct plan_cgroup *plan, pid_t pid, struct err *err)
{
	static const char gone[] = " (deleted)";
	_cleanup_free_ char *path = NULL;
	int r = cgroup_path_of(pid, &path, err);

	if (r < 0)
		return r;
	if (strcmp(path, plan->path) == 0)
		return 0;
	/* A dead process is still listed where it was. */
	if (strlen(path) > strlen(gone) && strcmp(path + strlen(path) - strlen(gone), gone) == 0)
		return err_msg(err, -ESRCH, "systemd unit %s: container init ended on the way", plan->unit.name);
	err_msg(err, -EXDEV, "systemd unit %s: container init is in cgroup %s and not in %s", plan->unit.name, path,
		plan->path);
	return err_hint(err, "is this the systemd of another system, or of one around this cgroup namespace?");
}

/* A child of the cgroup fd with the process in it, and the controllers that fd has. Returns a descriptor. */
static int make_child(int fd, const char *path, const char *name, const struct plan_cgroup *plan, pid_t pid,
		      struct err *err)
{
	_cleanup_free_ char *child_path = NULL;
	_cleanup_close_ int child = -1;
	char text[16];
	int r;

	if (asprintf(&child_path, "%s/%s", path, name) < 0) {
		child_path = NULL;
		return err_set(err, -ENOMEM, "create cgroup %s/%s", path, name);
	}
	if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
		return err_set(err, -errno, "create cgroup %s", child_path);
	child = cgroup_openat(fd, name, O_RDONLY | O_DIRECTORY);
	if (child < 0)
		return err_set(err, child, "open cgroup %s", child_path);
	r = cgroup_hand_over(child, child_path, plan, err);
	if (r < 0)
		return r;
	if (pid > 0) {
		snprintf(text, sizeof(text), "%d", (int)pid);
		r = cgroup_write(child, "cgroup.procs", text);
		if (r < 0)
			return err_set(err, r, "move container init to cgroup %s", child_path);
	}
	/* Only now that no process is in between. No limit of ours is down there: what can't be had is no error. */
	r = cgroup_enable(fd, path, NULL, err);
	return r < 0 ? r : TAKE_FD(child);
}

int cgroup_adopt(const struct plan_cgroup *plan, pid_t pid, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = pid > 0 ? check_moved(plan, pid, err) : 0;

	if (r == 0)
		r = fd = cgroup_open(plan->path, err);
	if (r >= 0)
		r = cgroup_provide(plan, fd, err);
	return r < 0 ? err_wrap(err, "unable to apply cgroup configuration") : TAKE_FD(fd);
}

int cgroup_make_subgroup(const struct plan_cgroup *plan, int fd, pid_t pid, struct err *err)
{
	int r = make_child(fd, plan->path, plan->subgroup, plan, pid, err);

	return r < 0 ? err_wrap(err, "unable to apply cgroup configuration") : r;
}

int cgroup_delegate(const struct plan_cgroup *plan, int fd, pid_t pid, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int child = -1;

	if (asprintf(&path, "%s%s%s", plan->path, plan->subgroup ? "/" : "", plan->subgroup ? plan->subgroup : "") <
	    0) {
		path = NULL;
		return err_set(err, -ENOMEM, "delegate cgroup %s", plan->path);
	}
	child = make_child(fd, path, plan->delegate, plan, pid, err);
	return child < 0 ? err_wrap(err, "unable to apply cgroup configuration") : 0;
}

int cgroup_wait_empty(const char *path, int timeout_ms, struct err *err)
{
	_cleanup_close_ int fd = cgroup_open(path, NULL), events = -1;
	int r = fd;

	if (r >= 0)
		r = events = cgroup_openat(fd, "cgroup.events", O_RDONLY);
	if (r >= 0)
		r = cgroup_wait_event(events, "populated", 0, cgroup_deadline(timeout_ms));
	if (r == -ETIMEDOUT)
		err_msg(err, r, "cgroup %s is not empty after %d ms", path, timeout_ms);
	if (r == -ETIMEDOUT)
		return cgroup_hint_stuck(path, err);
	return r >= 0 || cgroup_gone(r) || r == -EOPNOTSUPP ? 0 : err_set(err, r, "wait for cgroup %s", path);
}

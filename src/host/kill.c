/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill: a signal to a container's init by its pidfd, or to everything in its cgroup. A pid namespace of its own ends
 * with init; without one, what init has started outlives it, and SIGKILL has to reach that too, also when init is gone.
 */
#include "base/mem.h"
#include "base/sys.h"
#include "host/cgroup/cgroup.h"
#include "host/view.h"

#include <errno.h>
#include <signal.h>

/* Whether the container's cgroup is still its own: after a reboot the path may be another's. */
static int usable_cgroup(const struct container *container, const char **ret, struct err *err)
{
	bool same_boot = false;
	int r = state_same_boot(container, &same_boot, err);

	if (r == 0)
		*ret = same_boot ? container->state.cgroup_path : NULL;
	return r;
}

static int signal_cgroup(const char *cgroup, int sig, struct err *err)
{
	return sig == SIGKILL ? cgroup_kill(cgroup, err) : cgroup_signal(cgroup, sig, err);
}

static int signal_init(const struct container *container, int pidfd, int sig, struct err *err)
{
	if (sys_pidfd_send_signal(pidfd, sig) == 0)
		return 0;
	if (errno == ESRCH)
		return err_msg(err, -ESRCH, "unable to signal init: os: process already finished");
	return err_set(err, -errno, "send signal %d to init of container %s", sig, container->id);
}

static int not_running(struct err *err)
{
	return err_msg(err, -ESRCH, "container not running");
}

static int signal_all(const struct container *container, int pidfd, int sig, struct err *err)
{
	const char *cgroup = NULL;
	int r = usable_cgroup(container, &cgroup, err);

	if (r < 0)
		return r;
	if (cgroup)
		return signal_cgroup(cgroup, sig, err);
	/* Nothing of it can be left, or be found. */
	if (pidfd < 0)
		return 0;
	if (sig == SIGKILL && container->state.private_pidns)
		return signal_init(container, pidfd, sig, err);
	return err_msg(err, -ENOTSUP, "container %s has no cgroup by which all its processes could be found",
		       container->id);
}

/* *ret_done: whether that was all there was to do. */
static int kill_leftovers(const struct container *container, bool *ret_done, struct err *err)
{
	const char *cgroup = NULL;
	int r = usable_cgroup(container, &cgroup, err);

	if (r < 0 || !cgroup || !cgroup_is_populated(cgroup))
		return r;
	*ret_done = true;
	return cgroup_kill(cgroup, err);
}

static int kill_container(const struct container *container, int sig, bool all, struct err *err)
{
	enum container_status status;
	_cleanup_close_ int pidfd = -1;
	bool done = false;
	int r;

	if (!container->has_state && container->load_error.code == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	r = state_status(container, false, &status, &pidfd, err);
	if (r < 0)
		return r;
	if (status == STATUS_CREATING)
		return not_running(err);
	if (all)
		return signal_all(container, pidfd, sig, err);
	if (sig == SIGKILL && !container->state.private_pidns) {
		r = kill_leftovers(container, &done, err);
		if (r < 0 || done)
			return r;
	}
	return pidfd < 0 ? not_running(err) : signal_init(container, pidfd, sig, err);
}

int host_kill(const struct host_options *options, const char *id, int sig, bool all, struct err *err)
{
	struct container container;
	int r = view_open_container(options, id, STATE_UNLOCKED, 0, &container, err);

	if (r < 0)
		return r;
	r = kill_container(&container, sig, all, err);
	container_close(&container);
	return r;
}

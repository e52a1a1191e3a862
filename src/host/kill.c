/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill: a signal to a container's init by its pidfd, or to everything in its cgroup. A pid namespace of its own ends
 * with init; without one, what init has started outlives it, and SIGKILL has to reach that too, also when init is gone.
 */
#include "base/mem.h"
#include "base/sys.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/view.h"

#include <errno.h>
#include <signal.h>

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

/* What somebody has moved out of the cgroup is still found, if it is init. */
static int kill_cgroup_and_init(const struct container *container, const char *cgroup, int pidfd, struct err *err)
{
	int r = cgroup_kill(cgroup, err);

	if (r == 0 && pidfd >= 0 && sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		r = err_set(err, -errno, "kill init of container %s", container->id);
	return r;
}

static int signal_all(const struct container *container, const char *cgroup, int pidfd, int sig, struct err *err)
{
	if (cgroup && sig == SIGKILL)
		return kill_cgroup_and_init(container, cgroup, pidfd, err);
	if (cgroup)
		return cgroup_signal(cgroup, sig, err);
	/* Nothing of it can be left, or be found. */
	if (pidfd < 0)
		return 0;
	if (sig == SIGKILL && container->state.private_pidns)
		return signal_init(container, pidfd, sig, err);
	return err_msg(err, -ENOTSUP, "container %s has no cgroup by which all its processes could be found",
		       container->id);
}

static int kill_container(const struct host_options *options, const struct container *container, int sig, bool all,
			  struct err *err)
{
	enum container_status status;
	_cleanup_close_ int pidfd = -1;
	const char *cgroup = NULL;
	/* Without a pid namespace of its own what init has started outlives it. */
	bool leftovers = sig == SIGKILL && !container->state.private_pidns;
	int r;

	if (!container->has_state && container->load_error.code == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	r = state_status(container, false, &status, &pidfd, err);
	if (r < 0)
		return r;
	if (status == STATUS_CREATING)
		return not_running(err);
	if (all || leftovers)
		r = claim_cgroup_alone(options, container, pidfd >= 0, &cgroup, err);
	if (r < 0)
		return r;
	if (all)
		return signal_all(container, cgroup, pidfd, sig, err);
	if (leftovers && cgroup && cgroup_is_populated(cgroup))
		return kill_cgroup_and_init(container, cgroup, pidfd, err);
	return pidfd < 0 ? not_running(err) : signal_init(container, pidfd, sig, err);
}

int host_kill(const struct host_options *options, const char *id, int sig, bool all, struct err *err)
{
	struct container container;
	int r = view_open_container(options, id, STATE_UNLOCKED, 0, &container, err);

	if (r < 0)
		return r;
	r = kill_container(options, &container, sig, all, err);
	container_close(&container);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete: the other end of create. It must work on what any create, start or delete left behind, however it was killed:
 * it trusts only the state file (written before each side effect) and the kernel.
 */
#include "host/delete.h"

#include "base/mem.h"
#include "base/sys.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/hooks.h"
#include "host/host.h"
#include "host/mapped.h"
#include "host/rdt.h"
#include "host/unit.h"
#include "host/view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#define END_MS  10000 /* for processes to end and for the cgroup to become empty */
#define LOCK_MS 10000 /* for another turtle that works on this container */

/* SIGKILL and wait for the end; a pidfd is readable then, zombie or not. */
static int end_init(pid_t pid, int pidfd, struct err *err)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return err_set(err, -errno, "kill container init %d", (int)pid);
	do
		n = poll(&p, 1, END_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, -errno, "wait for container init %d", (int)pid);
	if (n == 0)
		return err_msg(err, -ETIMEDOUT,
			       "container init still running: process %d does not end %d s after SIGKILL (in "
			       "uninterruptible sleep?)",
			       (int)pid, END_MS / 1000);
	return 0;
}

/* The container's processes and its cgroup. */
static int end_cgroup(const struct container *container, int pidfd, struct err *err)
{
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_NONE;
	const struct container_state *st = &container->state;
	const char *cgroup;
	int r = claim_cgroup(container, &cgroup, err);

	if (r < 0)
		return r;
	/* It connects while the processes die; where it can't be started, they die all the same. */
	if (cgroup && st->systemd_unit)
		(void)systemd_open(st->systemd_user, &systemd, NULL);
	if (cgroup) {
		/* One write ends everything at once, init included, so nothing forks away. */
		r = cgroup_kill(cgroup, err);
		if (r < 0)
			return r;
	}
	if (pidfd >= 0) {
		r = end_init(st->pid, pidfd, err);
		/* An init that is dead itself waits for all of its pid namespace. */
		if (r == -ETIMEDOUT && cgroup)
			return cgroup_hint_stuck(cgroup, err);
		if (r < 0)
			return r;
	}
	if (cgroup && st->systemd_unit)
		return unit_end(&systemd, st->systemd_user, st->systemd_unit, cgroup, END_MS, err);
	return cgroup ? cgroup_remove(cgroup, END_MS, err) : 0;
}

int container_destroy(struct container *container, int pidfd, bool force, struct err *err)
{
	const struct container_state *st = &container->state;
	_cleanup_free_ char *state = NULL;
	int r;

	r = end_cgroup(container, pidfd, err);
	if (r == 0)
		r = rdt_end(container, force, err);
	if (r < 0)
		return r;
	r = state_remove(container, err);
	if ((r == -EACCES || r == -EPERM) && mapped_remove_notify(container) == 0)
		r = state_remove(container, err);
	if (r < 0)
		return r;
	if (container->has_state && st->n_poststop > 0) {
		const struct hooks_place place = hooks_place(st->bundle, st->annotations, st->n_annotations);

		state = container_state_json(st, "stopped", 0);
		if (!state)
			return err_set(err, -ENOMEM, "describe the container to its poststop hooks");
		hooks_run_all("poststop", st->poststop, st->n_poststop, state, &place);
	}
	return 0;
}

/* As much as can be found: failures show themselves in the wait for the lock. */
static void kill_under_lock(const struct host_options *options, const struct container *container, struct err *err)
{
	_cleanup_close_ int pidfd = -1;
	enum container_status status;
	const char *cgroup = NULL;

	if (!container->has_state)
		return;
	(void)state_status(container, false, &status, &pidfd, err);
	if (claim_cgroup_alone(options, container, pidfd >= 0, &cgroup, err) == 0 && cgroup)
		(void)cgroup_kill(cgroup, err);
	if (pidfd >= 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
}

/*
 * With force, whoever holds the lock for long is ended by taking the container from under it: a create sees its init
 * die and undoes itself.
 */
static int open_for_delete(const struct host_options *options, const char *id, bool force, struct container *ret,
			   struct err *err)
{
	struct container peek = {.root_fd = -1, .dir_fd = -1};
	int r;

	r = view_open_container(options, id, STATE_EXCLUSIVE, 0, ret, err);
	if (r != -ETIMEDOUT)
		return r;
	if (force && view_open_container(options, id, STATE_UNLOCKED, 0, &peek, err) == 0) {
		kill_under_lock(options, &peek, err);
		container_close(&peek);
	}
	return view_open_container(options, id, STATE_EXCLUSIVE, LOCK_MS, ret, err);
}

/*
 * Of a container whose init has ended there is mostly nothing but an empty cgroup. What is in there otherwise may be
 * another's, who has taken the empty cgroup over.
 */
static int settle_cgroup(const struct host_options *options, struct container *container, struct err *err)
{
	const char *cgroup;
	int r = claim_cgroup(container, &cgroup, err);

	/* A unit is systemd's to remove. */
	if (r == 0 && cgroup && !container->state.systemd_unit && cgroup_remove_idle(cgroup, NULL) == 0)
		cgroup = NULL;
	if (r == 0 && cgroup)
		r = claim_cgroup_alone(options, container, false, &cgroup, err);
	if (r == 0 && !cgroup)
		container->state.own_cgroup = false;
	return r;
}

static int delete_locked(const struct host_options *options, struct container *container, bool force, struct err *err)
{
	_cleanup_close_ int pidfd = -1;
	enum container_status status;
	int r;

	if (!container->has_state) {
		/* Without a state file nothing was made yet (write-ahead). With one that can't be read we would not
		 * know what to clean, so it stays. */
		if (container->load_error.code && container->load_error.code != -ENOENT) {
			if (err)
				*err = container->load_error;
			return err_hint(err, "the container's processes and cgroup, if any, are left as they are");
		}
		return container_destroy(container, -1, force, err);
	}
	r = view_status(container, &status, &pidfd, err);
	if (r < 0)
		return r;
	if (!force && (status == STATUS_RUNNING || status == STATUS_PAUSED))
		return err_msg(err, -EBUSY, "cannot delete container %s that is not stopped: %s", container->id,
			       container_status_name(status));
	r = pidfd < 0 ? settle_cgroup(options, container, err) : 0;
	return r < 0 ? r : container_destroy(container, pidfd, force, err);
}

int container_delete(const struct host_options *options, struct container *container, struct err *err)
{
	int r = container_lock(container, 0, err);

	if (r == -ETIMEDOUT) {
		kill_under_lock(options, container, err);
		r = container_lock(container, LOCK_MS, err);
	}
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : delete_locked(options, container, true, err);
}

int host_delete(const struct host_options *options, const char *id, bool force, struct err *err)
{
	struct container container = {.root_fd = -1, .dir_fd = -1};
	int r = open_for_delete(options, id, force, &container, err);

	if (r == -ENOENT && force)
		return 0;
	if (r < 0)
		return r;
	r = delete_locked(options, &container, force, err);
	container_close(&container);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is now: asked from the kernel each time, never remembered. */
#include "host/state/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
		[STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
	};

	return names[status];
}

enum container_status state_status_of(bool created, bool has_pid, bool alive, bool start_pending, bool frozen)
{
	if (has_pid && !alive)
		return STATUS_STOPPED;
	if (!created)
		return STATUS_CREATING;
	if (!has_pid)
		return STATUS_STOPPED;
	if (frozen)
		return STATUS_PAUSED;
	return start_pending ? STATUS_CREATED : STATUS_RUNNING;
}

int state_same_boot(const struct container *container, bool *ret, struct err *err)
{
	const char *boot_id;
	int r = state_boot_id(&boot_id, err);

	if (r == 0)
		*ret = container->state.boot_id && strcmp(boot_id, container->state.boot_id) == 0;
	return r;
}

/*
 * Whether a command is at work on making the container: it holds the lock then. A turtle that was killed before it had
 * a process to write down leaves the phase behind, but no lock.
 */
static bool is_being_made(const struct container *container)
{
	_cleanup_close_ int fd = -1;

	if (container->locked)
		return false;
	fd = openat(container->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && state_lock_fd(fd, STATE_SHARED, 0) == -ETIMEDOUT;
}

/* Whether init lives; *ret_pidfd, when asked for, is of it then. */
static int find_init(const struct container *container, bool *ret_alive, int *ret_pidfd, struct err *err)
{
	const struct container_state *state = &container->state;
	_cleanup_close_ int pidfd = -1;
	bool same_boot = false;
	uint64_t start_time;
	int r;

	*ret_alive = false;
	/* The pidfd first: if the process that it pins had this start time, it is init, and stays it. */
	if (ret_pidfd) {
		pidfd = sys_pidfd_open(state->pid, 0);
		if (pidfd < 0 && errno == ESRCH)
			return 0;
		/* Also a thread of somebody else may have the number now. */
		if (pidfd < 0 && (errno == EINVAL || errno == ENOENT))
			return 0;
		if (pidfd < 0)
			return err_set(err, -errno, "open process %d of container %s", state->pid, container->id);
	}
	r = state_pid_start_time(state->pid, &start_time);
	if (r == -ESRCH && pidfd >= 0 && !fd_pidfd_has_ended(pidfd)) {
		err_msg(err, -EACCES, "process %d of container %s lives, but is not to be seen in /proc", state->pid,
			container->id);
		return err_hint(err, "mounted with hidepid?");
	}
	if (r == -ESRCH || (r == 0 && start_time != state->start_time))
		return 0;
	if (r < 0)
		return err_set(err, r, "read /proc/%d/stat of container %s", state->pid, container->id);
	r = state_same_boot(container, &same_boot, err);
	if (r < 0)
		return r;
	*ret_alive = same_boot;
	if (ret_pidfd && same_boot)
		*ret_pidfd = TAKE_FD(pidfd);
	return 0;
}

int state_status(const struct container *container, bool frozen, enum container_status *ret, int *ret_pidfd,
		 struct err *err)
{
	bool created, has_pid = container->state.pid > 0, alive = false, start_pending = false;
	int pidfd = -1, r;

	if (!container->has_state) {
		if (err)
			*err = container->load_error;
		return container->load_error.code;
	}
	created = strcmp(container->state.phase, "created") == 0;
	if (has_pid) {
		r = find_init(container, &alive, ret_pidfd ? &pidfd : NULL, err);
		if (r < 0)
			return r;
	} else if (!created && !is_being_made(container)) {
		/* Nothing will come of it any more. */
		has_pid = true;
	}
	if (alive && created)
		start_pending = faccessat(container->dir_fd, STATE_START, F_OK, 0) == 0;
	*ret = state_status_of(created, has_pid, alive, start_pending, frozen);
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	return 0;
}

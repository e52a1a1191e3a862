/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start: tell the init of a created container to go on, over the socket that it listens on, and wait until it has
 * executed the program. It never waits for a dead one: a connection is refused, or ends, the moment init does.
 */
#include "host/start.h"

#include "base/mem.h"
#include "host/cgroup/cgroup.h"
#include "host/delete.h"
#include "host/hooks.h"
#include "host/host.h"
#include "host/notify.h"
#include "host/talk.h"
#include "host/view.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LOCK_MS    10000 /* for another turtle that works on this container */
#define END_MS     2000  /* for an init that has said why it ends */
#define OOM_END_MS 500   /* for a process to end that the kernel has killed already */

/*
 * An init that the kernel killed in its execve looks like one that has executed the program: the socket closes. One
 * look at the cgroup's count tells them apart, as far as it is not the program itself that was killed at its first
 * breath.
 */
static int check_memory(const struct container *container, int pidfd, int r, struct err *err)
{
	const char *path = container->state.cgroup_path;
	_cleanup_close_ int cgroup = -1;
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	char limit[64];

	if (!path || (r < 0 && r != -EPIPE))
		return r;
	cgroup = cgroup_open(path, NULL);
	if (cgroup < 0 || cgroup_oom_kills(cgroup, limit, sizeof(limit)) == 0)
		return r;
	/* It may have been another one, of a hook; if it is init, it is about to end. */
	if (r == 0 && poll(&p, 1, OOM_END_MS) != 1)
		return 0;
	return err_msg(err, -ENOMEM, "container init was OOM-killed (memory limit too low?): memory.max is %s", limit);
}

int start_connect_agent(const struct container_state *state, struct agent *ret, struct err *err)
{
	int r;

	if (!state->seccomp_agent)
		return 0;
	r = agent_connect(state->seccomp_agent, ret, err);
	return r < 0 ? r : agent_describe(ret, state, "creating", state->pid, state->seccomp_metadata, err);
}

int start_finish(struct container *container, int sock, int pidfd, struct agent *agent, bool *ret_destroy,
		 struct err *err)
{
	const struct container_state *st = &container->state;
	const struct hooks_place place = hooks_place(st->bundle, st->annotations, st->n_annotations);
	_cleanup_free_ char *state = NULL;
	struct err why;
	int r;

	/*
	 * A startContainer hook that fails ends the container, and so does an agent that can't be told; a program that
	 * can't be executed leaves one to look at.
	 */
	r = talk_receive_output(sock, &place, err);
	*ret_destroy = r < 0;
	if (r < 0)
		return r;
	r = talk_receive_exec(sock, agent, ret_destroy, err);
	r = check_memory(container, pidfd, r, err);
	if (r < 0 || st->n_poststart == 0)
		return r;
	*ret_destroy = true;
	state = container_state_json(st, "running", st->pid);
	if (!state)
		return err_set(err, -ENOMEM, "describe the container to its poststart hooks");
	/* No start is due any more: others see a running container. */
	unlinkat(container->dir_fd, STATE_START, 0);
	container_unlock(container);
	r = hooks_run("poststart", st->poststart, st->n_poststart, state, &place, err);
	if (r < 0) {
		/* Whoever deleted it meanwhile has done our work. */
		int locked = container_lock(container, LOCK_MS, &why);

		*ret_destroy = locked == 0;
		if (locked < 0 && locked != -ENOENT)
			err_hint(err, "the container could not be removed: %s", why.msg);
	}
	return r;
}

static int connect_init(const struct container *container, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return err_set(err, -errno, "create a socket");
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" STATE_START, container->dir_fd);
	if (connect(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		/* Nobody listens any more: a start before us was cut off between the execve and its last step. */
		if (errno == ECONNREFUSED) {
			unlinkat(container->dir_fd, STATE_START, 0);
			return err_msg(err, -EBUSY, "cannot start an already running container");
		}
		return err_set(err, -errno, "connect to container init");
	}
	return TAKE_FD(sock);
}

/* An init that could not execute its program has said so and is about to end: who asks next shall see it stopped. */
static void await_end(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	while (poll(&ended, 1, END_MS) < 0 && errno == EINTR)
		;
}

/* *ret_pidfd is of init, and the caller's to close. */
static int start_locked(struct container *container, struct agent *agent, struct notify *notify, int *ret_pidfd,
			struct err *err)
{
	_cleanup_close_ int pidfd = -1, sock = -1;
	enum container_status status;
	struct err why;
	bool destroy;
	int r;

	if (!container->has_state) {
		if (err)
			*err = container->load_error;
		return container->load_error.code;
	}
	r = view_status(container, &status, &pidfd, err);
	if (r < 0)
		return r;
	switch (status) {
	case STATUS_CREATED:
		break;
	case STATUS_STOPPED:
	case STATUS_CREATING: /* we hold the lock, so its creator is gone */
		return err_msg(err, -EINVAL, "cannot start a container that has stopped");
	case STATUS_RUNNING:
		return err_msg(err, -EINVAL, "cannot start an already running container");
	case STATUS_PAUSED:
		return err_msg(err, -EINVAL, "cannot start a container in the paused state");
	}
	r = notify_open(container->dir_fd, notify, err);
	if (r < 0)
		return r;
	/* As long as nothing has begun: it can be started again when its agent is there. */
	r = start_connect_agent(&container->state, agent, err);
	if (r < 0)
		return r;
	sock = connect_init(container, err);
	if (sock < 0)
		return sock;
	r = talk_send(sock, SYNC_START, err);
	destroy = false;
	r = r == 0 ? start_finish(container, sock, pidfd, agent, &destroy, err)
		   : check_memory(container, pidfd, r, err);
	if (r < 0 && destroy) {
		if (container_destroy(container, pidfd, false, &why) < 0)
			err_hint(err, "the container could not be removed: %s", why.msg);
		return r;
	}
	unlinkat(container->dir_fd, STATE_START, 0);
	if (r == 0)
		*ret_pidfd = TAKE_FD(pidfd);
	else
		await_end(pidfd);
	return r;
}

int host_start(const struct host_options *options, const char *id, struct err *err)
{
	struct container container = {.root_fd = -1, .dir_fd = -1};
	struct agent agent = AGENT_NONE;
	struct notify notify = NOTIFY_NONE;
	_cleanup_close_ int pidfd = -1;
	pid_t pid;
	int r = view_open_container(options, id, STATE_EXCLUSIVE, LOCK_MS, &container, err);

	if (r < 0)
		return r;
	r = start_locked(&container, &agent, &notify, &pidfd, err);
	agent_close(&agent);
	pid = container.state.pid;
	/* Others may look and kill while the process gets ready. */
	container_close(&container);
	if (r == 0)
		r = notify_wait(&notify, pid, pidfd, err);
	notify_close(&notify);
	return r;
}

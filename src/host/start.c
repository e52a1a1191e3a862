/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start: tell the init of a created container to go on, over the socket that it listens on, and wait until it has
 * executed the program. It never waits for a dead one: a connection is refused, or ends, the moment init does.
 */
#include "host/start.h"

#include "base/mem.h"
#include "host/delete.h"
#include "host/hooks.h"
#include "host/host.h"
#include "host/talk.h"
#include "host/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LOCK_MS 10000 /* for another turtle that works on this container */

int start_finish(struct container *container, int sock, bool *ret_destroy, struct err *err)
{
	const struct container_state *st = &container->state;
	_cleanup_free_ char *state = NULL;
	int r;

	/* A startContainer hook that fails ends the container; a program that can't be executed leaves one to look at.
	 */
	r = talk_receive_exec(sock, ret_destroy, err);
	if (r < 0 || st->n_poststart == 0)
		return r;
	*ret_destroy = true;
	state = container_state_json(st, "running", st->pid);
	if (!state)
		return err_set(err, -ENOMEM, "describe the container to its poststart hooks");
	return hooks_run("poststart", st->poststart, st->n_poststart, state, st->bundle, err);
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

static int start_locked(struct container *container, struct err *err)
{
	_cleanup_close_ int pidfd = -1, sock = -1;
	enum container_status status;
	struct err ignored;
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
		return err_msg(err, -EINVAL, "cannot start a paused container");
	}
	sock = connect_init(container, err);
	if (sock < 0)
		return sock;
	r = talk_send(sock, SYNC_START, err);
	if (r == 0)
		r = start_finish(container, sock, &destroy, err);
	else
		destroy = false;
	if (r < 0 && destroy) {
		(void)container_destroy(container, pidfd, &ignored);
		return r;
	}
	unlinkat(container->dir_fd, STATE_START, 0);
	return r;
}

int host_start(const struct host_options *options, const char *id, struct err *err)
{
	struct container container = {.root_fd = -1, .dir_fd = -1};
	int r = view_open_container(options, id, STATE_EXCLUSIVE, LOCK_MS, &container, err);

	if (r < 0)
		return r;
	r = start_locked(&container, err);
	container_close(&container);
	return r;
}

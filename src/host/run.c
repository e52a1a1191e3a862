/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: create and start by one process, and (unless detached) stay with the container until its init has ended:
 * signals, terminal, exit status, then delete.
 */
#include "base/log.h"
#include "base/mem.h"
#include "host/console.h"
#include "host/create.h"
#include "host/delete.h"
#include "host/notify.h"
#include "host/run.h"
#include "host/start.h"
#include "host/talk.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int start_created(struct create *c, struct notify *notify, struct err *err)
{
	bool destroy;
	int r;

	r = notify_open(c->container.dir_fd, notify, err);
	if (r < 0 && c->request->detach)
		return r;
	/* Nobody waits for it in the foreground: a variable that a service has left behind is no reason not to run. */
	if (r < 0)
		log_warning("%s", err->msg);
	if (c->agent.socket >= 0) {
		const struct container_state *st = &c->container.state;

		r = agent_describe(&c->agent, st, "creating", st->pid, st->seccomp_metadata, err);
		if (r < 0)
			return r;
	}
	r = talk_send(c->init.sync, SYNC_START, err);
	return r < 0 ? r : start_finish(&c->container, c->init.sync, c->init.pidfd, &c->agent, &destroy, err);
}

static int attached(struct create *c, struct foreground *fg, int *ret_status, struct err *err)
{
	int status, r;

	/* Others may look and kill now. */
	container_unlock(&c->container);
	r = foreground_wait(fg, c->init.pid, c->init.pidfd, c->handover.master, &status, err);
	if (r < 0)
		return r;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int run_prepare(const struct create_request *request, struct foreground *fg, struct err *err)
{
	if (request->detach)
		return 0;
	/* Orphans of the container come to us only where it has no pid namespace of its own. */
	if (!request->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_set(err, -errno, "become a subreaper");
	return foreground_prepare(fg, err);
}

int run_attached(struct create *c, struct foreground *fg, int *ret_status, struct err *err)
{
	struct err why;
	int gone, r;

	/* A connection for each container that runs would be a burden to the bus. */
	systemd_close(&c->systemd);
	r = attached(c, fg, ret_status, err);
	/* Whoever deleted the container meanwhile has done our work, and may have made another one. */
	gone = c->request->keep && r == 0 ? 0 : container_delete(c->options, &c->container, &why);
	if (gone < 0 && r == 0) {
		r = gone;
		if (err)
			*err = why;
	}
	return r;
}

int host_run(const struct host_options *options, const struct create_request *request, int *ret_status, struct err *err)
{
	struct create c = {.options = options, .request = request, .run = true};
	struct foreground fg = {.signal_fd = -1};
	struct notify notify = NOTIFY_NONE;
	int r;

	r = state_check_id(request->id, err);
	if (r < 0)
		return r;
	r = create_preserve_fds(&c, err);
	if (r < 0)
		return r;
	r = run_prepare(request, &fg, err);
	if (r < 0)
		return r;
	r = create_container(&c, err);
	if (r == 0) {
		r = start_created(&c, &notify, err);
		if (r < 0) {
			/* Else poststart hooks have failed, and it is gone or another's to remove. */
			if (c.container.locked)
				create_undo(&c);
		} else if (!request->detach) {
			fg.notify = &notify;
			r = run_attached(&c, &fg, ret_status, err);
		} else {
			container_close(&c.container);
			r = notify_wait(&notify, c.init.pid, c.init.pidfd, err);
			*ret_status = 0;
		}
	}
	notify_close(&notify);
	if (!request->detach)
		foreground_finish(&fg);
	create_close(&c);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See handover.h. */
#include "host/handover.h"

#include "base/fd.h"
#include "base/sys.h"
#include "base/mem.h"
#include "config/names.h"
#include "host/console.h"
#include "host/pidfile.h"
#include "host/talk.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

int handover_check(const struct handover *handover, bool terminal, bool detached, struct err *err)
{
	if (terminal && detached && !handover->console_path)
		return err_msg(err, -EINVAL, "cannot allocate tty if runc will detach without setting console socket");
	if (handover->console_path && (!terminal || !detached))
		return err_msg(err, -EINVAL, "cannot use console socket if runc will not detach or allocate tty");
	return 0;
}

int handover_connect(struct handover *handover, struct err *err)
{
	if (handover->console_path) {
		handover->console_socket = fd_connect_unix(handover->console_path, "console socket", err);
		if (handover->console_socket < 0)
			return handover->console_socket;
	}
	if (handover->pidfd_path) {
		handover->pidfd_socket = fd_connect_unix(handover->pidfd_path, "pidfd socket", err);
		if (handover->pidfd_socket < 0)
			return handover->pidfd_socket;
	}
	return 0;
}

int handover_terminal(struct handover *handover, int sync, struct err *err)
{
	int master = -1, r = talk_receive(sync, SYNC_TTY, NULL, &master, err);

	if (r < 0)
		return r;
	if (master < 0)
		return err_msg(err, -EPROTO, "container init sent no terminal");
	return handover_take_terminal(handover, master, err);
}

int handover_take_terminal(struct handover *handover, int master, struct err *err)
{
	int r = 0;

	handover->master = master;
	if (handover->console_socket >= 0) {
		r = console_send(handover->console_socket, handover->master, err);
		close(TAKE_FD(handover->master));
	} else {
		console_adapt(handover->master);
	}
	return r;
}

int handover_pidfd(struct handover *handover, int pidfd, const char *payload, struct err *err)
{
	int r;

	if (handover->pidfd_socket < 0)
		return 0;
	r = fd_send_fd(handover->pidfd_socket, pidfd, payload, strlen(payload));
	close(TAKE_FD(handover->pidfd_socket));
	return r < 0 ? err_set(err, r, "send the pidfd to %s", handover->pidfd_path) : 0;
}

int handover_pid(struct handover *handover, pid_t pid, struct err *err)
{
	int r;

	if (!handover->pid_file)
		return 0;
	r = pidfile_write(handover->pid_file, pid, err);
	handover->pid_file_written = r == 0;
	return r;
}

void handover_undo_pid(struct handover *handover)
{
	if (handover->pid_file_written)
		unlink(handover->pid_file);
	handover->pid_file_written = false;
}

void handover_close(struct handover *handover)
{
	cleanup_close(&handover->console_socket);
	cleanup_close(&handover->pidfd_socket);
	cleanup_close(&handover->master);
	handover->console_socket = handover->pidfd_socket = handover->master = -1;
}

int process_rlimits(const struct plan *plan, pid_t pid, struct err *err)
{
	for (size_t i = 0; i < plan->n_rlimits; i++) {
		const struct plan_rlimit *limit = &plan->rlimits[i];
		const struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};

		if (prlimit(pid, limit->resource, &value, NULL) < 0)
			return err_set(err, -errno, "set %s to %llu:%llu", name_of_rlimit(limit->resource),
				       (unsigned long long)limit->soft, (unsigned long long)limit->hard);
	}
	return 0;
}

int process_scheduling(const struct plan *plan, pid_t pid, struct err *err)
{
	const struct init_plan *init = plan->init;
	const struct plan_scheduler *s = plan_at(init, init->scheduler);

	if (!(init->flags & PLAN_HOST_SCHEDULING))
		return 0;
	if (s && sys_sched_setattr(pid, &s->attr) < 0) {
		int r = err_set(err, -errno, "process.scheduler: set %s", plan_str(init, s->policy));
		const char *why = plan_str(init, r == -EPERM ? s->denied : s->invalid);

		return why ? err_hint(err, "%s", why) : r;
	}
	if (init->io_priority && sys_ioprio_set(pid, init->io_priority) < 0)
		return err_set(err, -errno, "process.ioPriority: set the class and priority");
	return 0;
}

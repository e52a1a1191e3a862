/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain user's container with CAP_SYS_ADMIN can make its view of ROOT/ID/notify writable, and leave directories there
 * that belong to one of its other ids, in which the user may remove nothing. The root of a user namespace with the same
 * maps may; it is a child of ours that does this and ends.
 */
#include "host/mapped.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "config/config.h"
#include "host/idmap.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void in_child(const struct container *container, int sock)
{
	char c;

	/* Until we are mapped, what we make or remove has no owner that the kernel could check. */
	if (read(sock, &c, 1) != 1)
		_exit(EACCES);
	_exit(-state_remove_notify(container));
}

static int remove_mapped(const struct container *container, const struct plan *plan)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	_cleanup_close_ int ours = -1, theirs = -1;
	int ends[2], status = 0, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	pid = sys_clone3(&args);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(ours);
		in_child(container, theirs);
	}
	cleanup_close(&theirs);
	r = idmap_write(plan, pid, NULL);
	if (r == 0 && send(ours, "", 1, MSG_NOSIGNAL) != 1)
		r = -EPIPE;
	cleanup_close(&ours);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (r < 0)
		return r;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPIPE;
}

int mapped_remove_notify(const struct container *container)
{
	_cleanup_free_ char *text = NULL;
	struct plan plan = {.new_userns = true};
	struct bundle bundle;
	const struct oci_linux *l;
	int r;

	if (!container->has_state)
		return -ENOENT;
	r = fd_read_file(container->dir_fd, STATE_CONFIG, OCISPEC_MAX_SIZE, &text, NULL);
	if (r == 0)
		r = bundle_from_text(container->state.bundle, text, &bundle, NULL);
	if (r < 0)
		return r;
	l = bundle.config->linux_;
	if (l && l->n_uid_mappings && l->n_gid_mappings) {
		plan.uid_map = l->uid_mappings;
		plan.n_uid_map = l->n_uid_mappings;
		plan.gid_map = l->gid_mappings;
		plan.n_gid_map = l->n_gid_mappings;
		r = remove_mapped(container, &plan);
	} else {
		r = -EACCES;
	}
	bundle_close(&bundle);
	return r;
}

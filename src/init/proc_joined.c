/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procfs of a joined pid namespace, for a container that is built outside (PLAN_BUILD_OUTSIDE). A procfs is that of
 * the pid namespace in which fsopen(2) is called, so somebody has to be in there, where all others can look at him: a
 * process that has no descriptor but a socket, and no directory but one that is empty and mounted nowhere. To be so
 * from its first moment on it is the child of one that has prepared that outside.
 */
#include "init/init.h"

#include "base/fs.h"

#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* An answer is this, or the first field of it together with the descriptors. */
struct answer {
	uint32_t n;
	struct err err;
};

static unsigned count_procs(const struct init_plan *plan)
{
	const struct plan_mount *mounts = plan_items(plan, plan->mounts, struct plan_mount);
	unsigned n = 0;

	for (uint32_t i = 0; i < plan->mounts.n; i++)
		n += mounts[i].kind == PLAN_MOUNT_PROC;
	return n;
}

static int join(const struct init *init, uint32_t type, struct err *err)
{
	const struct plan_join *joins = plan_items(init->plan, init->plan->joins, struct plan_join);

	for (uint32_t i = 0; i < init->plan->joins.n; i++)
		if (joins[i].type == type && setns(init->fds[i], (int)type) < 0)
			return err_set(err, -errno, "join namespace %s", plan_str(init->plan, joins[i].path));
	return 0;
}

/* The right to it may be only in the user namespace; the right to mount is in a mount namespace of one's own. */
static int prepare(struct init *init, int sock, struct err *err)
{
	_cleanup_close_ int empty = -1;
	int r = join(init, CLONE_NEWPID, err);

	if (r == -EPERM) {
		err_clear(err);
		r = join(init, CLONE_NEWUSER, err);
		if (r == 0)
			r = join(init, CLONE_NEWPID, err);
	}
	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0)
		return err_set(err, -errno, "unshare the mount namespace");
	empty = mask_empty(init, err);
	if (empty < 0)
		return empty;
	if (fchdir(empty) < 0 || chroot(".") < 0)
		return err_set(err, -errno, "enter an empty root");
	if (sys_close_range(0, (unsigned)sock - 1, 0) < 0 || sys_close_range((unsigned)sock + 1, ~0U, 0) < 0)
		return err_set(err, -errno, "close descriptors");
	empty = -1;
	/* Another user namespace has made us visible. */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? err_set(err, -errno, "prctl PR_SET_DUMPABLE") : 0;
}

static int send_fds(int sock, const int *fds, unsigned n, struct err *err)
{
	struct answer answer = {.n = n};
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = &answer, .iov_len = sizeof(answer.n)};
	struct msghdr hdr = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&hdr);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	return sendmsg(sock, &hdr, MSG_NOSIGNAL) < 0 ? err_set(err, -errno, "pass procfs") : 0;
}

/* In the pid namespace. */
static int open_all(int sock, unsigned n, struct err *err)
{
	int fds[SYNC_MAX_FDS];

	for (unsigned i = 0; i < n; i++) {
		fds[i] = fs_open("proc", err);
		if (fds[i] < 0)
			return fds[i];
	}
	return send_fds(sock, fds, n, err);
}

static _Noreturn void end(int sock, int r, const struct err *err)
{
	const struct answer answer = {.err = *err};

	if (r < 0)
		(void)!write(sock, &answer, sizeof(answer));
	leave(r < 0);
}

static _Noreturn void in_child(struct init *init, int sock, unsigned n)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	struct err err = {0};
	int r = prepare(init, sock, &err);
	pid_t pid;

	if (r < 0)
		end(sock, r, &err);
	pid = sys_clone3(&args);
	if (pid == 0)
		end(sock, open_all(sock, n, &err), &err);
	if (pid < 0)
		end(sock, err_set(&err, -errno, "clone a process in the joined pid namespace"), &err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	leave(0);
}

static int receive_fds(struct init *init, int sock, unsigned n, struct err *err)
{
	struct answer answer = {0};
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = &answer, .iov_len = sizeof(answer)};
	struct msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg;
	ssize_t got;

	do
		got = recvmsg(sock, &hdr, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(err, -errno, "receive procfs");
	if (got == (ssize_t)sizeof(answer) && answer.err.code < 0) {
		*err = answer.err;
		return err->code;
	}
	cmsg = CMSG_FIRSTHDR(&hdr);
	if (got != (ssize_t)sizeof(answer.n) || !cmsg || cmsg->cmsg_type != SCM_RIGHTS || answer.n != n ||
	    cmsg->cmsg_len != CMSG_LEN(n * sizeof(int)))
		return err_msg(err, -EPIPE, "the process in the joined pid namespace was killed");
	memcpy(init->procs, CMSG_DATA(cmsg), n * sizeof(int));
	init->n_procs = n;
	return 0;
}

int proc_of_joined(struct init *init, struct err *err)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	unsigned n = count_procs(init->plan);
	int ends[2], r;
	pid_t pid;

	if (n == 0)
		return 0;
	if (n > SYNC_MAX_FDS)
		return err_msg(err, -E2BIG, "%u mounts of procfs", n);
	init->procs = pages(n * sizeof(int));
	if (!init->procs || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, -errno, "prepare for procfs");
	pid = sys_clone3(&args);
	if (pid == 0)
		in_child(init, ends[1], n);
	r = pid < 0 ? err_set(err, -errno, "clone a process for procfs") : 0;
	close(ends[1]);
	if (r == 0)
		r = receive_fds(init, ends[0], n, err);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r < 0 ? err_wrap(err, "procfs of the joined pid namespace") : 0;
}

/* Until it closes all: a procfs of the joined pid namespace has no /proc/self for it. */
int proc_of_builder(struct init *init, struct err *err)
{
	return proc_open(init, 0, err);
}

int proc_context(struct init *init, struct err *err)
{
	for (unsigned i = 0; i < init->n_procs; i++)
		if (init->procs[i] >= 0)
			return take_fd(&init->procs[i]);
	return fs_open("proc", err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clone. What runs between clone3 and execve of turtle-init is the few lines of in_child(); everything else of the
 * container's side is turtle-init's. With a stage (namespaces to join that a process can't simply enter for itself) the
 * first clone is in the host's namespaces and makes the real init as its sibling; we only learn the pid.
 */
#include "host/spawn.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "config/names.h"
#include "host/state/state.h"
#include "host/talk.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PF_FORKNOEXEC 0x40 /* among a task's flags: forked, but not executed anything; as old as the field */

/* init_blob.S */
extern const char turtle_init_start[], turtle_init_end[];

int init_image_make(const struct plan *plan, struct init_image *ret, struct err *err)
{
	_cleanup_close_ int program = -1, block = -1;

	program = fd_sealed_memfd("turtle-init", turtle_init_start, (size_t)(turtle_init_end - turtle_init_start), 1,
				  err);
	if (program < 0)
		return program;
	block = fd_sealed_memfd("turtle-plan", plan->init, plan->init_size, 0, err);
	if (block < 0)
		return block;
	ret->program = TAKE_FD(program);
	ret->plan = TAKE_FD(block);
	return 0;
}

void init_image_close(struct init_image *image)
{
	cleanup_close(&image->program);
	cleanup_close(&image->plan);
	image->program = image->plan = -1;
}

/*
 * The first process of a user namespace has all capabilities in it, but until the ids are mapped it is nobody there,
 * and execve leaves a nobody only those of the ambient set. turtle-init empties that set again with the credentials.
 */
static int keep_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (sys_capget(&header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		data[i].inheritable = data[i].permitted;
	if (sys_capset(&header, data) < 0)
		return -errno;
	for (unsigned long cap = 0; cap < 64; cap++)
		if (data[cap / 32].permitted >> cap % 32 & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}

/*
 * What must be as the caller's before the container's side begins. In a new user namespace the score waits for the
 * host, which has the right to lower it.
 */
static int settle_child(const struct spawn_request *request, int procs, struct err *err)
{
	const struct plan *plan = request->plan;
	char value[16];
	int r;

	if (procs >= 0 && write(procs, "0", 1) < 0)
		return err_set(err, -errno, "enter cgroup %s", request->cgroup);
	if (request->passed->raised && setrlimit(RLIMIT_NOFILE, &request->passed->nofile) < 0)
		return err_set(err, -errno, "put the limit of open files back");
	if (chdir(request->cwd) < 0)
		return err_set(err, -errno, "enter bundle %s", request->cwd);
	if (plan->oom_score_adj.set && !plan->new_userns) {
		snprintf(value, sizeof(value), "%d", plan->oom_score_adj.value);
		r = fd_write_file(AT_FDCWD, "/proc/self/oom_score_adj", value, strlen(value));
		if (r < 0)
			return err_set(err, r, "process.oomScoreAdj: write %s to /proc/self/oom_score_adj", value);
	}
	if (plan->clone_flags & CLONE_NEWUSER) {
		r = keep_capabilities();
		if (r < 0)
			return err_set(err, r, "keep the capabilities of the new user namespace");
	}
	return 0;
}

struct child {
	const struct spawn_request *request;
	int sync, procs; /* procs: the cgroup to enter, or -1 */
	const char *numbers;
};

/*
 * The child: let the three descriptors through and become turtle-init. A failure travels like one of init's. It may be
 * in turtle's own memory, so nothing in there is changed.
 */
static void in_child(void *arg)
{
	const struct child *child = arg;
	const struct spawn_request *request = child->request;
	char *const argv[] = {(char *)"turtle-init", (char *)child->numbers, NULL}, *const no_env[] = {NULL};
	struct sync_msg msg = {.type = SYNC_ERROR};

	if (settle_child(request, child->procs, &msg.err) == 0) {
		fcntl(child->sync, F_SETFD, 0);
		fcntl(request->image->plan, F_SETFD, 0);
		if (request->listen_fd >= 0)
			fcntl(request->listen_fd, F_SETFD, 0);
		sys_execveat(request->image->program, "", argv, no_env, AT_EMPTY_PATH);
		err_set(&msg.err, -errno, "execute turtle-init");
	}
	(void)!write(child->sync, &msg, sizeof(msg));
	_exit(1);
}

/*
 * A copy of turtle's memory that lives until execve costs as much as a mount, so the child of a create does without,
 * and turtle stands still as long. An exec may be born into a cgroup that is frozen, or that somebody freezes just
 * then: it must not stand still with the container's lock in its hands.
 */
static pid_t clone_child(struct clone_args *args, struct child *child, bool copy)
{
	static _Alignas(16) char stack[32 * 1024];
	pid_t pid;

	if (!copy)
		return sys_clone3_vfork(args, stack, sizeof(stack), in_child, child);
	pid = sys_clone3(args);
	if (pid == 0)
		in_child(child);
	return pid;
}

int init_adopt(struct init_process *init, struct err *err)
{
	struct sync_msg msg;
	int r;

	r = talk_receive(init->sync, SYNC_PID, &msg, &init->pidfd, err);
	if (r < 0)
		return r;
	if (msg.value <= 0 || init->pidfd < 0)
		return err_msg(err, -EPROTO, "the intermediate process named no container init");
	init->pid = msg.value;
	return 0;
}

int init_reap_stage(struct init_process *init, struct err *err)
{
	while (init->stage > 0 && waitpid(init->stage, NULL, 0) < 0)
		if (errno != EINTR)
			return err_set(err, -errno, "wait for the intermediate process");
	init->stage = 0;
	return 0;
}

int init_spawn(const struct spawn_request *request, struct init_process *ret, struct err *err)
{
	const struct plan *plan = request->plan;
	int pidfd = -1, ends[2];
	struct clone_args args = {
		.flags = plan->clone_flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
	_cleanup_close_ int procs = -1;
	struct child child;
	char numbers[48];
	pid_t pid;
	int r;

	/*
	 * A cgroup that is there may once have been told to kill (see init_was_born_dead). A new one never was, nor,
	 * mostly, that of the caller.
	 */
	if (request->cgroup_fd >= 0 && request->enter) {
		procs = openat(request->cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (procs < 0)
			return err_set(err, -errno, "open cgroup.procs of cgroup %s", request->cgroup);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, -errno, "create the socket pair for container init");
	if (request->cgroup_fd >= 0 && procs < 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)request->cgroup_fd;
	}
	snprintf(numbers, sizeof(numbers), "%d %d %d", ends[1], request->image->plan, request->listen_fd);
	child = (struct child){.request = request, .sync = ends[1], .procs = procs, .numbers = numbers};
	pid = clone_child(&args, &child, plan->init->flags & PLAN_EXEC);
	r = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		err_set(err, r, "clone container init");
		if (r == -ENOSPC || r == -EUSERS)
			err_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached");
		else if (r == -EPERM && (plan->clone_flags & CLONE_NEWUSER))
			err_hint(err, "are user namespaces allowed here? see user_namespaces(7)");
		return r;
	}
	ret->sync = ends[0];
	if (plan->stage) {
		ret->stage = pid;
		close(pidfd);
	} else {
		ret->pid = pid;
		ret->pidfd = pidfd;
	}
	return talk_send_fds(ret->sync, request->passed->fds, request->passed->n, err);
}

pid_t init_builder(const struct init_process *init)
{
	return init->pid > 0 ? init->pid : init->stage;
}

/* Of a process that may be a zombie: whether it is what the clone has made, and no more. */
static bool has_not_executed(pid_t pid)
{
	struct pid_stat stat;

	return state_read_stat(pid, &stat) == 0 && stat.flags & PF_FORKNOEXEC;
}

bool init_has_hung_up(const struct init_process *init)
{
	struct pollfd sync = {.fd = init->sync};

	return poll(&sync, 1, 0) == 1 && sync.revents & POLLHUP;
}

bool init_was_born_dead(const struct init_process *init)
{
	pid_t pid = init_builder(init);
	siginfo_t info = {0};
	int wait;

	if (pid <= 0)
		return false;
	wait = init_has_hung_up(init) ? 0 : WNOHANG;
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | wait) == 0 && info.si_pid == pid &&
	       info.si_code == CLD_KILLED && info.si_status == SIGKILL && has_not_executed(pid);
}

void init_destroy(struct init_process *init)
{
	cleanup_close(&init->sync);
	if (init->stage > 0) {
		kill(init->stage, SIGKILL);
		while (waitpid(init->stage, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (init->pid > 0) {
		sys_pidfd_send_signal(init->pidfd, SIGKILL);
		while (waitpid(init->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	cleanup_close(&init->pidfd);
	*init = INIT_PROCESS_NONE;
}

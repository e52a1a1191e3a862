/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding, starting and ending criu.
 *
 * For a restore it runs with the caller's standard input, which may be the terminal of a shell job, and in the caller's
 * session, which that needs. What it has to say is in its log; signals are as after boot. The mount that it needs for a
 * root is made in a mount namespace that it alone has, so nothing is ever mounted on the host.
 */
#include "host/criu/criu.h"

#include "base/default_path.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define END_MS 10000

extern char **environ;

/* How far the new process came, over a pipe that its execve closes. */
struct failure {
	int32_t code;
	char step[60];
};

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The caller's search path, as engines set it; an entry relative to the current directory could be anybody's. */
static int find_criu(char ret[static PATH_MAX], struct err *err)
{
	const char *path = getenv("PATH");

	for (const char *p = path && *path ? path : DEFAULT_PATH; *p;) {
		size_t n = strcspn(p, ":");

		if (n > 0 && *p == '/' && n + sizeof("/criu") <= PATH_MAX) {
			memcpy(ret, p, n);
			memcpy(ret + n, "/criu", sizeof("/criu"));
			if (is_program(ret))
				return 0;
		}
		p += n + (p[n] == ':');
	}
	err_msg(err, -ENOENT, "criu: executable file not found in $PATH");
	return err_hint(err, "checkpoint and restore are CRIU's work: install it, the package is mostly called criu");
}

int criu_find(struct err *err)
{
	char path[PATH_MAX];

	return find_criu(path, err);
}

static int make_mounts(const struct criu_start *start)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
	    mount(start->root, start->root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	if (start->root_readonly) {
		const struct sys_mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};

		if (sys_mount_setattr(AT_FDCWD, start->root, 0, &readonly) < 0)
			return -errno;
	}
	for (size_t i = 0; i < start->n_binds; i++) {
		const struct criu_bind *bind = &start->binds[i];
		const struct sys_mount_attr attr = {.attr_set = bind->attributes};

		if (mount(bind->path, bind->path, NULL, MS_BIND | MS_REC, NULL) < 0 ||
		    sys_mount_setattr(AT_FDCWD, bind->path, 0, &attr) < 0)
			return -errno;
	}
	return 0;
}

/* The directory at the path of fd, as the mount namespace that we are in by now has it. */
static int open_again(int fd)
{
	char link[32], path[PATH_MAX];
	struct stat st, again;
	ssize_t n;
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	r = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || fstat(fd, &st) < 0 || fstat(r, &again) < 0)
		return -errno;
	return st.st_dev == again.st_dev && st.st_ino == again.st_ino ? r : -ESTALE;
}

/* To turtle, over the socket that is criu's after that: CRIU looks them up among the descriptors of its caller. */
static int send_dirs(const struct criu_start *start, int sock)
{
	for (size_t i = 0; i < CRIU_N_DIRS; i++) {
		int fd = open_again(*start->dirs[i]), r = fd < 0 ? fd : fd_send_fd(sock, fd, "", 1);

		if (r < 0)
			return r;
	}
	return 0;
}

static int receive_dirs(const struct criu_start *start, int sock, struct err *err)
{
	for (size_t i = 0; i < CRIU_N_DIRS; i++) {
		int fd = criu_receive_fd(sock);

		if (fd < 0)
			return err_set(err, fd, "open the images in criu's mount namespace");
		close(*start->dirs[i]);
		*start->dirs[i] = fd;
	}
	return 0;
}

static void reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int drop_output(void)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ? -errno : 0;
}

/* Kernels without keyrings have nothing to leak. */
static int join_keyring(void)
{
	return sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) < 0 && errno != ENOSYS ? -errno : 0;
}

static int leave_caller(const struct criu_start *start, pid_t caller)
{
	if (start->session && setsid() < 0)
		return -errno;
	if (start->ends_with_us && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (start->ends_with_us && getppid() != caller)
		return -ESRCH;
	return drop_output();
}

static int keep_open(int fd)
{
	return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}

static void in_child(const struct criu_start *start, const char *path, pid_t caller, int sock, int pipe)
	__attribute__((noreturn));
static void in_child(const struct criu_start *start, const char *path, pid_t caller, int sock, int pipe)
{
	struct failure failure = {.step = "prepare to start criu"};
	char number[16], *const argv[] = {(char *)"criu", (char *)"swrk", number, NULL};
	int r;

	reset_signals();
	snprintf(number, sizeof(number), "%d", sock);
	/* Whatever else the caller has left open is not for the container. */
	r = sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : keep_open(sock);
	for (size_t i = 0; r == 0 && i < start->n_fds; i++)
		r = keep_open(start->fds[i]);
	if (r == 0)
		r = leave_caller(start, caller);
	if (r == 0 && start->session_keyring) {
		snprintf(failure.step, sizeof(failure.step), "join a new session keyring");
		r = join_keyring();
	}
	if (r == 0 && start->root) {
		snprintf(failure.step, sizeof(failure.step), "make criu's mounts");
		r = make_mounts(start);
		if (r == 0)
			r = send_dirs(start, sock);
	}
	if (r == 0) {
		snprintf(failure.step, sizeof(failure.step), "start criu");
		execve(path, argv, environ);
		r = -errno;
	}
	failure.code = r;
	(void)fd_write_all(pipe, &failure, sizeof(failure));
	_exit(127);
}

/* Until it has become criu. */
static int wait_for_exec(int pipe, const char *path, struct err *err)
{
	struct failure failure;
	ssize_t n = fd_read_all(pipe, &failure, sizeof(failure));

	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(failure))
		return err_set(err, n < 0 ? (int)n : -EPROTO, "start %s", path);
	return err_set(err, failure.code, "%s (%s)", failure.step, path);
}

int criu_open(const struct criu_start *start, struct criu *ret, struct err *err)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	struct criu criu = CRIU_NONE;
	const pid_t caller = getpid();
	char path[PATH_MAX];
	int pair[2], ends[2], r = find_criu(path, err);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, -errno, "create a socket for criu");
	criu.sock = pair[0];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		r = err_set(err, -errno, "create a pipe for criu");
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	criu.pid = sys_clone3(&args);
	if (criu.pid == 0)
		in_child(start, path, caller, pair[1], ends[1]);
	r = criu.pid < 0 ? -errno : 0;
	close(pair[1]);
	close(ends[1]);
	r = r < 0 ? err_set(err, r, "start criu") : wait_for_exec(ends[0], path, err);
	close(ends[0]);
	if (r == 0 && start->root)
		r = receive_dirs(start, criu.sock, err);
	if (r < 0) {
		criu_close(&criu);
		return r;
	}
	*ret = criu;
	return 0;
}

/* Waits, at most ms, for what it does after its answer. */
static bool ends_by_itself(pid_t pid, int ms)
{
	_cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	if (pidfd < 0)
		return false;
	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static int reap(struct criu *criu, bool wait)
{
	int status = -1;
	pid_t pid;

	if (!wait || !ends_by_itself(criu->pid, END_MS))
		kill(criu->pid, SIGKILL);
	do
		pid = waitpid(criu->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	criu->pid = 0;
	return pid < 0 ? -1 : status;
}

int criu_reap(struct criu *criu)
{
	return reap(criu, true);
}

void criu_close(struct criu *criu)
{
	cleanup_close(&criu->sock);
	if (criu->pid > 0)
		(void)reap(criu, criu->done);
	*criu = CRIU_NONE;
}

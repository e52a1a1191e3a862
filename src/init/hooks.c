/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks on the container's side, under the same rules as the host's (host/hooks.c): the state document in a memory file
 * on stdin, exactly the environment of the config (where it names none that of the process for startContainer, and
 * nothing for createContainer), a session of its own, no descriptor of ours; output is shown only when the hook fails;
 * a hook ends when its process ends, and one out of time is killed with its process group.
 *
 * Output that is to go to a file of the host's is handed to turtle, piece by piece: a hook on this side may be a
 * program of the image, which is not given that file.
 */
#include "init/init.h"

#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif
#define KEPT 300 /* bytes of a stream for the message */

struct stream {
	int read, write;
	enum sync_type relay; /* 0: keep the beginning, else tell turtle */
	size_t n;
	char kept[KEPT + 1];
};

/* One of the two kinds. */
struct kind {
	const char *name;
	const plan_off *state; /* prefix, suffix */
	bool watch_turtle;     /* its end ends us */
	bool early;            /* before the process's own settings: with the caller's umask */
};

static int make_state(const struct init_plan *plan, const struct kind *kind)
{
	const char *parts[3] = {plan_str(plan, kind->state[0]), NULL, plan_str(plan, kind->state[1])};
	_cleanup_close_ int fd = sys_memfd_create("state", MFD_CLOEXEC | 8U /* MFD_NOEXEC_SEAL */);
	char pid[16];

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = sys_memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	text(pid, sizeof(pid), "%d", (int)getpid());
	parts[1] = pid;
	for (unsigned i = 0; i < 3; i++) {
		int r = parts[i] ? write_all(fd, parts[i], strlen(parts[i])) : 0;

		if (r < 0)
			return r;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : take_fd(&fd);
}

/* Returns false when there was nothing. */
static bool take_output(struct init *init, struct stream *stream)
{
	char buf[ERR_MSG_SIZE];
	ssize_t n = read(stream->read, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_fd(&stream->read);
		return false;
	}
	if (stream->relay) {
		sync_output(init, stream->relay, buf, (size_t)n);
		return true;
	}
	if ((size_t)n > KEPT - stream->n)
		n = (ssize_t)(KEPT - stream->n);
	memcpy(stream->kept + stream->n, buf, (size_t)n);
	stream->n += (size_t)n;
	return true;
}

/* Bounded: what is left in a pipe, not what a process that goes on still writes. */
static void take_rest(struct init *init, struct stream *stream)
{
	for (int i = 0; i < 128 && stream->read >= 0; i++)
		if (!take_output(init, stream))
			return;
}

/* For a message: on one line's end, and printable. */
static const char *kept(struct stream *stream)
{
	while (stream->n && (stream->kept[stream->n - 1] == '\n' || stream->kept[stream->n - 1] == '\r'))
		stream->n--;
	stream->kept[stream->n] = '\0';
	for (char *c = stream->kept; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || (unsigned char)*c >= 0x7f)
			*c = '?';
	return stream->kept;
}

static _Noreturn void in_child(const struct init *init, const struct plan_hook *hook, const struct kind *kind,
			       char **args, char **env, int state, const struct stream *out, const struct stream *error)
{
	const char *path = plan_str(init->plan, hook->path);
	struct err err = {0};

	if (kind->early)
		umask(init->caller_umask);
	setsid();
	/* First where a failure of the rest can be told. */
	if (dup2(error->write, 2) < 0)
		_exit(127);
	if (dup2(state, 0) >= 0 && dup2(out->write, 1) >= 0 && sys_close_range(3, ~0U, 0) == 0)
		execve(path, args, env);
	err_set(&err, -errno, "execute %s", path);
	(void)!write(2, err.msg, strlen(err.msg));
	_exit(127);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the process has ended. 1: it was killed for being out of time. */
static int attend(struct init *init, const struct plan_hook *hook, const struct kind *kind, pid_t pid, int pidfd,
		  struct stream *out, struct stream *error)
{
	int64_t end = hook->timeout > 0 && hook->timeout < INT32_MAX ? now_ms() + hook->timeout * 1000 : 0;
	bool killed = false;

	for (;;) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
				       {.fd = out->read, .events = POLLIN},
				       {.fd = error->read, .events = POLLIN},
				       {.fd = kind->watch_turtle ? init->sync : -1}};
		int64_t left = end && !killed ? end - now_ms() : -1;
		int n = poll(fds, 4, left < 0 ? (end && !killed ? 0 : -1) : left > INT32_MAX ? INT32_MAX : (int)left);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0) {
			kill(-pid, SIGKILL);
			killed = true;
		}
		if (n <= 0)
			continue;
		if (fds[3].revents & (POLLHUP | POLLERR)) {
			kill(-pid, SIGKILL);
			_exit(1);
		}
		if (fds[1].revents)
			take_output(init, out);
		if (fds[2].revents)
			take_output(init, error);
		if (fds[0].revents)
			return killed;
	}
}

static int judge(const struct plan_hook *hook, int attended, int status, struct stream *out, struct stream *error,
		 struct err *err)
{
	if (attended == 1)
		return err_msg(err, -ETIMEDOUT, "hook ran past specified timeout of %d.0s", (int)hook->timeout);
	if (attended < 0)
		return err_set(err, attended, "wait for the hook");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_msg(err, -ECANCELED, "%s %d, stdout: %s, stderr: %s", WIFSIGNALED(status) ? "signal" : "exit status",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), kept(out), kept(error));
}

/* relay: 0, or what turtle is told of it; that much it hears before the hook runs, which may write nothing. */
static int make_stream(struct init *init, struct stream *stream, enum sync_type relay)
{
	int ends[2];

	stream->relay = relay;
	if (relay)
		sync_output(init, relay, "", 0);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	stream->read = ends[0];
	stream->write = ends[1];
	stream->n = 0;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void close_stream(struct stream *stream)
{
	close_fd(&stream->read);
	close_fd(&stream->write);
}

static int spawn(struct init *init, const struct plan_hook *hook, const struct kind *kind, int state,
		 const struct stream *out, const struct stream *error, int *ret_pidfd)
{
	struct clone_args clone = {
		.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)ret_pidfd, .exit_signal = SIGCHLD};
	char **args = strings(init->plan, hook->args, 1);
	char **env = hook->process_env ? exec_environment(init) : strings(init->plan, hook->env, 0);
	pid_t pid;

	if (!args || !env)
		return -errno;
	if (!hook->args.n)
		args[0] = (char *)plan_str(init->plan, hook->path);
	pid = sys_clone3(&clone);
	if (pid == 0)
		in_child(init, hook, kind, args, env, state, out, error);
	return pid < 0 ? -errno : pid;
}

static int run_hook(struct init *init, const struct plan_hook *hook, const struct kind *kind, struct err *err)
{
	static struct stream out, error;
	const uint32_t flags = init->plan->flags;
	_cleanup_close_ int state = make_state(init->plan, kind), pidfd = -1;
	int pid = -1, status = 0, r;

	out.read = out.write = error.read = error.write = -1;
	r = state < 0 ? state : make_stream(init, &out, flags & PLAN_HOOK_STDOUT ? SYNC_HOOK_STDOUT : 0);
	if (r == 0)
		r = make_stream(init, &error, flags & PLAN_HOOK_STDERR ? SYNC_HOOK_STDERR : 0);
	if (r == 0)
		r = pid = spawn(init, hook, kind, state, &out, &error, &pidfd);
	if (r < 0) {
		close_stream(&out);
		close_stream(&error);
		return err_set(err, r, "run %s", plan_str(init->plan, hook->path));
	}
	close_fd(&out.write);
	close_fd(&error.write);
	r = attend(init, hook, kind, pid, pidfd, &out, &error);
	if (r < 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	take_rest(init, &out);
	take_rest(init, &error);
	r = judge(hook, r, status, &out, &error, err);
	close_stream(&out);
	close_stream(&error);
	return r;
}

static int run_all(struct init *init, struct plan_list list, const struct kind *kind, struct err *err)
{
	const struct plan_hook *hooks = plan_items(init->plan, list, struct plan_hook);

	for (uint32_t i = 0; i < list.n; i++) {
		int r = run_hook(init, &hooks[i], kind, err);

		if (r < 0)
			return err_wrap(err, "error running %s hook #%u", kind->name, i);
	}
	/* As the first process of a pid namespace we get what hooks leave behind; the program expects no children. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return 0;
}

int hooks_create_container(struct init *init, struct err *err)
{
	/*
	 * In the bundle, although runc begins these in the new root: there a shell without a PATH, which looks in "."
	 * too, would run the image's programs with all of the host in sight.
	 */
	const struct kind kind = {"createContainer", init->plan->create_container_state, true, true};

	return run_all(init, init->plan->create_container, &kind, err);
}

int hooks_start_container(struct init *init, struct err *err)
{
	const struct kind kind = {"startContainer", init->plan->start_container_state, false, false};

	return run_all(init, init->plan->start_container, &kind, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs hooks in the runtime's namespaces.
 *
 * A hook is a program of the administrator's, so it gets what it needs and no more: the state document on stdin (a
 * memory file: one that is not read, or only in part, breaks nothing), exactly its environment (none where it names
 * none: what the caller has is not for every hook), the bundle as working directory, a session of its own, signals as
 * after boot, and no descriptor of turtle's. Its output is kept to be part of the error message if it fails (the end of
 * it), and is dropped otherwise: on success turtle prints nothing. It may be sent to a file instead.
 *
 * A hook ends when its process ends. What it leaves behind goes on, and is not waited for even while it holds the
 * hook's stdout; but a hook out of time is killed with all of its process group.
 */
#include "host/hooks.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "config/annotations.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How much of each stream a message may hold. */
#define KEPT 384

/* The last bytes of a stream. */
struct tail {
	int fd; /* read end; -1 after end of file */
	size_t n;
	bool cut;
	char text[2 * KEPT];
};

struct running {
	pid_t pid;
	int pidfd;
	struct tail out, error;
};

static void stop_reading(struct tail *tail)
{
	cleanup_close(&tail->fd);
	tail->fd = -1;
}

/* Takes what is there. Returns false when that is nothing (now, or for good). */
static bool read_some(struct tail *tail)
{
	char buf[4096];
	const char *from = buf;
	ssize_t n = read(tail->fd, buf, sizeof(buf));
	size_t size;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		stop_reading(tail);
	if (n <= 0)
		return false;
	size = (size_t)n;
	if (size > KEPT) {
		from += size - KEPT;
		size = KEPT;
		tail->n = 0;
		tail->cut = true;
	}
	if (tail->n + size > sizeof(tail->text)) {
		memmove(tail->text, tail->text + tail->n - KEPT, KEPT);
		tail->n = KEPT;
		tail->cut = true;
	}
	memcpy(tail->text + tail->n, from, size);
	tail->n += size;
	return true;
}

/* Length of the well-formed UTF-8 sequence at s, 0 if there is none. Only what a log reader would stumble over. */
static size_t sequence(const char *s, size_t n)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t length = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;

	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) || (b[0] == 0xf0 && b[1] < 0x90) ||
	    (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return length;
}

/* The tail as text for a message: its last KEPT bytes, without the last newline, odd bytes replaced. */
static const char *tail_text(struct tail *tail, char buf[static KEPT + sizeof("...")])
{
	const char *from = tail->text;
	size_t n = tail->n, used = 0;

	if (n > KEPT) {
		from += n - KEPT;
		n = KEPT;
		tail->cut = true;
	}
	while (n > 0 && (from[n - 1] == '\n' || from[n - 1] == '\r'))
		n--;
	if (tail->cut) {
		memcpy(buf, "...", 3);
		used = 3;
		/* Not from the middle of a character. */
		while (n > 0 && ((unsigned char)*from & 0xc0) == 0x80) {
			from++;
			n--;
		}
	}
	while (n > 0) {
		size_t length = sequence(from, n);

		if (length == 0 ||
		    (length == 1 && ((unsigned char)*from < 0x20 || *from == 0x7f) && *from != '\n' && *from != '\t')) {
			buf[used++] = '?';
			length = 1;
		} else {
			memcpy(buf + used, from, length);
			used += length;
		}
		from += length;
		n -= length;
	}
	buf[used] = '\0';
	return buf;
}

/* argv or envp: NULL-terminated. */
static char **vector(const char *const *strings, size_t n)
{
	char **v = calloc(n + 1, sizeof(*v));

	for (size_t i = 0; v && i < n; i++)
		v[i] = (char *)strings[i];
	return v;
}

static int open_first(const char *dir, const char *otherwise)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : open(otherwise, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* fds become 0, 1 and 2. */
static int spawn(const struct oci_hook *hook, const int fds[3], const char *bundle, pid_t *ret)
{
	/* A poststop hook runs also when somebody has taken the bundle away. */
	_cleanup_close_ int dir = open_first(bundle, "/");
	const char *only_path[] = {hook->path};
	_cleanup_free_ char **argv = hook->n_args > 0 ? vector(hook->args, hook->n_args) : vector(only_path, 1);
	_cleanup_free_ char **envp = vector(hook->env, hook->n_env);
	const struct spawn program = {.path = hook->path,
				      .argv = argv,
				      .envp = envp,
				      .fds = {fds[0], fds[1], fds[2]},
				      .n_fds = 3,
				      .directory = dir,
				      .session = true};

	if (dir < 0)
		return -errno;
	return argv && envp ? spawn_program(&program, ret) : -ENOMEM;
}

static int make_pipe(int ret[2])
{
	if (pipe2(ret, O_CLOEXEC) < 0)
		return -errno;
	return fcntl(ret[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* Milliseconds to the deadline for poll; -1: none. */
static int time_left(const struct timespec *deadline)
{
	struct timespec now;
	int64_t ms;

	if (deadline->tv_sec == 0)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(deadline->tv_sec - now.tv_sec) * 1000 + (deadline->tv_nsec - now.tv_nsec + 999999) / 1000000;
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* Until the process ends. -ETIMEDOUT: it had to be killed. In both cases it is still to be reaped. */
static int attend(struct running *run, const struct oci_hook *hook)
{
	struct timespec deadline = {0};
	bool killed = false;

	if (hook->timeout.set) {
		clock_gettime(CLOCK_MONOTONIC, &deadline);
		/* So long a time is none. */
		if (hook->timeout.value < INT32_MAX)
			deadline.tv_sec += (time_t)hook->timeout.value;
		else
			deadline.tv_sec = 0;
	}
	for (;;) {
		struct pollfd fds[3] = {{.fd = run->pidfd, .events = POLLIN},
					{.fd = run->out.fd, .events = POLLIN},
					{.fd = run->error.fd, .events = POLLIN}};
		int n = poll(fds, 3, killed ? -1 : time_left(&deadline));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && time_left(&deadline) == 0) {
			/* Its pid is its group's, and stays its own until it is reaped. */
			kill(-run->pid, SIGKILL);
			killed = true;
			continue;
		}
		if (n <= 0)
			continue;
		if (fds[1].revents)
			read_some(&run->out);
		if (fds[2].revents)
			read_some(&run->error);
		if (fds[0].revents)
			return killed ? -ETIMEDOUT : 0;
	}
}

/* Bounded: what is left in a pipe, not what a process that goes on still writes. */
static void read_rest(struct tail *tail)
{
	for (int i = 0; i < 32 && tail->fd >= 0; i++)
		if (!read_some(tail))
			return;
}

static int finish(struct running *run, const struct oci_hook *hook, int attended, struct err *err)
{
	char out[KEPT + sizeof("...")], error[KEPT + sizeof("...")], what[64];
	int status, r;

	do
		r = waitpid(run->pid, &status, 0) < 0 ? -errno : 0;
	while (r == -EINTR);
	if (r < 0)
		return err_set(err, r, "wait for %s", hook->path);
	if (attended == -ETIMEDOUT)
		return err_msg(err, attended, "hook ran past specified timeout of %" PRId64 ".0s", hook->timeout.value);
	if (attended < 0)
		return err_set(err, attended, "wait for %s", hook->path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	read_rest(&run->out);
	read_rest(&run->error);
	if (WIFSIGNALED(status)) {
		snprintf(what, sizeof(what), "signal: %s", strsignal(WTERMSIG(status)));
		what[strlen("signal: ")] = (char)tolower((unsigned char)what[strlen("signal: ")]);
	} else {
		snprintf(what, sizeof(what), "exit status %d", WEXITSTATUS(status));
	}
	return err_msg(err, -ECANCELED, "%s, stdout: %s, stderr: %s", what, tail_text(&run->out, out),
		       tail_text(&run->error, error));
}

static int open_file(const char *path, int *ret, struct err *err)
{
	/* A FIFO that nobody reads is an error (ENXIO), not a reason to wait with the container's lock. */
	*ret = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (*ret < 0 || fcntl(*ret, F_SETFL, O_APPEND) < 0)
		return err_set(err, -errno, "open %s for the output of hooks", path);
	return 0;
}

int hooks_append(struct hooks_output *output, bool error, const char *bytes, size_t n, struct err *err)
{
	const char *path = output->path[error];
	int r;

	if (!path)
		return err_msg(err, -EPROTO, "container init sent output of a hook that nobody wants");
	r = output->fd[error] < 0 ? open_file(path, &output->fd[error], err) : 0;
	if (r < 0)
		return r;
	r = fd_write_all(output->fd[error], bytes, n);
	return r < 0 ? err_set(err, r, "write the output of a hook to %s", path) : 0;
}

void hooks_output_close(struct hooks_output *output)
{
	cleanup_close(&output->fd[0]);
	cleanup_close(&output->fd[1]);
}

/* Where a stream of the hook goes: to the file, or to a pipe whose tail is kept. */
static int open_output(const char *path, struct tail *tail, int *ret_write, struct err *err)
{
	int ends[2] = {-1, -1}, r;

	if (path)
		return open_file(path, ret_write, err);
	r = make_pipe(ends);
	tail->fd = ends[0];
	*ret_write = ends[1];
	return r < 0 ? err_set(err, r, "create a pipe for the output of a hook") : 0;
}

static int attend_process(struct running *run, const struct oci_hook *hook)
{
	int r;

	run->pidfd = sys_pidfd_open(run->pid, 0);
	if (run->pidfd < 0) {
		r = -errno;
		kill(-run->pid, SIGKILL);
		return r;
	}
	r = attend(run, hook);
	if (r < 0 && r != -ETIMEDOUT)
		kill(-run->pid, SIGKILL);
	return r;
}

static int run_hook(const struct oci_hook *hook, const char *state, const struct hooks_place *place, struct err *err)
{
	struct running run = {.pidfd = -1, .out.fd = -1, .error.fd = -1};
	_cleanup_close_ int input = -1, out = -1, error = -1;
	int r;

	input = fd_sealed_memfd("state", state, strlen(state), 0, err);
	if (input < 0)
		return input;
	r = lseek(input, 0, SEEK_SET) < 0 ? err_set(err, -errno, "prepare to run %s", hook->path) : 0;
	if (r == 0)
		r = open_output(place->out, &run.out, &out, err);
	if (r == 0)
		r = open_output(place->error, &run.error, &error, err);
	if (r == 0) {
		r = spawn(hook, (int[]){input, out, error}, place->bundle, &run.pid);
		if (r < 0)
			err_set(err, r, "exec %s", hook->path);
	}
	cleanup_close(&out);
	cleanup_close(&error);
	out = error = -1;
	if (r == 0)
		r = finish(&run, hook, attend_process(&run, hook), err);
	stop_reading(&run.out);
	stop_reading(&run.error);
	cleanup_close(&run.pidfd);
	return r;
}

/* Ignored by our caller, SIGCHLD would leave us without the status of a hook. */
static void expect_children(struct sigaction *old)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};

	sigaction(SIGCHLD, &usual, old);
}

struct hooks_place hooks_place(const char *bundle, const struct oci_pair *annotations, size_t n_annotations)
{
	return (struct hooks_place){
		.bundle = bundle,
		.out = annotation(annotations, n_annotations, ANNOTATION_HOOKS_STDOUT),
		.error = annotation(annotations, n_annotations, ANNOTATION_HOOKS_STDERR),
	};
}

int hooks_run(const char *kind, const struct oci_hook *hooks, size_t n, const char *state,
	      const struct hooks_place *place, struct err *err)
{
	struct sigaction old;
	int r = 0;

	if (n == 0)
		return 0;
	expect_children(&old);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = run_hook(&hooks[i], state, place, err);
		if (r < 0)
			err_wrap(err, "error running %s hook #%zu", kind, i);
	}
	sigaction(SIGCHLD, &old, NULL);
	return r;
}

void hooks_run_all(const char *kind, const struct oci_hook *hooks, size_t n, const char *state,
		   const struct hooks_place *place)
{
	struct sigaction old;
	struct err err;

	if (n == 0)
		return;
	expect_children(&old);
	for (size_t i = 0; i < n; i++)
		if (run_hook(&hooks[i], state, place, &err) < 0)
			log_warning("error running %s hook #%zu: %s", kind, i, err.msg);
	sigaction(SIGCHLD, &old, NULL);
}

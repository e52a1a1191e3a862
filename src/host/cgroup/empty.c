/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a cgroup: is anything, is it frozen, and how to reach every process with a signal. */
#include "host/cgroup/internal.h"

#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The kernel's PID_MAX_LIMIT. */
#define PID_LIMIT (4 * 1024 * 1024)

/* How many pidfds are held at once. */
#define BATCH 64

bool cgroup_is_frozen(const char *path)
{
	_cleanup_close_ int fd = cgroup_open(path, NULL);
	char text[16];

	return fd >= 0 && cgroup_read(fd, "cgroup.freeze", text, sizeof(text)) > 0 && text[0] == '1';
}

bool cgroup_is_populated(const char *path)
{
	_cleanup_close_ int fd = cgroup_open(path, NULL);
	char text[256];

	return fd >= 0 && cgroup_read(fd, "cgroup.events", text, sizeof(text)) > 0 &&
	       cgroup_key(text, "populated") == 1;
}

long long cgroup_deadline(int timeout_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000 + timeout_ms;
}

int cgroup_time_left(long long deadline)
{
	long long left = deadline - cgroup_deadline(0);

	return left > 0 ? (int)left : 0;
}

int cgroup_wait_event_or(int events_fd, const char *key, int value, long long deadline, int stop_fd)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = events_fd, .events = POLLPRI}, {.fd = stop_fd, .events = POLLIN}};
		char text[256];
		/* Reading is also what makes the next poll wait for a newer state than this. */
		ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (cgroup_key(text, key) == value)
			return 0;
		r = poll(fds, 2, cgroup_time_left(deadline));
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && fds[1].revents)
			return -EINTR;
		if (r == 0)
			return -ETIMEDOUT;
	}
}

int cgroup_wait_event(int events_fd, const char *key, int value, long long deadline)
{
	return cgroup_wait_event_or(events_fd, key, value, deadline, -1);
}

struct signalling {
	int (*read)(int dirfd, struct cgroup_pids *ret); /* whom it is for */
	int sig;
	uint8_t *seen; /* one bit a pid: who had it already */
	size_t n_new;  /* in this pass */
	size_t n_hidden;
	int failed; /* the first failure, and whose it was */
	pid_t failed_pid;
};

/*
 * A pid from the list may belong to another process by the time it is opened. One that is in the list still, after it
 * was opened, is either that process, or the descriptor is of one that has died.
 */
static int signal_batch(struct signalling *s, int fd, const pid_t *batch, size_t n)
{
	struct cgroup_pids now = {0};
	int pidfds[BATCH], r;

	for (size_t i = 0; i < n; i++)
		pidfds[i] = sys_pidfd_open(batch[i], 0);
	r = s->read(fd, &now);
	for (size_t i = 0; i < n; i++) {
		if (pidfds[i] < 0)
			continue;
		if (r == 0 && cgroup_has_pid(&now, batch[i]) && sys_pidfd_send_signal(pidfds[i], s->sig) < 0 &&
		    errno != ESRCH && !s->failed) {
			s->failed = -errno;
			s->failed_pid = batch[i];
		}
		close(pidfds[i]);
	}
	free(now.pids);
	return r;
}

static int signal_cgroup(void *arg, int fd)
{
	struct signalling *s = arg;
	struct cgroup_pids pids;
	pid_t batch[BATCH];
	size_t n = 0;
	int r = s->read(fd, &pids);

	if (r < 0)
		return r;
	for (size_t i = 0; i < pids.n && r == 0; i++) {
		pid_t pid = pids.pids[i];

		if (pid <= 0 || pid >= PID_LIMIT) {
			s->n_hidden++;
		} else if (!(s->seen[pid / 8] & (1 << pid % 8))) {
			s->seen[pid / 8] |= (uint8_t)(1 << pid % 8);
			s->n_new++;
			batch[n++] = pid;
		}
		if (n == BATCH || (n > 0 && i + 1 == pids.n)) {
			r = signal_batch(s, fd, batch, n);
			n = 0;
		}
	}
	free(pids.pids);
	return r;
}

/* Passes until one finds nobody new: a process may fork before its signal arrives. */
static int signal_all(int dirfd, const char *path, int (*read)(int dirfd, struct cgroup_pids *ret), int sig,
		      struct err *err)
{
	_cleanup_free_ uint8_t *seen = calloc(PID_LIMIT / 8, 1);
	struct signalling s = {.read = read, .sig = sig, .seen = seen};
	int r;

	if (!seen)
		return err_set(err, -ENOMEM, "signal cgroup %s", path);
	for (int pass = 0; pass < 16; pass++) {
		s.n_new = s.n_hidden = 0;
		r = cgroup_walk(dirfd, signal_cgroup, &s);
		if (r < 0)
			return err_set(err, r, "signal the processes of cgroup %s", path);
		if (s.n_new == 0)
			break;
	}
	if (s.failed)
		return err_set(err, s.failed, "send signal %d to process %d of cgroup %s", sig, s.failed_pid, path);
	if (s.n_hidden > 0)
		return err_msg(err, -ESRCH, "%zu process(es) of cgroup %s are outside of our pid namespace", s.n_hidden,
			       path);
	return 0;
}

int cgroup_signal(const char *path, int sig, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (sig == SIGKILL)
		return cgroup_kill(path, err);
	fd = cgroup_open(path, NULL);
	if (fd < 0)
		return cgroup_gone(fd) ? 0 : err_set(err, fd, "open cgroup %s", path);
	return signal_all(fd, path, cgroup_read_pids, sig, err);
}

int cgroup_kill_each(int dirfd, const char *path, struct err *err)
{
	_cleanup_close_ int events = cgroup_openat(dirfd, "cgroup.events", O_RDONLY);
	int r;

	if (events < 0)
		return cgroup_gone(events) ? 0 : err_set(err, events, "open cgroup.events of cgroup %s", path);
	/* Nothing forks while it is frozen. Whoever can't be frozen, or not in time, gets the signal all the same. */
	if (cgroup_write(dirfd, "cgroup.freeze", "1") == 0)
		cgroup_wait_event(events, "frozen", 1, cgroup_deadline(2000));
	r = signal_all(dirfd, path, cgroup_read_pids, SIGKILL, err);
	cgroup_write(dirfd, "cgroup.freeze", "0");
	return r;
}

int cgroup_kill(const char *path, struct err *err)
{
	_cleanup_close_ int fd = cgroup_open(path, NULL);
	char text[256];
	int r;

	if (fd < 0)
		return cgroup_gone(fd) ? 0 : err_set(err, fd, "open cgroup %s", path);
	/*
	 * Not for nothing: some kernels kill whatever is later cloned into a cgroup that was killed once, and one that
	 * is not ours to remove may be used again.
	 */
	if (cgroup_read(fd, "cgroup.events", text, sizeof(text)) > 0 && cgroup_key(text, "populated") == 0)
		return 0;
	r = cgroup_write(fd, "cgroup.kill", "1");
	if (r == -ENODEV)
		return 0;
	if (r == -ENOENT)
		return cgroup_kill_each(fd, path, err);
	if (r < 0)
		return err_set(err, r, "kill the processes of cgroup %s", path);
	/* That were all but one sort. */
	return signal_all(fd, path, cgroup_read_leaderless, SIGKILL, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock(2) with a deadline, which the call itself has not: a timer interrupts it. The first try, without waiting, is
 * all that happens as long as nobody else works on the container.
 */
#include "host/state/internal.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>

/* The timer fires again and again, since the first time may come before flock() has begun to wait. */
#define AGAIN_NS 20000000L

static volatile sig_atomic_t expired;

static void on_alarm(int sig)
{
	expired = 1;
}

static int wait_until_expired(int fd, int operation, int timeout_ms)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000L},
		.it_interval = {.tv_nsec = AGAIN_NS},
	};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct sigaction action = {.sa_handler = on_alarm}, old_action;
	sigset_t unblock, old_mask;
	timer_t timer;
	int r = 0;

	/* Without SA_RESTART, so that flock() returns; and the caller of turtle may have left SIGALRM blocked. */
	sigemptyset(&action.sa_mask);
	sigemptyset(&unblock);
	sigaddset(&unblock, SIGALRM);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;
	expired = 0;
	sigaction(SIGALRM, &action, &old_action);
	sigprocmask(SIG_UNBLOCK, &unblock, &old_mask);
	if (timer_settime(timer, 0, &when, NULL) < 0) {
		r = -errno;
	} else {
		do
			r = flock(fd, operation) < 0 ? -errno : 0;
		while (r == -EINTR && !expired);
	}
	timer_delete(timer);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}

int state_lock_fd(int fd, enum state_lock lock, int timeout_ms)
{
	int operation = lock == STATE_EXCLUSIVE ? LOCK_EX : LOCK_SH, r;

	if (flock(fd, operation | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -errno;
	if (timeout_ms == 0)
		return -ETIMEDOUT;
	if (timeout_ms > 0)
		return wait_until_expired(fd, operation, timeout_ms);
	do
		r = flock(fd, operation) < 0 ? -errno : 0;
	while (r == -EINTR);
	return r;
}

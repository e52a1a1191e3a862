/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a seccomp listener to turtle, which passes it to the agent: see sync/sync.h.
 *
 * Once the filter is loaded each system call of ours may wait for an answer of the agent, which can't have been asked
 * yet. So a second thread, begun before and therefore not under the filter, does the talking. The two know of each
 * other by memory alone:
 *
 * - The helper yields until the number of the listener is there. That is as long as one seccomp(2) takes.
 * - The process, which can't even sleep, spins until the helper has heard that the agent has the listener. It waits for
 *   turtle, not for the agent; and if turtle goes, or refuses, the helper ends the whole process.
 *
 * A thread, not a process: it is hidden as we are, it shares our end, nobody has to reap it, it is no child that the
 * program could find, and execve does not begin the program before it is gone. It has the same credentials as we have
 * by now, and nothing is open but what we have open ourselves.
 */
#include "init/init.h"

#include <pthread.h>
#include <sched.h>

#define STACK_SIZE (64 * 1024)

static int given;  /* the listener's number plus one, when there is one */
static int passed; /* the agent has it */

static int pass(struct init *init, int listener, struct err *err)
{
	int r = sync_send_fd(init, SYNC_LISTENER, 0, listener, err);

	/* The table of descriptors is ours in common. */
	close(listener);
	/* The number that the listener got may have been above the program's limit. */
	if (r == 0)
		r = exec_limit_nofile(init, err);
	if (r == 0)
		r = sync_wait(init, SYNC_LISTENER_SENT, err);
	return r < 0 ? r : sync_exec(init, err);
}

static void *help(void *arg)
{
	struct init *init = arg;
	struct err err = {0};
	int listener;

	while (!(listener = __atomic_load_n(&given, __ATOMIC_ACQUIRE)))
		sched_yield();
	if (pass(init, listener - 1, &err) < 0) {
		sync_error(init, &err);
		leave(1);
	}
	__atomic_store_n(&passed, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Whoever spins at a real-time priority without slices keeps others of its priority from the CPU, if there is only one.
 */
static bool would_starve(void)
{
	cpu_set_t cpus;

	return sys_sched_getscheduler(0) == SCHED_FIFO && sched_getaffinity(0, sizeof(cpus), &cpus) == 0 &&
	       CPU_COUNT(&cpus) == 1;
}

int listener_prepare(struct init *init, struct err *err)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	if (would_starve())
		return err_msg(
			err, -EINVAL,
			"SCMP_ACT_NOTIFY with scheduler policy SCHED_FIFO needs more than one CPU (SCHED_RR does not)");
	r = pthread_attr_init(&attr);
	if (r == 0)
		r = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (r == 0)
		r = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (r == 0)
		r = pthread_create(&thread, &attr, help, init);
	if (r == 0)
		return 0;
	err_set(err, -r, "start the thread that passes the seccomp listener");
	return r == EAGAIN
		       ? err_hint(err, "it needs room in pids.max and in RLIMIT_NPROC, and SCHED_DEADLINE allows none")
		       : -r;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void listener_pass(int listener)
{
	__atomic_store_n(&given, listener + 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&passed, __ATOMIC_ACQUIRE))
		relax();
}

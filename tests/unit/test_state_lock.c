/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of an id, with a second process: who waits, for how long, and that a lock on a directory which has been
 * removed meanwhile is not taken for one on its successor.
 */
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "host/state/state.h"
#include "scratch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* Long enough for a loaded machine, short enough for a test that fails. */
#define FOR_EVER_MS 30000

struct fixture {
	struct scratch scratch;
	int root;
	int to_child[2], to_parent[2];
	pid_t child;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct container container;

	if (!fixture || scratch_make(&fixture->scratch) < 0 || pipe2(fixture->to_child, O_CLOEXEC) < 0 ||
	    pipe2(fixture->to_parent, O_CLOEXEC) < 0)
		return -1;
	fixture->root = state_root_open(fixture->scratch.path, false, NULL);
	if (fixture->root < 0 || state_create(fixture->root, "c", &container, NULL) < 0)
		return -1;
	container_close(&container);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	int r;

	if (fixture->child > 0) {
		kill(fixture->child, SIGKILL);
		waitpid(fixture->child, NULL, 0);
	}
	for (int i = 0; i < 2; i++) {
		close(fixture->to_child[i]);
		close(fixture->to_parent[i]);
	}
	close(fixture->root);
	r = scratch_remove(&fixture->scratch);
	free(fixture);
	return r;
}

static void tell(int fd, char what)
{
	if (write(fd, &what, 1) != 1)
		_exit(99);
}

static char hear(int fd)
{
	char what = 0;

	return read(fd, &what, 1) == 1 ? what : 0;
}

/* A child that opens the container with the lock, says so, and does what it is told. Returns when it has the lock. */
static void child_with_lock(struct fixture *fixture, enum state_lock lock)
{
	fixture->child = fork();
	assert_true(fixture->child >= 0);
	if (fixture->child == 0) {
		struct container container;
		int r = state_open(fixture->root, "c", lock, FOR_EVER_MS, &container, NULL);

		tell(fixture->to_parent[1], r == 0 ? 'l' : 'e');
		switch (hear(fixture->to_child[0])) {
		case 'r': /* remove, and then let go */
			r = state_remove(&container, NULL);
			break;
		case 'n': /* remove and make anew; the new one is not locked */
			r = state_remove(&container, NULL);
			if (r == 0 && mkdirat(fixture->root, "c", 0700) < 0)
				r = -errno;
			break;
		}
		container_close(&container);
		tell(fixture->to_parent[1], r == 0 ? 'd' : 'e');
		_exit(0);
	}
	assert_int_equal(hear(fixture->to_parent[0]), 'l');
}

static int open_locked(const struct fixture *fixture, enum state_lock lock, int timeout_ms, struct err *err)
{
	struct container container;
	int r = state_open(fixture->root, "c", lock, timeout_ms, &container, err);

	if (r < 0)
		return r;
	assert_true(container.locked == (lock != STATE_UNLOCKED));
	container_close(&container);
	return 0;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

struct pair_row {
	const char *name;
	enum state_lock held, wanted;
	int expected;
};

static const struct pair_row pairs[] = {
	{"exclusive keeps exclusive out", STATE_EXCLUSIVE, STATE_EXCLUSIVE, -ETIMEDOUT},
	{"exclusive keeps shared out", STATE_EXCLUSIVE, STATE_SHARED, -ETIMEDOUT},
	{"shared keeps exclusive out", STATE_SHARED, STATE_EXCLUSIVE, -ETIMEDOUT},
	{"shared lets shared in", STATE_SHARED, STATE_SHARED, 0},
	{"exclusive lets readers look", STATE_EXCLUSIVE, STATE_UNLOCKED, 0},
	{"none lets exclusive in", STATE_UNLOCKED, STATE_EXCLUSIVE, 0},
};

static void test_pair(void **state)
{
	const struct pair_row *row = *state;
	struct err err = {0};
	void *of_test = NULL;

	assert_int_equal(set_up(&of_test), 0);
	child_with_lock(of_test, row->held);
	assert_int_equal(open_locked(of_test, row->wanted, 0, &err), row->expected);
	if (row->expected < 0)
		assert_string_equal(err.msg, "container c is busy: another command works on it");
	/* with a deadline it is the same, only later */
	assert_int_equal(open_locked(of_test, row->wanted, 50, &err), row->expected);
	assert_int_equal(tear_down(&of_test), 0);
}

static void test_deadline(void **state)
{
	struct fixture *fixture = *state;
	struct timespec start;

	child_with_lock(fixture, STATE_EXCLUSIVE);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(open_locked(fixture, STATE_EXCLUSIVE, 200, NULL), -ETIMEDOUT);
	assert_true(elapsed_ms(&start) >= 200);
	assert_true(elapsed_ms(&start) < FOR_EVER_MS);
}

/* Blocked in the caller of turtle, SIGALRM would never end the wait. */
static void test_deadline_with_blocked_signals(void **state)
{
	struct fixture *fixture = *state;
	sigset_t all, before, after;

	child_with_lock(fixture, STATE_EXCLUSIVE);
	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
	assert_int_equal(open_locked(fixture, STATE_EXCLUSIVE, 50, NULL), -ETIMEDOUT);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, &after), 0);
	assert_int_equal(sigismember(&after, SIGALRM), 1);
}

static void test_handler_is_restored(void **state)
{
	struct fixture *fixture = *state;
	struct sigaction action;

	child_with_lock(fixture, STATE_EXCLUSIVE);
	assert_true(signal(SIGALRM, SIG_IGN) != SIG_ERR);
	assert_int_equal(open_locked(fixture, STATE_EXCLUSIVE, 50, NULL), -ETIMEDOUT);
	assert_int_equal(sigaction(SIGALRM, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_IGN);
	signal(SIGALRM, SIG_DFL);
}

/* Having said so, the waiter sleeps nowhere but in flock(2). */
static void until_it_waits(pid_t waiter)
{
	struct pid_stat stat = {0};

	while (stat.state != 'S') {
		assert_int_equal(state_read_stat(waiter, &stat), 0);
		sched_yield();
	}
}

/* The lock comes free while somebody waits; -1 and a long deadline alike. */
static void wait_for_release(struct fixture *fixture, int timeout_ms)
{
	pid_t waiter;
	int status;

	child_with_lock(fixture, STATE_EXCLUSIVE);
	waiter = fork();
	assert_true(waiter >= 0);
	if (waiter == 0) {
		tell(fixture->to_parent[1], 'w');
		_exit(open_locked(fixture, STATE_EXCLUSIVE, timeout_ms, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(hear(fixture->to_parent[0]), 'w');
	until_it_waits(waiter);
	tell(fixture->to_child[1], 'u');
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_wait_for_ever(void **state)
{
	wait_for_release(*state, -1);
}

static void test_wait_with_deadline(void **state)
{
	wait_for_release(*state, FOR_EVER_MS);
}

/* The lock of a killed process is free. */
static void test_holder_is_killed(void **state)
{
	struct fixture *fixture = *state;

	child_with_lock(fixture, STATE_EXCLUSIVE);
	assert_int_equal(kill(fixture->child, SIGKILL), 0);
	assert_int_equal(open_locked(fixture, STATE_EXCLUSIVE, FOR_EVER_MS, NULL), 0);
}

/* The directory was open before it was removed; the lock on it is worth nothing. */
static int open_while(struct fixture *fixture, char command, struct err *err)
{
	pid_t waiter;
	int status;

	child_with_lock(fixture, STATE_EXCLUSIVE);
	waiter = fork();
	assert_true(waiter >= 0);
	if (waiter == 0) {
		struct container container;
		int r;

		tell(fixture->to_parent[1], 'w');
		r = state_open(fixture->root, "c", STATE_EXCLUSIVE, FOR_EVER_MS, &container, err);
		if (r == 0) {
			struct stat opened, entry;

			if (fstat(container.dir_fd, &opened) < 0 || fstatat(fixture->root, "c", &entry, 0) < 0)
				_exit(3);
			_exit(opened.st_ino == entry.st_ino ? 0 : 4);
		}
		_exit(r == -ENOENT ? 1 : 2);
	}
	assert_int_equal(hear(fixture->to_parent[0]), 'w');
	until_it_waits(waiter);
	tell(fixture->to_child[1], command);
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_removed_while_waiting(void **state)
{
	assert_int_equal(open_while(*state, 'r', NULL), 1);
}

static void test_replaced_while_waiting(void **state)
{
	assert_int_equal(open_while(*state, 'n', NULL), 0);
}

/* Many at once: one wins, all others are told so. */
static void test_competing_creates(void **state)
{
	struct fixture *fixture = *state;
	int go[2], winners = 0, losers = 0, others = 0;
	pid_t pids[16];

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct container container;
			struct err err = {0};
			int r;

			close(go[1]);
			(void)hear(go[0]);
			r = state_create(fixture->root, "new", &container, &err);
			/* The winner keeps the lock for a moment, as a create does. */
			_exit(r == 0 ? 0 : r == -EEXIST ? 1 : 2);
		}
	}
	close(go[0]);
	close(go[1]);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		winners += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		losers += WIFEXITED(status) && WEXITSTATUS(status) == 1;
		others += !WIFEXITED(status) || WEXITSTATUS(status) > 1;
	}
	assert_int_equal(others, 0);
	assert_int_equal(winners, 1);
	assert_int_equal(losers, ARRAY_SIZE(pids) - 1);
}

/* Creates and deletes of one id against each other: whoever has made it, has it. */
static void test_create_against_delete(void **state)
{
	struct fixture *fixture = *state;
	int failed = 0;
	pid_t deleter;

	deleter = fork();
	assert_true(deleter >= 0);
	if (deleter == 0) {
		for (;;) {
			struct container container;

			if (state_open(fixture->root, "new", STATE_EXCLUSIVE, FOR_EVER_MS, &container, NULL) < 0)
				continue;
			state_remove(&container, NULL);
			container_close(&container);
		}
	}
	for (int i = 0; i < 2000 && !failed; i++) {
		struct container container;
		struct stat opened, entry;
		int r = state_create(fixture->root, "new", &container, NULL);

		if (r == -EEXIST)
			continue;
		failed += r < 0;
		if (r == 0) {
			failed += fstat(container.dir_fd, &opened) < 0 ||
				  fstatat(fixture->root, "new", &entry, AT_SYMLINK_NOFOLLOW) < 0 ||
				  opened.st_ino != entry.st_ino;
			container_close(&container);
		}
	}
	kill(deleter, SIGKILL);
	waitpid(deleter, NULL, 0);
	assert_int_equal(failed, 0);
}

#define WITH_CONTAINER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONTAINER(test_deadline),
		WITH_CONTAINER(test_deadline_with_blocked_signals),
		WITH_CONTAINER(test_handler_is_restored),
		WITH_CONTAINER(test_wait_for_ever),
		WITH_CONTAINER(test_wait_with_deadline),
		WITH_CONTAINER(test_holder_is_killed),
		WITH_CONTAINER(test_removed_while_waiting),
		WITH_CONTAINER(test_replaced_while_waiting),
		WITH_CONTAINER(test_competing_creates),
		WITH_CONTAINER(test_create_against_delete),
	};

	return run_table("pairs of locks", pairs, test_pair) +
	       cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}

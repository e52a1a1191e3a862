/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is: the pure function as a table of all its inputs, the reading of /proc/PID/stat, and
 * state_status() with real processes - living, zombie, gone, with another start time, of another boot.
 */
#include "table.h"

#include "base/mem.h"
#include "host/state/state.h"
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

struct status_row {
	const char *name;
	/* created, has_pid, alive, start_pending, frozen: '1', '0', or '*' for both */
	const char *inputs;
	enum container_status expected;
};

static const struct status_row statuses[] = {
	{"creating, nothing made yet", "00***", STATUS_CREATING},
	{"creating, init lives", "011**", STATUS_CREATING},
	{"creating, init has died", "010**", STATUS_STOPPED},
	{"created without a process", "10***", STATUS_STOPPED},
	{"init has died", "110**", STATUS_STOPPED},
	{"waits for start", "11110", STATUS_CREATED},
	{"waits for start, frozen", "11111", STATUS_PAUSED},
	{"runs", "11100", STATUS_RUNNING},
	{"runs, frozen", "11101", STATUS_PAUSED},
};

static bool matches(const char *pattern, unsigned bits)
{
	for (unsigned i = 0; i < 5; i++)
		if (pattern[i] != '*' && (pattern[i] == '1') != !!(bits & (1u << i)))
			return false;
	return true;
}

static enum container_status status_of_bits(unsigned bits)
{
	return state_status_of(bits & 1, bits & 2, bits & 4, bits & 8, bits & 16);
}

static void test_status_of(void **state)
{
	const struct status_row *row = *state;

	for (unsigned bits = 0; bits < 32; bits++)
		if (matches(row->inputs, bits))
			assert_int_equal(status_of_bits(bits), row->expected);
}

/* The rows name every combination exactly once. */
static void test_rows_are_complete(void **state)
{
	for (unsigned bits = 0; bits < 32; bits++) {
		int rows = 0;

		for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
			rows += matches(statuses[i].inputs, bits);
		assert_int_equal(rows, 1);
	}
}

static void test_names(void **state)
{
	assert_string_equal(container_status_name(STATUS_CREATING), "creating");
	assert_string_equal(container_status_name(STATUS_CREATED), "created");
	assert_string_equal(container_status_name(STATUS_RUNNING), "running");
	assert_string_equal(container_status_name(STATUS_PAUSED), "paused");
	assert_string_equal(container_status_name(STATUS_STOPPED), "stopped");
}

struct stat_row {
	const char *name, *text;
	struct pid_stat stat; /* state 0: an error */
};

#define FIELDS_4_TO_8   "1 2 3 4 5 "
#define FIELDS_10_TO_19 " 7 8 9 10 11 12 13 14 15 16 "
#define FIELDS_4_TO_21  FIELDS_4_TO_8 "6" FIELDS_10_TO_19 "17 18"
#define BAD       \
	{         \
		0 \
	}

static const struct stat_row stats[] = {
	{"plain", "7 (sleep) S " FIELDS_4_TO_21 " 4242 0 0\n", {'S', 6, 17, 4242}},
	{"zombie", "7 (sleep) Z " FIELDS_4_TO_21 " 4242 0\n", {'Z', 6, 17, 4242}},
	{"name with blanks", "7 (a b c) R " FIELDS_4_TO_21 " 99 0\n", {'R', 6, 17, 99}},
	{"name with a parenthesis", "7 (a) Z 1) R " FIELDS_4_TO_21 " 99 0\n", {'R', 6, 17, 99}},
	{"name that copies a line",
	 "7 (x) Z 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1) S " FIELDS_4_TO_21 " 77 0\n",
	 {'S', 6, 17, 77}},
	{"name with a line break", "7 () (\n) S " FIELDS_4_TO_21 " 5 0\n", {'S', 6, 17, 5}},
	{"empty name", "7 () S " FIELDS_4_TO_21 " 5 0\n", {'S', 6, 17, 5}},
	{"negative fields",
	 "7 (x) S -1 -1 -1 -1 -1 4194304 7 8 9 10 11 12 13 -14 -15 16 1 18 123 0\n",
	 {'S', 4194304, 1, 123}},
	{"64 bits", "7 (x) S " FIELDS_4_TO_21 " 18446744073709551615 0\n", {'S', 6, 17, UINT64_MAX}},
	{"all flags", "7 (x) S " FIELDS_4_TO_8 "4294967295" FIELDS_10_TO_19 "0 18 1\n", {'S', UINT32_MAX, 0, 1}},
	{"nothing", "", BAD},
	{"no name", "7 S 1 2 3", BAD},
	{"cut short", "7 (x) S 1 2 3", BAD},
	{"cut before the time", "7 (x) S " FIELDS_4_TO_21, BAD},
	{"cut in the time", "7 (x) S " FIELDS_4_TO_21 " 42", BAD},
	{"ends with the name", "7 (x)", BAD},
	{"65 bits", "7 (x) S " FIELDS_4_TO_21 " 18446744073709551616 0\n", BAD},
	{"negative time", "7 (x) S " FIELDS_4_TO_21 " -1 0\n", BAD},
	{"no time but a word", "7 (x) S " FIELDS_4_TO_21 " now 0\n", BAD},
	{"negative flags", "7 (x) S " FIELDS_4_TO_8 "-1" FIELDS_10_TO_19 "17 18 5 0\n", BAD},
	{"flags of 33 bits", "7 (x) S " FIELDS_4_TO_8 "4294967296" FIELDS_10_TO_19 "17 18 5 0\n", BAD},
	{"hexadecimal flags", "7 (x) S " FIELDS_4_TO_8 "0x6" FIELDS_10_TO_19 "17 18 5 0\n", BAD},
	{"no flags but a blank", "7 (x) S " FIELDS_4_TO_8 FIELDS_10_TO_19 "17 18 5 0\n", BAD},
	{"negative threads", "7 (x) S " FIELDS_4_TO_8 "6" FIELDS_10_TO_19 "-1 18 5 0\n", BAD},
};

static void test_parse_stat(void **state)
{
	const struct stat_row *row = *state;
	struct pid_stat stat = {'?', 1, 2, 3};
	const struct pid_stat expected = row->stat.state ? row->stat : stat;

	assert_int_equal(state_parse_stat(row->text, &stat), row->stat.state ? 0 : -EINVAL);
	assert_int_equal(stat.state, expected.state);
	assert_int_equal(stat.flags, expected.flags);
	assert_int_equal(stat.threads, expected.threads);
	assert_true(stat.start_time == expected.start_time);
}

/* A child that waits to be killed. */
static pid_t waiting_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void make_zombie(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void reap(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* By what a clone has made, and by what has executed a program, which outlives its end. */
static void test_flags(void **state)
{
	const uint32_t forknoexec = 0x40;
	struct pid_stat stat;
	siginfo_t info;
	pid_t pid = waiting_child();

	(void)state;
	assert_int_equal(state_read_stat(pid, &stat), 0);
	assert_true(stat.flags & forknoexec);
	assert_int_equal(stat.threads, 1);
	make_zombie(pid);
	assert_int_equal(state_read_stat(pid, &stat), 0);
	assert_int_equal(stat.state, 'Z');
	assert_true(stat.flags & forknoexec);
	reap(pid);
	assert_int_equal(state_read_stat(pid, &stat), -ESRCH);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
		_exit(1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(state_read_stat(pid, &stat), 0);
	assert_int_equal(stat.state, 'Z');
	assert_false(stat.flags & forknoexec);
	reap(pid);
}

static void test_start_time(void **state)
{
	uint64_t first = 0, again = 0, untouched = 4711;
	pid_t pid = waiting_child();

	assert_int_equal(state_pid_start_time(pid, &first), 0);
	assert_true(first > 0);
	assert_int_equal(state_pid_start_time(pid, &again), 0);
	assert_true(first == again);
	make_zombie(pid);
	assert_int_equal(state_pid_start_time(pid, &untouched), -ESRCH);
	reap(pid);
	assert_int_equal(state_pid_start_time(pid, &untouched), -ESRCH);
	assert_true(untouched == 4711);
}

static void test_boot_id(void **state)
{
	const char *boot_id = NULL, *again = NULL;

	assert_int_equal(state_boot_id(&boot_id, NULL), 0);
	assert_int_equal(state_boot_id(&again, NULL), 0);
	assert_int_equal(strlen(boot_id), 36);
	assert_int_equal(strspn(boot_id, "0123456789abcdef-"), 36);
	assert_string_equal(boot_id, again);
}

/* A container with a state directory, whose init is a child of this program. */
struct fixture {
	struct scratch scratch;
	struct container container;
	pid_t pid;
};

static struct fixture *make_fixture(const char *phase)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int root;

	assert_non_null(fixture);
	assert_int_equal(scratch_make(&fixture->scratch), 0);
	root = state_root_open(fixture->scratch.path, false, NULL);
	assert_true(root >= 0);
	assert_int_equal(state_create(root, "c", &fixture->container, NULL), 0);
	close(root);
	fixture->pid = waiting_child();
	fixture->container.state.phase = phase;
	fixture->container.state.pid = fixture->pid;
	assert_int_equal(state_boot_id(&fixture->container.state.boot_id, NULL), 0);
	assert_int_equal(state_pid_start_time(fixture->pid, &fixture->container.state.start_time), 0);
	fixture->container.has_state = true;
	return fixture;
}

static void free_fixture(struct fixture *fixture)
{
	if (fixture->pid > 0) {
		kill(fixture->pid, SIGKILL);
		reap(fixture->pid);
	}
	container_close(&fixture->container);
	assert_int_equal(scratch_remove(&fixture->scratch), 0);
	free(fixture);
}

static enum container_status ask(const struct fixture *fixture, bool frozen, int *ret_pidfd)
{
	enum container_status status;
	struct err err = {0};

	assert_int_equal(state_status(&fixture->container, frozen, &status, ret_pidfd, &err), 0);
	return status;
}

static void test_living(void **state)
{
	struct fixture *fixture = make_fixture("created");
	int pidfd = -1;

	assert_int_equal(ask(fixture, false, &pidfd), STATUS_RUNNING);
	assert_true(pidfd >= 0);
	close(pidfd);
	assert_int_equal(ask(fixture, true, NULL), STATUS_PAUSED);
	close(openat(fixture->container.dir_fd, STATE_START, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(ask(fixture, false, NULL), STATUS_CREATED);
	free_fixture(fixture);
}

/* The descriptor is of init and of nobody else: what is sent there arrives. */
static void test_pidfd_is_init(void **state)
{
	struct fixture *fixture = make_fixture("created");
	siginfo_t info = {0};
	int pidfd = -1;

	assert_int_equal(ask(fixture, false, &pidfd), STATUS_RUNNING);
	assert_int_equal(kill(fixture->pid, SIGTERM), 0);
	assert_int_equal(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED), 0);
	assert_int_equal(info.si_pid, fixture->pid);
	fixture->pid = 0;
	close(pidfd);
	free_fixture(fixture);
}

static void test_zombie(void **state)
{
	struct fixture *fixture = make_fixture("created");
	int pidfd = 4711;

	make_zombie(fixture->pid);
	assert_int_equal(ask(fixture, false, &pidfd), STATUS_STOPPED);
	assert_int_equal(pidfd, -1);
	assert_int_equal(ask(fixture, true, NULL), STATUS_STOPPED);
	free_fixture(fixture);
}

static void test_gone(void **state)
{
	struct fixture *fixture = make_fixture("created");
	int pidfd = 4711;

	make_zombie(fixture->pid);
	reap(fixture->pid);
	fixture->pid = 0;
	assert_int_equal(ask(fixture, false, &pidfd), STATUS_STOPPED);
	assert_int_equal(pidfd, -1);
	free_fixture(fixture);
}

static void test_pid_of_another(void **state)
{
	struct fixture *fixture = make_fixture("created");
	int pidfd = 4711;

	fixture->container.state.start_time--;
	assert_int_equal(ask(fixture, false, &pidfd), STATUS_STOPPED);
	assert_int_equal(pidfd, -1);
	free_fixture(fixture);
}

static void test_another_boot(void **state)
{
	struct fixture *fixture = make_fixture("created");
	bool same_boot = false;
	int pidfd = 4711;

	assert_int_equal(state_same_boot(&fixture->container, &same_boot, NULL), 0);
	assert_true(same_boot);
	fixture->container.state.boot_id = "00000000-0000-0000-0000-000000000000";
	assert_int_equal(state_same_boot(&fixture->container, &same_boot, NULL), 0);
	assert_false(same_boot);
	assert_int_equal(ask(fixture, false, &pidfd), STATUS_STOPPED);
	assert_int_equal(pidfd, -1);
	free_fixture(fixture);
}

static void test_creating(void **state)
{
	struct fixture *fixture = make_fixture("creating");

	assert_int_equal(ask(fixture, false, NULL), STATUS_CREATING);
	make_zombie(fixture->pid);
	assert_int_equal(ask(fixture, false, NULL), STATUS_STOPPED);
	free_fixture(fixture);
}

/* "creating" without a process: made as long as somebody holds the lock, abandoned otherwise. */
static void test_abandoned(void **state)
{
	struct fixture *fixture = make_fixture("creating");
	struct container *maker = &fixture->container, seen;
	enum container_status status;

	maker->state.pid = 0;
	seen = *maker;
	seen.locked = false;
	seen.dir_fd = openat(maker->root_fd, "c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(seen.dir_fd >= 0);
	assert_int_equal(state_status(&seen, false, &status, NULL, NULL), 0);
	assert_int_equal(status, STATUS_CREATING);
	/* Who has the lock knows that nobody makes it. */
	assert_int_equal(ask(fixture, false, NULL), STATUS_STOPPED);
	assert_int_equal(flock(maker->dir_fd, LOCK_UN), 0);
	assert_int_equal(state_status(&seen, false, &status, NULL, NULL), 0);
	assert_int_equal(status, STATUS_STOPPED);
	close(seen.dir_fd);
	free_fixture(fixture);
}

static void test_without_state(void **state)
{
	struct container container = {.root_fd = -1, .dir_fd = -1};
	enum container_status status = STATUS_PAUSED;
	struct err err = {0};

	err_msg(&container.load_error, -EINVAL, "why not");
	assert_int_equal(state_status(&container, false, &status, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "why not");
	assert_int_equal(status, STATUS_PAUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_complete),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_start_time),
		cmocka_unit_test(test_boot_id),
		cmocka_unit_test(test_living),
		cmocka_unit_test(test_pidfd_is_init),
		cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_pid_of_another),
		cmocka_unit_test(test_another_boot),
		cmocka_unit_test(test_creating),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_without_state),
	};

	return run_table("status", statuses, test_status_of) + run_table("/proc/PID/stat", stats, test_parse_stat) +
	       cmocka_run_group_tests_name("state_status", tests, NULL, NULL);
}

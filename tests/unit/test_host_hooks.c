/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks with real processes. Where a hook must tell what it was given, it is this very program, called with "report" as
 * its second argument: a shell would change the environment and the descriptors before it could look.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "host/hooks.h"

static char self[512];
static char dir[64]; /* the bundle, fresh for each test */

#define AT(dir) (&(const struct hooks_place){.bundle = (dir)})
#define STATE   "{\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"status\":\"creating\",\"pid\":42,\"bundle\":\"/b\"}"

/* ---- The hook's side -------------------------------------------------------------------------------------- */

extern char **environ;

/* Writes what this process was given into argv[2], a name below the working directory. */
static int report(int argc, char **argv)
{
	FILE *f = fopen(argv[2], "we");
	char buf[65536], cwd[512];
	struct sigaction sa;
	sigset_t mask;
	ssize_t n;

	if (!f || !getcwd(cwd, sizeof(cwd)))
		return 99;
	fprintf(f, "argv0=%s\nargc=%d\n", argv[0], argc);
	for (char **e = environ; *e; e++)
		fprintf(f, "env=%s\n", *e);
	fprintf(f, "cwd=%s\nsession=%d\ngroup=%d\n", cwd, getsid(0) == getpid(), getpgrp() == getpid());
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int s = 1; s < NSIG; s++) {
		if (sigismember(&mask, s) == 1)
			fprintf(f, "blocked=%d\n", s);
		if (sigaction(s, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			fprintf(f, "ignored=%d\n", s);
	}
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && fd != fileno(f))
			fprintf(f, "fd=%d\n", fd);
	fputs("stdin=", f);
	while ((n = read(0, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, f);
	fputs(n == 0 ? "<EOF>\n" : "<error>\n", f);
	return fclose(f) == 0 ? 0 : 99;
}

/* ---- Helpers ---------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/turtle-unit-XXXXXX");
	assert_non_null(mkdtemp(dir));
	/* A hang is a failure, not a wait. */
	alarm(60);
	return 0;
}

static int teardown(void **state)
{
	_cleanup_closedir_ DIR *d = opendir(dir);

	alarm(0);
	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (e->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	return rmdir(dir);
}

static char *slurp(const char *name)
{
	char path[600], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fd_read_file(AT_FDCWD, path, 1 << 26, &text, NULL) < 0 ? NULL : text;
}

static bool exists(const char *name)
{
	_cleanup_free_ char *text = slurp(name);

	return text != NULL;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* A shell hook. The slots are for hooks of one test. */
static struct oci_hook shell(int slot, const char *script)
{
	static const char *args[4][3];
	static const char *env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};

	args[slot][0] = "sh";
	args[slot][1] = "-c";
	args[slot][2] = script;
	return (struct oci_hook){.path = "/bin/sh", .n_args = 3, .args = args[slot], .n_env = 1, .env = env};
}

static struct oci_hook reporter(const char *name)
{
	static const char *args[3];

	args[0] = "my name";
	args[1] = "report";
	args[2] = name;
	return (struct oci_hook){.path = self, .n_args = 3, .args = args};
}

static void run_ok(const struct oci_hook *hooks, size_t n, const char *document)
{
	struct err err = {0};

	if (hooks_run("createRuntime", hooks, n, document, AT(dir), &err) < 0)
		fail_msg("%s", err.msg);
}

static void run_bad(const struct oci_hook *hooks, size_t n, const char *message)
{
	struct err err = {0};

	assert_true(hooks_run("createRuntime", hooks, n, STATE, AT(dir), &err) < 0);
	assert_true(err.code < 0);
	assert_string_equal(err.msg, message);
}

static void assert_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	size_t n = strlen(line);

	if (!at || (at != text && at[-1] != '\n') || at[n] != '\n')
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static bool gone(pid_t pid)
{
	_cleanup_close_ int fd = sys_pidfd_open(pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd < 0 || poll(&p, 1, 10000) == 1;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *large_state(void)
{
	char *text = malloc((1 << 20) + 1);

	assert_non_null(text);
	memset(text, 's', 1 << 20);
	text[1 << 20] = '\0';
	return text;
}

/* ---- What a hook is given --------------------------------------------------------------------------------- */

static void test_nothing_to_do(void **state)
{
	run_ok(NULL, 0, STATE);
	hooks_run_all("poststop", NULL, 0, STATE, AT(dir));
}

static void test_state_on_stdin(void **state)
{
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;

	run_ok(&hook, 1, STATE);
	text = slurp("r");
	assert_non_null(text);
	assert_line(text, "stdin=" STATE "<EOF>");
}

static void test_state_for_each(void **state)
{
	struct oci_hook hooks[] = {shell(0, "cat >a"), shell(1, "head -c 5 >b"), shell(2, "cat >c")};
	_cleanup_free_ char *a = NULL, *c = NULL;

	run_ok(hooks, 3, STATE);
	a = slurp("a");
	c = slurp("c");
	assert_string_equal(a, STATE);
	assert_string_equal(c, STATE);
}

static void test_large_state(void **state)
{
	struct oci_hook hook = shell(0, "wc -c >n");
	_cleanup_free_ char *large = large_state(), *n = NULL;

	run_ok(&hook, 1, large);
	n = slurp("n");
	assert_string_equal(n, "1048576\n");
}

static void test_large_state_not_read(void **state)
{
	struct oci_hook hooks[] = {shell(0, "exit 0"), shell(1, "exec <&-; exit 0"), shell(2, "head -c 10 >/dev/null")};
	_cleanup_free_ char *large = large_state();

	run_ok(hooks, 3, large);
}

static void test_state_through_dev_stdin(void **state)
{
	struct oci_hook hook = shell(0, "cat /dev/stdin >a; cat /proc/self/fd/0 >b");
	_cleanup_free_ char *a = NULL;

	run_ok(&hook, 1, STATE);
	a = slurp("a");
	assert_string_equal(a, STATE);
}

static void test_state_cannot_be_changed(void **state)
{
	struct oci_hook hook = shell(0, "echo evil 2>/dev/null >/proc/self/fd/0 && exit 7; exit 0");

	run_ok(&hook, 1, STATE);
}

/* Neither an empty list nor a missing one hands on the caller's. */
static void test_no_environment(void **state)
{
	static const char *none[] = {NULL};
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL, *missing = NULL;

	assert_int_equal(setenv("TURTLE_TEST_SECRET", "1", 1), 0);
	hook.env = none;
	run_ok(&hook, 1, STATE);
	text = slurp("r");
	assert_null(strstr(text, "env="));
	hook.env = NULL;
	run_ok(&hook, 1, STATE);
	missing = slurp("r");
	assert_null(strstr(missing, "env="));
}

static void test_exact_environment(void **state)
{
	static const char *env[] = {"B=2", "A=1", "EMPTY=", "odd"};
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;

	hook.env = env;
	hook.n_env = 4;
	run_ok(&hook, 1, STATE);
	text = slurp("r");
	assert_non_null(strstr(text, "env=B=2\nenv=A=1\nenv=EMPTY=\nenv=odd\ncwd="));
}

static void test_argv(void **state)
{
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;

	run_ok(&hook, 1, STATE);
	text = slurp("r");
	assert_line(text, "argv0=my name");
	assert_line(text, "argc=3");
}

static void test_no_args(void **state)
{
	struct oci_hook hook;
	char path[128];
	_cleanup_free_ char *text = NULL;

	snprintf(path, sizeof(path), "%s/script", dir);
	write_file("script", "#!/bin/sh\necho \"$0 $#\" >out\n", 0700);
	hook = (struct oci_hook){.path = path};
	run_ok(&hook, 1, STATE);
	text = slurp("out");
	path[strlen(path)] = '\0';
	assert_non_null(text);
	assert_memory_equal(text, path, strlen(path));
	assert_string_equal(text + strlen(path), " 0\n");
}

static void test_cwd(void **state)
{
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;
	char line[128];

	run_ok(&hook, 1, STATE);
	text = slurp("r");
	snprintf(line, sizeof(line), "cwd=%s", dir);
	assert_line(text, line);
}

/* delete: an engine may have removed the bundle. */
static void test_bundle_is_gone(void **state)
{
	struct oci_hook hook;
	struct err err = {0};
	char script[256];
	_cleanup_free_ char *text = NULL;

	snprintf(script, sizeof(script), "pwd >%s/out", dir);
	hook = shell(0, script);
	assert_int_equal(hooks_run("poststop", &hook, 1, STATE, AT("/nonexistent/bundle"), &err), 0);
	text = slurp("out");
	assert_string_equal(text, "/\n");
}

static void test_no_descriptors(void **state)
{
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;
	int fds[20];

	for (int i = 0; i < 20; i++)
		fds[i] = open("/dev/null", O_RDONLY); /* handed on by mistake */
	run_ok(&hook, 1, STATE);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
	text = slurp("r");
	assert_non_null(strstr(text, "fd=0\nfd=1\nfd=2\nstdin="));
}

static void test_session(void **state)
{
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;

	run_ok(&hook, 1, STATE);
	text = slurp("r");
	assert_line(text, "session=1");
	assert_line(text, "group=1");
}

static void test_signals(void **state)
{
	struct oci_hook hook = reporter("r");
	_cleanup_free_ char *text = NULL;
	sigset_t all, old;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	run_ok(&hook, 1, STATE);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	text = slurp("r");
	assert_null(strstr(text, "blocked="));
	assert_null(strstr(text, "ignored="));
}

static void test_sigchld_ignored_by_caller(void **state)
{
	struct oci_hook hook = shell(0, "exit 4");
	struct sigaction after;

	signal(SIGCHLD, SIG_IGN);
	run_bad(&hook, 1, "error running createRuntime hook #0: exit status 4, stdout: , stderr: ");
	assert_int_equal(sigaction(SIGCHLD, NULL, &after), 0);
	signal(SIGCHLD, SIG_DFL);
	assert_true(after.sa_handler == SIG_IGN);
}

/* ---- Success and failure ---------------------------------------------------------------------------------- */

static void test_order(void **state)
{
	struct oci_hook hooks[] = {shell(0, "echo 1 >>o"), shell(1, "echo 2 >>o"), shell(2, "echo 3 >>o")};
	_cleanup_free_ char *text = NULL;

	run_ok(hooks, 3, STATE);
	text = slurp("o");
	assert_string_equal(text, "1\n2\n3\n");
}

/* Not a byte of a hook's output on our stdout and stderr. */
static void test_silent(void **state)
{
	struct oci_hook hook = shell(0, "echo out; echo error >&2");
	int file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), out = dup(1), error = dup(2), r;
	struct err err = {0};

	assert_true(file >= 0);
	fflush(stdout);
	dup2(file, 1);
	dup2(file, 2);
	r = hooks_run("createRuntime", &hook, 1, STATE, AT(dir), &err);
	fflush(stdout);
	dup2(out, 1);
	dup2(error, 2);
	close(out);
	close(error);
	assert_int_equal(r, 0);
	assert_int_equal(lseek(file, 0, SEEK_END), 0);
	close(file);
}

static void test_exit_status(void **state)
{
	struct oci_hook hook = shell(0, "echo out; echo oops >&2; exit 3");

	run_bad(&hook, 1, "error running createRuntime hook #0: exit status 3, stdout: out, stderr: oops");
}

static void test_first_failure_ends(void **state)
{
	struct oci_hook hooks[] = {shell(0, ">a"), shell(1, "exit 1"), shell(2, ">c")};

	run_bad(hooks, 3, "error running createRuntime hook #1: exit status 1, stdout: , stderr: ");
	assert_true(exists("a"));
	assert_false(exists("c"));
}

static void test_killed(void **state)
{
	struct oci_hook hook = shell(0, "echo bye; kill -KILL $$");

	run_bad(&hook, 1, "error running createRuntime hook #0: signal: killed, stdout: bye, stderr: ");
}

static void test_crashed(void **state)
{
	struct oci_hook hook = shell(0, "ulimit -c 0; kill -SEGV $$");

	run_bad(&hook, 1, "error running createRuntime hook #0: signal: segmentation fault, stdout: , stderr: ");
}

static void test_missing(void **state)
{
	struct oci_hook hook = {.path = "/nonexistent/hook"};

	run_bad(&hook, 1, "error running createRuntime hook #0: exec /nonexistent/hook: No such file or directory");
}

static void test_not_executable(void **state)
{
	struct oci_hook hook;
	char path[128], message[256];

	write_file("script", "#!/bin/sh\n", 0600);
	snprintf(path, sizeof(path), "%s/script", dir);
	snprintf(message, sizeof(message), "error running createRuntime hook #0: exec %s: Permission denied", path);
	hook = (struct oci_hook){.path = path};
	run_bad(&hook, 1, message);
}

static void test_directory(void **state)
{
	struct oci_hook hook = {.path = "/usr"};

	run_bad(&hook, 1, "error running createRuntime hook #0: exec /usr: Permission denied");
}

static void test_no_program(void **state)
{
	struct oci_hook hook;
	char path[128], message[256];

	write_file("script", "echo no shebang\n", 0700);
	snprintf(path, sizeof(path), "%s/script", dir);
	snprintf(message, sizeof(message), "error running createRuntime hook #0: exec %s: Exec format error", path);
	hook = (struct oci_hook){.path = path};
	run_bad(&hook, 1, message);
}

static void test_all_run(void **state)
{
	struct oci_hook hooks[] = {
		shell(0, ">a; exit 1"), {.path = "/nonexistent"}, shell(1, "kill -KILL $$"), shell(2, ">d")};

	hooks_run_all("poststop", hooks, 4, STATE, AT(dir));
	assert_true(exists("a"));
	assert_true(exists("d"));
}

static void test_without_err(void **state)
{
	struct oci_hook hook = shell(0, "exit 1");

	assert_true(hooks_run("createRuntime", &hook, 1, STATE, AT(dir), NULL) < 0);
}

/* ---- Output ----------------------------------------------------------------------------------------------- */

static void test_flood(void **state)
{
	struct oci_hook hook = shell(0, "head -c 10000000 /dev/zero | tr '\\0' x; echo THE END; exit 5");
	struct err err = {0};

	assert_true(hooks_run("prestart", &hook, 1, STATE, AT(dir), &err) < 0);
	assert_int_equal(strncmp(err.msg, "error running prestart hook #0: exit status 5, stdout: ...xxx", 61), 0);
	assert_non_null(strstr(err.msg, "xTHE END, stderr: "));
	assert_in_range(strlen(err.msg), 300, 600);
}

static void test_flood_of_both(void **state)
{
	struct oci_hook hook = shell(0, "yes | head -c 300000; yes | head -c 300000 >&2; yes o | head -c 900; "
					"yes e | head -c 900 >&2; echo OUT; echo ERR >&2; exit 6");
	struct err err = {0};

	assert_true(hooks_run("prestart", &hook, 1, STATE, AT(dir), &err) < 0);
	assert_non_null(strstr(err.msg, "stdout: ..."));
	assert_non_null(strstr(err.msg, "o\nOUT, stderr: ..."));
	assert_string_equal(err.msg + strlen(err.msg) - 5, "e\nERR");
}

static void test_flood_succeeds(void **state)
{
	struct oci_hook hook = shell(0, "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");

	run_ok(&hook, 1, STATE);
}

/* It goes into a JSON log and onto terminals. */
static void test_odd_bytes(void **state)
{
	struct oci_hook hook = shell(0, "printf 'a\\033[2Jb\\377c\\303\\244d\\303 \\355\\240\\200e\\001\\n'; exit 1");

	run_bad(&hook, 1,
		"error running createRuntime hook #0: exit status 1, stdout: a?[2Jb?c\xc3\xa4"
		"d? ???e?, stderr: ");
}

static void test_cut_between_characters(void **state)
{
	struct oci_hook hook = shell(0, "for i in $(seq 999); do printf '\\342\\202\\254'; done; exit 1");
	struct err err = {0};
	const char *at;

	assert_true(hooks_run("prestart", &hook, 1, STATE, AT(dir), &err) < 0);
	at = strstr(err.msg, "stdout: ...");
	assert_non_null(at);
	assert_memory_equal(at + strlen("stdout: ..."), "\xe2\x82\xac", 3);
	assert_null(strchr(at, '?'));
}

/* ---- Time ------------------------------------------------------------------------------------------------- */

static void test_in_time(void **state)
{
	struct oci_hook hook = shell(0, "exit 0");

	hook.timeout = (struct oci_opt_i64){true, 30};
	run_ok(&hook, 1, STATE);
}

static void test_timeout(void **state)
{
	struct oci_hook hook = shell(0, "echo waiting; exec sleep 1000");
	double before = seconds();

	hook.timeout = (struct oci_opt_i64){true, 1};
	run_bad(&hook, 1, "error running createRuntime hook #0: hook ran past specified timeout of 1.0s");
	assert_true(seconds() - before >= 1);
	assert_true(seconds() - before < 20);
}

static void test_timeout_kills_the_group(void **state)
{
	struct oci_hook hook = shell(0, "trap '' TERM HUP INT; sleep 1000 & echo $! >pid; wait");
	_cleanup_free_ char *text = NULL;

	hook.timeout = (struct oci_opt_i64){true, 1};
	run_bad(&hook, 1, "error running createRuntime hook #0: hook ran past specified timeout of 1.0s");
	text = slurp("pid");
	assert_non_null(text);
	assert_true(gone((pid_t)atoi(text)));
}

static void test_timeout_of_a_stopped_hook(void **state)
{
	struct oci_hook hook = shell(0, "kill -STOP $$");

	hook.timeout = (struct oci_opt_i64){true, 1};
	run_bad(&hook, 1, "error running createRuntime hook #0: hook ran past specified timeout of 1.0s");
}

static void test_timeout_while_flooding(void **state)
{
	struct oci_hook hook = shell(0, "exec yes");

	hook.timeout = (struct oci_opt_i64){true, 1};
	run_bad(&hook, 1, "error running createRuntime hook #0: hook ran past specified timeout of 1.0s");
}

static void test_huge_timeout(void **state)
{
	struct oci_hook hook = shell(0, "exit 0");

	hook.timeout = (struct oci_opt_i64){true, INT64_MAX};
	run_ok(&hook, 1, STATE);
}

/* The hook is over when its process is, even while what it started holds its stdout. */
static void test_leaves_a_process(void **state)
{
	struct oci_hook hook = shell(0, "sleep 1000 & echo $! >pid; exit 0");
	_cleanup_free_ char *text = NULL;
	double before = seconds();
	pid_t pid;

	run_ok(&hook, 1, STATE);
	assert_true(seconds() - before < 20);
	text = slurp("pid");
	pid = (pid_t)atoi(text);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0); /* it was alive */
}

static void test_leaves_a_process_and_fails(void **state)
{
	struct oci_hook hook = shell(0, "yes & echo $! >pid; exit 9");
	struct err err = {0};
	_cleanup_free_ char *text = NULL;

	assert_true(hooks_run("prestart", &hook, 1, STATE, AT(dir), &err) < 0);
	assert_non_null(strstr(err.msg, "exit status 9, stdout: "));
	text = slurp("pid");
	/* Its pipe is closed now, so it ends by itself. */
	assert_true(gone((pid_t)atoi(text)));
}

static void test_nothing_left_open(void **state)
{
	struct oci_hook hooks[] = {shell(0, "exit 0"), {.path = "/nonexistent"}};
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	close(before);
	hooks_run_all("poststop", hooks, 2, STATE, AT(dir));
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(after, before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_nothing_to_do),
		T(test_state_on_stdin),
		T(test_state_for_each),
		T(test_large_state),
		T(test_large_state_not_read),
		T(test_state_through_dev_stdin),
		T(test_state_cannot_be_changed),
		T(test_no_environment),
		T(test_exact_environment),
		T(test_argv),
		T(test_no_args),
		T(test_cwd),
		T(test_bundle_is_gone),
		T(test_no_descriptors),
		T(test_session),
		T(test_signals),
		T(test_sigchld_ignored_by_caller),
		T(test_order),
		T(test_silent),
		T(test_exit_status),
		T(test_first_failure_ends),
		T(test_killed),
		T(test_crashed),
		T(test_missing),
		T(test_not_executable),
		T(test_directory),
		T(test_no_program),
		T(test_all_run),
		T(test_without_err),
		T(test_flood),
		T(test_flood_of_both),
		T(test_flood_succeeds),
		T(test_odd_bytes),
		T(test_cut_between_characters),
		T(test_in_time),
		T(test_timeout),
		T(test_timeout_kills_the_group),
		T(test_timeout_of_a_stopped_hook),
		T(test_timeout_while_flooding),
		T(test_huge_timeout),
		T(test_leaves_a_process),
		T(test_leaves_a_process_and_fails),
		T(test_nothing_left_open),
	};
	ssize_t n;

	if (argc == 3 && strcmp(argv[1], "report") == 0)
		return report(argc, argv);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return 99;
	self[n] = '\0';
	return cmocka_run_group_tests_name("host hooks", tests, NULL, NULL);
}

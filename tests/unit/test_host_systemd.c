/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turtle's side of turtle-systemd. The client looks for the helper beside its own binary, so this program copies itself
 * into a scratch directory and goes on there, where each test puts what it wants to be found. A copy that is called
 * turtle-systemd is itself a helper: it reports what it was given.
 */
#include "fake_manager.h"

#include "base/mem.h"
#include "base/sys.h"
#include "host/systemd/systemd.h"
#include "systemd/protocol.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define REAL TEST_BUILDDIR "/../src/turtle-systemd"

extern char **environ;

static char *helper; /* the path beside this program */

/* ---- As a helper ------------------------------------------------------------------------------------------ */

/* Says HELLO with what it was given in place of the cgroup's path. */
static int report(int argc, char **argv)
{
	struct systemd_answer answer = {.verb = SYSTEMD_HELLO, .version = 1};
	char said[4096];
	struct iovec iov[2] = {{&answer, sizeof(answer)}, {said, 0}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	struct sigaction action;
	sigset_t mask;
	size_t n = 0;

#define ADD(...) (n += (size_t)snprintf(said + n, sizeof(said) - n, __VA_ARGS__))
	for (int i = 0; i < argc; i++)
		ADD("arg=%s\n", argv[i]);
	for (char **e = environ; *e; e++)
		ADD("env=%s\n", *e);
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			ADD("fd=%d\n", fd);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int s = 1; s < NSIG; s++)
		if (sigismember(&mask, s) == 1 || (sigaction(s, NULL, &action) == 0 && action.sa_handler == SIG_IGN))
			ADD("signal=%d\n", s);
	ADD("session=%d\n", getsid(0) == getpid());
#undef ADD
	iov[1].iov_len = n;
	return sendmsg(SYSTEMD_SOCKET, &msg, 0) < 0;
}

/* ---- Helpers ---------------------------------------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

static void put_script(const char *script)
{
	FILE *file = fopen(helper, "we");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(helper, 0755), 0);
}

static int setup(void **state)
{
	unlink(helper);
	return 0;
}

static void expect(int r, const struct err *err, const char *message)
{
	assert_true(r < 0);
	assert_int_equal(err->code, r);
	assert_string_equal(err->msg, message);
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- Tests ------------------------------------------------------------------------------------------------ */

static void test_missing(void **state)
{
	struct systemd systemd = SYSTEMD_NONE;
	struct err err = {0};

	if (access(TURTLE_LIBEXECDIR "/turtle-systemd", F_OK) == 0)
		skip(); /* one is installed */
	expect(systemd_open(true, &systemd, &err), &err,
	       "start turtle-systemd: " TURTLE_LIBEXECDIR "/turtle-systemd: No such file or directory (this turtle was "
	       "built or installed without systemd support)");
	assert_int_equal(systemd.sock, -1);
	systemd_close(&systemd);
}

/* In a directory for all, somebody else's file of that name is not executed. */
static void test_not_ours(void **state)
{
	struct systemd systemd = SYSTEMD_NONE;
	struct err err = {0};

	if (geteuid() != 0 || access(TURTLE_LIBEXECDIR "/turtle-systemd", F_OK) == 0)
		skip();
	put_script("exit 0");
	assert_int_equal(chown(helper, 65534, 65534), 0);
	assert_int_equal(systemd_open(true, &systemd, &err), -ENOENT);
	assert_int_equal(chown(helper, 0, 0), 0);
	assert_int_equal(chmod(helper, 0757), 0);
	assert_int_equal(systemd_open(true, &systemd, &err), -ENOENT);
	assert_int_equal(chmod(helper, 0755), 0);
	assert_int_equal(systemd_open(true, &systemd, &err), 0);
	systemd_close(&systemd);
}

static void test_what_it_gets(void **state)
{
	struct systemd systemd = SYSTEMD_NONE;
	struct err err = {0};
	sigset_t some, old;
	char *format;
	int inherited;

	copy_file("/proc/self/exe", helper);
	inherited = open("/dev/null", O_RDONLY); /* NOLINT: without O_CLOEXEC, as one of our caller's */
	/* How cmocka is to report is asked for after each test. */
	format = getenv("CMOCKA_MESSAGE_OUTPUT") ? strdup(getenv("CMOCKA_MESSAGE_OUTPUT")) : NULL;
	assert_int_equal(clearenv(), 0);
	if (format)
		setenv("CMOCKA_MESSAGE_OUTPUT", format, 1);
	free(format);
	setenv("SECRET", "x", 1);
	setenv("XDG_RUNTIME_DIR", "/run/x", 1);
	setenv("XDG_RUNTIME_DIRECTORY", "/run/y", 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/z", 1);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, &old);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(systemd_open(false, &systemd, &err), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGXFSZ, SIG_DFL);
	close(inherited);
	if (systemd_greet(&systemd, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(systemd.cgroup, "arg=turtle-systemd\narg=system\nenv=XDG_RUNTIME_DIR=/run/x\n"
					    "env=DBUS_SESSION_BUS_ADDRESS=unix:path=/run/z\n"
					    "fd=0\nfd=1\nfd=2\nfd=3\nsession=1\n");
	systemd_close(&systemd);
	assert_no_children();
}

static void test_deaths(void **state)
{
	static const struct {
		const char *script, *message;
	} rows[] = {
		{"exit 127",
		 "turtle-systemd can't be run (is libsystemd installed? `turtle-systemd --version` tells what "
		 "it lacks)"},
		{"exit 3", "turtle-systemd ended with status 3"},
		{"kill -9 $$", "turtle-systemd was ended by signal 9"},
		{"echo rubbish >&3", "turtle-systemd sent a message of 8 bytes"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct systemd systemd = SYSTEMD_NONE;
		struct err err = {0};

		put_script(rows[i].script);
		assert_int_equal(systemd_open(true, &systemd, &err), 0);
		expect(systemd_greet(&systemd, &err), &err, rows[i].message);
		/* And once more, as clean-up does that knows nothing of it. */
		assert_true(systemd_stop(&systemd, "x.scope", &err) < 0);
		systemd_close(&systemd);
		assert_no_children();
	}
}

/* One that never says a word is no obstacle for the end. */
static void test_close_at_once(void **state)
{
	struct systemd systemd = SYSTEMD_NONE;
	struct err err = {0};

	put_script("exec sleep 1000");
	assert_int_equal(systemd_open(true, &systemd, &err), 0);
	systemd_close(&systemd);
	assert_int_equal(systemd.sock, -1);
	systemd_close(&systemd);
	assert_no_children();
}

/* Nor is one that does not answer waited for without end. */
static void test_silent(void **state)
{
	struct systemd systemd = SYSTEMD_NONE;
	struct timeval limit = {0};
	socklen_t size = sizeof(limit);
	struct err err = {0};

	put_script("exec sleep 1000");
	assert_int_equal(systemd_open(true, &systemd, &err), 0);
	assert_int_equal(getsockopt(systemd.sock, SOL_SOCKET, SO_RCVTIMEO, &limit, &size), 0);
	/* Longer than what the helper may take for a request. */
	assert_in_range(limit.tv_sec, 60, 300);
	limit = (struct timeval){.tv_usec = 50000};
	assert_int_equal(setsockopt(systemd.sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	expect(systemd_greet(&systemd, &err), &err, "turtle-systemd does not answer");
	systemd_close(&systemd);
	assert_no_children();
}

/* The real one, with the fake manager: a whole life, and errors that do not end it. */
static void test_conversation(void **state)
{
	static const struct plan_unit_property properties[] = {{"Delegate", "true"}, {"MemoryMax", "uint64 5"}};
	static const struct plan_unit_property broken[] = {{"Delegate", "true"}, {"MemoryMax", "uint64 five"}};
	static const char unparsable[] = "systemd property MemoryMax: can't parse \"uint64 five\" as GVariant text: ";
	struct plan_unit unit = {.name = "x.scope", .n_properties = 2, .properties = broken};
	struct systemd systemd = SYSTEMD_NONE;
	struct err err = {0};
	struct fake fake;
	char *long_value;
	pid_t pid;

	copy_file(REAL, helper);
	fake_prepare(&fake);
	fake_start(&fake, "version=300 cgroup=/a/b");
	assert_int_equal(systemd_open(true, &systemd, &err), 0);
	assert_int_equal(systemd_check(&systemd, &unit, &err), -EINVAL);
	/* What follows are GLib's words. */
	assert_int_equal(strncmp(err.msg, unparsable, strlen(unparsable)), 0);
	assert_int_equal(systemd.version, 300);
	assert_string_equal(systemd.cgroup, "/a/b");
	expect(systemd_start(&systemd, &unit, 1, &err), &err, "turtle-systemd: x.scope was not checked");

	unit.properties = properties;
	assert_int_equal(systemd_check(&systemd, &unit, &err), 0);
	assert_int_equal(systemd_start(&systemd, &unit, 4242, &err), 0);
	assert_int_equal(systemd_set(&systemd, &unit, &err), 0);
	assert_int_equal(systemd_attach(&systemd, "x.scope", NULL, 5, &err), 0);
	assert_int_equal(systemd_attach(&systemd, "x.scope", "sub", 6, &err), 0);
	assert_int_equal(systemd_stop(&systemd, "x.scope", &err), 0);
	assert_int_equal(systemd_stop(&systemd, "x.scope", &err), 0);

	long_value = malloc(SYSTEMD_MAX_PACKET);
	assert_non_null(long_value);
	memset(long_value, 'x', SYSTEMD_MAX_PACKET - 1);
	long_value[SYSTEMD_MAX_PACKET - 1] = '\0';
	unit.properties = &(struct plan_unit_property){"Description", long_value};
	unit.n_properties = 1;
	assert_int_equal(systemd_check(&systemd, &unit, &err), -E2BIG);
	/* The largest that fits. */
	memset(long_value, ' ', SYSTEMD_MAX_PACKET - 1);
	long_value[0] = '1';
	long_value[SYSTEMD_MAX_PACKET - sizeof(struct systemd_request) - sizeof("x.scope") - sizeof("Description") -
		   1] = '\0';
	if (systemd_check(&systemd, &unit, &err) < 0)
		fail_msg("%s", err.msg);
	free(long_value);
	pid = systemd.pid;
	systemd_close(&systemd);
	assert_int_equal(waitpid(pid, NULL, 0), -1);
	assert_string_equal(fake_log(&fake), "Get Version\nGet ControlGroup\nStartTransientUnit x.scope fail 4242\n"
					     "SetUnitProperties x.scope runtime\nAttachProcessesToUnit x.scope  5\n"
					     "AttachProcessesToUnit x.scope /sub 6\nStopUnit x.scope replace\n"
					     "ResetFailedUnit x.scope\nStopUnit x.scope replace\n");
	fake_end(&fake);
}

static void test_no_manager(void **state)
{
	struct systemd systemd = SYSTEMD_NONE;
	_cleanup_free_ char *message = NULL;
	struct err err = {0};
	struct fake fake;

	copy_file(REAL, helper);
	fake_prepare(&fake);
	message = text("systemd: no user manager at %s or %s/bus: No such file or directory (is there a login session? "
		       "use --cgroup-manager=cgroupfs)",
		       fake.socket, fake.scratch.path);
	assert_int_equal(systemd_open(true, &systemd, &err), 0);
	expect(systemd_greet(&systemd, &err), &err, message);
	systemd_close(&systemd);
	fake_end(&fake);
}

/* Killed in the middle of a request, turtle takes the helper with it. */
static void test_dies_with_us(void **state)
{
	struct plan_unit unit = {.name = "x.scope"};
	struct pollfd ended = {.events = POLLIN};
	struct fake fake;
	int ends[2];
	pid_t pid, helper_pid;

	copy_file(REAL, helper);
	fake_prepare(&fake);
	fake_start(&fake, "hang=StartTransientUnit");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct systemd systemd = SYSTEMD_NONE;
		struct err err;

		if (systemd_open(true, &systemd, &err) < 0 || systemd_check(&systemd, &unit, &err) < 0 ||
		    write(ends[1], &systemd.pid, sizeof(systemd.pid)) != sizeof(systemd.pid))
			_exit(1);
		(void)systemd_start(&systemd, &unit, 0, &err);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &helper_pid, sizeof(helper_pid)), sizeof(helper_pid));
	close(ends[0]);
	ended.fd = sys_pidfd_open(helper_pid, 0);
	assert_true(ended.fd >= 0);
	assert_int_equal(poll(&ended, 1, 0), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(poll(&ended, 1, 20000), 1);
	close(ended.fd);
	fake_end(&fake);
}

/* ---- Whose manager ---------------------------------------------------------------------------------------- */

/* A socket below /run, of this user. */
static int put_socket(const char *path, uid_t uid)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(path);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	return sock >= 0 && bind(sock, (struct sockaddr *)&sa, sizeof(sa)) == 0 && lchown(path, uid, uid) == 0 ? 0 : -1;
}

/* Where no /run of its own can be had: an odd mount namespace, a chroot. */
#define NO_RUN 100

/* In a /run of its own. Returns the number of the first expectation that fails. */
static int choose(void)
{
	int n = 0;

#define EXPECT(condition)         \
	do {                      \
		n++;              \
		if (!(condition)) \
			return n; \
	} while (0)
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/systemd", 0755) < 0 ||
	    mkdir("/run/user", 0755) < 0 || mkdir("/run/user/systemd", 0755) < 0)
		return NO_RUN;
	unsetenv("XDG_RUNTIME_DIR");
	EXPECT(!systemd_wants_user());
	setenv("XDG_RUNTIME_DIR", "/run/user", 1);
	EXPECT(!systemd_wants_user());
	EXPECT(put_socket("/run/user/systemd/private", 1000) == 0 && !systemd_wants_user());
	EXPECT(put_socket("/run/user/bus", 1000) == 0 && !systemd_wants_user());
	EXPECT(put_socket("/run/user/bus", 0) == 0 && systemd_wants_user());
	unlink("/run/user/bus");
	EXPECT(put_socket("/run/user/systemd/private", 0) == 0 && systemd_wants_user());
	/* The system's manager: somebody else's, as podman's root sees it, and our own. */
	EXPECT(put_socket("/run/systemd/private", 65534) == 0 && systemd_wants_user());
	EXPECT(put_socket("/run/systemd/private", 0) == 0 && !systemd_wants_user());
	/* A plain user has only one. */
	EXPECT(setgroups(0, NULL) == 0 && setgid(1000) == 0 && setuid(1000) == 0 && systemd_wants_user());
#undef EXPECT
	return 0;
}

static void test_whose(void **state)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(choose());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_RUN)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Start ------------------------------------------------------------------------------------------------ */

/* A copy of this program in a directory of its own, which is executed in our place. */
static int move_out(char **argv)
{
	char template[] = "/tmp/turtle-unit-XXXXXX", self[64];

	if (!mkdtemp(template))
		return 1;
	snprintf(self, sizeof(self), "%s/test_host_systemd", template);
	copy_file("/proc/self/exe", self);
	execl(self, argv[0], template, NULL);
	perror(self);
	return 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_missing, setup),       cmocka_unit_test_setup(test_not_ours, setup),
		cmocka_unit_test_setup(test_what_it_gets, setup),  cmocka_unit_test_setup(test_deaths, setup),
		cmocka_unit_test_setup(test_close_at_once, setup), cmocka_unit_test_setup(test_conversation, setup),
		cmocka_unit_test_setup(test_no_manager, setup),    cmocka_unit_test_setup(test_dies_with_us, setup),
		cmocka_unit_test_setup(test_whose, setup),         cmocka_unit_test_setup(test_silent, setup),
	};
	struct scratch scratch;
	int failed;

	if (strcmp(argv[0], "turtle-systemd") == 0)
		return report(argc, argv);
	if (argc < 2)
		return move_out(argv);
	snprintf(scratch.path, sizeof(scratch.path), "%s", argv[1]);
	helper = text("%s/turtle-systemd", argv[1]);
	/* A hang is a failure, not a wait. */
	alarm(240);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(helper);
	scratch_remove(&scratch);
	return failed;
}

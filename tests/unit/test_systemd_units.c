/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turtle-systemd's requests against a manager that errs in every way that is known of real ones (tests/systemd/
 * fake_manager.c): what comes of the request, and with which calls.
 */
#include "fake_manager.h"

#include "base/mem.h"
#include "systemd/manager.h"
#include "systemd/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define HELLO "Get Version\nGet ControlGroup\n"
#define LOOK  "Get Job\nGet ActiveState\n"
#define START "StartTransientUnit x.scope fail 4242\n"
#define STOP  "StopUnit x.scope replace\n"
#define RESET "ResetFailedUnit x.scope\n"
#define LIST  "GetUnitProcesses x.scope\n"

/* Long enough for a loaded machine, where nothing is to be waited for in vain. */
#define LONG 30000

struct row {
	const char *name;
	const char *options; /* of the fake manager */
	unsigned limit;      /* ms */
	int result;          /* of the request */
	const char *error;   /* the message, of which "|" separates parts that must be there */
	const char *calls;   /* all of them, after those of the connect */
};

struct fixture {
	struct fake fake;
	struct manager manager;
	struct unit unit;
	struct err err;
};

static void begin(struct fixture *f, const char *options)
{
	*f = (struct fixture){.manager.user = true};
	fake_prepare(&f->fake);
	fake_start(&f->fake, options);
	f->manager.limit = LONG * UINT64_C(1000);
	manager_begin(&f->manager, f->manager.limit);
	f->unit.name = strdup("x.scope");
	f->unit.n_properties = 1;
	f->unit.properties = calloc(1, sizeof(*f->unit.properties));
	assert_int_equal(property_parse("Description", "'x'", f->unit.properties, &f->err), 0);
}

static void end(struct fixture *f)
{
	unit_free(&f->unit);
	manager_close(&f->manager);
	fake_end(&f->fake);
}

static void check_message(const struct err *err, const char *parts)
{
	char *copy = strdup(parts), *save = NULL;

	for (char *part = strtok_r(copy, "|", &save); part; part = strtok_r(NULL, "|", &save))
		if (!strstr(err->msg, part))
			fail_msg("\"%s\" is not in: %s", part, err->msg);
	free(copy);
}

/* One request, and all that can be known of it. */
static void check(void **state, int (*request)(struct fixture *f))
{
	const struct row *row = *state;
	struct fixture f;
	char calls[4096];
	int r;

	begin(&f, row->options);
	r = manager_connect(&f.manager, &f.err);
	if (r < 0)
		fail_msg("%s", f.err.msg);
	f.manager.limit = row->limit * UINT64_C(1000);
	r = request(&f);
	if (r != row->result)
		fail_msg("%d: %s", r, f.err.msg);
	if (row->error) {
		assert_int_equal(f.err.code, r);
		check_message(&f.err, row->error);
	}
	snprintf(calls, sizeof(calls), HELLO "%s", row->calls);
	assert_string_equal(fake_log(&f.fake), calls);
	end(&f);
}

/* ---- Starting --------------------------------------------------------------------------------------------- */

static const struct row starts[] = {
	{"a start is one call", "", LONG, 0, NULL, START},
	{"a job that fails", "result=failed", LONG, -EIO,
	 "systemd: start x.scope: the job ended with the result \"failed\"|journalctl --user --unit x.scope",
	 START STOP RESET},
	{"a job that is canceled", "result=canceled", LONG, -EIO, "result \"canceled\"", START STOP RESET},
	{"a job whose end is not told", "silent=start", 600, -ETIMEDOUT, "systemd: start x.scope: not done in 0.6 s",
	 START STOP RESET},
	{"a call without an answer", "hang=StartTransientUnit", 600, -ETIMEDOUT,
	 "systemd: start x.scope: not done in 0.6 s", "StartTransientUnit\n" STOP},
	{"a refused property", "refuse=Cannot+set+property+Nonsense,+or+unknown+property.", LONG, -EROFS,
	 "systemd: start x.scope: Cannot set property Nonsense, or unknown property.", START},
	{"a failed unit in the way", "unit=failed", LONG, 0, NULL, START LOOK RESET START},
	{"a dead unit in the way", "unit=inactive", LONG, 0, NULL, START LOOK STOP RESET START},
	{"an empty unit in the way", "unit=active", LONG, 0, NULL, START LOOK LIST STOP RESET START},
	{"a unit that is about to end", "unit=deactivating,1", LONG, 0, NULL, START LOOK LIST STOP RESET START},
	{"a unit of somebody else", "unit=active,2", LONG, -EEXIST,
	 "systemd: start x.scope: a unit of this name is active and has 2 processes", START LOOK LIST},
	{"lost before the work", "drop=call", LONG, 0, NULL, START START},
	{"lost twice", "drop=call twice", LONG, 0, NULL, START START START},
	{"lost with the work done", "drop=work", LONG, 0, NULL, START START LOOK LIST},
	{"lost with the work begun", "drop=work pending", LONG, 0, NULL, START START LOOK LIST},
	{"lost with the answer given, job done", "drop=reply", LONG, 0, NULL, START LOOK},
	{"lost with the answer given, job going on", "drop=reply pending", LONG, 0, NULL, START LOOK},
	{"lost, and the job failed", "drop=reply result=failed", LONG, -EIO, "result \"failed\"",
	 START LOOK STOP RESET},
	{"lost, and nobody there for a while", "drop=away", LONG, 0, NULL, START START LOOK LIST},
	{"the queue of connections is full", "backlog", LONG, 0, NULL, START},
};

static int start_4242(struct fixture *f)
{
	return unit_start(&f->manager, &f->unit, 4242, &f->err);
}

static void test_start(void **state)
{
	check(state, start_4242);
}

/* ---- Stopping --------------------------------------------------------------------------------------------- */

static const struct row stops[] = {
	{"no unit is one call", "", LONG, 0, NULL, STOP},
	{"a living unit", "unit=active,1", LONG, 0, NULL, STOP RESET},
	{"a failed unit", "unit=failed", LONG, 0, NULL, STOP RESET},
	{"a stop whose end is not told", "unit=active silent=stop", 300, -ETIMEDOUT,
	 "systemd: stop x.scope: not done in 0.3 s", STOP},
	{"a stop without an answer", "hang=StopUnit", 300, -ETIMEDOUT, "systemd: stop x.scope: not done in 0.3 s",
	 "StopUnit\n"},
};

static int stop_it(struct fixture *f)
{
	return unit_stop(&f->manager, "x.scope", &f->err);
}

static void test_stop(void **state)
{
	check(state, stop_it);
}

/* ---- The rest --------------------------------------------------------------------------------------------- */

static const struct row sets[] = {
	{"set", "", LONG, 0, NULL, "SetUnitProperties x.scope runtime\n"},
};

static int set_it(struct fixture *f)
{
	return unit_set(&f->manager, &f->unit, &f->err);
}

static void test_set(void **state)
{
	check(state, set_it);
}

static const struct row attaches[] = {
	{"attach", "", LONG, 0, NULL,
	 "AttachProcessesToUnit x.scope  77\nAttachProcessesToUnit x.scope /sub 78\nAttachProcessesToUnit x.scope /s/t "
	 "79\n"},
	{"attach without an answer", "hang=AttachProcessesToUnit", 300, -ETIMEDOUT,
	 "systemd: move process 77 into x.scope: not done in 0.3 s", "AttachProcessesToUnit\n"},
};

static int attach_them(struct fixture *f)
{
	int r = unit_attach(&f->manager, "x.scope", "", 77, &f->err);

	if (r == 0)
		r = unit_attach(&f->manager, "x.scope", "sub", 78, &f->err);
	if (r == 0)
		r = unit_attach(&f->manager, "x.scope", "/s/t", 79, &f->err);
	return r;
}

static void test_attach(void **state)
{
	check(state, attach_them);
}

/* A manager that has gone for good, with the connection and before: an end after the limit, and no hang. */
static void test_gone_for_good(void **state)
{
	struct timespec before, after;
	struct fixture f;

	begin(&f, "");
	assert_int_equal(manager_connect(&f.manager, &f.err), 0);
	f.manager.limit = 500 * UINT64_C(1000);
	kill(f.fake.pid, SIGKILL);
	waitpid(f.fake.pid, NULL, 0);
	f.fake.pid = 0;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_true(unit_stop(&f.manager, "x.scope", &f.err) < 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	check_message(&f.err, "systemd: stop x.scope|");
	assert_true(after.tv_sec - before.tv_sec < 10);
	end(&f);
}

/* ---- Connecting ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *text;
	int result;
	uint32_t version;
} versions[] = {
	{"Debian 13", "257.9-1~deb13u1", 0, 257},
	{"Debian 12", "252.38-1~deb12u1", 0, 252},
	{"Fedora", "256.7-1.fc41", 0, 256},
	{"a commit", "v245.4-4ubuntu3", 0, 245},
	{"a candidate", "258~rc4", 0, 258},
	{"with more behind", "249 (249.11-0ubuntu3)", 0, 249},
	{"the largest", "429496728", 0, 429496728},
	{"none", "", -EINVAL},
	{"words", "unknown", -EINVAL},
	{"v alone", "v", -EINVAL},
	{"signed", "-1", -EINVAL},
	{"too large", "99999999999999999999", -ERANGE},
};

static void test_version(void **state)
{
	const __typeof__(*versions) *row = *state;
	uint32_t version = 1;

	assert_int_equal(version_parse(row->text, &version), row->result);
	assert_int_equal(version, row->result == 0 ? row->version : 1);
}

static void test_hello(void **state)
{
	struct fixture f;

	begin(&f, "version=252.1-1 cgroup=/user.slice/user@1.service");
	assert_int_equal(manager_connect(&f.manager, &f.err), 0);
	assert_int_equal(f.manager.version, 252);
	assert_string_equal(f.manager.cgroup, "/user.slice/user@1.service");
	assert_string_equal(fake_log(&f.fake), HELLO);
	end(&f);
	begin(&f, "");
	assert_int_equal(manager_connect(&f.manager, &f.err), 0);
	assert_int_equal(f.manager.version, 257);
	assert_string_equal(f.manager.cgroup, "/");
	end(&f);
	begin(&f, "version=wisdom");
	assert_int_equal(manager_connect(&f.manager, &f.err), -EINVAL);
	check_message(&f.err, "its version \"wisdom\" is not understood|/systemd/private or |/bus");
	end(&f);
}

static void test_nobody(void **state)
{
	struct manager manager = {.user = true, .limit = LONG * UINT64_C(1000)};
	_cleanup_free_ char *expected = NULL;
	struct err err = {0};
	struct fake fake;

	fake_prepare(&fake);
	manager_begin(&manager, manager.limit);
	assert_int_equal(manager_connect(&manager, &err), -ENOENT);
	expected = text(
		"systemd: no user manager at %s or %s/bus: No such file or directory (is there a login session? use "
		"--cgroup-manager=cgroupfs)",
		fake.socket, fake.scratch.path);
	assert_string_equal(err.msg, expected);
	manager_close(&manager);
	fake_end(&fake);
}

/* It listens, and hangs up, as one does that is about to execute itself: the next attempt is better. */
static void test_dropped(void **state)
{
	struct fixture f;

	begin(&f, "drop=accept");
	if (manager_connect(&f.manager, &f.err) < 0)
		fail_msg("%s", f.err.msg);
	assert_string_equal(fake_log(&f.fake), HELLO);
	end(&f);
	begin(&f, "drop=hello");
	if (manager_connect(&f.manager, &f.err) < 0)
		fail_msg("%s", f.err.msg);
	end(&f);
}

/* It listens, and says nothing. */
static void test_mute(void **state)
{
	struct fixture f;

	begin(&f, "hang=Get");
	manager_begin(&f.manager, 300 * UINT64_C(1000));
	assert_int_equal(manager_connect(&f.manager, &f.err), -ETIMEDOUT);
	end(&f);
}

/* A socket without anybody behind it: left behind, which has an end, or about to be listened on, which is waited for.
 */
static void test_refused(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct manager manager = {.user = true, .limit = 200 * UINT64_C(1000)};
	struct err err = {0};
	struct fixture f;
	struct fake fake;
	int sock;

	fake_prepare(&fake);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", fake.socket);
	assert_int_equal(bind(sock, (struct sockaddr *)&sa, sizeof(sa)), 0);
	manager_begin(&manager, manager.limit);
	assert_true(manager_connect(&manager, &err) < 0);
	check_message(&err, "systemd: no user manager at |/systemd/private or |/bus: ");
	manager_close(&manager);
	close(sock);
	fake_end(&fake);

	begin(&f, "late");
	if (manager_connect(&f.manager, &f.err) < 0)
		fail_msg("%s", f.err.msg);
	end(&f);
}

/* A path that means something else in a D-Bus address. */
static void test_odd_path(void **state)
{
	_cleanup_free_ char *odd = NULL, *dir = NULL;
	struct fixture f = {.manager = {.user = true, .limit = LONG * UINT64_C(1000)}};

	fake_prepare(&f.fake);
	odd = text("%s/a,b;c=%%d e:\303\244", f.fake.scratch.path);
	dir = text("%s/systemd", odd);
	assert_int_equal(mkdir(odd, 0700), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	free(f.fake.socket);
	f.fake.socket = text("%s/private", dir);
	fake_start(&f.fake, "");
	setenv("XDG_RUNTIME_DIR", odd, 1);
	manager_begin(&f.manager, f.manager.limit);
	assert_int_equal(manager_connect(&f.manager, &f.err), 0);
	end(&f);
}

/* ---- Over a D-Bus daemon ---------------------------------------------------------------------------------- */

/* A daemon at the bus of the scratch directory; 0: there is no such program here. */
static pid_t start_daemon(const struct fake *fake)
{
	_cleanup_free_ char *config = text("%s/bus.conf", fake->scratch.path), *option = NULL;
	int ready[2], status;
	pid_t pid;
	char byte;
	FILE *file;

	file = fopen(config, "we");
	assert_non_null(file);
	fprintf(file,
		"<busconfig><type>session</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
		"<policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
		"<allow own=\"*\"/></policy></busconfig>\n",
		fake->scratch.path);
	assert_int_equal(fclose(file), 0);
	option = text("--config-file=%s", config);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], STDOUT_FILENO);
		/* It complains about limits that it may not raise. */
		if (!freopen("/dev/null", "we", stderr))
			_exit(126);
		execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--print-address=1", option, NULL);
		_exit(127);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		waitpid(pid, &status, 0);
		assert_int_equal(WEXITSTATUS(status), 127);
		pid = 0;
	}
	close(ready[0]);
	return pid;
}

/* Nobody at the private socket, and a daemon at the bus's: systemd is asked there, which needs a subscription. */
static void test_bus(void **state)
{
	struct fixture f = {.manager = {.user = true, .limit = LONG * UINT64_C(1000)}};
	_cleanup_free_ char *option = NULL;
	pid_t pid;

	fake_prepare(&f.fake);
	pid = start_daemon(&f.fake);
	if (pid == 0) {
		fake_end(&f.fake);
		skip();
	}
	option = text("bus=unix:path=%s/bus", f.fake.scratch.path);
	fake_start(&f.fake, option);
	f.unit.name = strdup("x.scope");
	manager_begin(&f.manager, f.manager.limit);
	if (manager_connect(&f.manager, &f.err) < 0 || unit_start(&f.manager, &f.unit, 4242, &f.err) < 0 ||
	    unit_stop(&f.manager, "x.scope", &f.err) < 0)
		fail_msg("%s", f.err.msg);
	assert_true(f.manager.place.is_daemon);
	assert_string_equal(fake_log(&f.fake), HELLO "Subscribe\n" START STOP RESET);
	end(&f);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello), cmocka_unit_test(test_nobody),        cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_mute),  cmocka_unit_test(test_refused),       cmocka_unit_test(test_odd_path),
		cmocka_unit_test(test_bus),   cmocka_unit_test(test_gone_for_good),
	};
	int failed = 0;

	/* A hang is a failure, not a wait. */
	alarm(240);
	failed += run_table("version", versions, test_version);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	failed += run_table("start", starts, test_start);
	failed += run_table("stop", stops, test_stop);
	failed += run_table("set", sets, test_set);
	failed += run_table("attach", attaches, test_attach);
	return failed;
}

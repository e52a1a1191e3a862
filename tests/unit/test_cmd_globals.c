/* SPDX-License-Identifier: Apache-2.0 */
/* What the options before the command come to: the state root, the cgroup driver, --rootless, and where they clash. */
#include "table.h"

#include "base/mem.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct cmd_verb makes = {.name = "create", .containers = true, .makes_cgroup = true};
static const struct cmd_verb asks = {.name = "kill", .containers = true};
static const struct cmd_verb other = {.name = "spec"};

/* --root: the path that is given, and what becomes of it. */
struct root_row {
	const char *given, *expected; /* NULL: an error */
};

static const struct root_row roots[] = {
	{"/run/x", "/run/x"},
	{"/run/x/", "/run/x"},
	{"//run///x", "/run/x"},
	{"/run/./x/.", "/run/x"},
	{"/run/y/../x", "/run/x"},
	{"/../../run", "/run"},
	{"/run/..hidden", "/run/..hidden"},
	{"/run/...", "/run/..."},
	{"", NULL},
	{"/", NULL},
	{"//", NULL},
	{"/.", NULL},
	{"/..", NULL},
	{"/run/..", NULL},
	{"/a/b/../..", NULL},
};

static void test_root(void **state)
{
	const struct root_row *row = *state;
	struct cmd_globals globals = {.root = row->given};
	struct err err = {0};
	int r = cmd_globals_resolve(&globals, &asks, &err);

	if (row->expected) {
		assert_int_equal(r, 0);
		assert_string_equal(globals.host.root, row->expected);
		assert_true(globals.host.root_given);
	} else {
		assert_int_equal(r, -EINVAL);
		assert_non_null(strstr(err.msg, "--root"));
	}
	free(globals.root_buffer);
}

static void test_relative_root(void **state)
{
	struct cmd_globals globals = {.root = "./some/../root"};
	char cwd[PATH_MAX], expected[PATH_MAX + 16];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(expected, sizeof(expected), "%s/root", strcmp(cwd, "/") == 0 ? "" : cwd);
	assert_int_equal(cmd_globals_resolve(&globals, &asks, NULL), 0);
	assert_string_equal(globals.host.root, expected);
	free(globals.root_buffer);
}

/* As root on a plain host the variable means nothing; as anybody else it is all there is. */
static void test_default_root(void **state)
{
	struct cmd_globals globals = {0};

	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	setenv("USER", "root", 1);
	assert_int_equal(cmd_globals_resolve(&globals, &asks, NULL), 0);
	assert_string_equal(globals.host.root, geteuid() == 0 ? "/run/turtle" : "/run/user/1/turtle");
	assert_false(globals.host.root_given);
	free(globals.root_buffer);
}

static void test_no_runtime_dir(void **state)
{
	struct cmd_globals globals = {0};
	struct err err = {0};
	int r;

	unsetenv("XDG_RUNTIME_DIR");
	r = cmd_globals_resolve(&globals, &asks, &err);
	if (geteuid() == 0) {
		assert_int_equal(r, 0);
		assert_string_equal(globals.host.root, "/run/turtle");
	} else {
		assert_int_equal(r, -ENOENT);
		assert_non_null(strstr(err.msg, "XDG_RUNTIME_DIR is not set"));
	}
	free(globals.root_buffer);
}

static void test_no_root_wanted(void **state)
{
	struct cmd_globals globals = {.root = "/"};

	assert_int_equal(cmd_globals_resolve(&globals, &other, NULL), 0);
	assert_null(globals.host.root);
}

struct driver_row {
	const char *name, *manager;
	bool systemd_cgroup;
	const struct cmd_verb *verb;
	int expected;
	bool disabled, systemd;
};

static const struct driver_row drivers[] = {
	{"create, nothing said", NULL, false, &makes, 0, false},
	{"create, cgroupfs", "cgroupfs", false, &makes, 0, false},
	{"create, disabled", "disabled", false, &makes, 0, true},
	{"create, systemd", "systemd", false, &makes, 0, false, true},
	{"create, --systemd-cgroup", NULL, true, &makes, 0, false, true},
	{"create, both", "systemd", true, &makes, 0, false, true},
	{"create, contradiction", "cgroupfs", true, &makes, -EINVAL, false},
	{"create, disabled and systemd", "disabled", true, &makes, -EINVAL, false},
	{"create, unknown", "cgmanager", false, &makes, -EINVAL, false},
	{"create, empty", "", false, &makes, -EINVAL, false},
	{"kill, systemd", "systemd", false, &asks, 0, false},
	{"kill, --systemd-cgroup", NULL, true, &asks, 0, false},
	{"kill, contradiction", "cgroupfs", true, &asks, 0, false},
	{"kill, unknown", "nonsense", false, &asks, -EINVAL, false},
	{"spec, --systemd-cgroup", NULL, true, &other, 0, false},
};

static void test_driver(void **state)
{
	const struct driver_row *row = *state;
	struct cmd_globals globals = {
		.root = "/x", .cgroup_manager = row->manager, .systemd_cgroup = row->systemd_cgroup};
	struct err err = {0};

	assert_int_equal(cmd_globals_resolve(&globals, row->verb, &err), row->expected);
	if (row->expected == 0) {
		assert_int_equal(globals.host.cgroup_disabled, row->disabled);
		assert_int_equal(globals.host.cgroup_systemd, row->systemd);
	}
	free(globals.root_buffer);
}

struct rootless_row {
	const char *text;
	int expected; /* enum host_rootless, or -EINVAL */
};

static const struct rootless_row rootless[] = {
	{"true", HOST_ROOTLESS_TRUE},
	{"1", HOST_ROOTLESS_TRUE},
	{"false", HOST_ROOTLESS_FALSE},
	{"0", HOST_ROOTLESS_FALSE},
	{"auto", HOST_ROOTLESS_AUTO},
	{"AUTO", HOST_ROOTLESS_AUTO},
	{"yes", -EINVAL},
	{"", -EINVAL},
};

static void test_rootless(void **state)
{
	const struct rootless_row *row = *state;
	struct cmd_globals globals = {.root = "/x", .rootless = row->text};
	int r = cmd_globals_resolve(&globals, &makes, NULL);

	assert_int_equal(r, row->expected < 0 ? row->expected : 0);
	if (r == 0)
		assert_int_equal(globals.host.rootless, row->expected);
	free(globals.root_buffer);
}

struct log_row {
	const char *name, *log, *format, *level, *expected; /* NULL: it opens */
};

static const struct log_row logs[] = {
	{"nothing said", NULL, NULL, NULL, NULL},
	{"text", NULL, "text", NULL, NULL},
	{"json", NULL, "json", NULL, NULL},
	{"xml", NULL, "xml", NULL, "invalid log-format: xml"},
	{"JSON", NULL, "JSON", NULL, "invalid log-format: JSON"},
	{"empty format", NULL, "", NULL, "invalid log-format: "},
	{"level", NULL, NULL, "warning", NULL},
	{"unknown level", NULL, NULL, "loud", "invalid log-level: loud"},
	{"journald without an identifier", "journald:", NULL, NULL, "--log journald:: \"\" is no identifier"},
	{"syslog without an identifier", "syslog:", NULL, NULL, "--log syslog:: \"\" is no identifier"},
	{"identifier of two lines", "syslog:a\nb", NULL, NULL, "--log syslog:a\nb: \"a\nb\" is no identifier"},
	{"file that can't be", "/dev/null/log", NULL, NULL, "open log file /dev/null/log: Not a directory"},
	{"file: that can't be", "file:/dev/null/log", NULL, NULL, "open log file /dev/null/log: Not a directory"},
};

static void test_log(void **state)
{
	const struct log_row *row = *state;
	struct cmd_globals globals = {.log = row->log, .log_format = row->format, .log_level = row->level};
	struct err err = {0};

	if (!row->expected) {
		assert_int_equal(cmd_globals_open_log(&globals, &err), 0);
		return;
	}
	assert_true(cmd_globals_open_log(&globals, &err) < 0);
	assert_string_equal(err.msg, row->expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relative_root),
		cmocka_unit_test(test_default_root),
		cmocka_unit_test(test_no_runtime_dir),
		cmocka_unit_test(test_no_root_wanted),
	};

	return run_table("--root", roots, test_root) + run_table("cgroup driver", drivers, test_driver) +
	       run_table("--rootless", rootless, test_rootless) + run_table("log", logs, test_log) +
	       cmocka_run_group_tests_name("globals", tests, NULL, NULL);
}

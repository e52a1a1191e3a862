/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state, list, kill and --regex on state directories made by hand, whose init is a child of this program: what they
 * say, whom they signal, and what they pass over. No namespace and no cgroup is needed.
 */
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "host/host.h"
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

struct fixture {
	struct scratch scratch;
	struct host_options options;
	int root;
	pid_t children[8];
	size_t n_children;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture || scratch_make(&fixture->scratch) < 0)
		return -1;
	fixture->options.root = fixture->scratch.path;
	fixture->options.root_given = true;
	fixture->root = state_root_open(fixture->scratch.path, false, &fixture->err);
	*state = fixture;
	return fixture->root >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	int r = scratch_remove(&fixture->scratch);

	for (size_t i = 0; i < fixture->n_children; i++) {
		kill(fixture->children[i], SIGKILL);
		waitpid(fixture->children[i], NULL, 0);
	}
	close(fixture->root);
	free(fixture);
	return r;
}

/* A child that sleeps until a signal ends it. */
static pid_t new_child(struct fixture *fixture)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	fixture->children[fixture->n_children++] = pid;
	return pid;
}

static void make_zombie(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

/* What ended the child; it stays a zombie. */
static int ended_by(pid_t pid)
{
	siginfo_t info = {0};

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_code, CLD_KILLED);
	return info.si_status;
}

static bool lives(pid_t pid)
{
	siginfo_t info = {0};

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG), 0);
	return info.si_pid == 0;
}

static void make_container(struct fixture *fixture, const char *id, const char *phase, pid_t pid, bool private_pidns)
{
	static struct oci_pair annotations[] = {{"org.example", "yes"}};
	struct container container;

	assert_int_equal(state_create(fixture->root, id, &container, &fixture->err), 0);
	container.state = (struct container_state){
		.oci_version = "1.3.0",
		.id = container.id,
		.phase = phase,
		.pid = pid,
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.created = "2026-01-31T10:00:00.5Z",
		.cgroup_manager = "disabled",
		.private_pidns = private_pidns,
		.n_annotations = 1,
		.annotations = annotations,
	};
	if (pid > 0)
		assert_int_equal(state_pid_start_time(pid, &container.state.start_time), 0);
	assert_int_equal(state_save(&container, &fixture->err), 0);
	container_close(&container);
}

static void test_state(void **state)
{
	struct fixture *fixture = *state;
	struct container_view view;
	pid_t pid = new_child(fixture);

	make_container(fixture, "c", "created", pid, true);
	assert_int_equal(host_state(&fixture->options, "c", &view, &fixture->err), 0);
	assert_int_equal(view.status, STATUS_RUNNING);
	assert_int_equal(view.pid, pid);
	container_view_close(&view);
	close(openat(fixture->root, "c/" STATE_START, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(host_state(&fixture->options, "c", &view, &fixture->err), 0);
	assert_int_equal(view.status, STATUS_CREATED);
	container_view_close(&view);
	make_zombie(pid);
	assert_int_equal(host_state(&fixture->options, "c", &view, &fixture->err), 0);
	assert_int_equal(view.status, STATUS_STOPPED);
	assert_int_equal(view.pid, 0);
	container_view_close(&view);
}

static void assert_state_fails(struct fixture *fixture, const char *id, const char *why)
{
	struct container_view view;

	assert_true(host_state(&fixture->options, id, &view, &fixture->err) < 0);
	assert_non_null(strstr(fixture->err.msg, why));
}

static void test_state_fails(void **state)
{
	struct fixture *fixture = *state;
	struct container_view view;

	assert_state_fails(fixture, "c", "container does not exist");
	assert_state_fails(fixture, "", "container id cannot be empty");
	assert_state_fails(fixture, "../c", "invalid container ID format");
	assert_int_equal(mkdirat(fixture->root, "begun", 0700), 0);
	assert_state_fails(fixture, "begun", "container does not exist");
	assert_int_equal(mkdirat(fixture->root, "bad", 0700), 0);
	close(openat(fixture->root, "bad/" STATE_FILE, O_CREAT | O_WRONLY, 0600));
	assert_state_fails(fixture, "bad", "the state of container bad can't be read");
	fixture->options.root = "/nonexistent/turtle";
	assert_int_equal(host_state(&fixture->options, "c", &view, &fixture->err), -ENOENT);
	assert_string_equal(fixture->err.msg, "container does not exist");
}

static void test_kill(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = new_child(fixture), neighbour = new_child(fixture);

	make_container(fixture, "c", "created", pid, true);
	/* 0 only asks */
	assert_int_equal(host_kill(&fixture->options, "c", 0, false, &fixture->err), 0);
	assert_true(lives(pid));
	assert_int_equal(host_kill(&fixture->options, "c", SIGUSR1, false, &fixture->err), 0);
	assert_int_equal(ended_by(pid), SIGUSR1);
	assert_true(lives(neighbour));
	assert_int_equal(host_kill(&fixture->options, "c", SIGKILL, false, &fixture->err), -ESRCH);
	assert_string_equal(fixture->err.msg, "container not running");
}

static void assert_not_killed(struct fixture *fixture, const char *id, bool all, const char *why)
{
	assert_true(host_kill(&fixture->options, id, SIGKILL, all, &fixture->err) < 0);
	assert_non_null(strstr(fixture->err.msg, why));
}

static void test_kill_fails(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = new_child(fixture);

	assert_not_killed(fixture, "c", false, "container does not exist");
	assert_not_killed(fixture, "c", true, "container does not exist");
	assert_not_killed(fixture, "a/b", false, "invalid container ID format");
	make_container(fixture, "half", "creating", pid, true);
	assert_not_killed(fixture, "half", false, "container not running");
	assert_true(lives(pid));
	assert_int_equal(mkdirat(fixture->root, "bad", 0700), 0);
	close(openat(fixture->root, "bad/" STATE_FILE, O_CREAT | O_WRONLY, 0600));
	assert_not_killed(fixture, "bad", true, "can't be read");
}

/* The pid is somebody else's now: nobody may be signalled. */
static void test_kill_hits_no_stranger(void **state)
{
	static const char *const changes[][2] = {{"\"startTime\":", "\"startTime\":1"},
						 {"\"bootId\":\"", "\"bootId\":\"x"}};
	struct fixture *fixture = *state;
	pid_t pid = new_child(fixture);

	make_container(fixture, "c", "created", pid, false);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char *text = NULL, *changed = NULL, *place;
		int fd;

		assert_int_equal(fd_read_file(fixture->root, "c/" STATE_FILE, 1 << 20, &text, NULL), 0);
		place = strstr(text, changes[i][0]);
		assert_non_null(place);
		assert_true(asprintf(&changed, "%.*s%s%s", (int)(place - text), text, changes[i][1],
				     place + strlen(changes[i][0])) > 0);
		fd = openat(fixture->root, "c/" STATE_FILE, O_WRONLY | O_TRUNC);
		assert_int_equal(fd_write_all(fd, changed, strlen(changed)), 0);
		close(fd);
		assert_not_killed(fixture, "c", false, "container not running");
		assert_true(lives(pid));
		/* with --all a stopped container is no error */
		assert_int_equal(host_kill(&fixture->options, "c", SIGKILL, true, &fixture->err), 0);
		assert_true(lives(pid));
		fd = openat(fixture->root, "c/" STATE_FILE, O_WRONLY | O_TRUNC);
		assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
		close(fd);
		free(changed);
		free(text);
	}
	assert_int_equal(host_kill(&fixture->options, "c", SIGKILL, false, &fixture->err), 0);
	assert_int_equal(ended_by(pid), SIGKILL);
}

/* Without a cgroup, "all" is only possible where init takes the others with it. */
static void test_kill_all_without_cgroup(void **state)
{
	struct fixture *fixture = *state;
	pid_t own = new_child(fixture), shared = new_child(fixture);

	make_container(fixture, "own", "created", own, true);
	make_container(fixture, "shared", "created", shared, false);
	assert_true(host_kill(&fixture->options, "own", SIGTERM, true, &fixture->err) < 0);
	assert_non_null(strstr(fixture->err.msg, "has no cgroup"));
	assert_true(lives(own));
	assert_int_equal(host_kill(&fixture->options, "own", SIGKILL, true, &fixture->err), 0);
	assert_int_equal(ended_by(own), SIGKILL);
	assert_int_equal(host_kill(&fixture->options, "own", SIGTERM, true, &fixture->err), 0);
	assert_not_killed(fixture, "shared", true, "has no cgroup");
	assert_true(lives(shared));
}

/* What list has told, as text: "id status pid;" and "!id;" for what can't be read. */
static void listed(void *arg, const struct container_view *view)
{
	fprintf(arg, "%s %s %s;", view->container.id, container_status_name(view->status), view->pid ? "pid" : "0");
}

static void not_listed(void *arg, const char *id, const struct err *why)
{
	assert_true(why->code < 0);
	fprintf(arg, "!%s;", id);
}

static void assert_list(struct fixture *fixture, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(host_list(&fixture->options, listed, not_listed, f, &fixture->err), 0);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
}

static void test_list(void **state)
{
	struct fixture *fixture = *state;

	assert_list(fixture, "");
	make_container(fixture, "b", "created", 0, true);
	make_container(fixture, "a", "created", new_child(fixture), true);
	make_container(fixture, "B", "creating", 0, true);
	make_container(fixture, ".c", "creating", new_child(fixture), true);
	assert_list(fixture, ".c creating pid;B stopped 0;a running pid;b stopped 0;");
}

static void test_list_passes_over(void **state)
{
	struct fixture *fixture = *state;

	make_container(fixture, "c", "created", 0, true);
	assert_int_equal(mkdirat(fixture->root, "@seccomp", 0700), 0);
	close(openat(fixture->root, "file", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlinkat("c", fixture->root, "link"), 0);
	assert_list(fixture, "c stopped 0;");
}

static void test_list_unreadable(void **state)
{
	struct fixture *fixture = *state;

	make_container(fixture, "c", "created", 0, true);
	assert_int_equal(mkdirat(fixture->root, "a", 0700), 0);
	assert_int_equal(mkdirat(fixture->root, "z", 0700), 0);
	close(openat(fixture->root, "z/" STATE_FILE, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(mkdirat(fixture->root, "no id", 0700), 0);
	assert_list(fixture, "!a;c stopped 0;!no id;!z;");
}

/* A create that has the name and nothing more yet is neither listed nor complained about. */
static void test_list_while_creating(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	assert_int_equal(state_create(fixture->root, "new", &container, &fixture->err), 0);
	assert_list(fixture, "");
	container_close(&container);
	assert_list(fixture, "!new;");
}

static void test_list_missing_root(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/none", fixture->scratch.path);
	fixture->options.root = path;
	assert_int_equal(host_list(&fixture->options, listed, not_listed, stderr, &fixture->err), -ENOENT);
	assert_non_null(strstr(fixture->err.msg, path));
	fixture->options.root_given = false;
	assert_list(fixture, "");
	/* nothing was made by looking */
	assert_int_equal(access(path, F_OK), -1);
}

struct matched {
	char ids[256];
	const char *fail; /* this one fails */
};

static int on_match(const struct host_options *options, const char *id, void *arg, struct err *err)
{
	struct matched *matched = arg;

	strcat(strcat(matched->ids, id), ";");
	if (matched->fail && strstr(matched->fail, id))
		return err_msg(err, -EBUSY, "no");
	return 0;
}

struct regex_row {
	const char *regex, *expected; /* ids, or NULL: an error */
	const char *error;
};

static const struct regex_row regexes[] = {
	{"^web", "web-1;web-2;", NULL},
	{"web", "my-web;web-1;web-2;", NULL},
	{"-[12]$", "web-1;web-2;", NULL},
	{"^(db|my-web)$", "db;my-web;", NULL},
	{".", "bad;db;my-web;web-1;web-2;", NULL},
	{"^nothing", NULL, "a container that matches \"^nothing\" does not exist"},
	{"(", NULL, "invalid regular expression \"(\": "},
	{"[a", NULL, "invalid regular expression \"[a\": "},
};

static void make_some(struct fixture *fixture)
{
	make_container(fixture, "web-1", "created", 0, true);
	make_container(fixture, "web-2", "created", 0, true);
	make_container(fixture, "my-web", "created", 0, true);
	make_container(fixture, "db", "created", 0, true);
	assert_int_equal(mkdirat(fixture->root, "bad", 0700), 0);
}

static void test_regex(void **state)
{
	const struct regex_row *row = *state;
	struct matched matched = {0};
	struct fixture *fixture;
	void *of_test = NULL;
	int r;

	assert_int_equal(set_up(&of_test), 0);
	fixture = of_test;
	make_some(fixture);
	r = cmd_each_match(&fixture->options, row->regex, true, on_match, &matched, &fixture->err);
	assert_int_equal(r < 0, row->expected == NULL);
	assert_string_equal(matched.ids, row->expected ? row->expected : "");
	if (row->error)
		assert_non_null(strstr(fixture->err.msg, row->error));
	assert_int_equal(tear_down(&of_test), 0);
}

static void test_regex_goes_on_after_failure(void **state)
{
	struct matched matched = {.fail = "my-web web-1"};
	struct fixture *fixture = *state;

	make_some(fixture);
	assert_int_equal(cmd_each_match(&fixture->options, "web", true, on_match, &matched, &fixture->err), -EBUSY);
	assert_string_equal(matched.ids, "my-web;web-1;web-2;");
	assert_string_equal(fixture->err.msg, "my-web: no (and 1 more)");
}

static void test_regex_none(void **state)
{
	struct fixture *fixture = *state;
	struct matched matched = {0};

	assert_int_equal(cmd_each_match(&fixture->options, "x", false, on_match, &matched, &fixture->err), 0);
}

static void test_state_json(void **state)
{
	static struct oci_pair annotations[] = {{"a", "\"1\""}};
	struct container_state of = {
		.oci_version = "1.3.0", .id = "c", .bundle = "/b", .n_annotations = 1, .annotations = annotations};
	_cleanup_free_ char *with = container_state_json(&of, "created", 42), *without = NULL;

	assert_non_null(with);
	assert_string_equal(
		with, "{\"ociVersion\":\"1.3.0\",\"id\":\"c\",\"status\":\"created\",\"pid\":42,\"bundle\":\"/b\","
		      "\"annotations\":{\"a\":\"\\\"1\\\"\"}}");
	of.n_annotations = 0;
	without = container_state_json(&of, "stopped", 0);
	assert_non_null(without);
	assert_string_equal(without,
			    "{\"ociVersion\":\"1.3.0\",\"id\":\"c\",\"status\":\"stopped\",\"bundle\":\"/b\"}");
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(test_state),
		WITH_ROOT(test_state_fails),
		WITH_ROOT(test_kill),
		WITH_ROOT(test_kill_fails),
		WITH_ROOT(test_kill_hits_no_stranger),
		WITH_ROOT(test_kill_all_without_cgroup),
		WITH_ROOT(test_list),
		WITH_ROOT(test_list_passes_over),
		WITH_ROOT(test_list_unreadable),
		WITH_ROOT(test_list_while_creating),
		WITH_ROOT(test_list_missing_root),
		WITH_ROOT(test_regex_goes_on_after_failure),
		WITH_ROOT(test_regex_none),
		cmocka_unit_test(test_state_json),
	};

	return run_table("--regex", regexes, test_regex) + cmocka_run_group_tests_name("verbs", tests, NULL, NULL);
}

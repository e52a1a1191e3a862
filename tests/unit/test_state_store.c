/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory: which ids and roots are taken, that what is saved comes back, and that no damage to the file is
 * ever taken for a state - cut at every length, changed at every byte, of another program, in a stale temporary file.
 */
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "host/state/state.h"
#include "scratch.h"

#include <errno.h>
#include <string.h>

struct id_row {
	const char *id;
	const char *error; /* NULL: it is one */
};

#define EMPTY "container id cannot be empty"
#define BAD   "invalid container ID format"
#define A50   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255  A50 A50 A50 A50 A50 "aaaaa"

static const struct id_row ids[] = {
	{"a", NULL},       {"0", NULL},   {"web-1.2_3+x", NULL}, {"...", NULL},   {".hidden", NULL}, {"..a", NULL},
	{"-x", NULL},      {"_", NULL},   {A255, NULL},          {A255 "a", BAD}, {"", EMPTY},       {".", BAD},
	{"..", BAD},       {"../x", BAD}, {"a/b", BAD},          {"/a", BAD},     {"a/", BAD},       {"a b", BAD},
	{" a", BAD},       {"a\n", BAD},  {"\n", BAD},           {"a\tb", BAD},   {"a:b", BAD},      {"a@b", BAD},
	{"@seccomp", BAD}, {"a*", BAD},   {"a%s", BAD},          {"a\\b", BAD},   {"\xc3\xa4", BAD}, {"a\x7f", BAD},
	{"a,b", BAD},      {"~", BAD},
};

static void test_id(void **state)
{
	const struct id_row *row = *state;
	struct err err = {0};

	assert_int_equal(state_check_id(row->id, &err), row->error ? -EINVAL : 0);
	if (row->error)
		assert_string_equal(err.msg, row->error);
}

/* The scratch directory as root, and what was asked last. */
struct fixture {
	struct scratch scratch;
	int root;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture || scratch_make(&fixture->scratch) < 0)
		return -1;
	fixture->root = state_root_open(fixture->scratch.path, false, &fixture->err);
	*state = fixture;
	return fixture->root >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	int r = scratch_remove(&fixture->scratch);

	close(fixture->root);
	free(fixture);
	return r;
}

static char *below(const struct fixture *fixture, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", fixture->scratch.path, name) > 0);
	return path;
}

static void test_root_is_made(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *path = below(fixture, "a/b/c");
	struct stat st;
	int fd;

	assert_int_equal(state_root_open(path, false, &fixture->err), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	fd = state_root_open(path, true, &fixture->err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* so that it is not cleaned away in XDG_RUNTIME_DIR */
	assert_true(st.st_mode & S_ISVTX);
	close(fd);
	fd = state_root_open(path, true, &fixture->err);
	assert_true(fd >= 0);
	close(fd);
}

static void assert_refused(struct fixture *fixture, const char *name, const char *why)
{
	_cleanup_free_ char *path = below(fixture, name);

	assert_true(state_root_open(path, true, &fixture->err) < 0);
	assert_non_null(strstr(fixture->err.msg, why));
	assert_non_null(strstr(fixture->err.msg, path));
}

static void test_root_is_a_symlink(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkdirat(fixture->root, "real", 0700), 0);
	assert_int_equal(symlinkat("real", fixture->root, "link"), 0);
	assert_refused(fixture, "link", "is a symbolic link");
	assert_int_equal(symlinkat("nowhere", fixture->root, "dangling"), 0);
	assert_refused(fixture, "dangling", "is a symbolic link");
	/* made nothing where it points to */
	assert_int_equal(faccessat(fixture->root, "nowhere", F_OK, 0), -1);
}

static void test_root_is_a_file(void **state)
{
	struct fixture *fixture = *state;

	close(openat(fixture->root, "file", O_CREAT | O_WRONLY, 0600));
	assert_refused(fixture, "file", "Not a directory");
}

static void test_root_writable_by_others(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkdirat(fixture->root, "group", 0700), 0);
	assert_int_equal(fchmodat(fixture->root, "group", 0720, 0), 0);
	assert_refused(fixture, "group", "may be written by others");
	assert_int_equal(mkdirat(fixture->root, "world", 0700), 0);
	assert_int_equal(fchmodat(fixture->root, "world", 01777, 0), 0);
	assert_refused(fixture, "world", "may be written by others");
	assert_int_equal(fchmodat(fixture->root, "world", 0755, 0), 0);
	_cleanup_free_ char *path = below(fixture, "world");
	int fd = state_root_open(path, false, &fixture->err);

	assert_true(fd >= 0);
	close(fd);
}

static void test_root_of_another(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdirat(fixture->root, "other", 0700), 0);
	assert_int_equal(fchownat(fixture->root, "other", 1234, 0, 0), 0);
	assert_refused(fixture, "other", "is not owned by uid 0 but by uid 1234");
}

/* A state with every field in use. */
static const char *hook_args[] = {"hook", "\"quoted\"", "tab\tand\nline"};
static const char *hook_env[] = {"A=1", "B=\xc3\xa4"};
static struct oci_hook poststart[] = {{.path = "/bin/one"}};
static struct oci_hook poststop[] = {
	{.path = "/bin/two",
	 .n_args = 3,
	 .args = hook_args,
	 .n_env = 2,
	 .env = hook_env,
	 .timeout = {.set = true, .value = 7}},
	{.path = "/bin/three"},
};
static struct oci_pair annotations[] = {{"org.example.a", "1"}, {"b", ""}, {"c\\d", "\xe2\x82\xac"}};

static struct container_state full_state(const char *id)
{
	return (struct container_state){
		.oci_version = "1.3.0",
		.id = id,
		.phase = "created",
		.pid = INT32_MAX,
		.start_time = UINT64_MAX,
		.boot_id = "11111111-2222-3333-4444-555555555555",
		.bundle = "/srv/a bundle",
		.rootfs = "/srv/a bundle/rootfs",
		.created = "2026-01-31T10:00:00.123456789Z",
		.owner = UINT32_MAX - 1,
		.cgroup_manager = "cgroupfs",
		.cgroup_path = "/a/b",
		.rdt_group = "gold",
		.rdt_made = true,
		.rdt_monitor = true,
		.own_cgroup = true,
		.private_pidns = true,
		.n_annotations = 3,
		.annotations = annotations,
		.n_poststart = 1,
		.poststart = poststart,
		.n_poststop = 2,
		.poststop = poststop,
	};
}

static struct container_state unit_state(const char *id)
{
	struct container_state state = full_state(id);

	state.cgroup_manager = "systemd";
	state.cgroup_path = "/a.slice/t-c.scope";
	state.cgroup_inode = UINT64_MAX - 1;
	state.process_cgroup = "/a.slice/t-c.scope/sub/own";
	state.systemd_unit = "t-c.scope";
	state.systemd_user = true;
	return state;
}

static struct container_state small_state(const char *id)
{
	return (struct container_state){
		.oci_version = "1.0.0",
		.id = id,
		.phase = "creating",
		.boot_id = "11111111-2222-3333-4444-555555555555",
		.bundle = "/",
		.rootfs = "/r",
		.created = "2026-01-31T10:00:00Z",
		.cgroup_manager = "disabled",
	};
}

static void make_container(struct fixture *fixture, const char *id, struct container_state (*fill)(const char *id))
{
	struct container container;

	assert_int_equal(state_create(fixture->root, id, &container, &fixture->err), 0);
	assert_true(container.locked);
	assert_false(container.has_state);
	container.state = fill(container.id);
	assert_int_equal(state_save(&container, &fixture->err), 0);
	assert_true(container.has_state);
	container_close(&container);
}

static struct container open_container(struct fixture *fixture, const char *id)
{
	struct container container;

	assert_int_equal(state_open(fixture->root, id, STATE_UNLOCKED, 0, &container, &fixture->err), 0);
	return container;
}

static void assert_strings(size_t n, const char **xs, size_t n_expected, const char *const *expected)
{
	assert_int_equal(n, n_expected);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(xs[i], expected[i]);
}

static void test_round_trip(void **state)
{
	struct container_state expected = full_state("c"), found;
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	assert_false(container.locked);
	found = container.state;
	assert_string_equal(found.oci_version, expected.oci_version);
	assert_string_equal(found.id, "c");
	assert_string_equal(found.phase, expected.phase);
	assert_int_equal(found.pid, expected.pid);
	assert_true(found.start_time == expected.start_time);
	assert_string_equal(found.boot_id, expected.boot_id);
	assert_string_equal(found.bundle, expected.bundle);
	assert_string_equal(found.rootfs, expected.rootfs);
	assert_string_equal(found.created, expected.created);
	assert_true(found.owner == expected.owner);
	assert_string_equal(found.cgroup_manager, expected.cgroup_manager);
	assert_string_equal(found.cgroup_path, expected.cgroup_path);
	assert_string_equal(found.rdt_group, "gold");
	assert_true(found.rdt_made && found.rdt_monitor);
	assert_true(found.own_cgroup);
	assert_true(found.private_pidns);
	assert_int_equal(found.n_annotations, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(found.annotations[i].key, annotations[i].key);
		assert_string_equal(found.annotations[i].value, annotations[i].value);
	}
	assert_int_equal(found.n_poststart, 1);
	assert_string_equal(found.poststart[0].path, "/bin/one");
	assert_false(found.poststart[0].timeout.set);
	assert_int_equal(found.n_poststop, 2);
	assert_strings(found.poststop[0].n_args, found.poststop[0].args, 3, hook_args);
	assert_strings(found.poststop[0].n_env, found.poststop[0].env, 2, hook_env);
	assert_true(found.poststop[0].timeout.set);
	assert_true(found.poststop[0].timeout.value == 7);
	assert_string_equal(found.poststop[1].path, "/bin/three");
	container_close(&container);
}

static void test_round_trip_unit(void **state)
{
	struct fixture *fixture = *state;
	struct container_state *found;
	struct container container;

	make_container(fixture, "c", unit_state);
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	found = &container.state;
	assert_string_equal(found->cgroup_manager, "systemd");
	assert_string_equal(found->cgroup_path, "/a.slice/t-c.scope");
	assert_true(found->cgroup_inode == UINT64_MAX - 1);
	assert_string_equal(found->process_cgroup, "/a.slice/t-c.scope/sub/own");
	assert_string_equal(found->systemd_unit, "t-c.scope");
	assert_true(found->systemd_user);
	container_close(&container);
}

static void test_round_trip_small(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", small_state);
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	assert_string_equal(container.state.phase, "creating");
	assert_int_equal(container.state.pid, 0);
	assert_int_equal(container.state.owner, 0);
	assert_null(container.state.cgroup_path);
	assert_false(container.state.own_cgroup);
	assert_int_equal(container.state.n_annotations, 0);
	assert_int_equal(container.state.n_poststop, 0);
	container_close(&container);
}

static void test_save_replaces(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	container = open_container(fixture, "c");
	container.state.phase = "creating";
	container.state.n_poststop = 0;
	container.state.poststop = NULL;
	assert_int_equal(state_save(&container, &fixture->err), 0);
	container_close(&container);
	container = open_container(fixture, "c");
	assert_string_equal(container.state.phase, "creating");
	assert_int_equal(container.state.n_poststop, 0);
	container_close(&container);
}

/* What the next command could not read is not written, and what is there stays. */
static void test_save_refuses(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	container = open_container(fixture, "c");
	container.state.bundle = NULL;
	assert_int_equal(state_save(&container, &fixture->err), -EINVAL);
	assert_non_null(strstr(fixture->err.msg, "bundle is missing"));
	container.state.bundle = "/";
	container.state.cgroup_path = "/a/../b";
	assert_int_equal(state_save(&container, &fixture->err), -EINVAL);
	container_close(&container);
	container = open_container(fixture, "c");
	assert_string_equal(container.state.bundle, "/srv/a bundle");
	container_close(&container);
}

static void test_save_sets_boot_id(void **state)
{
	struct fixture *fixture = *state;
	struct container container;
	bool same_boot = false;

	make_container(fixture, "c", full_state);
	container = open_container(fixture, "c");
	container.state.boot_id = NULL;
	assert_int_equal(state_save(&container, &fixture->err), 0);
	container_close(&container);
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	assert_int_equal(state_same_boot(&container, &same_boot, &fixture->err), 0);
	assert_true(same_boot);
	container_close(&container);
}

static void test_private_to_the_owner(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	make_container(fixture, "c", full_state);
	assert_int_equal(fstatat(fixture->root, "c", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(fixture->root, "c/" STATE_FILE, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* What a killed turtle left behind is longer than the new file, or leads elsewhere. */
static void test_stale_temporary_file(void **state)
{
	struct fixture *fixture = *state;
	struct container container;
	char junk[20000];
	int fd;

	memset(junk, 'x', sizeof(junk));
	make_container(fixture, "c", full_state);
	fd = openat(fixture->root, "c/" STATE_FILE ".new", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(fd_write_all(fd, junk, sizeof(junk)), 0);
	close(fd);
	container = open_container(fixture, "c");
	assert_int_equal(state_save(&container, &fixture->err), 0);
	container_close(&container);
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	container_close(&container);
}

static void test_temporary_symlink(void **state)
{
	struct fixture *fixture = *state;
	struct container container;
	struct stat st;

	make_container(fixture, "c", full_state);
	close(openat(fixture->root, "victim", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlinkat("../victim", fixture->root, "c/" STATE_FILE ".new"), 0);
	container = open_container(fixture, "c");
	assert_int_equal(state_save(&container, &fixture->err), 0);
	container_close(&container);
	assert_int_equal(fstatat(fixture->root, "victim", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
}

static void put_file(struct fixture *fixture, const char *text, size_t size)
{
	int fd = openat(fixture->root, "c/" STATE_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, size), 0);
	close(fd);
}

static void take_file(struct fixture *fixture, char **ret, size_t *ret_size)
{
	assert_int_equal(fd_read_file(fixture->root, "c/" STATE_FILE, 1 << 20, ret, ret_size), 0);
}

/* It opens, has no state, and says why. */
static void assert_no_state(struct fixture *fixture, const char *why)
{
	struct container container = open_container(fixture, "c");

	assert_false(container.has_state);
	assert_true(container.load_error.code < 0);
	assert_non_null(strstr(container.load_error.msg, why));
	assert_string_equal(container.id, "c");
	assert_string_equal(container.state.id, "c");
	assert_null(container.state.cgroup_path);
	assert_int_equal(container.state.pid, 0);
	container_close(&container);
}

static void test_cut_at_every_length(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *text = NULL;
	size_t size;

	make_container(fixture, "c", full_state);
	take_file(fixture, &text, &size);
	for (size_t n = 0; n < size; n++) {
		put_file(fixture, text, n);
		assert_no_state(fixture, "can't be read");
	}
}

/* Each byte made another: an error, or a state that is whole all the same. */
static void test_damage_at_every_byte(void **state)
{
	static const char with[] = {'\0', '"', '}', '9', '\xff'};
	struct fixture *fixture = *state;
	_cleanup_free_ char *text = NULL;
	size_t size, without = 0;

	make_container(fixture, "c", full_state);
	take_file(fixture, &text, &size);
	for (size_t n = 0; n < size; n++) {
		char old = text[n];
		struct container container;

		text[n] = with[n % sizeof(with)];
		put_file(fixture, text, size);
		container = open_container(fixture, "c");
		if (container.has_state) {
			assert_string_equal(container.state.id, "c");
			assert_true(container.state.pid >= 0);
			assert_non_null(container.state.bundle);
			assert_non_null(container.state.boot_id);
		} else {
			without++;
		}
		container_close(&container);
		text[n] = old;
	}
	assert_true(without > size / 2);
}

static void test_trailing_bytes(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *text = NULL;
	size_t size;

	make_container(fixture, "c", full_state);
	take_file(fixture, &text, &size);
	text[size] = 'x';
	put_file(fixture, text, size + 1);
	assert_no_state(fixture, "can't be read");
}

/* As the first releases wrote it, which knew nothing of units. */
static void test_state_before_units(void **state)
{
	static const char text[] =
		"{\"turtleState\":1,\"container\":{\"ociVersion\":\"1.3.0\",\"id\":\"c\",\"phase\":\"created\","
		"\"pid\":7,\"startTime\":9,\"bootId\":\"b\",\"bundle\":\"/b\",\"rootfs\":\"/b/r\","
		"\"created\":\"2026-01-31T10:00:00Z\",\"owner\":0,\"cgroupManager\":\"cgroupfs\",\"cgroupPath\":\"/a/"
		"b\","
		"\"ownCgroup\":true,\"privatePidNamespace\":true}}";
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	put_file(fixture, text, sizeof(text) - 1);
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	assert_string_equal(container.state.cgroup_path, "/a/b");
	assert_int_equal(container.state.cgroup_inode, 0);
	assert_null(container.state.process_cgroup);
	assert_null(container.state.systemd_unit);
	assert_false(container.state.systemd_user);
	container_close(&container);
}

/* One property of a good file, put in another way. */
struct foreign_row {
	const char *name, *from, *to, *why;
};

static const struct foreign_row foreign[] = {
	{"later format", "\"turtleState\":1", "\"turtleState\":2", "format 2"},
	{"no format", "\"turtleState\":1,", "", "turtleState"},
	{"of another id", "\"id\":\"c\"", "\"id\":\"d\"", "belongs to container d"},
	{"unknown phase", "\"phase\":\"created\"", "\"phase\":\"done\"", "phase \"done\""},
	{"unknown manager", "\"cgroupfs\"", "\"v1\"", "cgroup manager \"v1\""},
	{"systemd without a unit", "\"cgroupfs\"", "\"systemd\"", "cgroup manager \"systemd\""},
	{"negative pid", "\"pid\":2147483647", "\"pid\":-1", "pid"},
	{"pid over 31 bits", "\"pid\":2147483647", "\"pid\":2147483648", "pid"},
	{"pid as text", "\"pid\":2147483647", "\"pid\":\"1\"", "pid"},
	{"no boot id", "\"bootId\"", "\"bootIdx\"", "bootId"},
	{"cgroup root", "\"/a/b\"", "\"/\"", "cgroup path"},
	{"relative cgroup", "\"/a/b\"", "\"a/b\"", "cgroup path"},
	{"cgroup with ..", "\"/a/b\"", "\"/a/../b\"", "cgroup path"},
	{"cgroup with .", "\"/a/b\"", "\"/a/./b\"", "cgroup path"},
	{"cgroup ends with ..", "\"/a/b\"", "\"/a/..\"", "cgroup path"},
	{"cgroup with //", "\"/a/b\"", "\"/a//b\"", "cgroup path"},
	{"cgroup ends with /", "\"/a/b\"", "\"/a/b/\"", "cgroup path"},
	{"empty cgroup", "\"/a/b\"", "\"\"", "cgroup path"},
	{"resctrl group with ..", "\"gold\"", "\"..\"", "no resctrl group"},
	{"resctrl group .", "\"gold\"", "\".\"", "no resctrl group"},
	{"resctrl group with /", "\"gold\"", "\"a/b\"", "no resctrl group"},
	{"empty resctrl group", "\"gold\"", "\"\"", "no resctrl group"},
	{"resctrl's root as our own", "\"gold\"", "\"/\"", "no resctrl group"},
	{"resctrl group without a name", "\"resctrlGroup\"", "\"resctrlGroupx\"", "no resctrl group"},
};

/* The same for a container of the systemd driver. */
static const struct foreign_row foreign_unit[] = {
	{"unit without systemd", "\"systemd\"", "\"cgroupfs\"", "don't go together"},
	{"unit of a service", "\"t-c.scope\"", "\"t-c.service\"", "no systemd unit"},
	{"unit without a kind", "\"t-c.scope\"", "\"t-c\"", "no systemd unit"},
	{"unit of a kind alone", "\"t-c.scope\"", "\".scope\"", "no systemd unit"},
	{"unit as a path", "\"t-c.scope\"", "\"a/t-c.scope\"", "no systemd unit"},
	{"unit as a number", "\"t-c.scope\"", "1", "systemdUnit"},
	{"unit without a cgroup", "\"cgroupPath\"", "\"cgroupPathx\"", "cgroup below"},
	{"processes elsewhere", "/sub/own\"", "-other/own\"", "cgroup below"},
	{"processes above", "/sub/own\"", "/../own\"", "cgroup below"},
	{"processes in the cgroup itself", "/sub/own\"", "\"", "cgroup below"},
};

static void refuse_foreign(const struct foreign_row *row, struct container_state (*fill)(const char *id))
{
	char *text = NULL, *changed = NULL;
	struct fixture *fixture;
	void *of_test = NULL;
	size_t size, at;

	assert_int_equal(set_up(&of_test), 0);
	fixture = of_test;
	make_container(fixture, "c", fill);
	take_file(fixture, &text, &size);
	assert_non_null(strstr(text, row->from));
	at = (size_t)(strstr(text, row->from) - text);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)at, text, row->to, text + at + strlen(row->from)) > 0);
	put_file(fixture, changed, strlen(changed));
	free(changed);
	free(text);
	assert_no_state(fixture, row->why);
	assert_int_equal(tear_down(&of_test), 0);
}

static void test_foreign(void **state)
{
	refuse_foreign(*state, full_state);
}

static void test_foreign_unit(void **state)
{
	refuse_foreign(*state, unit_state);
}

static void test_state_of_runc(void **state)
{
	static const char text[] = "{\"id\":\"c\",\"init_process_pid\":1,\"init_process_start\":1,\"config\":{}}";
	struct fixture *fixture = *state;

	make_container(fixture, "c", full_state);
	put_file(fixture, text, sizeof(text) - 1);
	assert_no_state(fixture, "can't be read");
}

static void test_file_is_a_directory(void **state)
{
	struct fixture *fixture = *state;

	make_container(fixture, "c", full_state);
	assert_int_equal(unlinkat(fixture->root, "c/" STATE_FILE, 0), 0);
	assert_int_equal(mkdirat(fixture->root, "c/" STATE_FILE, 0700), 0);
	assert_no_state(fixture, "can't be read");
}

static void test_no_file(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	assert_int_equal(mkdirat(fixture->root, "c", 0700), 0);
	assert_no_state(fixture, "has no state");
	container = open_container(fixture, "c");
	assert_int_equal(container.load_error.code, -ENOENT);
	container_close(&container);
}

static void test_exists(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	assert_int_equal(state_create(fixture->root, "c", &container, &fixture->err), -EEXIST);
	assert_string_equal(fixture->err.msg, "container with given ID already exists");
	/* and the one that was there is whole */
	container = open_container(fixture, "c");
	assert_true(container.has_state);
	container_close(&container);
}

static void test_does_not_exist(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	assert_int_equal(state_open(fixture->root, "c", STATE_UNLOCKED, 0, &container, &fixture->err), -ENOENT);
	assert_string_equal(fixture->err.msg, "container does not exist");
	assert_int_equal(state_open(fixture->root, "../c", STATE_UNLOCKED, 0, &container, &fixture->err), -EINVAL);
	assert_int_equal(state_create(fixture->root, "..", &container, &fixture->err), -EINVAL);
}

static void test_entry_is_a_symlink(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	assert_int_equal(symlinkat("c", fixture->root, "d"), 0);
	assert_true(state_open(fixture->root, "d", STATE_UNLOCKED, 0, &container, &fixture->err) < 0);
}

static void test_remove(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	close(openat(fixture->root, "c/" STATE_CONFIG, O_CREAT | O_WRONLY, 0600));
	close(openat(fixture->root, "c/" STATE_START, O_CREAT | O_WRONLY, 0600));
	container = open_container(fixture, "c");
	assert_int_equal(state_remove(&container, &fixture->err), 0);
	assert_int_equal(faccessat(fixture->root, "c", F_OK, 0), -1);
	/* once more is no error */
	assert_int_equal(state_remove(&container, &fixture->err), 0);
	container_close(&container);
}

/* Whatever else is in there goes too, and nothing that it points to. */
static void test_remove_strange_entries(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	close(openat(fixture->root, "victim", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlinkat("../victim", fixture->root, "c/link"), 0);
	assert_int_equal(symlinkat("..", fixture->root, "c/up"), 0);
	assert_int_equal(mkdirat(fixture->root, "c/dir", 0700), 0);
	assert_int_equal(mkfifoat(fixture->root, "c/fifo", 0600), 0);
	close(openat(fixture->root, "c/" STATE_FILE ".new", O_CREAT | O_WRONLY, 0600));
	container = open_container(fixture, "c");
	assert_int_equal(state_remove(&container, &fixture->err), 0);
	container_close(&container);
	assert_int_equal(faccessat(fixture->root, "c", F_OK, 0), -1);
	assert_int_equal(faccessat(fixture->root, "victim", F_OK, 0), 0);
}

static void test_root_descriptor_stays(void **state)
{
	struct fixture *fixture = *state;
	struct container container;

	make_container(fixture, "c", full_state);
	container = open_container(fixture, "c");
	assert_int_not_equal(container.root_fd, fixture->root);
	container_close(&container);
	assert_int_equal(container.dir_fd, -1);
	assert_true(fcntl(fixture->root, F_GETFD) >= 0);
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(test_root_is_made),
		WITH_ROOT(test_root_is_a_symlink),
		WITH_ROOT(test_root_is_a_file),
		WITH_ROOT(test_root_writable_by_others),
		WITH_ROOT(test_root_of_another),
		WITH_ROOT(test_round_trip),
		WITH_ROOT(test_round_trip_small),
		WITH_ROOT(test_round_trip_unit),
		WITH_ROOT(test_state_before_units),
		WITH_ROOT(test_save_replaces),
		WITH_ROOT(test_save_refuses),
		WITH_ROOT(test_save_sets_boot_id),
		WITH_ROOT(test_private_to_the_owner),
		WITH_ROOT(test_stale_temporary_file),
		WITH_ROOT(test_temporary_symlink),
		WITH_ROOT(test_cut_at_every_length),
		WITH_ROOT(test_damage_at_every_byte),
		WITH_ROOT(test_trailing_bytes),
		WITH_ROOT(test_state_of_runc),
		WITH_ROOT(test_file_is_a_directory),
		WITH_ROOT(test_no_file),
		WITH_ROOT(test_exists),
		WITH_ROOT(test_does_not_exist),
		WITH_ROOT(test_entry_is_a_symlink),
		WITH_ROOT(test_remove),
		WITH_ROOT(test_remove_strange_entries),
		WITH_ROOT(test_root_descriptor_stays),
	};

	return run_table("ids", ids, test_id) + run_table("state files of others", foreign, test_foreign) +
	       run_table("state files of others' units", foreign_unit, test_foreign_unit) +
	       cmocka_run_group_tests_name("state directory", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole plans that golden files can't show well: large ones, what the block holds byte by byte, what stays untouched on
 * failure. The ordinary cases are in tests/golden.
 */
#include "table.h"

#include "plan/plan.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>

struct fixture {
	struct ocispec_arena *arena;
	const char *args1[1];
	struct oci_process process;
	struct oci_root root;
	struct oci_namespace namespaces[8];
	struct oci_linux linux_;
	struct oci_config config;
	struct plan_facts facts;
	struct plan_request request;
	struct plan plan;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->arena = ocispec_arena_new();
	f->args1[0] = "true";
	f->process = (struct oci_process){.cwd = "/", .n_args = 1, .args = f->args1};
	f->root.path = "rootfs";
	f->namespaces[0].type = "mount";
	f->linux_ = (struct oci_linux){.n_namespaces = 1, .namespaces = f->namespaces};
	f->config = (struct oci_config){
		.oci_version = "1.3.0", .process = &f->process, .root = &f->root, .linux_ = &f->linux_};
	f->facts = (struct plan_facts){.cap_sys_admin = true,
				       .caps_bounding = UINT64_MAX,
				       .cap_last = 40,
				       .own_cgroup = "/",
				       .cgroup_mount = "/sys/fs/cgroup"};
	f->request = (struct plan_request){.id = "id", .bundle = "/bundle"};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ocispec_arena_free(f->arena);
	free(f);
	return 0;
}

static const struct init_plan *make(struct fixture *f, const struct plan_seccomp *seccomp)
{
	if (plan_make(&f->config, &f->facts, &f->request, seccomp, f->arena, &f->plan, &f->err) < 0)
		fail_msg("%s", f->err.msg);
	assert_int_equal(f->plan.init->size, f->plan.init_size);
	return f->plan.init;
}

static void megabytes_of_environment(void **state)
{
	struct fixture *f = *state;
	const size_t n = 40000, len = 80;
	const char **env = calloc(n, sizeof(*env));
	char *bytes = calloc(n, len);
	const struct init_plan *init;

	/* Each name twice: the second halves stay, in their order. */
	for (size_t i = 0; i < n; i++) {
		snprintf(bytes + i * len, len, "VARIABLE_%zu=%050zu", i % (n / 2), i);
		env[i] = bytes + i * len;
	}
	f->process.env = env;
	f->process.n_env = n;
	init = make(f, NULL);
	assert_int_equal(init->env.n, n / 2);
	for (uint32_t i = 0; i < n / 2; i++)
		assert_string_equal(plan_str_item(init, init->env, i), env[n / 2 + i]);
	free(bytes);
	free(env);
}

static void one_variable_of_two_megabytes(void **state)
{
	struct fixture *f = *state;
	const size_t size = 2 << 20;
	char *big = malloc(size);
	const char *env[] = {"A=1", big};
	const struct init_plan *init;

	memset(big, 'x', size);
	memcpy(big, "BIG=", 4);
	big[size - 1] = '\0';
	f->process.env = env;
	f->process.n_env = 2;
	init = make(f, NULL);
	assert_string_equal(plan_str_item(init, init->env, 1), big);
	free(big);
}

static void hundred_thousand_arguments(void **state)
{
	struct fixture *f = *state;
	const size_t n = 100000;
	const char **args = calloc(n, sizeof(*args));
	const struct init_plan *init;

	for (size_t i = 0; i < n; i++)
		args[i] = i % 2 ? "odd" : "";
	f->process.args = args;
	f->process.n_args = n;
	init = make(f, NULL);
	assert_int_equal(init->args.n, n);
	assert_string_equal(plan_str_item(init, init->args, 99999), "odd");
	assert_string_equal(plan_str_item(init, init->args, 99998), "");
	free(args);
}

static void variables_that_begin_alike(void **state)
{
	struct fixture *f = *state;
	const char *env[] = {"A=1", "AB=2", "=C=3", "A", "AB=4", "A=5"};
	const struct init_plan *init;

	f->process.env = env;
	f->process.n_env = 6;
	init = make(f, NULL);
	/* "A" without a value counts as the name A. */
	assert_int_equal(init->env.n, 3);
	assert_string_equal(plan_str_item(init, init->env, 0), "=C=3");
	assert_string_equal(plan_str_item(init, init->env, 1), "AB=4");
	assert_string_equal(plan_str_item(init, init->env, 2), "A=5");
}

static void filter_is_copied(void **state)
{
	struct fixture *f = *state;
	static struct sock_filter filter[4096];
	struct plan_seccomp seccomp = {.filter = filter, .len = 4096, .flags = 6};
	const struct init_plan *init;

	for (uint32_t i = 0; i < 4096; i++)
		filter[i] = (struct sock_filter){.code = (uint16_t)i, .jt = 1, .jf = 2, .k = i * 3};
	init = make(f, &seccomp);
	assert_int_equal(init->seccomp % 8, 0);
	assert_int_equal(init->seccomp_len, 4096);
	assert_int_equal(init->seccomp_flags, 6);
	assert_memory_equal(plan_at(init, init->seccomp), filter, sizeof(filter));
	f->plan.init = NULL;
	init = make(f, NULL);
	assert_int_equal(init->seccomp, 0);
	assert_int_equal(init->seccomp_len, 0);
}

static void many_mounts(void **state)
{
	struct fixture *f = *state;
	const size_t n = 5000;
	struct oci_mount *mounts = calloc(n, sizeof(*mounts));
	const char *options[] = {"rbind", "ro", "rprivate"};
	const struct init_plan *init;
	const struct plan_mount *planned;

	for (size_t i = 0; i < n; i++)
		mounts[i] = (struct oci_mount){.destination = "/x", .source = "y", .n_options = 3, .options = options};
	f->config.mounts = mounts;
	f->config.n_mounts = n;
	init = make(f, NULL);
	assert_int_equal(init->mounts.n, n);
	planned = plan_items(init, init->mounts, struct plan_mount);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(planned[i].index, i);
		assert_string_equal(plan_str(init, planned[i].source), "/bundle/y");
		assert_int_equal(planned[i].source_fd, -1);
	}
	free(mounts);
}

static void groups_exact(void **state)
{
	struct fixture *f = *state;
	uint32_t gids[] = {5, 0, 4294967294};
	struct oci_user user = {.uid = 1, .gid = 2, .n_additional_gids = 3, .additional_gids = gids};
	const struct init_plan *init;

	f->process.user = &user;
	init = make(f, NULL);
	assert_int_equal(init->groups.n, 3);
	assert_memory_equal(plan_at(init, init->groups.at), gids, sizeof(gids));
	assert_false(init->flags & PLAN_KEEP_GROUPS);
	user.n_additional_gids = 0;
	assert_int_equal(make(f, NULL)->groups.n, 0);
	user.additional_gids = NULL;
	assert_int_equal(make(f, NULL)->groups.n, 0);
}

static void too_many_propagation_options(void **state)
{
	struct fixture *f = *state;
	const char *options[] = {"bind",   "shared",  "private", "shared",  "private",
				 "shared", "private", "shared",  "private", "shared"};
	struct oci_mount mount = {.destination = "/x", .source = "/y", .n_options = 10, .options = options};

	f->config.mounts = &mount;
	f->config.n_mounts = 1;
	f->plan.n_joins = 99;
	assert_int_equal(plan_make(&f->config, &f->facts, &f->request, NULL, f->arena, &f->plan, &f->err), -EINVAL);
	assert_string_equal(f->err.msg, "mounts[0].options: more than 8 propagation options");
	assert_int_equal(f->plan.n_joins, 99);
	mount.n_options = 9;
	make(f, NULL);
}

static void same_input_same_bytes(void **state)
{
	struct fixture *f = *state;
	const struct init_plan *one, *two;
	size_t size;

	one = make(f, NULL);
	size = f->plan.init_size;
	two = make(f, NULL);
	assert_int_equal(f->plan.init_size, size);
	assert_memory_equal(one, two, size);
}

/* Rows: which namespaces are joined and which are new, and how that is carried out. */
struct stage_case {
	const char *name;
	const char *joined, *new_; /* one letter each: u m p n i t(ime) h(ostname: uts) c */
	bool stage;
	uint64_t clone, stage_clone;
};

static const struct stage_case stages[] = {
	{"nothing", "", "", false, 0, 0},
	{"new pid", "", "mp", false, CLONE_NEWNS | CLONE_NEWPID, 0},
	{"new user", "", "um", false, CLONE_NEWUSER | CLONE_NEWNS, 0},
	{"cgroup and time are init's", "", "mct", false, CLONE_NEWNS, 0},
	{"joined net", "n", "mp", false, CLONE_NEWNS | CLONE_NEWPID, 0},
	{"joined net, ipc, uts, cgroup, mount", "nihcm", "p", false, CLONE_NEWPID, 0},
	{"joined pid", "p", "m", true, 0, CLONE_NEWNS},
	{"joined time", "t", "m", true, 0, CLONE_NEWNS},
	{"joined user", "u", "mp", true, 0, CLONE_NEWNS | CLONE_NEWPID},
	{"joined user alone", "u", "", true, 0, 0},
	{"new user, joined net", "n", "um", true, 0, CLONE_NEWUSER | CLONE_NEWNS},
	{"joined pid, new cgroup and time", "p", "mct", true, 0, CLONE_NEWNS},
};

static void stage(void **state)
{
	static const char letters[] = "umpnithc";
	static const char *const types[] = {"user", "mount", "pid", "network", "ipc", "time", "uts", "cgroup"};
	const struct stage_case *c = *state;
	struct oci_id_mapping map = {.size = 1};
	void *fixture;
	struct fixture *f;
	const struct init_plan *init;

	assert_int_equal(set_up(&fixture), 0);
	f = fixture;
	f->linux_.n_namespaces = 0;
	for (const char *s = c->joined; *s; s++)
		f->namespaces[f->linux_.n_namespaces++] =
			(struct oci_namespace){types[strchr(letters, *s) - letters], "/ns"};
	for (const char *s = c->new_; *s; s++)
		f->namespaces[f->linux_.n_namespaces++] = (struct oci_namespace){types[strchr(letters, *s) - letters]};
	f->linux_.uid_mappings = f->linux_.gid_mappings = &map;
	f->linux_.n_uid_mappings = f->linux_.n_gid_mappings = 1;
	init = make(f, NULL);
	assert_int_equal(f->plan.stage, c->stage);
	assert_int_equal(!!(init->flags & PLAN_STAGE), c->stage);
	assert_true(f->plan.clone_flags == c->clone);
	assert_true(init->stage_flags == c->stage_clone);
	assert_int_equal(f->plan.n_joins, strlen(c->joined));
	assert_int_equal(init->joins.n, strlen(c->joined));
	assert_int_equal(init->new_timens, strchr(c->new_, 't') != NULL);
	assert_int_equal(init->time_offsets != 0, strchr(c->new_, 't') != NULL);
	assert_int_equal(!!(init->flags & PLAN_NEW_CGROUPNS), strchr(c->new_, 'c') != NULL);
	tear_down(&fixture);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(megabytes_of_environment),
		CASE(one_variable_of_two_megabytes),
		CASE(hundred_thousand_arguments),
		CASE(variables_that_begin_alike),
		CASE(filter_is_copied),
		CASE(many_mounts),
		CASE(groups_exact),
		CASE(too_many_propagation_options),
		CASE(same_input_same_bytes),
	};
	int failed = run_table("stages", stages, stage);

	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

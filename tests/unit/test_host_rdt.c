/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resctrl: finding the mount in a mountinfo, groups on a fake tree (resctrl/fake_resctrl.h), the rules about what is
 * there already, and the numbers.
 */
#include "../resctrl/fake_resctrl.h"
#include "scratch.h"
#include "table.h"

#include "host/rdt.h"

/* ---- the mount ---------------------------------------------------------------------------------------------- */

struct mount_row {
	const char *name, *text;
	const char *expected; /* mount points, each with a blank behind it */
};

#define OTHER "22 1 0:21 / /proc rw,nosuid - proc proc rw\n"
static const struct mount_row mounts[] = {
	{"none", OTHER, ""},
	{"empty", "", ""},
	{"one", OTHER "40 22 0:33 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw\n" OTHER,
	 "/sys/fs/resctrl "},
	{"without a last newline", "40 22 0:33 / /r rw - resctrl resctrl rw", "/r "},
	{"two", "40 22 0:33 / /a rw - resctrl resctrl rw\n41 22 0:33 / /b rw - resctrl x rw,cdp\n", "/a /b "},
	{"escaped", "40 22 0:33 / /a\\040b\\134c rw - resctrl resctrl rw\n", "/a b\\c "},
	{"a part that is bound", "40 22 0:33 /group /a rw - resctrl resctrl rw\n", ""},
	{"another kind of that source", "40 22 0:33 / /a rw - tmpfs resctrl rw\n", ""},
	{"another kind of a like name", "40 22 0:33 / /a rw - fuse.resctrl resctrl rw\n", ""},
	{"another kind mounted at such a place", "40 22 0:33 / /\\040-\\040resctrl\\040 rw - tmpfs x rw\n", ""},
	{"cut short", "40 22 0:33\n", ""},
	{"cut short before the type", "40 22 0:33 / /a rw -", ""},
};

static void test_mount(void **state)
{
	const struct mount_row *row = *state;
	_cleanup_free_ char *text = strdup(row->text);
	char *rest = text, all[256] = "";
	const char *path;

	while ((path = rdt_mount_point(&rest)))
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ", path);
	assert_string_equal(all, row->expected);
}

/* No test machine has it: the real function has to look at the real list, and to say so. */
static void test_no_mount(void **state)
{
	struct err err = {0};
	int fd = rdt_open(&err);

	(void)state;
	if (fd >= 0) {
		close(fd);
		skip();
	}
	assert_int_equal(fd, -ENODEV);
	assert_string_equal(err.msg, "resctrl is not mounted (where CPU and kernel have it: mount -t resctrl resctrl "
				     "/sys/fs/resctrl)");
}

struct tells_row {
	const char *name, *text;
	bool mounted;
};

/* As the kernel writes a /proc/PID/cpu_resctrl_groups. */
static const struct tells_row tells[] = {
	{"not mounted", "res:\nmon:\n", false},
	{"in the root", "res:/\nmon:\n", true},
	{"in a group", "res:gold\nmon:\n", true},
	{"in a group that is monitored", "res:gold\nmon:box\n", true},
	{"monitored in the root", "res:/\nmon:box/\n", true},
	/* Who does not know must not say that there is nothing. */
	{"nothing", "", true},
	{"another text", "mon:\nres:\n", true},
};

static void test_tells(void **state)
{
	const struct tells_row *row = *state;

	assert_int_equal(rdt_tells_of_mount(row->text), row->mounted);
}

/* ---- groups -------------------------------------------------------------------------------------------------- */

struct fixture {
	struct scratch scratch;
	int root;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || scratch_make(&f->scratch) < 0)
		return -1;
	fake_make(f->scratch.path);
	f->root = fake_root();
	*state = f;
	return f->root < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->root);
	fake_resctrl[0] = '\0';
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void contains(struct fixture *f, const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(fd_read_file(f->root, path, 4096, &text, NULL), 0);
	assert_string_equal(text, expected);
}

static bool there(struct fixture *f, const char *path)
{
	return faccessat(f->root, path, F_OK, 0) == 0;
}

static void test_own_group(void **state)
{
	struct fixture *f = *state;
	const struct plan_rdt plan = {
		.group = "box", .schema = "L3:0=f;1=00f0\nMB:0=20\n", .schemata = "L3:1=3\n", .monitor = true};
	bool exists = true, made = false;

	assert_int_equal(rdt_check(f->root, &plan, &exists, &f->err), 0);
	assert_false(exists);
	assert_int_equal(rdt_make(f->root, &plan, "box", &made, &f->err), 0);
	assert_true(made);
	contains(f, "box/schemata", "    L3:0=f;1=3\n    MB:0=  20;1= 100\n");
	assert_int_equal(rdt_enter(f->root, "box", "box", true, 42, &f->err), 0);
	contains(f, "box/tasks", "42\n");
	contains(f, "box/mon_groups/box/tasks", "42\n");
	contains(f, "tasks", "");
	assert_int_equal(rdt_remove(f->root, "box", "box", true, true, false, &f->err), 0);
	assert_false(there(f, "box"));
	/* Again: a delete goes on where another one was stopped. */
	assert_int_equal(rdt_remove(f->root, "box", "box", true, true, false, &f->err), 0);
}

static void test_root_group(void **state)
{
	struct fixture *f = *state;
	const struct plan_rdt plan = {.group = "/",
				      .named = true,
				      .schema = "L3:0=fffff\nMB:1=100\n",
				      .schemata = "MB:0=50\n",
				      .monitor = true};
	bool exists = false, made = true;

	assert_int_equal(rdt_check(f->root, &plan, &exists, &f->err), 0);
	assert_true(exists);
	assert_int_equal(rdt_make(f->root, &plan, "box", &made, &f->err), 0);
	assert_false(made);
	assert_int_equal(rdt_enter(f->root, "/", "box", true, 42, &f->err), 0);
	contains(f, "tasks", "42\n");
	contains(f, "mon_groups/box/tasks", "42\n");
	contains(f, "schemata", "    L3:0=fffff;1=fffff\n    MB:0=  50;1= 100\n");
	assert_int_equal(rdt_remove(f->root, "/", "box", true, true, false, &f->err), 0);
	assert_true(there(f, "tasks"));
	assert_false(there(f, "mon_groups/box"));
}

/* One that closID names and this create has made goes only while nobody is in it. */
static void test_only_empty(void **state)
{
	struct fixture *f = *state;
	const struct plan_rdt plan = {.group = "gold", .named = true, .schema = "L3:0=f\n"};
	bool made;

	assert_int_equal(rdt_make(f->root, &plan, "box", &made, &f->err), 0);
	assert_int_equal(rdt_enter(f->root, "gold", "box", false, 42, &f->err), 0);
	assert_int_equal(rdt_remove(f->root, "gold", "box", false, true, true, &f->err), 0);
	assert_true(there(f, "gold"));
	fake_put(f->root, "gold/tasks", "");
	assert_int_equal(rdt_remove(f->root, "gold", "box", false, true, true, &f->err), 0);
	assert_false(there(f, "gold"));
}

/* What a group that is there ("gold": L3 0=f, 1=fffff; MB 0=30, 1=100) must have. */
struct compare_row {
	const char *name;
	const char *schema;
	const char *error; /* NULL: the same */
};

#define MISMATCH(where, value) "resctrl group gold is there already, and for " where " it does not have " value
static const struct compare_row compares[] = {
	{"no schema", NULL, NULL},
	{"the same", "L3:0=f;1=fffff\nMB:0=30;1=100\n", NULL},
	{"part of it", "L3:1=fffff\n", NULL},
	{"leading zeros, blanks", "L3: 0 = 0000f ; 1=FFFFF\n", NULL},
	{"rounded by the kernel", "MB:0=21\n", NULL},
	{"another mask", "L3:0=ff\n", MISMATCH("L3:0", "ff")},
	{"another in the second cache", "L3:0=f;1=f\n", MISMATCH("L3:1", "f")},
	{"another bandwidth", "L3:0=f\nMB:0=31\n", MISMATCH("MB:0", "31")},
	{"a cache that is not there", "L3:2=f\n", MISMATCH("L3:2", "f")},
	{"a resource that is not there", "L2:0=f\n", MISMATCH("L2:0", "f")},
	{"decimal is not hexadecimal", "MB:0=1e\n", MISMATCH("MB:0", "1e")},
};

static void test_compare(void **state)
{
	struct fixture f = {0}, *p = &f;
	const struct compare_row *row = *state;
	const struct plan_rdt gold = {.group = "gold", .schema = "L3:0=f\nMB:0=30\n"},
			      plan = {.group = "gold", .named = true, .schema = row->schema};
	bool exists = false, made;
	int r;

	assert_int_equal(scratch_make(&f.scratch), 0);
	fake_make(f.scratch.path);
	f.root = fake_root();
	assert_int_equal(rdt_make(f.root, &gold, "gold", &made, &f.err), 0);
	r = rdt_check(f.root, &plan, &exists, &f.err);
	if (row->error) {
		assert_int_equal(r, -EEXIST);
		assert_string_equal(f.err.msg, row->error);
	} else {
		assert_int_equal(r, 0);
		assert_true(exists);
		/* And nothing is written. */
		assert_int_equal(rdt_make(f.root, &plan, "box", &made, &f.err), 0);
		contains(p, "gold/schemata", "    L3:0=f;1=fffff\n    MB:0=  30;1= 100\n");
	}
	close(f.root);
	fake_resctrl[0] = '\0';
	scratch_remove(&f.scratch);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	const struct plan_rdt bad[] = {{.group = "a", .schema = "L3:0=fffffff\n"},
				       {.group = "b", .schemata = "L2:0=f\n"},
				       {.group = "c", .schema = "MB:7=10\n"},
				       {.group = "none", .named = true}};
	static const char *const errors[] = {
		"write \"L3:0=fffffff\" to schemata of resctrl group a: Invalid argument (Mask out of range)",
		"write \"L2:0=f\" to schemata of resctrl group b: Invalid argument (Unknown or unsupported resource "
		"name)",
		"write \"MB:7=10\" to schemata of resctrl group c: Invalid argument (Missing '=' or non-numeric "
		"domain)",
		"closID names resctrl group none, which is not there; without a schema it must be"};
	char name[8];
	bool made, exists;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (bad[i].named)
			assert_int_equal(rdt_check(f->root, &bad[i], &exists, &f->err), -ENOENT);
		else
			assert_int_equal(rdt_make(f->root, &bad[i], "x", &made, &f->err), -EINVAL);
		assert_string_equal(f->err.msg, errors[i]);
	}
	for (int i = 0; i < FAKE_GROUPS - 3; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(rdt_make(f->root, &(struct plan_rdt){.group = name}, "x", &made, &f->err), 0);
	}
	assert_int_equal(rdt_make(f->root, &(struct plan_rdt){.group = "more"}, "x", &made, &f->err), -ENOSPC);
	assert_string_equal(f->err.msg, "make resctrl group more: No space left on device (Out of CLOSIDs)");
	assert_false(made);
	assert_int_equal(rdt_check(f->root, &(struct plan_rdt){.group = "cpus", .needs_cache = true}, &exists, &f->err),
			 0);
	assert_int_equal(rdt_enter(f->root, "info", "x", false, 1, &f->err), -ENOENT);
}

static void test_kinds(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rdt_check_kinds(f->root, true, true, &f->err), 0);
	assert_int_equal(renameat(f->root, "info/L3", f->root, "info/L3CODE"), 0);
	assert_int_equal(rdt_check_kinds(f->root, true, true, &f->err), 0);
	assert_int_equal(renameat(f->root, "info/L3CODE", f->root, "info/L2"), 0);
	assert_int_equal(rdt_check_kinds(f->root, true, true, &f->err), -EOPNOTSUPP);
	assert_string_equal(f->err.msg, "Intel RDT/CAT: l3 cache schema is not enabled");
	assert_int_equal(renameat(f->root, "info/MB", f->root, "info/x"), 0);
	assert_int_equal(rdt_check_kinds(f->root, false, true, &f->err), -EOPNOTSUPP);
	assert_string_equal(f->err.msg, "Intel RDT/MBA: memory bandwidth schema is not enabled");
}

static void test_set(void **state)
{
	struct fixture *f = *state;
	char *old = NULL, *newest = NULL;
	bool made;

	assert_int_equal(rdt_make(f->root, &(struct plan_rdt){.group = "box"}, "box", &made, &f->err), 0);
	assert_int_equal(rdt_set(f->root, "box", "L3:0=1\nMB:1=35\n", &old, &f->err), 0);
	contains(f, "box/schemata", "    L3:0=1;1=fffff\n    MB:0= 100;1=  40\n");
	assert_int_equal(rdt_set(f->root, "box", "L3:0=x\n", &newest, &f->err), -EINVAL);
	assert_null(newest);
	/* What was read can be written. */
	assert_int_equal(rdt_set(f->root, "box", old, &newest, &f->err), 0);
	contains(f, "box/schemata", "    L3:0=fffff;1=fffff\n    MB:0= 100;1= 100\n");
	free(old);
	free(newest);
}

static void test_stats(void **state)
{
	struct fixture *f = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	struct rdt_stats stats = {0};
	bool made;

	assert_int_equal(rdt_make(f->root, &(struct plan_rdt){.group = "g", .schema = "L3:0=f\n", .monitor = true},
				  "box", &made, &f->err),
			 0);
	assert_int_equal(rdt_stats_read(f->root, "g", "box", true, arena, &stats, &f->err), 0);
	assert_string_equal(stats.l3_cache_info->cbm_mask, "fffff");
	assert_int_equal(stats.l3_cache_info->min_cbm_bits, 1);
	assert_int_equal(stats.mem_bw_info->bandwidth_gran, 10);
	assert_int_equal(stats.mem_bw_info->num_closids, 5);
	assert_string_equal(stats.l3_cache_schema_root, "L3:0=fffff;1=fffff");
	assert_string_equal(stats.l3_cache_schema, "L3:0=f;1=fffff");
	assert_string_equal(stats.mem_bw_schema, "MB:0= 100;1= 100");
	assert_int_equal(stats.n_schemata, 2);
	assert_int_equal(stats.n_mbm_stats, 2);
	assert_int_equal(stats.mbm_stats[0].total_bytes, 100);
	assert_int_equal(stats.mbm_stats[1].total_bytes, 7);
	assert_int_equal(stats.mbm_stats[1].local_bytes, 0);
	assert_int_equal(stats.n_cmt_stats, 2);
	/* Of the container, not of all in its group. */
	assert_int_equal(stats.cmt_stats[0].llc_occupancy, 4096);
	assert_int_equal(rdt_stats_read(f->root, "g", "box", false, arena, &stats, &f->err), 0);
	assert_int_equal(stats.cmt_stats[0].llc_occupancy, 8192);
	assert_int_equal(rdt_stats_read(f->root, "h", "box", false, arena, &stats, &f->err), -ENOENT);
	ocispec_arena_free(arena);
}

#define TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_mount),
		TREE(test_own_group),
		TREE(test_root_group),
		TREE(test_only_empty),
		TREE(test_refused),
		TREE(test_kinds),
		TREE(test_set),
		TREE(test_stats),
	};
	int failed = 0;

	failed += run_table("resctrl: the mount", mounts, test_mount);
	failed += run_table("resctrl: whether it is mounted for others", tells, test_tells);
	failed += run_table("resctrl: a group that is there", compares, test_compare);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	return failed;
}

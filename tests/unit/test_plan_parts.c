/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that planning is made of: the flat block, growing text, paths, tables of words. */
#include "table.h"

#include "config/names.h"
#include "plan/internal.h"
#include "plan/mount_options.h"

#include <errno.h>
#include <linux/sched.h>

struct path_case {
	const char *name, *base, *expected; /* base NULL: path_clean() */
};

static const struct path_case paths[] = {
	{"/", NULL, "/"},
	{"", NULL, "/"},
	{".", NULL, "/"},
	{"..", NULL, "/"},
	{"a", NULL, "/a"},
	{"/a", NULL, "/a"},
	{"/a/", NULL, "/a"},
	{"//a///b//", NULL, "/a/b"},
	{"/a/./b/.", NULL, "/a/b"},
	{"/a/../b", NULL, "/b"},
	{"/a/..", NULL, "/"},
	{"/a/b/../../..", NULL, "/"},
	{"../../x", NULL, "/x"},
	{"/a/../../../b/c/..", NULL, "/b"},
	{"/...", NULL, "/..."},
	{"/..a/.b/b.", NULL, "/..a/.b/b."},
	{"a/..b/../c", NULL, "/a/c"},
	{"x", "/bundle", "/bundle/x"},
	{"./x/", "/bundle/", "/bundle/x"},
	{"../x", "/bundle", "/bundle/../x"},
	{"/x//./y/..", "/bundle", "/x/y/.."},
	{".", "/bundle", "/bundle"},
	{"", "/bundle", "/bundle"},
	{"/", "/bundle", "/"},
	{"x", "/", "/x"},
	{".", "/", "/"},
};

static void path(void **state)
{
	const struct path_case *c = *state;
	struct ocispec_arena *arena = ocispec_arena_new();

	if (c->base)
		assert_string_equal(path_below(arena, c->base, c->name), c->expected);
	else
		assert_string_equal(path_clean(arena, c->name), c->expected);
	ocispec_arena_free(arena);
}

static void block_layout(void **state)
{
	static const char *const words[] = {"one", "", "three"};
	static const uint64_t numbers[] = {1, UINT64_MAX};
	struct ocispec_arena *arena = ocispec_arena_new();
	struct init_plan head = {.flags = 7};
	const struct init_plan *plan;
	struct plan_list list, table;
	struct block block;
	plan_off empty;
	size_t size;

	(void)state;
	block_init(&block, arena, 0);
	assert_int_equal(block_string(&block, NULL), 0);
	empty = block_string(&block, "");
	assert_true(empty >= sizeof(struct init_plan));
	list = block_strings(&block, 3, words);
	table = block_table(&block, numbers, 2, sizeof(numbers[0]));
	assert_int_equal(table.at % 8, 0);
	assert_int_equal(list.at % 8, 0);
	assert_int_equal(block_finish(&block, &head, &plan, &size, NULL), 0);
	assert_int_equal(plan->magic, INIT_PLAN_MAGIC);
	assert_int_equal(plan->size, size);
	assert_int_equal(plan->flags, 7);
	assert_string_equal(plan_str(plan, empty), "");
	for (uint32_t i = 0; i < 3; i++)
		assert_string_equal(plan_str_item(plan, list, i), words[i]);
	assert_true(plan_items(plan, table, uint64_t)[1] == UINT64_MAX);
	ocispec_arena_free(arena);
}

static void block_empty_lists(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct block block;

	(void)state;
	block_init(&block, arena, 0);
	assert_int_equal(block_table(&block, NULL, 0, 8).at, 0);
	assert_int_equal(block_strings(&block, 0, NULL).n, 0);
	ocispec_arena_free(arena);
}

static void block_grows(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct init_plan head = {0};
	const struct init_plan *plan;
	char text[1000];
	struct block block;
	plan_off at[3000];
	size_t size;

	(void)state;
	block_init(&block, arena, 16);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < 3000; i++) {
		text[0] = (char)('a' + i % 26);
		at[i] = block_string(&block, text);
	}
	assert_int_equal(block_finish(&block, &head, &plan, &size, NULL), 0);
	assert_true(size >= 3000 * sizeof(text));
	for (size_t i = 0; i < 3000; i++) {
		assert_int_equal(plan_str(plan, at[i])[0], 'a' + i % 26);
		assert_int_equal(strlen(plan_str(plan, at[i])), sizeof(text) - 1);
	}
	ocispec_arena_free(arena);
}

static void block_too_big(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct init_plan head = {0};
	const struct init_plan *plan = NULL;
	struct block block;
	struct err err;
	size_t size = 5;

	(void)state;
	block_init(&block, arena, 0);
	/* Never read: the size alone is too much. */
	assert_int_equal(block_bytes(&block, "", (size_t)INT32_MAX), 0);
	assert_int_equal(block_string(&block, "later"), 0);
	assert_int_equal(block_finish(&block, &head, &plan, &size, &err), -E2BIG);
	assert_string_equal(err.msg, "the configuration is too big to be handed to the container");
	assert_null(plan);
	assert_int_equal(size, 5);

	block_init(&block, arena, 0);
	assert_int_equal(block_table(&block, "", SIZE_MAX / 2, 8).n, 0);
	assert_int_equal(block_finish(&block, &head, &plan, &size, &err), -E2BIG);
	ocispec_arena_free(arena);
}

static void text_numbers(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct text text = {.arena = arena};

	(void)state;
	text_u64(&text, 0);
	text_str(&text, " ");
	text_u64(&text, UINT64_MAX);
	text_str(&text, " ");
	text_i64(&text, INT64_MIN);
	text_str(&text, " ");
	text_i64(&text, -1);
	assert_int_equal(text.failed, 0);
	assert_string_equal(text.s, "0 18446744073709551615 -9223372036854775808 -1");
	ocispec_arena_free(arena);
}

static void mount_option_table(void **state)
{
	(void)state;
	/* The specification's list, every word of it. */
	static const char *const spec[] = {
		"async",
		"atime",
		"bind",
		"defaults",
		"dev",
		"diratime",
		"dirsync",
		"exec",
		"iversion",
		"lazytime",
		"loud",
		"mand",
		"noatime",
		"nodev",
		"nodiratime",
		"noexec",
		"noiversion",
		"nolazytime",
		"nomand",
		"norelatime",
		"nostrictatime",
		"nosuid",
		"nosymfollow",
		"private",
		"ratime",
		"rbind",
		"rdev",
		"rdiratime",
		"relatime",
		"remount",
		"rexec",
		"rnoatime",
		"rnodev",
		"rnodiratime",
		"rnoexec",
		"rnorelatime",
		"rnostrictatime",
		"rnosuid",
		"rnosymfollow",
		"ro",
		"rprivate",
		"rrelatime",
		"rro",
		"rrw",
		"rshared",
		"rslave",
		"rstrictatime",
		"rsuid",
		"rsymfollow",
		"runbindable",
		"rw",
		"shared",
		"silent",
		"slave",
		"strictatime",
		"suid",
		"symfollow",
		"sync",
		"tmpcopyup",
		"unbindable",
		"idmap",
		"ridmap",
	};

	for (unsigned i = 1; i < n_mount_options; i++)
		assert_true(strcmp(mount_options[i - 1].word, mount_options[i].word) < 0);
	for (unsigned i = 0; i < n_mount_options; i++)
		assert_ptr_equal(mount_option_find(mount_options[i].word), &mount_options[i]);
	for (size_t i = 0; i < sizeof(spec) / sizeof(spec[0]); i++)
		assert_non_null(mount_option_find(spec[i]));
	assert_null(mount_option_find(""));
	assert_null(mount_option_find("size=1k"));
	assert_null(mount_option_find("zzz"));
	assert_null(mount_option_find("rbindx"));
	assert_null(mount_option_find("RO"));
}

static void capability_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= 40; i++)
		assert_int_equal(name_to_capability(name_of_capability(i)), i);
	assert_null(name_of_capability(41));
	assert_int_equal(name_to_capability("CAP_SYS_ADMIN"), 21);
	assert_int_equal(name_to_capability("CAP_"), -1);
	assert_int_equal(name_to_capability("CAP_SYS_ADMINX"), -1);
	assert_int_equal(name_to_capability("CAP_SYS_ADMI"), -1);
	assert_int_equal(name_to_capability(""), -1);
}

static void namespace_names(void **state)
{
	(void)state;
	assert_true(name_to_namespace("mount") == CLONE_NEWNS);
	assert_true(name_to_namespace("time") == CLONE_NEWTIME);
	assert_string_equal(name_of_namespace(CLONE_NEWCGROUP), "cgroup");
	assert_null(name_of_namespace(CLONE_NEWNS | CLONE_NEWPID));
	assert_null(name_of_namespace(0));
}

static void sysctl_paths(void **state)
{
	char path[16];

	(void)state;
	assert_true(sysctl_path("a.b/c.d", path, sizeof(path)));
	assert_string_equal(path, "a/b.c/d");
	assert_true(sysctl_path("a/b.c/d", path, sizeof(path)));
	assert_string_equal(path, "a/b.c/d");
	assert_true(sysctl_path("abcdefghijklmno", path, sizeof(path)));
	assert_false(sysctl_path("abcdefghijklmnop", path, sizeof(path)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_layout),     cmocka_unit_test(block_empty_lists),
		cmocka_unit_test(block_grows),      cmocka_unit_test(block_too_big),
		cmocka_unit_test(text_numbers),     cmocka_unit_test(mount_option_table),
		cmocka_unit_test(capability_names), cmocka_unit_test(namespace_names),
		cmocka_unit_test(sysctl_paths),
	};
	int failed = run_table("paths", paths, path);

	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

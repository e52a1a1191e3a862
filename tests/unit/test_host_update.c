/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of limits, and the way back. The files are real ones in a scratch directory; the kernel behind them is
 * played by __wrap_cgroup_write(), with the rules that matter: which files take a line at a time, which old value bars
 * which new one, what a group forgets when it becomes idle.
 */
#include "scratch.h"
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "host/cgroup/internal.h"

#include <errno.h>

static struct scratch scratch;
static int dir = -1;
static struct err err;
static char written[8192];     /* what reached the kernel, "file=value" a line */
static const char *refused[3]; /* values that it refuses */

static void get(const char *file, char *ret, size_t size)
{
	assert_true(cgroup_read(dir, file, ret, size) >= 0);
}

static void put(const char *file, const char *text)
{
	_cleanup_close_ int fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fd_write_all(fd, "\n", 1), 0);
}

/* Replaces the line of the key; line NULL: removes it. */
static void put_line(const char *file, const char *key, const char *line)
{
	char old[4096], new[4096] = "";
	size_t n = strlen(key);
	bool done = false;

	get(file, old, sizeof(old));
	for (char *save = NULL, *p = strtok_r(old, "\n", &save); p || !done; p = p ? strtok_r(NULL, "\n", &save) : p) {
		bool ours = p && !strncmp(p, key, n) && p[n] == ' ';

		if ((!p || ours) && line && !done)
			snprintf(new + strlen(new), sizeof(new) - strlen(new), "%s%s", *new ? "\n" : "", line);
		done = done || !p || ours;
		if (p && !ours)
			snprintf(new + strlen(new), sizeof(new) - strlen(new), "%s%s", *new ? "\n" : "", p);
	}
	put(file, new);
}

/* "8:0 rbps=5" into "8:0 rbps=... wbps=... riops=... wiops=..." */
static int write_io_max(const char *value)
{
	static const char *const names[] = {"rbps", "wbps", "riops", "wiops"};
	char values[4][32] = {"max", "max", "max", "max"}, key[32], old[4096], line[256], *p;
	bool limited = false;

	sscanf(value, "%31s", key);
	get("io.max", old, sizeof(old));
	p = strstr(old, key);
	for (const char *text = p ? p : ""; text; text = text == value ? NULL : value) {
		char copy[256];

		snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(text, "\n"), text);
		for (char *save = NULL, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
			for (size_t i = 0; i < 4; i++)
				if (!strncmp(word, names[i], strlen(names[i])) && word[strlen(names[i])] == '=')
					snprintf(values[i], sizeof(values[i]), "%s", word + strlen(names[i]) + 1);
	}
	for (size_t i = 0; i < 4; i++)
		limited = limited || strcmp(values[i], "max") != 0;
	snprintf(line, sizeof(line), "%s rbps=%s wbps=%s riops=%s wiops=%s", key, values[0], values[1], values[2],
		 values[3]);
	put_line("io.max", key, limited ? line : NULL);
	return 0;
}

static int write_weight(const char *file, const char *value)
{
	char line[64], key[32];

	if (!strchr(value, ':')) {
		snprintf(line, sizeof(line), "default %s", strncmp(value, "default ", 8) ? value : value + 8);
		put_line(file, "default", line);
		return 0;
	}
	sscanf(value, "%31s", key);
	put_line(file, key, strstr(value, "default") ? NULL : value);
	return 0;
}

static int write_cpu(const char *file, const char *value)
{
	char max[64], burst[64], idle[64];
	long long quota;

	get("cpu.max", max, sizeof(max));
	get("cpu.max.burst", burst, sizeof(burst));
	get("cpu.idle", idle, sizeof(idle));
	if (!strcmp(file, "cpu.max"))
		snprintf(max, sizeof(max), "%s", value);
	if (!strcmp(file, "cpu.max.burst"))
		snprintf(burst, sizeof(burst), "%s", value);
	quota = strncmp(max, "max", 3) ? atoll(max) : INT64_MAX;
	if (atoll(burst) > quota)
		return -EINVAL;
	if (!strcmp(file, "cpu.weight")) {
		if (!strcmp(idle, "1"))
			return -EINVAL;
		if (atoi(value) < 1)
			return -ERANGE;
	}
	if (!strcmp(file, "cpu.idle") && strcmp(idle, value) != 0)
		put("cpu.weight", strcmp(value, "1") ? "100" : "0");
	put(file, value);
	return 0;
}

static int write_switches(const char *value)
{
	static const char *const known[] = {"cpu", "memory", "pids"};
	char old[256], new[256] = "", word[32];

	get("cgroup.subtree_control", old, sizeof(old));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		bool on = cgroup_has_word(old, known[i], strlen(known[i]));

		snprintf(word, sizeof(word), "%c%s", on ? '-' : '+', known[i]);
		if (cgroup_has_word(value, word, strlen(word)))
			on = !on;
		if (on)
			snprintf(new + strlen(new), sizeof(new) - strlen(new), "%s%s", *new ? " " : "", known[i]);
	}
	put("cgroup.subtree_control", new);
	return 0;
}

int __wrap_cgroup_write(int fd, const char *file, const char *value);

int __wrap_cgroup_write(int fd, const char *file, const char *value)
{
	char key[64];

	assert_int_equal(fd, dir);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (refused[i] && !strcmp(value, refused[i]))
			return -EINVAL;
	if (faccessat(dir, file, F_OK, 0) < 0)
		return -ENOENT;
	snprintf(written + strlen(written), sizeof(written) - strlen(written), "%s=%s\n", file, value);
	/* The kernel would not even be asked. */
	assert_true(*value != '\0');
	if (!strcmp(value, "\n"))
		value = "";
	if (!strcmp(file, "io.max"))
		return write_io_max(value);
	if (!strcmp(file, "io.weight") || !strcmp(file, "io.bfq.weight"))
		return write_weight(file, value);
	if (!strcmp(file, "cgroup.subtree_control"))
		return write_switches(value);
	if (!strcmp(file, "rdma.max") || !strcmp(file, "misc.max")) {
		sscanf(value, "%63s", key);
		put_line(file, key, value);
		return 0;
	}
	if (!strncmp(file, "cpu.", 4) && strcmp(file, "cpu.pressure") != 0)
		return write_cpu(file, value);
	if (!strcmp(file, "cpuset.cpus.partition") && !strcmp(value, "root"))
		value = "root invalid (no CPU is left)";
	/* A trigger leaves no trace. */
	if (!strstr(file, ".pressure"))
		put(file, value);
	return 0;
}

static const struct {
	const char *file, *text;
} files[] = {
	{"memory.max", "33554432"},
	{"memory.swap.max", "max"},
	{"memory.low", "0"},
	{"memory.high", "max"},
	{"memory.current", "1000000"},
	{"memory.swap.current", "500000"},
	{"memory.oom.group", "0"},
	{"pids.max", "max"},
	{"cpu.weight", "174"},
	{"cpu.idle", "0"},
	{"cpu.max", "80000 100000"},
	{"cpu.max.burst", "50000"},
	{"cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1"},
	{"cpuset.cpus", ""},
	{"cpuset.mems", "0"},
	{"cpuset.cpus.partition", "root invalid (no CPU is left)"},
	{"io.bfq.weight", "default 100\n8:0 200"},
	{"io.max", "8:0 rbps=1000 wbps=max riops=max wiops=50\n253:1 rbps=max wbps=7 riops=max wiops=max"},
	{"hugetlb.2MB.max", "4194304"},
	{"hugetlb.2MB.rsvd.max", "max"},
	{"rdma.max", "mlx4_0 hca_handle=2 hca_object=2000\nocrdma1 hca_handle=3 hca_object=max"},
	{"misc.max", "res_a max\nres_b 10"},
	{"cgroup.max.depth", "max"},
	{"cgroup.subtree_control", "cpu memory"},
};

static void all_files(char *ret, size_t size)
{
	char text[1024];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		get(files[i].file, text, sizeof(text));
		used += (size_t)snprintf(ret + used, size - used, "%s: %s\n", files[i].file, text);
		assert_true(used < size);
	}
}

static int reset(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i].file, files[i].text);
	written[0] = '\0';
	memset(refused, 0, sizeof(refused));
	err = (struct err){0};
	return 0;
}

struct row {
	const char *json;
	const char *file, *expected; /* one of the files afterwards */
};

static const struct row rows[] = {
	{"{\"memory\":{\"limit\":50000000}}", "memory.max", "50000000"},
	{"{\"memory\":{\"limit\":50000000}}", "memory.swap.max", "max"},
	{"{\"memory\":{\"limit\":50000000,\"swap\":60000000}}", "memory.swap.max", "10000000"},
	{"{\"memory\":{\"limit\":2000000,\"swap\":2000000}}", "memory.swap.max", "0"},
	{"{\"memory\":{\"limit\":-1}}", "memory.max", "max"},
	{"{\"memory\":{\"reservation\":4096}}", "memory.low", "4096"},
	{"{\"pids\":{\"limit\":7}}", "pids.max", "7"},
	{"{\"cpu\":{\"shares\":1024}}", "cpu.weight", "100"},
	{"{\"cpu\":{\"idle\":1}}", "cpu.idle", "1"},
	{"{\"cpu\":{\"idle\":1}}", "cpu.weight", "0"},
	{"{\"cpu\":{\"idle\":0,\"shares\":2}}", "cpu.weight", "1"},
	{"{\"cpu\":{\"quota\":60000}}", "cpu.max", "60000 100000"},
	{"{\"cpu\":{\"period\":200000}}", "cpu.max", "80000 200000"},
	{"{\"cpu\":{\"quota\":-1}}", "cpu.max", "max 100000"},
	{"{\"cpu\":{\"burst\":10000}}", "cpu.max.burst", "10000"},
	/* The new pair fits in one order only, and the way back in the other. */
	{"{\"cpu\":{\"quota\":20000,\"burst\":10000}}", "cpu.max", "20000 100000"},
	{"{\"cpu\":{\"quota\":20000,\"burst\":10000}}", "cpu.max.burst", "10000"},
	{"{\"cpu\":{\"quota\":200000,\"burst\":100000}}", "cpu.max.burst", "100000"},
	{"{\"cpu\":{\"cpus\":\"0-1\"}}", "cpuset.cpus", "0-1"},
	{"{\"cpu\":{\"mems\":\"1\"}}", "cpuset.mems", "1"},
	{"{\"blockIO\":{\"weight\":500}}", "io.bfq.weight", "default 500\n8:0 200"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":50}]}}", "io.bfq.weight",
	 "default 100\n8:0 50"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":50}]}}", "io.bfq.weight",
	 "default 100\n8:0 200\n8:16 50"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
	 "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":6}]}}",
	 "io.max", "8:0 rbps=5 wbps=6 riops=max wiops=50\n253:1 rbps=max wbps=7 riops=max wiops=max"},
	{"{\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":7,\"minor\":3,\"rate\":5}]}}", "io.max",
	 "8:0 rbps=1000 wbps=max riops=max wiops=50\n253:1 rbps=max wbps=7 riops=max wiops=max\n"
	 "7:3 rbps=max wbps=max riops=max wiops=5"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2097152}]}", "hugetlb.2MB.max", "2097152"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2097152}]}", "hugetlb.2MB.rsvd.max", "2097152"},
	{"{\"rdma\":{\"mlx4_0\":{\"hcaHandles\":9,\"hcaObjects\":8}}}", "rdma.max",
	 "mlx4_0 hca_handle=9 hca_object=8\nocrdma1 hca_handle=3 hca_object=max"},
	{"{\"unified\":{\"misc.max\":\"res_b 3\"}}", "misc.max", "res_a max\nres_b 3"},
	{"{\"unified\":{\"misc.max\":\"res_a 1\\nres_b 2\"}}", "misc.max", "res_a 1\nres_b 2"},
	{"{\"unified\":{\"memory.high\":\"4096\",\"memory.oom.group\":\"1\"}}", "memory.high", "4096"},
	{"{\"unified\":{\"cgroup.subtree_control\":\"-cpu +memory +pids\"}}", "cgroup.subtree_control", "memory pids"},
	{"{\"unified\":{\"cpuset.cpus.partition\":\"member\"}}", "cpuset.cpus.partition", "member"},
	{"{\"unified\":{\"cpu.pressure\":\"some 1 2\"}}", "cpu.max", "80000 100000"},
	{"{\"memory\":{\"limit\":3000000,\"checkBeforeUpdate\":true}}", "memory.max", "3000000"},
};

static struct plan_cgroup plan_of(const char *json, struct ocispec_arena *arena)
{
	struct plan_cgroup plan = {.path = "/x"};
	const struct plan_facts facts = {0};
	struct plan_current current;
	struct ocispec_error error;
	void *resources;

	if (ocispec_parse(&oci_resources_object, json, strlen(json), "file", arena, &resources, &error) < 0)
		fail_msg("%s", error.message);
	if (cgroup_read_current(dir, &current, &err) < 0 ||
	    plan_update(resources, &current, &facts, arena, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	return plan;
}

/* One more write at the end, which the kernel refuses. */
static void add_refused(struct plan_cgroup *plan, struct ocispec_arena *arena)
{
	struct plan_cgroup_write *grown = ocispec_alloc(arena, (plan->n_writes + 1) * sizeof(*grown));

	assert_non_null(grown);
	if (plan->n_writes)
		memcpy(grown, plan->writes, plan->n_writes * sizeof(*grown));
	grown[plan->n_writes++] = (struct plan_cgroup_write){
		.file = "cgroup.max.depth", .value = "boom", .property = "linux.resources.unified.cgroup.max.depth"};
	plan->writes = grown;
	refused[0] = "boom";
}

/* The change is made; the same change with a last write that fails leaves everything as it was. */
static void test_row(void **state)
{
	const struct row *row = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	char text[4096], before[8192], after[8192];
	struct cgroup_change change;
	struct plan_cgroup plan;

	assert_non_null(arena);
	reset(NULL);
	plan = plan_of(row->json, arena);
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	assert_string_equal(written, "");
	if (cgroup_change_write(&change, &err) < 0)
		fail_msg("%s", err.msg);
	cgroup_change_end(&change);
	get(row->file, text, sizeof(text));
	assert_string_equal(text, row->expected);

	reset(NULL);
	all_files(before, sizeof(before));
	add_refused(&plan, arena);
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	assert_int_equal(cgroup_change_write(&change, &err), -EINVAL);
	assert_string_not_equal(written, "");
	cgroup_change_undo(&change, false, &err);
	cgroup_change_end(&change);
	all_files(after, sizeof(after));
	assert_string_equal(after, before);
	assert_string_equal(err.msg, "linux.resources.unified.cgroup.max.depth: write \"boom\" to cgroup.max.depth of "
				     "cgroup /x: Invalid argument");
	ocispec_arena_free(arena);
}

/* Latest first, and nothing that was not written. */
static void test_order(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct cgroup_change change;
	struct plan_cgroup plan;

	assert_non_null(arena);
	plan = plan_of("{\"pids\":{\"limit\":7},\"memory\":{\"limit\":5000000,\"swap\":6000000,\"reservation\":1},"
		       "\"cpu\":{\"cpus\":\"0\"}}",
		       arena);
	refused[0] = "1";
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	assert_int_equal(cgroup_change_write(&change, &err), -EINVAL);
	assert_string_equal(written, "pids.max=7\nmemory.swap.max=1000000\nmemory.max=5000000\n");
	written[0] = '\0';
	cgroup_change_undo(&change, false, &err);
	assert_string_equal(written, "memory.max=33554432\nmemory.swap.max=max\npids.max=max\n");
	assert_non_null(strstr(err.msg, "linux.resources.memory.reservation: write \"1\" to memory.low"));
	assert_null(strstr(err.msg, "put back"));
	cgroup_change_end(&change);
	ocispec_arena_free(arena);
}

/* With systemd every file may have been written behind our back. */
static void test_undo_all(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	char before[8192], after[8192];
	struct oci_pair old[64];
	struct cgroup_change change;
	struct plan_cgroup plan;
	size_t n;

	assert_non_null(arena);
	all_files(before, sizeof(before));
	plan = plan_of("{\"pids\":{\"limit\":7},\"memory\":{\"limit\":5000000},\"cpu\":{\"cpus\":\"0\",\"idle\":1}}",
		       arena);
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	n = cgroup_change_old(&change, old);
	assert_int_equal(n, 5);
	assert_string_equal(old[0].key, "pids.max");
	assert_string_equal(old[0].value, "max");
	assert_string_equal(old[3].key, "cpu.weight");
	assert_string_equal(old[3].value, "174");
	assert_string_equal(old[4].key, "cpuset.cpus");
	assert_string_equal(old[4].value, "");
	put("pids.max", "1");
	put("memory.max", "1");
	put("cpu.idle", "1");
	put("cpu.weight", "0");
	put("cpuset.cpus", "0");
	cgroup_change_undo(&change, true, &err);
	all_files(after, sizeof(after));
	assert_string_equal(after, before);
	assert_string_equal(err.msg, "");
	cgroup_change_end(&change);
	ocispec_arena_free(arena);
}

/* What can't be put back is said. */
static void test_no_way_back(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct cgroup_change change;
	struct plan_cgroup plan;
	char text[64];

	assert_non_null(arena);
	plan = plan_of("{\"pids\":{\"limit\":7},\"memory\":{\"limit\":5000000}}", arena);
	add_refused(&plan, arena);
	refused[1] = "33554432";
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	assert_int_equal(cgroup_change_write(&change, &err), -EINVAL);
	cgroup_change_undo(&change, false, &err);
	assert_non_null(strstr(err.msg, "write \"boom\" to cgroup.max.depth"));
	assert_non_null(strstr(err.msg, "(memory.max could not be put back: Invalid argument)"));
	get("pids.max", text, sizeof(text));
	assert_string_equal(text, "max");
	cgroup_change_end(&change);
	ocispec_arena_free(arena);
}

/* A group that was idle has no weight to be put back. */
static void test_idle_before(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	char before[8192], after[8192];
	struct cgroup_change change;
	struct plan_cgroup plan;

	assert_non_null(arena);
	put("cpu.idle", "1");
	put("cpu.weight", "0");
	all_files(before, sizeof(before));
	plan = plan_of("{\"cpu\":{\"idle\":0,\"shares\":2048}}", arena);
	add_refused(&plan, arena);
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	assert_int_equal(cgroup_change_write(&change, &err), -EINVAL);
	assert_non_null(strstr(written, "cpu.weight=174"));
	cgroup_change_undo(&change, false, &err);
	all_files(after, sizeof(after));
	assert_string_equal(after, before);
	assert_null(strstr(err.msg, "put back"));
	cgroup_change_end(&change);
	ocispec_arena_free(arena);
}

static void test_missing(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct cgroup_change change;
	struct plan_cgroup plan;
	char text[64];

	assert_non_null(arena);
	plan = plan_of("{\"pids\":{\"limit\":7},\"unified\":{\"nosuch.max\":\"1\"}}", arena);
	put("cgroup.controllers", "pids");
	assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), 0);
	assert_int_equal(cgroup_change_write(&change, &err), -ENOENT);
	assert_string_equal(err.msg,
			    "unified resource \"nosuch.max\" can't be set: controller \"nosuch\" not available "
			    "in cgroup /x (it has: pids)");
	cgroup_change_undo(&change, false, &err);
	get("pids.max", text, sizeof(text));
	assert_string_equal(text, "max");
	cgroup_change_end(&change);
	ocispec_arena_free(arena);
}

/* Below the usage: refused before anything is written. */
static void test_check_before(void **state)
{
	static const char *const limits[] = {
		"{\"pids\":{\"limit\":7},\"memory\":{\"limit\":999999,\"checkBeforeUpdate\":true}}",
		"{\"pids\":{\"limit\":7},\"memory\":{\"limit\":1000001,\"swap\":1400000,\"checkBeforeUpdate\":true}}"};
	static const char *const texts[] = {"rejecting memory limit 999999", "rejecting memory+swap limit 1400000"};

	for (size_t i = 0; i < 2; i++) {
		struct ocispec_arena *arena = ocispec_arena_new();
		struct cgroup_change change;
		struct plan_cgroup plan;

		assert_non_null(arena);
		plan = plan_of(limits[i], arena);
		assert_int_equal(cgroup_change_begin(dir, &plan, &change, &err), -EBUSY);
		assert_non_null(strstr(err.msg, texts[i]));
		assert_string_equal(written, "");
		ocispec_arena_free(arena);
	}
}

struct back {
	const char *file, *value, *old;
	const char *expected; /* NULL: nothing */
};

static const struct back backs[] = {
	{"memory.max", "5", "max", "max"},
	{"memory.max", "max", "4096", "4096"},
	{"cpu.max", "5000 10000", "max 100000", "max 100000"},
	{"cpuset.cpus", "0", "", "\n"},
	{"io.max", "8:0 rbps=1", "", "8:0 rbps=max wbps=max riops=max wiops=max"},
	{"io.max", "8:0 rbps=1", "8:01 rbps=5", "8:0 rbps=max wbps=max riops=max wiops=max"},
	{"io.max", "8:0 rbps=1", "8:1 rbps=5", "8:0 rbps=max wbps=max riops=max wiops=max"},
	{"io.max", "08:000 rbps=1", "18:0 rbps=4\n8:0 rbps=5 wbps=max", "8:0 rbps=5 wbps=max"},
	{"io.latency", "8:0 target=1", "", "8:0 target=max"},
	{"io.weight", "5", "default 100\n8:0 50", "default 100"},
	{"io.weight", "default 5", "default 70\n8:0 50", "default 70"},
	{"io.weight", "8:0 5", "default 100\n8:0 50", "8:0 50"},
	{"io.weight", "8:16 5", "default 100\n8:0 50", "8:16 default"},
	{"io.bfq.weight", "8:16 5", "default 100", "8:16 default"},
	{"io.bfq.weight", "5", "default 100", "default 100"},
	{"rdma.max", "mlx4_0 hca_handle=1", "mlx4_0 hca_handle=2 hca_object=max", "mlx4_0 hca_handle=2 hca_object=max"},
	{"rdma.max", "mlx4_1 hca_handle=1", "mlx4_0 hca_handle=2", "mlx4_1 hca_handle=max hca_object=max"},
	{"misc.max", "sev 1", "sev 5\nsev_es max", "sev 5"},
	{"misc.max", "sev_es 1", "sev 5\nsev_es max", "sev_es max"},
	{"dmem.low", "drm/0000:03:00.0/vram0 5", "", "drm/0000:03:00.0/vram0 0"},
	{"dmem.max", "drm/0000:03:00.0/vram0 5", "drm/0000:03:00.0/vram0 77", "drm/0000:03:00.0/vram0 77"},
	{"cgroup.subtree_control", "+cpu", "memory", "-cpu"},
	{"cgroup.subtree_control", "-cpu +memory", "cpu", "+cpu -memory"},
	{"cgroup.subtree_control", "+cpu", "cpuset", "-cpu"},
	{"cpuset.cpus.partition", "root", "member", "member"},
	{"cpuset.cpus.partition", "member", "isolated invalid (x y)", "isolated"},
	{"cgroup.pressure", "0", "1", "1"},
	{"cpu.weight", "5", "0", NULL},
	{"memory.pressure", "some 1 2", "some avg10=0", NULL},
	{"memory.peak", "reset", "500", NULL},
};

static void test_back(void **state)
{
	const struct back *row = *state;
	_cleanup_free_ char *text = NULL;
	bool none;

	text = cgroup_way_back(row->file, row->value, row->old, &none);
	assert_int_equal(none, row->expected == NULL);
	if (row->expected)
		assert_string_equal(text, row->expected);
	else
		assert_null(text);
}

struct current {
	const char *max, *burst; /* NULL: no such file */
	int r;
	struct plan_current expected;
};

static const struct current currents[] = {
	{"max 100000", "0", 0, {.has_cpu_max = true, .cpu_quota = -1, .cpu_period = 100000}},
	{"20000 50000", NULL, 0, {.has_cpu_max = true, .cpu_quota = 20000, .cpu_period = 50000}},
	{"20000 50000", "7", 0, {.has_cpu_max = true, .cpu_quota = 20000, .cpu_period = 50000, .cpu_burst = 7}},
	{NULL, "7", 0, {0}},
	{"nonsense", "0", -EPROTO, {0}},
	{"5 x", "0", -EPROTO, {0}},
	{"x 5", "0", -EPROTO, {0}},
	{"5 5", "x", -EPROTO, {0}},
};

static const struct {
	const char *text;
	int r;
	int64_t expected;
} memories[] = {
	{NULL, 0, 0}, {"max", 0, 0}, {"33554432", 0, 33554432}, {"0", 0, 0}, {"x", -EPROTO, 0}, {"", -EPROTO, 0},
};

static void test_current(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(currents); i++) {
		const struct current *row = &currents[i];
		struct plan_current found = {0};

		unlinkat(dir, "cpu.max", 0);
		unlinkat(dir, "cpu.max.burst", 0);
		if (row->max)
			put("cpu.max", row->max);
		if (row->burst)
			put("cpu.max.burst", row->burst);
		assert_int_equal(cgroup_read_current(dir, &found, &err), row->r);
		assert_int_equal(found.has_cpu_max, row->expected.has_cpu_max);
		assert_int_equal(found.cpu_quota, row->expected.cpu_quota);
		assert_int_equal(found.cpu_period, row->expected.cpu_period);
		assert_int_equal(found.cpu_burst, row->expected.cpu_burst);
		assert_false(found.cpu_idle);
	}
	unlinkat(dir, "cpu.max", 0);
	for (size_t i = 0; i < ARRAY_SIZE(memories); i++) {
		struct plan_current found = {0};

		unlinkat(dir, "memory.max", 0);
		if (memories[i].text)
			put("memory.max", memories[i].text);
		assert_int_equal(cgroup_read_current(dir, &found, &err), memories[i].r);
		assert_int_equal(found.memory_max, memories[i].expected);
	}
	unlinkat(dir, "memory.max", 0);
	put("cpu.max", "max 100000");
	put("cpu.max.burst", "0");
	put("cpu.idle", "1");
	for (size_t i = 0; i < 2; i++) {
		struct plan_current found = {0};

		assert_int_equal(cgroup_read_current(dir, &found, &err), 0);
		assert_int_equal(found.cpu_idle, i == 0);
		unlinkat(dir, "cpu.idle", 0); /* before Linux 5.15 */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, reset),       cmocka_unit_test_setup(test_undo_all, reset),
		cmocka_unit_test_setup(test_no_way_back, reset), cmocka_unit_test_setup(test_idle_before, reset),
		cmocka_unit_test_setup(test_missing, reset),     cmocka_unit_test_setup(test_check_before, reset),
		cmocka_unit_test_setup(test_current, reset),
	};
	int failed;

	if (scratch_make(&scratch) < 0 || (dir = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 1;
	failed = run_table("change", rows, test_row) + run_table("way back", backs, test_back) +
		 cmocka_run_group_tests_name("change, others", tests, NULL, NULL);
	close(dir);
	scratch_remove(&scratch);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `update` plans for a document of resources, given what cpu.max says now: the writes in order, "file=value" with
 * the marks of test_plan_cgroup ("?" optional, "|" fallback, "~" tentative), or "! error". And what it refuses.
 */
#include "table.h"

#include <errno.h>

#include "plan/plan.h"

struct row {
	const char *json;
	const char *expected;
	struct plan_current current;
	const char *warning; /* NULL: none is expected */
};

#define HALF                                                                  \
	{                                                                     \
		.has_cpu_max = true, .cpu_quota = 50000, .cpu_period = 100000 \
	}
#define FREE                                                               \
	{                                                                  \
		.has_cpu_max = true, .cpu_quota = -1, .cpu_period = 200000 \
	}
#define IDLE                                                                                 \
	{                                                                                    \
		.has_cpu_max = true, .cpu_quota = -1, .cpu_period = 100000, .cpu_idle = true \
	}
#define BURSTING                                                                                  \
	{                                                                                         \
		.has_cpu_max = true, .cpu_quota = 50000, .cpu_period = 100000, .cpu_burst = 30000 \
	}

static const struct row rows[] = {
	{"{}", ""},
	{"{\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{},\"unified\":{},\"hugepageLimits\":[]}", ""},
	/* docker's zeros: nothing is set */
	{"{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0,\"kernel\":0},\"cpu\":{\"shares\":0,\"quota\":0,"
	 "\"period\":0,\"realtimeRuntime\":0,\"realtimePeriod\":0,\"cpus\":\"\",\"mems\":\"\"},\"blockIO\":{\"weight\":"
	 "0}}",
	 "", HALF},
	{"{\"pids\":{\"limit\":0}}", "", {0}, "linux.resources.pids.limit is left as it is"},
	{"{\"pids\":{\"limit\":-1}}", "?pids.max=max\n"},
	{"{\"pids\":{\"limit\":20}}", "pids.max=20\n"},
	/* one of quota and period */
	{"{\"cpu\":{\"quota\":20000}}", "cpu.max=20000 100000\n"},
	{"{\"cpu\":{\"quota\":20000}}", "cpu.max=20000 200000\n", FREE},
	{"{\"cpu\":{\"quota\":20000,\"period\":0}}", "cpu.max=20000 200000\n", FREE},
	{"{\"cpu\":{\"quota\":-1}}", "?cpu.max=max 200000\n", FREE},
	{"{\"cpu\":{\"period\":50000}}", "cpu.max=50000 50000\n", HALF},
	{"{\"cpu\":{\"period\":50000,\"quota\":0}}", "cpu.max=50000 50000\n", HALF},
	{"{\"cpu\":{\"period\":50000}}", "?cpu.max=max 50000\n", FREE},
	{"{\"cpu\":{\"period\":50000}}", "?cpu.max=max 50000\n"},
	{"{\"cpu\":{\"quota\":5000,\"period\":10000}}", "cpu.max=5000 10000\n", HALF},
	{"{\"cpu\":{\"shares\":2048}}", "cpu.weight=174\n", HALF},
	/* burst beside them */
	{"{\"cpu\":{\"burst\":40000}}", "cpu.max.burst=40000\n", HALF},
	{"{\"cpu\":{\"burst\":400000}}", "cpu.max.burst=400000\n", FREE},
	{"{\"cpu\":{\"burst\":0}}", "?cpu.max.burst=0\n", BURSTING},
	{"{\"cpu\":{\"quota\":30000}}", "cpu.max=30000 100000\n", BURSTING},
	{"{\"cpu\":{\"quota\":20000,\"burst\":10000}}",
	 "~cpu.max.burst=10000\ncpu.max=20000 100000\ncpu.max.burst=10000\n", BURSTING},
	{"{\"cpu\":{\"quota\":-1}}", "?cpu.max=max 100000\n", BURSTING},
	/* idle */
	{"{\"cpu\":{\"idle\":1}}", "cpu.idle=1\n"},
	{"{\"cpu\":{\"idle\":1,\"shares\":0}}", "cpu.idle=1\n"},
	{"{\"cpu\":{\"idle\":0,\"shares\":1024}}", "?cpu.idle=0\ncpu.weight=100\n"},
	{"{\"cpu\":{\"idle\":0,\"shares\":1024}}", "?cpu.idle=0\ncpu.weight=100\n", IDLE},
	{"{\"cpu\":{\"shares\":0,\"quota\":5000}}", "cpu.max=5000 100000\n", IDLE},
	{"{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}", "cpuset.cpus=0-1\ncpuset.mems=0\n"},
	/* memory: swap stays where only the limit is given, and goes with an unlimited one */
	{"{\"memory\":{\"limit\":33554432}}", "memory.max=33554432\n"},
	{"{\"memory\":{\"limit\":33554432,\"swap\":50331648}}", "memory.swap.max=16777216\nmemory.max=33554432\n"},
	{"{\"memory\":{\"limit\":33554432,\"swap\":33554432}}", "?memory.swap.max=0\nmemory.max=33554432\n"},
	{"{\"memory\":{\"limit\":33554432,\"swap\":-1}}", "?memory.swap.max=max\nmemory.max=33554432\n"},
	{"{\"memory\":{\"limit\":-1}}", "?memory.swap.max=max\n?memory.max=max\n"},
	{"{\"memory\":{\"swap\":-1}}", "?memory.swap.max=max\n"},
	{"{\"memory\":{\"swap\":-1}}", "?memory.swap.max=max\n", {.memory_max = 4096}},
	{"{\"memory\":{\"limit\":33554432}}", "memory.max=33554432\n", {.memory_max = 67108864}},
	/* the sum with swap alone: less the limit that holds */
	{"{\"memory\":{\"swap\":50331648}}",
	 "memory.swap.max=16777216\nmemory.max=33554432\n",
	 {.memory_max = 33554432}},
	{"{\"memory\":{\"limit\":0,\"swap\":33554432}}",
	 "?memory.swap.max=0\nmemory.max=33554432\n",
	 {.memory_max = 33554432}},
	{"{\"memory\":{\"reservation\":1048576}}", "memory.low=1048576\n"},
	{"{\"memory\":{\"reservation\":-1}}", "?memory.low=max\n"},
	{"{\"memory\":{\"kernel\":1000}}", "", {0}, "linux.resources.memory.kernel is ignored"},
	{"{\"cpu\":{\"realtimeRuntime\":1000,\"realtimePeriod\":2000}}", "", {0}, "realtimeRuntime is ignored"},
	/* devices of I/O; rules for devices are not for an update */
	{"{\"blockIO\":{\"weight\":500}}", "io.bfq.weight=500\n|io.weight=4950\n"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}",
	 "io.bfq.weight=8:0 10\n|io.weight=8:0 1\n"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1000}]}}",
	 "io.max=8:0 rbps=1000\n"},
	{"{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}", "", {0}, "linux.resources.devices is left out"},
	{"{\"devices\":[{\"allow\":false,\"access\":\"nonsense\"}],\"pids\":{\"limit\":3}}",
	 "pids.max=3\n",
	 {0},
	 "linux.resources.devices is left out"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}", "hugetlb.2MB.max=0\n?hugetlb.2MB.rsvd.max=0\n"},
	{"{\"unified\":{\"memory.high\":\"max\"}}", "memory.high=max\n"},
	{"{\"pids\":null,\"cpu\":{\"quota\":null,\"period\":50000}}", "cpu.max=50000 50000\n", HALF},

	/* Bad ones */
	{"", "! the document is empty"},
	{" ", "! the document is empty"},
	{"[]", "! expected an object"},
	{"null", "! expected an object"},
	{"7", "! expected an object"},
	{"\"x\"", "! expected an object"},
	{"{", "! unexpected end"},
	{"{\"memory\":7}", "! memory: expected an object"},
	{"{\"memory\":[]}", "! memory: expected an object"},
	{"{\"memory\":{\"limit\":\"5m\"}}", "! memory.limit: expected an integer"},
	{"{\"memory\":{\"limit\":1.5}}", "! memory.limit"},
	{"{\"memory\":{\"limit\":9223372036854775808}}", "! memory.limit"},
	{"{\"memory\":{\"limit\":-2}}", "! linux.resources.memory.limit: -2 is no size"},
	{"{\"memory\":{\"swap\":-2}}", "! linux.resources.memory.swap: -2 is no size"},
	{"{\"memory\":{\"reservation\":-9}}", "! linux.resources.memory.reservation: -9 is no size"},
	{"{\"memory\":{\"swap\":1000}}", "! unable to set swap limit without memory limit"},
	{"{\"memory\":{\"swap\":1000}}", "! memory+swap limit should be >= memory limit", {.memory_max = 4096}},
	{"{\"memory\":{\"limit\":2000,\"swap\":1000}}", "! memory+swap limit should be >= memory limit"},
	{"{\"memory\":{\"checkBeforeUpdate\":1}}", "! memory.checkBeforeUpdate"},
	{"{\"cpu\":{\"shares\":-1}}", "! cpu.shares"},
	{"{\"cpu\":{\"shares\":true}}", "! cpu.shares: expected an integer"},
	{"{\"cpu\":{\"period\":-5}}", "! cpu.period"},
	{"{\"cpu\":{\"quota\":99999999999999999999}}", "! cpu.quota"},
	{"{\"cpu\":{\"cpus\":3}}", "! cpu.cpus: expected a string"},
	{"{\"cpu\":{\"idle\":2}}", "! linux.resources.cpu.idle: 2 is neither 0 nor 1"},
	{"{\"cpu\":{\"idle\":-1}}", "! linux.resources.cpu.idle: -1 is neither 0 nor 1"},
	{"{\"cpu\":{\"idle\":1,\"shares\":512}}", "! unable to apply both"},
	{"{\"cpu\":{\"shares\":512}}", "! shares: unable to apply both idle and a weight (the container is idle", IDLE},
	{"{\"cpu\":{\"quota\":1000,\"burst\":2000}}", "! burst: 2000 is more than the quota of 1000"},
	{"{\"cpu\":{\"burst\":60000}}", "! burst: 60000 is more than the quota of 50000", HALF},
	{"{\"cpu\":{\"quota\":20000}}", "! quota: 20000 is less than the burst of 30000", BURSTING},
	{"{\"pids\":7}", "! pids: expected an object"},
	{"{\"pids\":{\"limit\":\"max\"}}", "! pids.limit: expected an integer"},
	{"{\"blockIO\":{\"weight\":9}}", "! 9 is not between 10 and 1000"},
	{"{\"blockIO\":{\"weight\":1001}}", "! 1001 is not between 10 and 1000"},
	{"{\"blockIO\":{\"weight\":65536}}", "! blockIO.weight"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"weight\":10}]}}", "! blockIO.weightDevice[0].minor"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":5}]}}",
	 "! weightDevice[0]: 5 is not between"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":-1,\"minor\":0,\"rate\":1}]}}",
	 "! -1:0 is no device number"},
	{"{\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0}]}}",
	 "! throttleWriteIOPSDevice[0].rate"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2mb\",\"limit\":1}]}", "! \"2mb\" is no page size"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}", "! \"../x\" is no page size"},
	{"{\"hugepageLimits\":[{\"limit\":1}]}", "! hugepageLimits[0].pageSize"},
	{"{\"hugepageLimits\":{}}", "! hugepageLimits: expected an array"},
	{"{\"rdma\":{\"../x\":{\"hcaHandles\":1}}}", "! \"../x\" is no name of a device"},
	{"{\"unified\":{\"a/b.c\":\"1\"}}", "! must be a file name (no slashes)"},
	{"{\"unified\":{\"memory\":\"1\"}}", "! must be in the form CONTROLLER.PARAMETER"},
	{"{\"unified\":{\"cgroup.procs\":\"1\"}}", "! acts on processes"},
	{"{\"unified\":{\"cgroup.kill\":\"1\"}}", "! acts on processes"},
	{"{\"unified\":{\"cgroup.freeze\":\"0\"}}", "! acts on processes"},
	{"{\"unified\":{\"memory.high\":5}}", "! unified"},
	{"{} {}", "! "},
};

struct fixture {
	struct ocispec_arena *arena;
	struct plan_cgroup cgroup;
	struct err err;
	int r;
};

static void plan(struct fixture *f, const char *json, const struct plan_current *current)
{
	const struct plan_facts facts = {.systemd_version = 257};
	struct ocispec_error error;
	void *resources;

	f->arena = ocispec_arena_new();
	assert_non_null(f->arena);
	f->r = ocispec_parse(&oci_resources_object, json, strlen(json), "file", f->arena, &resources, &error);
	if (f->r < 0) {
		err_msg(&f->err, f->r, "%s", error.message);
		return;
	}
	f->r = plan_update(resources, current, &facts, f->arena, &f->cgroup, &f->err);
}

static void writes_text(const struct plan_cgroup *c, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < c->n_writes; i++) {
		const struct plan_cgroup_write *w = &c->writes[i];

		used += (size_t)snprintf(ret + used, size - used, "%s%s%s%s=%s\n", w->optional ? "?" : "",
					 w->fallback ? "|" : "", w->tentative ? "~" : "", w->file, w->value);
		assert_true(used < size);
	}
}

static void properties_text(const struct plan_cgroup *c, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < c->unit.n_properties; i++) {
		used += (size_t)snprintf(ret + used, size - used, "%s=%s\n", c->unit.properties[i].name,
					 c->unit.properties[i].value);
		assert_true(used < size);
	}
}

static void test_row(void **state)
{
	const struct row *row = *state;
	struct fixture f = {.cgroup.path = "/x"};
	char text[4096];

	plan(&f, row->json, &row->current);
	if (row->expected[0] == '!') {
		assert_true(f.r < 0);
		if (!strstr(f.err.msg, row->expected + 2))
			fail_msg("the error is: %s", f.err.msg);
		assert_int_equal(f.cgroup.n_writes, 0);
	} else {
		if (f.r < 0)
			fail_msg("%s", f.err.msg);
		writes_text(&f.cgroup, text, sizeof(text));
		assert_string_equal(text, row->expected);
		assert_true(row->warning ? f.cgroup.n_warnings > 0 : f.cgroup.n_warnings == 0);
		if (row->warning)
			assert_non_null(strstr(f.cgroup.warnings[0], row->warning));
		/* Nobody's unit. */
		assert_int_equal(f.cgroup.unit.n_properties, 0);
		assert_false(f.cgroup.has_devices);
	}
	ocispec_arena_free(f.arena);
}

/* The unit is told of what is completed, not of the half that was given. */
static void test_unit(void **state)
{
	static const struct plan_current half = HALF;
	struct fixture f = {.cgroup = {.path = "/x", .unit.name = "x-box.scope"}};
	char text[4096];

	plan(&f, "{\"cpu\":{\"period\":200000}}", &half);
	if (f.r < 0)
		fail_msg("%s", f.err.msg);
	properties_text(&f.cgroup, text, sizeof(text));
	assert_string_equal(text, "CPUQuotaPeriodUSec=uint64 200000\nCPUQuotaPerSecUSec=uint64 250000\n");
	ocispec_arena_free(f.arena);
}

static void test_unit_nothing(void **state)
{
	static const struct plan_current half = HALF;
	struct fixture f = {.cgroup = {.path = "/x", .unit.name = "x-box.scope"}};

	plan(&f, "{\"unified\":{\"cgroup.max.depth\":\"3\"}}", &half);
	assert_int_equal(f.r, 0);
	assert_int_equal(f.cgroup.n_writes, 1);
	assert_int_equal(f.cgroup.unit.n_properties, 0);
	ocispec_arena_free(f.arena);
}

/* OOMPolicy is only for new units. */
static void test_unit_living(void **state)
{
	static const struct plan_current half = HALF;
	struct fixture f = {.cgroup = {.path = "/x", .unit.name = "x-box.scope"}};
	char text[4096];

	plan(&f, "{\"unified\":{\"memory.oom.group\":\"1\",\"memory.high\":\"4096\"}}", &half);
	if (f.r < 0)
		fail_msg("%s", f.err.msg);
	properties_text(&f.cgroup, text, sizeof(text));
	assert_string_equal(text, "MemoryHigh=uint64 4096\n");
	assert_int_equal(f.cgroup.n_writes, 2);
	ocispec_arena_free(f.arena);
}

/* Back to what the files said: their own spelling, and nothing where nothing was set. */
static void test_unit_back(void **state)
{
	static const struct oci_pair old[] = {
		{"memory.max", "max"},       {"memory.swap.max", "4096"},
		{"pids.max", "7"},           {"cpu.max", "max 100000"},
		{"cpu.idle", "0"},           {"cpu.weight", "174"},
		{"cpuset.cpus", ""},         {"cpuset.mems", "0"},
		{"hugetlb.2MB.max", "4096"}, {"io.max", ""},
		{"memory.low", "123"},
	};
	const struct plan_facts facts = {.systemd_version = 257}, before_sets = {.systemd_version = 243};
	struct plan_cgroup back = {.unit.name = "x-box.scope"}, second = back;
	struct ocispec_arena *arena = ocispec_arena_new();
	struct err err = {0};
	char text[4096];
	static const char *const wanted[] = {"MemoryMax=uint64 18446744073709551615\n",
					     "MemorySwapMax=uint64 4096\n",
					     "MemoryLow=uint64 123\n",
					     "TasksMax=uint64 7\n",
					     "CPUQuotaPerSecUSec=uint64 18446744073709551615\n",
					     "CPUWeight=uint64 174\n",
					     "AllowedCPUs=@ay []\n",
					     "AllowedMemoryNodes=@ay [1]\n"};

	assert_non_null(arena);
	if (plan_update_back(old, sizeof(old) / sizeof(old[0]), &facts, arena, &back, &err) < 0)
		fail_msg("%s", err.msg);
	properties_text(&back, text, sizeof(text));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("%s is missing in\n%s", wanted[i], text);
	assert_null(strstr(text, "uge"));
	/* Each once. */
	assert_null(strstr(strstr(text, "AllowedCPUs") + 1, "AllowedCPUs"));
	assert_int_equal(plan_update_back(old, sizeof(old) / sizeof(old[0]), &before_sets, arena, &second, &err), 0);
	properties_text(&second, text, sizeof(text));
	assert_null(strstr(text, "Allowed"));
	ocispec_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_unit), cmocka_unit_test(test_unit_nothing),
					   cmocka_unit_test(test_unit_back), cmocka_unit_test(test_unit_living)};

	return run_table("update", rows, test_row) + cmocka_run_group_tests_name("update, units", tests, NULL, NULL);
}

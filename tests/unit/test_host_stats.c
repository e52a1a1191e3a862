/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup's numbers: the parsers on texts of real kernels and on hostile ones, and the reader on directories that look
 * like cgroups of every kind.
 */
#include "table.h"

#include "scratch.h"

#include "host/cgroup/stats.h"
#include "host/cgroup/watch.h"

#include <errno.h>

static struct ocispec_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = ocispec_arena_new();
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	ocispec_arena_free(arena);
	return 0;
}

/* ---- One number ---- */

struct value_row {
	const char *text;
	int result;
	uint64_t value;
};

static const struct value_row value_rows[] = {
	{"0", 0, 0},
	{"4096", 0, 4096},
	{"max", 0, UINT64_MAX},
	{"18446744073709551615", 0, UINT64_MAX},
	{"18446744073709551616", -ERANGE, 0},
	{"", -EINVAL, 0},
	{"-1", -EINVAL, 0},
	{"1k", -EINVAL, 0},
	{"maximum", -EINVAL, 0},
	{" 1", -EINVAL, 0},
	{"1 2", -EINVAL, 0},
};

static void test_value(void **state)
{
	const struct value_row *row = *state;
	uint64_t value = 42;

	assert_int_equal(stats_parse_value(row->text, &value), row->result);
	assert_true(value == (row->result == 0 ? row->value : 42));
}

/* ---- Lines of "key value" ---- */

struct key_row {
	const char *text;
	bool found; /* "oom_kill" */
	uint64_t value;
};

static const struct key_row key_rows[] = {
	{"low 0\nhigh 0\nmax 17\noom 2\noom_kill 3\noom_group_kill 0", true, 3},
	{"oom_kill 3", true, 3},
	{"oom_kill 3\n", true, 3},
	{"oom_kill 18446744073709551615", true, UINT64_MAX},
	{"oom_kill 18446744073709551616", false, 0},
	{"oom_kill", false, 0},
	{"oom_kill \nmax 1", false, 0},
	{"oom_kill 3 4", false, 0},
	{"oom_kill -3", false, 0},
	{"oom_kill 0x3", false, 0},
	{"oom_kills 3", false, 0},
	{"oom_kil 3", false, 0},
	{"oom 3", false, 0},
	{"xoom_kill 3", false, 0},
	{"x oom_kill 3", false, 0},
	{"\n\noom_kill 3", true, 3},
	{"  oom_kill\t3  ", true, 3},
	{"", false, 0},
	{"\n", false, 0},
};

static void test_key(void **state)
{
	const struct key_row *row = *state;
	uint64_t value = 42;

	assert_int_equal(stats_parse_key(row->text, "oom_kill", &value), row->found);
	assert_true(value == (row->found ? row->value : 42));
}

/* ---- cpu.stat ---- */

struct cpu_row {
	const char *name, *text;
	struct stats_cpu cpu;
};

static const struct cpu_row cpu_rows[] = {
	{"Linux 6.12",
	 "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnice_usec 0\ncore_sched.force_idle_usec 0\n"
	 "nr_periods 50\nnr_throttled 40\nthrottled_usec 3200000\nnr_bursts 1\nburst_usec 2",
	 {.usage = {1234567000, 234567000, 1000000000}, .throttling = {50, 40, 3200000000}}},
	{"without the controller", "usage_usec 3\nuser_usec 1\nsystem_usec 2", {.usage = {3000, 2000, 1000}}},
	{"more than fits",
	 "usage_usec 18446744073709551615\nsystem_usec 18446744073709552",
	 {.usage = {UINT64_MAX, UINT64_MAX, 0}}},
	{"the most that fits", "usage_usec 18446744073709551", {.usage = {18446744073709551000u, 0, 0}}},
	{"a number that is none",
	 "usage_usec 99999999999999999999\nuser_usec -1\nsystem_usec 2",
	 {.usage = {0, 2000, 0}}},
	{"cut off", "usage_usec 12\nuser_us", {.usage = {12000, 0, 0}}},
	{"cut off behind a key", "usage_usec 12\nuser_usec", {.usage = {12000, 0, 0}}},
	{"empty", "", {.usage = {0}}},
	{"no line break but spaces", "usage_usec 1 user_usec 2", {.usage = {0}}},
};

static void test_cpu(void **state)
{
	const struct cpu_row *row = *state;
	struct stats_cpu cpu = {0};

	stats_parse_cpu(row->text, &cpu);
	assert_memory_equal(&cpu, &row->cpu, sizeof(cpu));
}

/* ---- *.pressure ---- */

struct pressure_row {
	const char *name, *text;
	bool found;
	struct stats_pressure pressure;
};

static const struct pressure_row pressure_rows[] = {
	{"both lines",
	 "some avg10=1.23 avg60=0.50 avg300=100.00 total=157622151\nfull avg10=0.07 avg60=0.00 avg300=0.00 total=1\n",
	 true,
	 {{1.23, 0.5, 100, 157622151}, {0.07, 0, 0, 1}}},
	{"cpu before Linux 5.13", "some avg10=0.00 avg60=0.00 avg300=0.01 total=7", true, {{0, 0, 0.01, 7}, {0}}},
	{"the other way round", "full total=2\nsome total=1", true, {{0, 0, 0, 1}, {0, 0, 0, 2}}},
	{"new keys and lines",
	 "some avg10=1.00 avg900=5.00 new total=3\nmost avg10=9.00 total=9",
	 true,
	 {{1, 0, 0, 3}, {0}}},
	{"huge",
	 "some avg10=99999999999.99 total=18446744073709551615",
	 true,
	 {{99999999999.99, 0, 0, UINT64_MAX}, {0}}},
	{"no numbers",
	 "some avg10=nan avg60=inf avg300=-1.00 total=x\nfull avg10=1e3 avg60=0x10 avg300=1.2.3 total=",
	 true,
	 {{0}, {0}}},
	{"too long a number",
	 "some avg10=0.00000000000000000000000000000000000000001 avg60=2.00",
	 true,
	 {{0, 2, 0, 0}, {0}}},
	{"cut off", "some avg10=1.00 avg6", true, {{1, 0, 0, 0}, {0}}},
	{"empty", "", false, {{0}, {0}}},
	{"something else", "awesome avg10=1.00\nsomeavg10=1", false, {{0}, {0}}},
};

static void test_pressure(void **state)
{
	const struct pressure_row *row = *state;
	struct stats_pressure pressure = {0};

	assert_int_equal(stats_parse_pressure(row->text, &pressure), row->found);
	assert_memory_equal(&pressure, &row->pressure, sizeof(pressure));
}

/* ---- memory.stat ---- */

struct memory_row {
	const char *name, *text;
	uint64_t cache;
	size_t n;
	struct ocispec_count raw[4];
};

static const struct memory_row memory_rows[] = {
	{"some lines", "anon 4096\nfile 8192\nkernel 0\n", 8192, 3, {{"anon", 4096}, {"file", 8192}, {"kernel", 0}}},
	{"one of tomorrow", "file 1\nquantum_entangled 2", 1, 2, {{"file", 1}, {"quantum_entangled", 2}}},
	{"huge", "anon 18446744073709551615\nfile 18446744073709551616", 0, 1, {{"anon", UINT64_MAX}}},
	{"hostile",
	 "file\nfile x\nfile 1 2\n file_mapped 3\n\n\nfile -1\n\"}\\ 7\n",
	 0,
	 2,
	 {{"file_mapped", 3}, {"\"}\\", 7}}},
	{"cut off", "anon 1\nfile 12", 12, 2, {{"anon", 1}, {"file", 12}}},
	{"empty", "", 0, 0, {{0}}},
	{"line breaks alone", "\n\n\n", 0, 0, {{0}}},
};

static void test_memory(void **state)
{
	const struct memory_row *row = *state;
	struct stats_memory memory = {0};

	set_up(NULL);
	assert_int_equal(stats_parse_memory(row->text, arena, &memory), 0);
	assert_true(memory.cache == row->cache);
	assert_int_equal(memory.n_raw, row->n);
	assert_int_equal(memory.raw == NULL, row->n == 0);
	for (size_t i = 0; i < row->n; i++) {
		assert_string_equal(memory.raw[i].key, row->raw[i].key);
		assert_true(memory.raw[i].value == row->raw[i].value);
	}
	tear_down(NULL);
}

/* ---- io.stat ---- */

struct io_row {
	const char *name, *text, *bytes, *requests;
};

static const struct io_row io_rows[] = {
	{"one device", "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=512 dios=3", "8:0 Read 4096,8:0 Write 0,",
	 "8:0 Read 1,8:0 Write 0,"},
	{"two devices", "8:16 rbytes=1 wbytes=2 rios=3 wios=4\n254:0 rbytes=5 wbytes=6 rios=7 wios=8\n",
	 "8:16 Read 1,8:16 Write 2,254:0 Read 5,254:0 Write 6,",
	 "8:16 Read 3,8:16 Write 4,254:0 Read 7,254:0 Write 8,"},
	{"devices without numbers on the same line", "254:1 254:0 rbytes=5\n254:2 \n8:0 rios=1", "254:0 Read 5,",
	 "8:0 Read 1,"},
	{"io.cost and others", "8:0 rbytes=1 cost.vrate=100.00 cost.usage=17 wios=2 depth=max", "8:0 Read 1,",
	 "8:0 Write 2,"},
	{"no device", "rbytes=1 wios=2", "", ""},
	{"a device that is none", "8:0 rbytes=1\n8 rbytes=2\n:0 rbytes=3\n8: rbytes=4\na:b rbytes=5\n8:0:0 rbytes=6",
	 "8:0 Read 1,", ""},
	{"huge", "18446744073709551615:4294967296 rbytes=18446744073709551615 wbytes=18446744073709551616",
	 "18446744073709551615:4294967296 Read 18446744073709551615,", ""},
	{"no numbers", "8:0 rbytes= wbytes=-1 rios=0x1 wios=1.5 =3", "", ""},
	{"cut off", "8:0 rbytes=12 wby", "8:0 Read 12,", ""},
	{"empty", "", "", ""},
	{"equal signs alone", "====\n=", "", ""},
};

static void print_entries(const struct stats_io_entry *entries, size_t n, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(ret + strlen(ret), size - strlen(ret), "%llu:%llu %s %llu,",
			 (unsigned long long)entries[i].major, (unsigned long long)entries[i].minor, entries[i].op,
			 (unsigned long long)entries[i].value);
}

static void test_io(void **state)
{
	const struct io_row *row = *state;
	struct stats_io io = {0};
	char text[500];

	set_up(NULL);
	assert_int_equal(stats_parse_io(row->text, arena, &io), 0);
	print_entries(io.bytes, io.n_bytes, text, sizeof(text));
	assert_string_equal(text, row->bytes);
	print_entries(io.requests, io.n_requests, text, sizeof(text));
	assert_string_equal(text, row->requests);
	/* An empty list is left out of the record, as runc does. */
	assert_int_equal(io.bytes == NULL, io.n_bytes == 0);
	assert_int_equal(io.requests == NULL, io.n_requests == 0);
	tear_down(NULL);
}

/* ---- Names of hugetlb files; memory and swap ---- */

struct hugetlb_row {
	const char *file, *size;
};

static const struct hugetlb_row hugetlb_rows[] = {
	{"hugetlb.2MB.current", "2MB"},   {"hugetlb.1GB.current", "1GB"}, {"hugetlb.64KB.current", "64KB"},
	{"hugetlb.2MB.rsvd.current", ""}, {"hugetlb.2MB.max", ""},        {"hugetlb.2MB.current.x", ""},
	{"hugetlb..current", ""},         {"hugetlb.current", ""},        {"hugetlb.", ""},
	{"xhugetlb.2MB.current", ""},     {"memory.current", ""},         {"", ""},
};

static void test_hugetlb(void **state)
{
	const struct hugetlb_row *row = *state;
	const char *size = "";
	size_t n = stats_hugetlb_size(row->file, &size);

	assert_int_equal(n, strlen(row->size));
	assert_memory_equal(size, row->size, n);
}

struct swap_row {
	const char *name;
	struct stats_memory_use memory, swap, combined;
};

static const struct swap_row swap_rows[] = {
	{"added up", {100, 30, 50, 1}, {20, 5, 7, 0}, {120, 35, 0, 0}},
	{"no swap accounting", {100, 30, 50, 1}, {0}, {100, 30, 0, 0}},
	{"swap without a limit", {100, 30, 50, 0}, {UINT64_MAX, 5, 7, 0}, {UINT64_MAX, 35, 0, 0}},
	{"memory without a limit", {UINT64_MAX, 30, 50, 0}, {20, 5, 7, 0}, {UINT64_MAX, 35, 0, 0}},
	{"neither has one", {UINT64_MAX, 1, 1, 0}, {UINT64_MAX, 1, 1, 0}, {UINT64_MAX, 2, 0, 0}},
};

static void test_swap(void **state)
{
	const struct swap_row *row = *state;
	struct stats_memory_use combined;

	stats_combine_swap(&row->memory, &row->swap, &combined);
	assert_memory_equal(&combined, &row->combined, sizeof(combined));
}

/* ---- The reader, on directories that look like cgroups ---- */

static struct scratch scratch;

static int make_cgroup(void **state)
{
	(void)state;
	return set_up(NULL) || scratch_make(&scratch);
}

static int remove_cgroup(void **state)
{
	(void)state;
	tear_down(NULL);
	return scratch_remove(&scratch);
}

static void put(const char *file, const char *text)
{
	char path[PATH_MAX + 256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", scratch.path, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int read_stats(struct cgroup_stats *ret, struct err *err)
{
	int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = cgroup_stats_read(fd, "/c", arena, ret, err);

	close(fd);
	return r;
}

static void test_read_all(void **state)
{
	struct cgroup_stats stats;
	struct err err = {0};

	(void)state;
	put("cgroup.controllers", "cpu io memory hugetlb pids\n");
	put("cpu.stat", "usage_usec 3\nuser_usec 1\nsystem_usec 2\nnr_periods 4\n");
	put("cpu.pressure", "some avg10=0.25 avg60=0.00 avg300=0.00 total=9\n");
	put("memory.current", "1000\n");
	put("memory.max", "15728640\n");
	put("memory.peak", "2000\n");
	put("memory.stat", "anon 1\nfile 2\n");
	put("memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\n");
	put("memory.swap.current", "10\n");
	put("memory.swap.max", "0\n");
	put("memory.swap.peak", "11\n");
	put("memory.pressure", "some total=1\nfull total=2\n");
	put("pids.current", "3\n");
	put("pids.max", "7\n");
	put("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n");
	put("io.pressure", "full total=5\n");
	put("hugetlb.2MB.current", "2097152\n");
	put("hugetlb.2MB.rsvd.current", "4194304\n");
	put("hugetlb.2MB.events", "max 6\n");
	put("hugetlb.1GB.current", "1073741824\n");
	assert_int_equal(read_stats(&stats, &err), 0);
	assert_true(stats.cpu.usage.total == 3000 && stats.cpu.throttling.periods == 4);
	assert_true(stats.cpu.pressure->some.avg10 == 0.25 && stats.cpu.pressure->some.total == 9);
	assert_memory_equal(&stats.memory.usage, &((struct stats_memory_use){15728640, 1000, 2000, 12}),
			    sizeof(struct stats_memory_use));
	assert_memory_equal(&stats.memory.swap, &((struct stats_memory_use){15728640, 1010, 0, 0}),
			    sizeof(struct stats_memory_use));
	assert_true(stats.memory.cache == 2 && stats.memory.n_raw == 2);
	assert_true(stats.memory.pressure->full.total == 2);
	assert_true(stats.pids.current == 3 && stats.pids.limit == 7);
	assert_true(stats.io.n_bytes == 2 && stats.io.n_requests == 2 && stats.io.pressure->full.total == 5);
	assert_int_equal(stats.n_hugetlb, 2);
	/* In the order of their names; what is reserved counts, where the kernel tells. */
	assert_string_equal(stats.hugetlb[0].size, "1GB");
	assert_true(stats.hugetlb[0].usage == 1073741824 && stats.hugetlb[0].failcnt == 0);
	assert_string_equal(stats.hugetlb[1].size, "2MB");
	assert_true(stats.hugetlb[1].usage == 4194304 && stats.hugetlb[1].failcnt == 6);
}

static void test_read_none(void **state)
{
	struct cgroup_stats stats;
	struct err err = {0};

	(void)state;
	put("cgroup.controllers", "\n");
	put("cgroup.procs", "1\n22\n333\n");
	assert_int_equal(read_stats(&stats, &err), 0);
	assert_true(stats.cpu.usage.total == 0 && stats.memory.usage.limit == 0 && stats.memory.swap.limit == 0);
	assert_null(stats.cpu.pressure);
	assert_null(stats.memory.pressure);
	assert_null(stats.io.pressure);
	assert_null(stats.memory.raw);
	assert_int_equal(stats.n_hugetlb, 0);
	assert_non_null(stats.hugetlb);
	/* Without the controller the processes are counted. */
	assert_true(stats.pids.current == 3 && stats.pids.limit == 0);
}

static void test_read_unlimited(void **state)
{
	struct cgroup_stats stats;
	struct err err = {0};

	(void)state;
	put("cgroup.controllers", "memory pids\n");
	put("memory.current", "5\n");
	put("memory.max", "max\n");
	put("memory.stat", "file 0\n");
	put("memory.events", "max 0\n");
	put("memory.swap.current", "1\n");
	put("memory.swap.max", "max\n");
	put("pids.current", "1\n");
	put("pids.max", "max\n");
	assert_int_equal(read_stats(&stats, &err), 0);
	assert_true(stats.memory.usage.limit == UINT64_MAX && stats.memory.swap.limit == UINT64_MAX);
	assert_true(stats.memory.usage.max == 0); /* before Linux 5.19 there is no peak */
	assert_true(stats.pids.limit == 0);
}

/* A file larger than the first read: all of it, and of one moment. */
static void test_read_large(void **state)
{
	struct cgroup_stats stats;
	struct err err = {0};
	size_t size = 200000, used = 0;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 2000; i++)
		used += (size_t)snprintf(text + used, size - used, "8:%d rbytes=%d wbytes=1 rios=2 wios=3\n", i, i);
	put("cgroup.controllers", "io\n");
	put("cgroup.procs", "");
	put("io.stat", text);
	put("io.pressure", "some total=5\n");
	free(text);
	assert_int_equal(read_stats(&stats, &err), 0);
	assert_int_equal(stats.io.n_bytes, 4000);
	assert_true(stats.io.bytes[3998].minor == 1999 && stats.io.bytes[3998].value == 1999);
	assert_true(stats.io.pressure->some.total == 5);
}

static void test_read_bad(void **state)
{
	struct cgroup_stats stats = {.n_hugetlb = 42};
	struct err err = {0};

	(void)state;
	put("cgroup.controllers", "pids\n");
	put("pids.current", "seven\n");
	assert_int_equal(read_stats(&stats, &err), -EBADMSG);
	assert_string_equal(err.msg, "read pids.current of cgroup /c: \"seven\" is no number");
	assert_int_equal(stats.n_hugetlb, 42);
}

static void test_read_gone(void **state)
{
	struct cgroup_stats stats = {.n_hugetlb = 42};
	struct err err = {0};

	(void)state;
	assert_int_equal(read_stats(&stats, &err), -ENODEV);
	assert_string_equal(err.msg, "read cgroup /c: No such device");
	assert_int_equal(stats.n_hugetlb, 42);
}

static void test_watch(void **state)
{
	int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), empty, oom;
	uint64_t kills = 42;

	(void)state;
	assert_int_equal(cgroup_watch_empty(fd), -ENODEV);
	assert_int_equal(cgroup_watch_oom(fd), -ENODEV);
	put("cgroup.events", "populated 1\nfrozen 0\n");
	assert_int_equal(cgroup_watch_oom(fd), -EOPNOTSUPP);
	put("memory.events", "low 0\noom 5\noom_kill 2\n");
	empty = cgroup_watch_empty(fd);
	oom = cgroup_watch_oom(fd);
	assert_true(empty >= 0 && oom >= 0);
	assert_false(cgroup_is_empty(empty));
	assert_int_equal(cgroup_oom_count(oom, &kills), 0);
	assert_true(kills == 2);
	/* The descriptors see what the files say now. */
	put("cgroup.events", "populated 0\nfrozen 0\n");
	put("memory.events", "oom_kill 3\n");
	assert_true(cgroup_is_empty(empty));
	assert_int_equal(cgroup_oom_count(oom, &kills), 0);
	assert_true(kills == 3);
	put("memory.events", "");
	assert_int_equal(cgroup_oom_count(oom, &kills), -EBADMSG);
	close(empty);
	close(oom);
	close(fd);
	/* What can't be read any more holds nothing. */
	assert_true(cgroup_is_empty(-1));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_cgroup, remove_cgroup)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_read_all), CASE(test_read_none), CASE(test_read_unlimited), CASE(test_read_large),
		CASE(test_read_bad), CASE(test_read_gone), CASE(test_watch),
	};
	int failed = 0;

	failed += run_table("stats: one number", value_rows, test_value);
	failed += run_table("stats: key and value", key_rows, test_key);
	failed += run_table("stats: cpu.stat", cpu_rows, test_cpu);
	failed += run_table("stats: pressure", pressure_rows, test_pressure);
	failed += run_table("stats: memory.stat", memory_rows, test_memory);
	failed += run_table("stats: io.stat", io_rows, test_io);
	failed += run_table("stats: hugetlb files", hugetlb_rows, test_hugetlb);
	failed += run_table("stats: memory and swap", swap_rows, test_swap);
	failed += cmocka_run_group_tests_name("stats: a whole cgroup", tests, NULL, NULL);
	return failed;
}

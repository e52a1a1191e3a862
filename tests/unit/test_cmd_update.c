/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags of `update`: each row is a command line, and the LinuxResources that it comes to as JSON, or the error.
 * host_update() is played by the test.
 */
#include "scratch.h"
#include "table.h"

#include "base/mem.h"
#include "cmd/cmd.h"

#include <errno.h>

static char *updated; /* what host_update was given; NULL: it was not called */
static char *updated_id;

int __wrap_host_update(const struct host_options *options, const char *id, const struct update_request *request,
		       struct err *err);

int __wrap_host_update(const struct host_options *options, const char *id, const struct update_request *request,
		       struct err *err)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	char *text;
	size_t size;

	assert_non_null(arena);
	assert_int_equal(ocispec_write(&oci_resources_object, request->resources, OCISPEC_COMPACT, arena, &text, &size),
			 0);
	if (request->l3_cache_schema || request->mem_bw_schema)
		assert_true(asprintf(&updated, "%s %s", request->l3_cache_schema ? request->l3_cache_schema : "-",
				     request->mem_bw_schema ? request->mem_bw_schema : "-") > 0);
	else
		updated = strdup(text);
	updated_id = strdup(id);
	ocispec_arena_free(arena);
	return 0;
}

struct row {
	const char *line;
	const char *expected; /* the document without what is always there: "memory cpu pids blockIO"; or "! error" */
};

#define NONE      "{\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{\"weight\":0}}"
#define MEMORY(s) "{\"memory\":{" s "},\"cpu\":{},\"pids\":{},\"blockIO\":{\"weight\":0}}"
#define CPU(s)    "{\"memory\":{},\"cpu\":{" s "},\"pids\":{},\"blockIO\":{\"weight\":0}}"

static const struct row rows[] = {
	{"id", NONE},
	{"--blkio-weight 300 id", "{\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{\"weight\":300}}"},
	{"id --blkio-weight=300", "{\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{\"weight\":300}}"},
	{"--blkio-weight 0 id", NONE},
	{"--pids-limit 10 id", "{\"memory\":{},\"cpu\":{},\"pids\":{\"limit\":10},\"blockIO\":{\"weight\":0}}"},
	{"--pids-limit -1 id", "{\"memory\":{},\"cpu\":{},\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":0}}"},
	{"--pids-limit=-1 id", "{\"memory\":{},\"cpu\":{},\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":0}}"},
	{"--cpu-period 100000 id", CPU("\"period\":100000")},
	{"--cpu-quota 50000 id", CPU("\"quota\":50000")},
	{"--cpu-quota -1 id", CPU("\"quota\":-1")},
	{"--cpu-quota 5000 --cpu-period 10000 id", CPU("\"quota\":5000,\"period\":10000")},
	{"--cpu-burst 1000 id", CPU("\"burst\":1000")},
	{"--cpu-burst 0 id", CPU("\"burst\":0")},
	{"--cpu-share 512 id", CPU("\"shares\":512")},
	{"--cpu-idle 1 id", CPU("\"idle\":1")},
	{"--cpu-idle 0 id", CPU("\"idle\":0")},
	{"--cpu-rt-period 7 --cpu-rt-runtime 3 id", CPU("\"realtimeRuntime\":3,\"realtimePeriod\":7")},
	{"--cpuset-cpus 0-2,5 id", CPU("\"cpus\":\"0-2,5\"")},
	{"--cpuset-mems 0 id", CPU("\"mems\":\"0\"")},
	{"--memory 1048576 id", MEMORY("\"limit\":1048576")},
	{"--memory 512m id", MEMORY("\"limit\":536870912")},
	{"--memory 2G id", MEMORY("\"limit\":2147483648")},
	{"--memory 64KiB id", MEMORY("\"limit\":65536")},
	{"--memory -1 id", MEMORY("\"limit\":-1")},
	{"--memory-reservation 1k id", MEMORY("\"reservation\":1024")},
	{"--memory 1m --memory-swap 2m id", MEMORY("\"limit\":1048576,\"swap\":2097152")},
	{"--memory-swap=-1 id", MEMORY("\"swap\":-1")},
	{"--kernel-memory 1m --kernel-memory-tcp 2m id", MEMORY("\"kernel\":1048576,\"kernelTCP\":2097152")},

	{"--memory 512x id", "! invalid value \"512x\" for --memory: not a size such as 512m, 2g or -1"},
	{"--memory max id", "! invalid value \"max\" for --memory: not a size such as 512m, 2g or -1"},
	{"--memory -2 id", "! invalid value \"-2\" for --memory: not a size such as 512m, 2g or -1"},
	{"--memory 99999999999g id", "! invalid value \"99999999999g\" for --memory: out of range"},
	{"--memory-swap 1mm id", "! invalid value \"1mm\" for --memory-swap: not a size such as 512m, 2g or -1"},
	{"--memory-reservation= id",
	 "! invalid value \"\" for --memory-reservation: not a size such as 512m, 2g or -1"},
	{"--kernel-memory x id", "! invalid value \"x\" for --kernel-memory: not a size such as 512m, 2g or -1"},
	{"--cpu-period 1s id", "! invalid value \"1s\" for --cpu-period: not a number"},
	{"--cpu-period -1 id", "! invalid value \"-1\" for --cpu-period: not a number"},
	{"--cpu-quota 1.5 id", "! invalid value \"1.5\" for --cpu-quota: not a number"},
	{"--cpu-quota 9223372036854775808 id", "! invalid value \"9223372036854775808\" for --cpu-quota: out of range"},
	{"--cpu-share 0x10 id", "! invalid value \"0x10\" for --cpu-share: not a number"},
	{"--cpu-share -1 id", "! invalid value \"-1\" for --cpu-share: not a number"},
	{"--cpu-burst -1 id", "! invalid value \"-1\" for --cpu-burst: not a number"},
	{"--cpu-idle yes id", "! invalid value \"yes\" for --cpu-idle: not a number"},
	{"--cpu-rt-period a id", "! invalid value \"a\" for --cpu-rt-period: not a number"},
	{"--cpu-rt-runtime a id", "! invalid value \"a\" for --cpu-rt-runtime: not a number"},
	{"--pids-limit max id", "! invalid value \"max\" for --pids-limit: not a number"},
	{"--pids-limit 5k id", "! invalid value \"5k\" for --pids-limit: not a number"},
	{"--blkio-weight -5 id", "! invalid value \"-5\" for --blkio-weight: not a number"},
	{"--blkio-weight 4294967296 id", "! invalid value \"4294967296\" for --blkio-weight: out of range"},
	{"id --memory", "! flag needs an argument: --memory"},
	{"id --resources", "! flag needs an argument: --resources"},
	{"id -r", "! flag needs an argument: -r"},
	{"--cpus 2 id", "! flag provided but not defined: -cpus"},
	{"--l3-cache-schema L3:0=f id", "L3:0=f -"},
	{"--mem-bw-schema MB:0=20 id", "- MB:0=20"},
	{"--mem-bw-schema MB:0=20;1=70 --l3-cache-schema L3:0=f;1=f id", "L3:0=f;1=f MB:0=20;1=70"},
	{"--l3-cache-schema L3 id", "! --l3-cache-schema: \"L3\" is not lines like L3:0=ff;1=f"},
	{"--l3-cache-schema L3:0 id", "! --l3-cache-schema: \"L3:0\" is not lines like L3:0=ff;1=f"},
	{"--l3-cache-schema 0=f id", "! --l3-cache-schema: \"0=f\" is not lines like L3:0=ff;1=f"},
	{"--l3-cache-schema L3:x=f id", "! --l3-cache-schema: \"L3:x=f\" is not lines like L3:0=ff;1=f"},
	{"--l3-cache-schema L3:0=f,1=f id", "! --l3-cache-schema: \"L3:0=f,1=f\" is not lines like L3:0=ff;1=f"},
	{"--mem-bw-schema 20 id", "! --mem-bw-schema: \"20\" is not lines like MB:0=50;1=70"},
	{"--mem-bw-schema MB:0=-20 id", "! --mem-bw-schema: \"MB:0=-20\" is not lines like MB:0=50;1=70"},
	{"--mem-bw-schema MB:0=20% id", "! --mem-bw-schema: \"MB:0=20%\" is not lines like MB:0=50;1=70"},
	{"--mem-bw-schema MB=20 id", "! --mem-bw-schema: \"MB=20\" is not lines like MB:0=50;1=70"},
	{"--mem-bw-schema MB:=20 id", "! --mem-bw-schema: \"MB:=20\" is not lines like MB:0=50;1=70"},
	{"-r /nonexistent id", "! read /nonexistent: No such file or directory"},
	{"-r / id", "! read /: Is a directory"},
};

static int run_line(char *line, struct err *err)
{
	_cleanup_free_ void *request = calloc(1, cmd_update.request_size);
	const struct cmd_globals globals = {0};
	struct args args;
	char *words[16];
	int n = 0, status = 0, r;

	assert_non_null(request);
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		words[n++] = word;
	r = args_parse(&cmd_update.syntax, n, words, request, &args, err);
	if (r < 0)
		return r;
	assert_int_equal(args.n, 1);
	return cmd_update.run(&globals, request, args.n, args.values, &status, err);
}

static int forget(void **state)
{
	free(TAKE_PTR(updated));
	free(TAKE_PTR(updated_id));
	return 0;
}

static void test_line(void **state)
{
	const struct row *row = *state;
	_cleanup_free_ char *line = strdup(row->line);
	struct err err = {0};
	int r;

	forget(NULL);
	assert_non_null(line);
	r = run_line(line, &err);
	if (row->expected[0] == '!') {
		assert_true(r < 0);
		assert_string_equal(err.msg, row->expected + 2);
		assert_null(updated);
		return;
	}
	if (r < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(updated, row->expected);
	assert_string_equal(updated_id, "id");
}

static void write_file(const struct scratch *scratch, const char *text, char *ret_path, size_t size)
{
	FILE *f;

	snprintf(ret_path, size, "%.200s/resources.json", scratch->path);
	f = fopen(ret_path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

#define DOCUMENT "{\"memory\":{\"limit\":1000},\"pids\":{\"limit\":-1}}"

/* The document is taken as it is, and no flag is mixed into it. */
static void test_file(void **state)
{
	static const char *const forms[] = {"--resources=%s id", "--resources %s id", "-r %s id", "id -r=%s",
					    "--memory 5m --pids-limit 3 -r %s id"};
	struct scratch scratch;
	char path[256], line[512];
	struct err err = {0};

	assert_int_equal(scratch_make(&scratch), 0);
	write_file(&scratch, DOCUMENT, path, sizeof(path));
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(line, sizeof(line), forms[i], path);
#pragma GCC diagnostic pop
		forget(NULL);
		if (run_line(line, &err) < 0)
			fail_msg("%s", err.msg);
		assert_string_equal(updated, DOCUMENT);
	}
	scratch_remove(&scratch);
}

static void test_bad_file(void **state)
{
	struct scratch scratch;
	char path[256], line[512];
	struct err err = {0};

	assert_int_equal(scratch_make(&scratch), 0);
	write_file(&scratch, "{\n  \"pids\": {\"limit\": \"many\"}}", path, sizeof(path));
	snprintf(line, sizeof(line), "-r %s id", path);
	assert_true(run_line(line, &err) < 0);
	assert_non_null(strstr(err.msg, "pids.limit: expected an integer"));
	assert_non_null(strstr(err.msg, "resources.json:2:"));
	assert_null(updated);
	scratch_remove(&scratch);
}

/* From a pipe, as engines send it: in pieces, and without an end that could be asked for before. */
static void test_stdin(void **state)
{
	char line[] = "--resources=- id", second[] = "--resources=- id";
	int ends[2], before = dup(STDIN_FILENO);
	struct err err = {0};

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], DOCUMENT, strlen(DOCUMENT)), strlen(DOCUMENT));
	close(ends[1]);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	close(ends[0]);
	if (run_line(line, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(updated, DOCUMENT);
	/* Nothing more comes. */
	forget(NULL);
	assert_true(run_line(second, &err) < 0);
	assert_non_null(strstr(err.msg, "standard input"));
	assert_null(updated);
	dup2(before, STDIN_FILENO);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, forget, forget),
		cmocka_unit_test_setup_teardown(test_bad_file, forget, forget),
		cmocka_unit_test_setup_teardown(test_stdin, forget, forget),
	};

	return run_table("update, flags", rows, test_line) +
	       cmocka_run_group_tests_name("update, --resources", tests, NULL, NULL);
}

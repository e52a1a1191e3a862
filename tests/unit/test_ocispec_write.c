/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's layouts, escapes and omissions, byte for byte; and the tables as a program uses them for its own
 * documents, with the example of json.h.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"

/* ---- The example of json.h, and what it leaves out ---- */

struct lock {
	const char *holder;
	int32_t pid;
};

struct room {
	const char *name;
	bool open;
	struct oci_opt_u64 size;
	struct lock *lock;
	size_t n_guests;
	const char **guests;
	size_t n_labels;
	struct oci_pair *labels;
	size_t n_doors;
	struct lock *doors;
	int32_t floor;
	int64_t debt;
	uint64_t age;
	uint32_t windows;
};

static const struct ocispec_property lock_properties[] = {
	OCISPEC_FIELD(struct lock, holder, "holder", .required = true),
	OCISPEC_FIELD(struct lock, pid, "pid", .min = 1, .max = INT32_MAX),
};
static const struct ocispec_object lock_object = OCISPEC_OBJECT(struct lock, lock_properties);

static const struct ocispec_property room_properties[] = {
	OCISPEC_FIELD(struct room, name, "name", .required = true),
	OCISPEC_FIELD(struct room, open, "open", .required = true),
	OCISPEC_FIELD(struct room, size, "size"),
	OCISPEC_SUB(struct room, lock, "lock", &lock_object),
	OCISPEC_LIST(struct room, guests, "guests"),
	OCISPEC_LIST(struct room, labels, "labels"),
	OCISPEC_SUBS(struct room, doors, "doors", &lock_object),
	OCISPEC_FIELD(struct room, floor, "floor", .min = -2, .max = 90),
	OCISPEC_FIELD(struct room, debt, "debt"),
	OCISPEC_FIELD(struct room, age, "age"),
	OCISPEC_FIELD(struct room, windows, "windows"),
};
static const struct ocispec_object room_object = OCISPEC_OBJECT(struct room, room_properties);

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

static void assert_written(const struct ocispec_object *object, const void *document, enum ocispec_style style,
			   const char *expected)
{
	char *text = NULL;
	size_t size = 0;

	assert_int_equal(ocispec_write(object, document, style, arena, &text, &size), 0);
	assert_string_equal(text, expected);
	assert_int_equal(size, strlen(expected));
}

static const struct oci_state *sample(void)
{
	static struct oci_pair annotations[] = {{"a", "1"}, {"b", "2"}};
	static const struct oci_state state = {.oci_version = "1.3.0",
					       .id = "c1",
					       .status = "running",
					       .pid = {true, 42},
					       .bundle = "/b",
					       .n_annotations = 2,
					       .annotations = annotations};

	return &state;
}

static void test_compact(void **state)
{
	(void)state;
	assert_written(&oci_state_object, sample(), OCISPEC_COMPACT,
		       "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":\"running\",\"pid\":42,\"bundle\":\"/b\","
		       "\"annotations\":{\"a\":\"1\",\"b\":\"2\"}}");
}

static void test_two(void **state)
{
	(void)state;
	assert_written(
		&oci_state_object, sample(), OCISPEC_TWO,
		"{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"c1\",\n  \"status\": \"running\",\n  \"pid\": 42,\n"
		"  \"bundle\": \"/b\",\n  \"annotations\": {\n    \"a\": \"1\",\n    \"b\": \"2\"\n  }\n}");
}

static void test_four(void **state)
{
	struct oci_features_enabled idmap = {{true, false}};
	struct oci_features_mount_extensions extensions = {&idmap};
	struct oci_features_linux linux_ = {.mount_extensions = &extensions};
	struct oci_features features = {"1.0.0", "1.3.0", .linux_ = &linux_};

	(void)state;
	assert_written(&oci_features_object, &features, OCISPEC_FOUR,
		       "{\n    \"ociVersionMin\": \"1.0.0\",\n    \"ociVersionMax\": \"1.3.0\",\n    \"linux\": {\n"
		       "        \"mountExtensions\": {\n            \"idmap\": {\n                \"enabled\": false\n"
		       "            }\n        }\n    }\n}");
}

static void test_tabs(void **state)
{
	const char *args[] = {"sh"};
	struct oci_user user = {.uid = 0, .gid = 5};
	struct oci_process process = {.terminal = true, .cwd = "/", .user = &user, .n_args = 1, .args = args};

	(void)state;
	assert_written(&oci_process_object, &process, OCISPEC_TABS,
		       "{\n\t\"terminal\": true,\n\t\"user\": {\n\t\t\"uid\": 0,\n\t\t\"gid\": 5\n\t},\n\t\"args\": [\n"
		       "\t\t\"sh\"\n\t],\n\t\"cwd\": \"/\"\n}");
}

static void test_order_of_config(void **state)
{
	/* as runc's `spec` has it, so that a diff of the two shows differences of substance */
	struct oci_process process = {.cwd = "/"};
	struct oci_root root = {.path = "rootfs", .readonly = true};
	struct oci_linux linux_ = {.cgroups_path = "c"};
	struct oci_mount mounts[] = {{.destination = "/proc", .type = "proc", .source = "proc"}};
	struct oci_config config = {.oci_version = "1.3.0",
				    .linux_ = &linux_,
				    .n_mounts = 1,
				    .mounts = mounts,
				    .hostname = "h",
				    .root = &root,
				    .process = &process};

	(void)state;
	assert_written(
		&oci_config_object, &config, OCISPEC_COMPACT,
		"{\"ociVersion\":\"1.3.0\",\"process\":{\"cwd\":\"/"
		"\"},\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
		"\"hostname\":\"h\",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}],"
		"\"linux\":{\"cgroupsPath\":\"c\"}}");
}

static void test_empty_containers(void **state)
{
	struct oci_linux linux_ = {.n_namespaces = 0,
				   .namespaces = (struct oci_namespace *)&linux_,
				   .sysctl = (struct oci_pair *)&linux_,
				   .masked_paths = (const char **)&linux_,
				   .resources = &(struct oci_resources){0}};
	struct oci_config config = {.oci_version = "1", .linux_ = &linux_};

	(void)state;
	assert_written(&oci_config_object, &config, OCISPEC_TWO,
		       "{\n  \"ociVersion\": \"1\",\n  \"linux\": {\n    \"sysctl\": {},\n    \"resources\": {},\n"
		       "    \"namespaces\": [],\n    \"maskedPaths\": []\n  }\n}");
}

static void write_hostname(const char *hostname, const char *expected)
{
	struct oci_config config = {.oci_version = "1", .hostname = hostname};
	char text[300];

	snprintf(text, sizeof text, "{\"ociVersion\":\"1\",\"hostname\":%s}", expected);
	assert_written(&oci_config_object, &config, OCISPEC_COMPACT, text);
}

static void test_escapes(void **state)
{
	(void)state;
	write_hostname("\"\\/\b\f\n\r\t", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	write_hostname("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
	write_hostname("<a>&", "\"<a>&\"");
}

static void test_utf8(void **state)
{
	(void)state;
	write_hostname("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void test_not_utf8(void **state)
{
	(void)state;
	write_hostname("a\xff"
		       "b",
		       "\"a\xef\xbf\xbd"
		       "b\"");
	write_hostname("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	write_hostname("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	write_hostname("\xc0\x80\"", "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\"");
}

static void test_extreme_numbers(void **state)
{
	struct oci_resources_memory memory = {
		.limit = {true, INT64_MIN}, .swap = {true, INT64_MAX}, .swappiness = {true, UINT64_MAX}};
	struct oci_resources resources = {.memory = &memory};

	(void)state;
	assert_written(&oci_resources_object, &resources, OCISPEC_COMPACT,
		       "{\"memory\":{\"limit\":-9223372036854775808,\"swap\":9223372036854775807,"
		       "\"swappiness\":18446744073709551615}}");
}

static void test_map_of_objects(void **state)
{
	struct oci_rdma_entry rdma[] = {{.device = "b", .hca_handles = {true, 1}}, {.device = "a"}};
	struct oci_resources resources = {.n_rdma = 2, .rdma = rdma};

	(void)state;
	assert_written(&oci_resources_object, &resources, OCISPEC_COMPACT,
		       "{\"rdma\":{\"b\":{\"hcaHandles\":1},\"a\":{}}}");
}

/* ---- A program's own tables ---- */

static void test_own_full(void **state)
{
	struct lock lock = {"me", 7}, doors[] = {{"x", 1}, {"y", 0}};
	const char *guests[] = {"g"};
	struct oci_pair labels[] = {{"k", "v"}};
	struct room room = {.name = "n",
			    .open = true,
			    .size = {true, 9},
			    .lock = &lock,
			    .n_guests = 1,
			    .guests = guests,
			    .n_labels = 1,
			    .labels = labels,
			    .n_doors = 2,
			    .doors = doors,
			    .floor = -1,
			    .debt = -5,
			    .age = 6,
			    .windows = 8};

	(void)state;
	assert_written(
		&room_object, &room, OCISPEC_COMPACT,
		"{\"name\":\"n\",\"open\":true,\"size\":9,\"lock\":{\"holder\":\"me\",\"pid\":7},\"guests\":[\"g\"],"
		"\"labels\":{\"k\":\"v\"},\"doors\":[{\"holder\":\"x\",\"pid\":1},{\"holder\":\"y\"}],\"floor\":-1,"
		"\"debt\":-5,\"age\":6,\"windows\":8}");
}

static void test_own_omissions(void **state)
{
	struct room room = {.name = "n"};

	(void)state;
	/* a required scalar is written even when it is 0 or false, an optional one is not */
	assert_written(&room_object, &room, OCISPEC_COMPACT, "{\"name\":\"n\",\"open\":false}");
}

static void test_own_read(void **state)
{
	static const char text[] =
		"{\"floor\":-2,\"doors\":[{\"pid\":3,\"holder\":\"h\"}],\"open\":false,\"name\":\"n\","
		"\"debt\":-9223372036854775808,\"age\":18446744073709551615,\"windows\":4294967295}";
	struct ocispec_error error;
	void *document;
	const struct room *room;

	(void)state;
	assert_int_equal(ocispec_parse(&room_object, text, sizeof text - 1, "room", arena, &document, &error), 0);
	room = document;
	assert_string_equal(room->name, "n");
	assert_int_equal(room->floor, -2);
	assert_int_equal(room->n_doors, 1);
	assert_string_equal(room->doors[0].holder, "h");
	assert_int_equal(room->doors[0].pid, 3);
	assert_true(room->debt == INT64_MIN);
	assert_true(room->age == UINT64_MAX);
	assert_int_equal(room->windows, UINT32_MAX);
}

/* What a table can say beyond the needs of the specification: embedded structs, fractions, maps of numbers, null. */
struct meter {
	struct lock lock;
	double level, peak;
	size_t n_counts;
	struct ocispec_count *counts;
	struct lock *spare;
	const char *note;
};

static const struct ocispec_property meter_properties[] = {
	OCISPEC_EMBED(struct meter, lock, "lock", &lock_object),
	OCISPEC_FIELD(struct meter, level, "level", .required = true),
	OCISPEC_FIELD(struct meter, peak, "peak"),
	OCISPEC_LIST(struct meter, counts, "counts"),
	OCISPEC_SUB(struct meter, spare, "spare", &lock_object, .null = true),
	OCISPEC_FIELD(struct meter, note, "note", .null = true),
};
static const struct ocispec_object meter_object = OCISPEC_OBJECT(struct meter, meter_properties);

static void test_meter_write(void **state)
{
	struct ocispec_count counts[] = {{"a\"", UINT64_MAX}, {"b", 0}};
	struct lock spare = {"s", 1};
	struct meter empty = {.lock = {.holder = "h"}};
	struct meter full = {.lock = {"h", 1},
			     .level = 0.1,
			     .peak = -2.5,
			     .n_counts = 2,
			     .counts = counts,
			     .spare = &spare,
			     .note = ""};

	(void)state;
	assert_written(&meter_object, &empty, OCISPEC_COMPACT,
		       "{\"lock\":{\"holder\":\"h\"},\"level\":0,\"spare\":null,\"note\":null}");
	assert_written(&meter_object, &full, OCISPEC_COMPACT,
		       "{\"lock\":{\"holder\":\"h\",\"pid\":1},\"level\":0.1,\"peak\":-2.5,"
		       "\"counts\":{\"a\\\"\":18446744073709551615,\"b\":0},\"spare\":{\"holder\":\"s\",\"pid\":1},"
		       "\"note\":\"\"}");
	full.n_counts = 0;
	assert_written(&meter_object, &full, OCISPEC_TWO,
		       "{\n  \"lock\": {\n    \"holder\": \"h\",\n    \"pid\": 1\n  },\n  \"level\": 0.1,\n"
		       "  \"peak\": -2.5,\n  \"counts\": {},\n  \"spare\": {\n    \"holder\": \"s\",\n    \"pid\": 1\n"
		       "  },\n  \"note\": \"\"\n}");
}

/* No digit more than it takes to read back the same number. */
static void test_meter_fractions(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{100, "100"},
		{99.99, "99.99"},
		{0.07, "0.07"},
		{12.30, "12.3"},
		{1e21, "1e+21"},

		{0.1 + 0.2, "0.30000000000000004"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct meter meter = {.lock = {.holder = ""}, .level = cases[i].value};
		struct ocispec_error error;
		char text[160];
		void *document;

		snprintf(text, sizeof text, "{\"lock\":{\"holder\":\"\"},\"level\":%s,\"spare\":null,\"note\":null}",
			 cases[i].text);
		assert_written(&meter_object, &meter, OCISPEC_COMPACT, text);
		assert_int_equal(ocispec_parse(&meter_object, text, strlen(text), "meter", arena, &document, &error),
				 0);
		assert_true(((struct meter *)document)->level == cases[i].value);
	}
}

static void test_meter_read(void **state)
{
	static const char text[] = "{\"counts\":{\"x\":18446744073709551615,\"y\":0},\"level\":-1.5e2,\"peak\":7,"
				   "\"lock\":{\"pid\":3,\"holder\":\"h\"},\"spare\":null}";
	struct ocispec_error error;
	const struct meter *meter;
	void *document;

	(void)state;
	assert_int_equal(ocispec_parse(&meter_object, text, sizeof text - 1, "meter", arena, &document, &error), 0);
	meter = document;
	assert_true(meter->level == -150 && meter->peak == 7);
	assert_string_equal(meter->lock.holder, "h");
	assert_int_equal(meter->lock.pid, 3);
	assert_int_equal(meter->n_counts, 2);
	assert_string_equal(meter->counts[0].key, "x");
	assert_true(meter->counts[0].value == UINT64_MAX);
	assert_string_equal(meter->counts[1].key, "y");
	assert_true(meter->counts[1].value == 0);
	assert_null(meter->spare);
}

static void refuse_meter(const char *text, const char *message)
{
	struct ocispec_error error;
	void *document;

	assert_int_equal(ocispec_parse(&meter_object, text, strlen(text), "meter", arena, &document, &error), -EINVAL);
	assert_string_equal(error.message, message);
}

static void test_meter_refused(void **state)
{
	(void)state;
	refuse_meter("{\"level\":\"1\"}", "level: expected a number (meter:1:10)");
	refuse_meter("{\"level\":1e999}", "level: number out of range (meter:1:10)");
	refuse_meter("{\"counts\":[]}", "counts: expected an object (meter:1:11)");
	refuse_meter("{\"counts\":{\"k\":-1}}",
		     "counts.k: number out of range (0 to 18446744073709551615) (meter:1:16)");
	refuse_meter("{\"counts\":{\"k\":1.5}}", "counts.k: expected an integer (meter:1:16)");
	refuse_meter("{\"counts\":{\"k\":\"1\"}}", "counts.k: expected an integer (meter:1:16)");
	refuse_meter("{\"counts\":{\"k\":null}}", "counts.k: expected an integer (meter:1:16)");
	refuse_meter("{\"counts\":{\"k\":1,\"k\":2}}", "counts.k: duplicate key (meter:1:18)");
	refuse_meter("{\"lock\":[]}", "lock: expected an object (meter:1:9)");
	refuse_meter("{\"lock\":{}}", "lock.holder: required property is missing (meter:1:9)");
}

static void refuse(const char *text, const char *message)
{
	struct ocispec_error error;
	void *document;

	assert_int_equal(ocispec_parse(&room_object, text, strlen(text), "room", arena, &document, &error), -EINVAL);
	assert_string_equal(error.message, message);
}

static void test_own_ranges(void **state)
{
	(void)state;
	refuse("{\"floor\":-3}", "floor: number out of range (-2 to 90) (room:1:10)");
	refuse("{\"floor\":91}", "floor: number out of range (-2 to 90) (room:1:10)");
	refuse("{\"lock\":{\"pid\":0}}", "lock.pid: number out of range (1 to 2147483647) (room:1:16)");
	refuse("{\"lock\":{\"pid\":-1}}", "lock.pid: number out of range (1 to 2147483647) (room:1:16)");
}

static void test_own_missing(void **state)
{
	(void)state;
	refuse("{\"name\":\"n\"}", "open: required property is missing (room:1:1)");
	refuse("{\"doors\":[{}]}", "doors[0].holder: required property is missing (room:1:11)");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_compact),
		CASE(test_two),
		CASE(test_four),
		CASE(test_tabs),
		CASE(test_order_of_config),
		CASE(test_empty_containers),
		CASE(test_escapes),
		CASE(test_utf8),
		CASE(test_not_utf8),
		CASE(test_extreme_numbers),
		CASE(test_map_of_objects),
		CASE(test_own_full),
		CASE(test_own_omissions),
		CASE(test_own_read),
		CASE(test_own_ranges),
		CASE(test_own_missing),
		CASE(test_meter_write),
		CASE(test_meter_fractions),
		CASE(test_meter_read),
		CASE(test_meter_refused),
	};

	return cmocka_run_group_tests_name("ocispec write", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every property of every document, found by walking the tables: a case for each. The case builds the smallest
 * document that holds the property, with each value that its kind can take, reads it, writes it, and wants the same
 * text back; then it tries null, a second time the same key, and a value of the wrong type.
 *
 * What a walk along the tables cannot see - a key in the wrong field - is seen by test_ocispec_values.c, and a key
 * that the tables lack by lint/schema.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"

enum { MAX_LEVELS = 8, MAX_CASES = 600, TEXT_SIZE = 64 * 1024, NAME_SIZE = 160 };

struct property_case {
	const struct ocispec_object *document;
	const struct ocispec_property *chain[MAX_LEVELS]; /* from the document down to the property */
	unsigned levels;
	char name[NAME_SIZE], path[NAME_SIZE];
};

struct text {
	char bytes[TEXT_SIZE];
	size_t n;
	unsigned counter; /* makes each value another one, so that two fields in one place are noticed */
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text->n += (size_t)vsnprintf(text->bytes + text->n, TEXT_SIZE - text->n, format, arguments);
	va_end(arguments);
	assert_true(text->n < TEXT_SIZE);
}

/* ---- Documents of a table ---- */

enum { ALL = -1 }; /* instead of a level: every key */

static void say_object(struct text *text, const struct ocispec_object *object, const struct property_case *test,
		       int level, const char *value);

static void say_sample(struct text *text, const struct ocispec_property *property, int level)
{
	unsigned i = ++text->counter;

	switch (property->kind) {
	case OCISPEC_STRING:
		say(text, "\"s%u\"", i);
		break;
	case OCISPEC_BOOL:
	case OCISPEC_OPT_BOOL:
		say(text, "true");
		break;
	case OCISPEC_SUBOBJECT:
		say_object(text, property->sub, NULL, level, NULL);
		break;
	case OCISPEC_STRINGS:
		say(text, "[\"a%u\",\"b%u\"]", i, i);
		break;
	case OCISPEC_U32S:
		say(text, "[%u,7]", i);
		break;
	case OCISPEC_OBJECTS:
		say(text, "[");
		for (unsigned j = 0; j < 5; j++) { /* more than a list's first room */
			say(text, j ? "," : "");
			say_object(text, property->sub, NULL, level, NULL);
		}
		say(text, "]");
		break;
	case OCISPEC_PAIRS:
		say(text, "{\"k%u\":\"v%u\",\"\":\"\"}", i, i);
		break;
	case OCISPEC_ENTRIES:
		say(text, "{\"k%u\":", i);
		say_object(text, property->sub, NULL, level, NULL);
		say(text, "}");
		break;
	default:
		say(text, "%u", i);
	}
}

/* The object that is `level` steps down the chain of test: its required keys, and the next one of the chain. */
static void say_object(struct text *text, const struct ocispec_object *object, const struct property_case *test,
		       int level, const char *value)
{
	bool first = true;

	say(text, "{");
	for (unsigned i = 0; i < object->n_properties; i++) {
		const struct ocispec_property *property = &object->properties[i];
		bool next = test && property == test->chain[level];
		bool target = next && level + 1 == (int)test->levels;

		if (!next && !property->required && level != ALL)
			continue;
		if (target && !value)
			continue;
		say(text, "%s\"%s\":", first ? "" : ",", property->key);
		first = false;
		if (target) {
			say(text, "%s", value);
		} else if (!next) {
			say_sample(text, property, level == ALL ? ALL : 0);
		} else {
			say(text, "%s",
			    property->kind == OCISPEC_OBJECTS   ? "["
			    : property->kind == OCISPEC_ENTRIES ? "{\"k\":"
								: "");
			say_object(text, property->sub, test, level + 1, value);
			say(text, "%s",
			    property->kind == OCISPEC_OBJECTS   ? "]"
			    : property->kind == OCISPEC_ENTRIES ? "}"
								: "");
		}
	}
	say(text, "}");
}

/* ---- Checks ---- */

static void assert_round_trip(const struct ocispec_object *object, const char *text, const char *expected)
{
	static const enum ocispec_style styles[] = {OCISPEC_COMPACT, OCISPEC_TABS, OCISPEC_TWO, OCISPEC_FOUR};
	struct ocispec_arena *arena = ocispec_arena_new();
	struct ocispec_error error = {{0}, 0, 0, {0}};
	void *document, *again;
	char *written;
	size_t size;

	if (ocispec_parse(object, text, strlen(text), "x.json", arena, &document, &error) < 0)
		fail_msg("%s in %s", error.message, text);
	for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
		/* in each layout, and read again from it */
		assert_int_equal(ocispec_write(object, document, styles[i], arena, &written, &size), 0);
		assert_int_equal(strlen(written), size);
		assert_int_equal(ocispec_parse(object, written, size, "x.json", arena, &again, &error), 0);
		assert_int_equal(ocispec_write(object, again, OCISPEC_COMPACT, arena, &written, &size), 0);
		assert_string_equal(written, expected);
	}
	ocispec_arena_free(arena);
}

static void assert_error(const struct ocispec_object *object, const char *text, const char *path, const char *what)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct ocispec_error error;
	char expected[512];
	void *document;

	assert_int_equal(ocispec_parse(object, text, strlen(text), "x.json", arena, &document, &error), -EINVAL);
	assert_string_equal(error.path, path);
	snprintf(expected, sizeof expected, "%s: %s (x.json:%u:%u)", path, what, error.line, error.column);
	assert_string_equal(error.message, expected);
	ocispec_arena_free(arena);
}

static void with_value(struct text *text, const struct property_case *test, const char *value)
{
	text->n = 0;
	text->counter = 0;
	say_object(text, test->document, test, 0, value);
}

static void assert_value(const struct property_case *test, const char *value)
{
	static struct text text;

	with_value(&text, test, value);
	assert_round_trip(test->document, text.bytes, text.bytes);
}

/* A number in its place: the ends of its range, and what lies just beyond them. */
static void check_number(const struct property_case *test, int64_t min, uint64_t max)
{
	const struct ocispec_property *property = test->chain[test->levels - 1];
	static struct text text;
	char value[32], what[80];

	if (property->min || property->max) {
		min = property->min;
		max = property->max;
	}
	snprintf(value, sizeof value, "%" PRIu64, max);
	assert_value(test, value);
	if (min) {
		snprintf(value, sizeof value, "%" PRId64, min);
		assert_value(test, value);
	}
	snprintf(what, sizeof what, "number out of range (%" PRId64 " to %" PRIu64 ")", min, max);
	if (max == UINT64_MAX)
		snprintf(value, sizeof value, "18446744073709551616");
	else
		snprintf(value, sizeof value, "%" PRIu64, max + 1);
	with_value(&text, test, value);
	assert_error(test->document, text.bytes, test->path, what);
	if (min > INT64_MIN)
		snprintf(value, sizeof value, "%" PRId64, min - 1);
	else
		snprintf(value, sizeof value, "-9223372036854775809");
	with_value(&text, test, value);
	assert_error(test->document, text.bytes, test->path, what);
}

static void check_values(const struct property_case *test)
{
	const struct ocispec_property *property = test->chain[test->levels - 1];
	static struct text sub, list;

	sub = list = (struct text){.n = 0};
	switch (property->kind) {
	case OCISPEC_STRING:
		assert_value(test, "\"\"");
		assert_value(test, "\"/a b\\\\\\\"\\n\\u001f/\xc3\xa4\xf0\x9f\x98\x80\"");
		break;
	case OCISPEC_BOOL:
		assert_value(test, "true");
		break;
	case OCISPEC_OPT_BOOL:
		assert_value(test, "true");
		assert_value(test, "false");
		break;
	case OCISPEC_OPT_I32:
	case OCISPEC_OPT_U32:
	case OCISPEC_OPT_I64:
	case OCISPEC_OPT_U64:
		assert_value(test, "0"); /* is not absence */
		break;
	case OCISPEC_STRINGS:
		assert_value(test, "[]");
		assert_value(test, "[\"\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]");
		break;
	case OCISPEC_U32S:
		assert_value(test, "[]");
		assert_value(test, "[0,4294967295,3,4,5]");
		break;
	case OCISPEC_PAIRS:
		assert_value(test, "{}");
		assert_value(test, "{\"z\":\"1\",\"a.b/c\":\"\",\"\xc3\xa4\":\"2\",\"\":\"3\",\"4\":\"5\"}");
		break;
	default:
		say_object(&sub, property->sub ? property->sub : test->document, NULL, 0, NULL);
		if (property->kind == OCISPEC_SUBOBJECT) {
			assert_value(test, sub.bytes);
		} else if (property->kind == OCISPEC_OBJECTS) {
			assert_value(test, "[]");
			say(&list, "[%s,%s]", sub.bytes, sub.bytes);
			assert_value(test, list.bytes);
		} else if (property->kind == OCISPEC_ENTRIES) {
			assert_value(test, "{}");
			say(&list, "{\"b\":%s,\"a\":%s}", sub.bytes, sub.bytes);
			assert_value(test, list.bytes);
		}
	}
	if (property->kind == OCISPEC_I32 || property->kind == OCISPEC_OPT_I32)
		check_number(test, INT32_MIN, INT32_MAX);
	if (property->kind == OCISPEC_U32 || property->kind == OCISPEC_OPT_U32)
		check_number(test, 0, UINT32_MAX);
	if (property->kind == OCISPEC_I64 || property->kind == OCISPEC_OPT_I64)
		check_number(test, INT64_MIN, INT64_MAX);
	if (property->kind == OCISPEC_U64 || property->kind == OCISPEC_OPT_U64)
		check_number(test, 0, UINT64_MAX);
}

static void check_absence(const struct property_case *test)
{
	static struct text null, absent;

	with_value(&null, test, "null");
	with_value(&absent, test, NULL);
	if (test->chain[test->levels - 1]->required) {
		assert_error(test->document, null.bytes, test->path, "required property is missing");
		assert_error(test->document, absent.bytes, test->path, "required property is missing");
	} else {
		assert_round_trip(test->document, null.bytes, absent.bytes);
		assert_round_trip(test->document, absent.bytes, absent.bytes);
	}
}

static void check_refusals(const struct property_case *test)
{
	static struct text text;
	char twice[128];
	const char *what, *wrong = "1.5";

	switch (test->chain[test->levels - 1]->kind) {
	case OCISPEC_STRING:
		what = "expected a string";
		break;
	case OCISPEC_BOOL:
	case OCISPEC_OPT_BOOL:
		what = "expected a boolean";
		break;
	case OCISPEC_STRINGS:
	case OCISPEC_U32S:
	case OCISPEC_OBJECTS:
		what = "expected an array";
		break;
	case OCISPEC_SUBOBJECT:
	case OCISPEC_PAIRS:
	case OCISPEC_ENTRIES:
		what = "expected an object";
		break;
	default:
		what = "expected an integer";
	}
	with_value(&text, test, wrong);
	assert_error(test->document, text.bytes, test->path, what);

	snprintf(twice, sizeof twice, "null,\"%s\":null", test->chain[test->levels - 1]->key);
	with_value(&text, test, twice);
	assert_error(test->document, text.bytes, test->path, "duplicate key");
}

static void test_property(void **state)
{
	const struct property_case *test = *state;

	check_values(test);
	check_absence(test);
	check_refusals(test);
}

/* Every key of a document at once, each with a value of its own. */
static void test_whole(void **state)
{
	const struct ocispec_object *object = *state;
	static struct text text;

	text = (struct text){.n = 0};
	say_object(&text, object, NULL, ALL, NULL);
	assert_round_trip(object, text.bytes, text.bytes);
}

/* What the engine relies on in every table. */
static void check_table(const struct ocispec_object *object)
{
	assert_in_range(object->n_properties, 1, OCISPEC_MAX_PROPERTIES);
	for (unsigned i = 0; i < object->n_properties; i++) {
		const struct ocispec_property *property = &object->properties[i];

		assert_int_equal(property->key_size, strlen(property->key));
		assert_true(property->offset < object->size);
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(property->key, object->properties[j].key);
			assert_int_not_equal(property->offset, object->properties[j].offset);
		}
		if (property->kind == OCISPEC_ENTRIES)
			assert_true(property->sub->key_offset < property->sub->size);
		if (property->sub)
			check_table(property->sub);
	}
}

static void test_table(void **state)
{
	check_table(*state);
}

/* ---- The cases ---- */

static struct property_case cases[MAX_CASES];
static size_t n_cases;

static void append(char name[NAME_SIZE], const char *s)
{
	if (strlen(name) + strlen(s) >= NAME_SIZE)
		abort();
	strcat(name, s);
}

static void add_cases(const char *name, const struct ocispec_object *object, const struct property_case *above)
{
	for (unsigned i = 0; i < object->n_properties; i++) {
		const struct ocispec_property *property = &object->properties[i];
		struct property_case *test = &cases[n_cases++];

		if (n_cases > MAX_CASES)
			abort();
		*test = *above;
		test->chain[test->levels++] = property;
		if (test->path[0])
			append(test->path, ".");
		append(test->path, property->key);
		append(test->name, name);
		append(test->name, ": ");
		append(test->name, test->path);
		if (property->sub) {
			struct property_case inner = *test;

			append(inner.path, property->kind == OCISPEC_OBJECTS   ? "[0]"
					   : property->kind == OCISPEC_ENTRIES ? ".k"
									       : "");
			inner.name[0] = 0;
			add_cases(name, property->sub, &inner);
		}
	}
}

int main(void)
{
	static const struct {
		const char *name;
		const struct ocispec_object *object;
		bool part; /* its tables are those of config */
	} documents[] = {
		{"config", &oci_config_object, false},
		{"process", &oci_process_object, true},
		{"resources", &oci_resources_object, true},
		{"state", &oci_state_object, false},
		{"process state", &oci_container_process_state_object, false},
		{"features", &oci_features_object, false},
	};
	enum { N = sizeof documents / sizeof documents[0] };
	static struct CMUnitTest tests[MAX_CASES + 2 * N];
	static char names[2 * N][64];
	size_t n = 0;

	for (size_t i = 0; i < N; i++) {
		snprintf(names[2 * i], sizeof names[0], "%s: table", documents[i].name);
		snprintf(names[2 * i + 1], sizeof names[0], "%s: every key at once", documents[i].name);
		tests[n++] = (struct CMUnitTest){
			.name = names[2 * i], .test_func = test_table, .initial_state = (void *)documents[i].object};
		tests[n++] = (struct CMUnitTest){.name = names[2 * i + 1],
						 .test_func = test_whole,
						 .initial_state = (void *)documents[i].object};
		if (!documents[i].part)
			add_cases(documents[i].name, documents[i].object,
				  &(struct property_case){.document = documents[i].object});
	}
	for (size_t i = 0; i < n_cases; i++)
		tests[n++] = (struct CMUnitTest){
			.name = cases[i].name, .test_func = test_property, .initial_state = &cases[i]};
	return _cmocka_run_group_tests("ocispec round trip", tests, n, NULL, NULL);
}

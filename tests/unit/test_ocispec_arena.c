/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena, and what happens when memory runs out. The linker puts the calloc of this file before the real one
 * (-Wl,--wrap=calloc), so each allocation of the library can be made to fail in turn; under a sanitizer the same
 * runs show that nothing leaks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ocispec.h"

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static unsigned calls;   /* of calloc since the last reset */
static unsigned fail_at; /* the call that fails, and all after it; 0: none */

void *__wrap_calloc(size_t n, size_t size)
{
	calls++;
	if (fail_at && calls >= fail_at) {
		errno = ENOMEM;
		return NULL;
	}
	return __real_calloc(n, size);
}

static void let_fail(unsigned at)
{
	calls = 0;
	fail_at = at;
}

static void test_free_null(void **state)
{
	(void)state;
	ocispec_arena_free(NULL);
}

static void test_free_unused(void **state)
{
	(void)state;
	ocispec_arena_free(ocispec_arena_new());
}

static void test_zeroed(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	for (size_t size = 1; size < 20000; size = size * 3 + 1) {
		unsigned char *block = ocispec_alloc(arena, size);

		assert_non_null(block);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(block[i], 0);
		memset(block, 0xaa, size); /* nobody else may see this */
	}
	ocispec_arena_free(arena);
}

static void test_aligned(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		assert_int_equal((uintptr_t)ocispec_alloc(arena, 1 + i % 40) % _Alignof(max_align_t), 0);
		assert_non_null(ocispec_strndup(arena, "odd", i % 4)); /* strings in between change nothing */
	}
	ocispec_arena_free(arena);
}

static void test_blocks_apart(void **state)
{
	enum { N = 3000 };
	static unsigned char *blocks[N];
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	for (size_t i = 0; i < N; i++) {
		blocks[i] = ocispec_alloc(arena, 1 + i % 97);
		memset(blocks[i], (int)(i % 251), 1 + i % 97);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < 1 + i % 97; j++)
			assert_int_equal(blocks[i][j], i % 251);
	ocispec_arena_free(arena);
}

static void test_zero_size(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	void *a = ocispec_alloc(arena, 0), *b = ocispec_alloc(arena, 0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	ocispec_arena_free(arena);
}

static void test_large_keeps_chunk(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	char *before, *after;

	(void)state;
	before = ocispec_alloc(arena, 16);
	assert_non_null(ocispec_alloc(arena, 1 << 20));
	after = ocispec_alloc(arena, 16);
	assert_ptr_equal(after, before + 16); /* the chunk that was being filled goes on being filled */
	ocispec_arena_free(arena);
}

static void test_few_chunks(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	let_fail(0);
	for (size_t i = 0; i < 100000; i++)
		assert_non_null(ocispec_alloc(arena, 16));
	assert_in_range(calls, 5, 14); /* 1.6 MB: chunks double up to 256 KiB */
	ocispec_arena_free(arena);
}

static void test_absurd_size(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	assert_null(ocispec_alloc(arena, SIZE_MAX));
	assert_null(ocispec_alloc(arena, SIZE_MAX - 15));
	assert_null(ocispec_alloc(arena, SIZE_MAX / 2 + 1));
	assert_non_null(ocispec_alloc(arena, 8));
	ocispec_arena_free(arena);
}

static void test_strndup(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	assert_string_equal(ocispec_strndup(arena, "container", 9), "container");
	assert_string_equal(ocispec_strndup(arena, "container", 4), "cont");
	assert_string_equal(ocispec_strndup(arena, "container", 100), "container");
	assert_string_equal(ocispec_strndup(arena, "container", SIZE_MAX), "container");
	assert_string_equal(ocispec_strndup(arena, "", 5), "");
	assert_string_equal(ocispec_strndup(arena, "x", 0), "");
	ocispec_arena_free(arena);
}

static void test_new_fails(void **state)
{
	(void)state;
	let_fail(1);
	assert_null(ocispec_arena_new());
	let_fail(0);
}

static void test_alloc_fails(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	let_fail(1);
	assert_null(ocispec_alloc(arena, 16));
	assert_null(ocispec_strndup(arena, "abc", 3));
	let_fail(0);
	assert_non_null(ocispec_alloc(arena, 16)); /* and is usable again */
	ocispec_arena_free(arena);
}

/* A document of 2000 annotations, with escapes so that yajl needs its own buffer too. */
static char *large_document(void)
{
	char *text = malloc(1 << 20), *end = text;

	assert_non_null(text);
	end += sprintf(end, "{\"ociVersion\":\"1.3.0\",\"annotations\":{");
	for (int i = 0; i < 2000; i++)
		end += sprintf(end, "%s\"key%d\":\"%s\\n%d\"", i ? "," : "", i,
			       i == 1000 ? "a long value, a long value, a long value" : "v", i);
	end += sprintf(end, ",\"last\":\"");
	for (int i = 0; i < 20000; i++)
		end += sprintf(end, "\\u00e4");
	sprintf(end, "\"}}");
	return text;
}

/* Lets the n-th allocation of a parse fail, for every n that there is. */
static void exhaust(const char *text, int without_failure, const char *message)
{
	unsigned n = 0;
	int result;

	do {
		struct ocispec_arena *arena = ocispec_arena_new();
		struct ocispec_error error = {{0}, 0, 0, {0}};
		void *document = &error;

		let_fail(++n);
		result = ocispec_parse(&oci_config_object, text, strlen(text), "config.json", arena, &document, &error);
		if (calls >= n) {
			assert_int_equal(result, -ENOMEM);
			assert_ptr_equal(document, &error); /* untouched */
			assert_string_equal(error.message, "out of memory (config.json)");
			assert_int_equal(error.line, 0);
			result = -ENOMEM;
		} else {
			assert_int_equal(result, without_failure);
			if (message)
				assert_string_equal(error.message, message);
			result = 0;
		}
		let_fail(0);
		ocispec_arena_free(arena);
	} while (result == -ENOMEM);
	assert_true(n > 3);
}

static void test_parse_fails(void **state)
{
	char *text = large_document();

	(void)state;
	exhaust(text, 0, NULL);
	free(text);
}

static void test_parse_small_fails(void **state)
{
	(void)state;
	exhaust("{\"ociVersion\":\"1.3.0\",\"mounts\":[{\"destination\":\"/\"}]}", 0, NULL);
}

static void test_parse_bad_fails(void **state)
{
	char *text = large_document();

	(void)state;
	strcpy(text + strlen(text) - 2, "]");
	/* the message of yajl takes memory as well */
	exhaust(text, -EINVAL,
		"annotations.last: parse error: after key and value, inside map, I expect ',' or '}' "
		"(config.json:1:157866)");
	free(text);
}

static void test_write_fails(void **state)
{
	char *text = large_document(), *written = NULL;
	struct ocispec_arena *arena = ocispec_arena_new();
	struct ocispec_error error;
	void *document;
	size_t size = 7;

	(void)state;
	let_fail(0);
	assert_int_equal(ocispec_parse(&oci_config_object, text, strlen(text), "config.json", arena, &document, &error),
			 0);
	let_fail(1);
	assert_int_equal(ocispec_write(&oci_config_object, document, OCISPEC_TABS, arena, &written, &size), -ENOMEM);
	assert_null(written);
	assert_int_equal(size, 7);
	let_fail(0);
	assert_int_equal(ocispec_write(&oci_config_object, document, OCISPEC_TABS, arena, &written, &size), 0);
	assert_int_equal(strlen(written), size);
	ocispec_arena_free(arena);
	free(text);
}

/* What a config costs: the budget of a whole run is 2 MiB, of which this is to be a small part. */
static void test_memory_of_a_config(void **state)
{
	char *text = large_document();
	struct ocispec_arena *arena = ocispec_arena_new();
	struct ocispec_error error;
	void *document;

	(void)state;
	text[strlen(text) - 2 - 1] = '\0';
	strcpy(strrchr(text, ','), "}}"); /* without the long one: 60 KB of annotations */
	let_fail(0);
	assert_int_equal(ocispec_parse(&oci_config_object, text, strlen(text), "config.json", arena, &document, &error),
			 0);
	assert_in_range(calls, 1, 16); /* no allocation per value */
	ocispec_arena_free(arena);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_null),
		cmocka_unit_test(test_free_unused),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_blocks_apart),
		cmocka_unit_test(test_zero_size),
		cmocka_unit_test(test_large_keeps_chunk),
		cmocka_unit_test(test_few_chunks),
		cmocka_unit_test(test_absurd_size),
		cmocka_unit_test(test_strndup),
		cmocka_unit_test(test_new_fails),
		cmocka_unit_test(test_alloc_fails),
		cmocka_unit_test(test_parse_small_fails),
		cmocka_unit_test(test_parse_fails),
		cmocka_unit_test(test_parse_bad_fails),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_memory_of_a_config),
	};

	return cmocka_run_group_tests_name("ocispec arena", tests, NULL, NULL);
}

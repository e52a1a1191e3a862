/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of cases: each row of an array becomes a cmocka test of its own, so that a failure names the row and the
 * totals count it. The first member of a row is its name. Includes cmocka and what it needs.
 */
#ifndef TURTLE_TESTS_TABLE_H
#define TURTLE_TESTS_TABLE_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

/* malloc'ed; every byte that would disturb the report as \xNN. */
static inline char *table_name(const char *name)
{
	size_t room = 4 * strlen(name) + 1, n = 0;
	char *escaped = calloc(room, 1);

	for (; escaped && *name; name++) {
		if (*name >= ' ' && *name <= '~')
			escaped[n++] = *name;
		else
			n += (size_t)snprintf(escaped + n, room - n, "\\x%02x", (unsigned char)*name);
	}
	return escaped;
}

/* test gets the row as *state. Returns the number of failures. */
static inline int run_table_rows(const char *group, const void *rows, size_t n, size_t size, CMUnitTestFunction test)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * size;

		tests[i] = (struct CMUnitTest){
			.name = table_name(*(const char *const *)(const void *)row),
			.test_func = test,
			.initial_state = (void *)(uintptr_t)row,
		};
	}
	failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)tests[i].name);
	free(tests);
	return failed;
}

#define run_table(group, rows, test) \
	run_table_rows(group, rows, sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), test)

#endif

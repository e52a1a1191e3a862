/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as text, held against libc's own. */
#include "table.h"

#include "base/clock.h"

struct row {
	const char *text;
	long long seconds;
};

static const struct row rows[] = {
	{"1970-01-01T00:00:00Z", 0},           {"1970-01-01T23:59:59Z", 86399},
	{"1972-02-29T00:00:00Z", 68169600},    {"1972-12-31T23:59:59Z", 94694399},
	{"2000-02-29T12:34:56Z", 951827696},   {"2000-03-01T00:00:00Z", 951868800},
	{"2026-01-31T10:00:00Z", 1769853600},  {"2038-01-19T03:14:08Z", 2147483648},
	{"2100-02-28T23:59:59Z", 4107542399},  {"2100-03-01T00:00:00Z", 4107542400},
	{"2400-12-31T23:59:59Z", 13601087999},
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct timespec t = {.tv_sec = (time_t)row->seconds, .tv_nsec = 7};
	char text[CLOCK_TEXT_SIZE], libc[CLOCK_TEXT_SIZE];
	struct tm tm;

	clock_text(&t, 0, text);
	assert_string_equal(text, row->text);
	gmtime_r(&t.tv_sec, &tm);
	strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S.000000007Z", &tm);
	clock_text(&t, 1, text);
	assert_string_equal(text, libc);
}

/* Every day of 130 years. */
static void test_days(void **state)
{
	(void)state;
	for (long long day = 0; day < 365 * 130; day++) {
		struct timespec t = {.tv_sec = (time_t)(day * 86400 + day % 86400)};
		char text[CLOCK_TEXT_SIZE], libc[CLOCK_TEXT_SIZE];
		struct tm tm;

		gmtime_r(&t.tv_sec, &tm);
		strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%SZ", &tm);
		clock_text(&t, 0, text);
		assert_string_equal(text, libc);
	}
}

int main(void)
{
	const struct CMUnitTest days[] = {cmocka_unit_test(test_days)};
	int failed = run_table("moments", rows, test_row);

	return failed + cmocka_run_group_tests_name("days", days, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers at the beginning of a text, and columns of them: what the files of procfs and of cgroups are read with. */
#include "table.h"

#include "base/num.h"

#include <errno.h>
#include <string.h>

struct row {
	const char *text;
	int result;
	uint64_t value;
	const char *rest;
	int result_u32; /* of the 32-bit one */
};

static const struct row rows[] = {
	{"0", 0, 0, "", 0},
	{"1234\n56", 0, 1234, "\n56", 0},
	{"007:1", 0, 7, ":1", 0},
	{"4294967295 ", 0, UINT32_MAX, " ", 0},
	{"4294967296 ", 0, UINT64_C(4294967296), " ", -ERANGE},
	{"18446744073709551615x", 0, UINT64_MAX, "x", -ERANGE},
	{"18446744073709551616x", -ERANGE, 0, NULL, -ERANGE},
	{"", -EINVAL, 0, NULL, -EINVAL},
	{" 1", -EINVAL, 0, NULL, -EINVAL},
	{"-1", -EINVAL, 0, NULL, -EINVAL},
	{"+1", -EINVAL, 0, NULL, -EINVAL},
	{"x", -EINVAL, 0, NULL, -EINVAL},
};

static void test_take(void **state)
{
	const struct row *row = *state;
	const char *p = row->text;
	uint64_t v64 = 42;
	uint32_t v32 = 42;

	assert_int_equal(num_take_u64(&p, &v64), row->result);
	assert_string_equal(p, row->result == 0 ? row->rest : row->text);
	assert_true(v64 == (row->result == 0 ? row->value : 42));

	p = row->text;
	assert_int_equal(num_take_u32(&p, &v32), row->result_u32);
	assert_string_equal(p, row->result_u32 == 0 ? row->rest : row->text);
	assert_true(v32 == (row->result_u32 == 0 ? (uint32_t)row->value : 42));
}

struct line {
	const char *text;
	int result;
	uint32_t columns[3];
};

static const struct line lines[] = {
	{"         0          0 4294967295\n", 0, {0, 0, UINT32_MAX}},
	{"0 100000 65536", 0, {0, 100000, 65536}},
	{"1 2 3 4", 0, {1, 2, 3}},
	{"1 2", -EINVAL, {0}},
	{"1 2 ", -EINVAL, {0}},
	{"1 2 -3", -EINVAL, {0}},
	{"1,2,3", -EINVAL, {0}},
	{"1 2\n3", -EINVAL, {0}},
	{"1 2 4294967296", -ERANGE, {0}},
	{"", -EINVAL, {0}},
};

static void test_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint32_t columns[3] = {7, 8, 9};
		static const uint32_t before[3] = {7, 8, 9};

		assert_int_equal(num_columns_u32(lines[i].text, columns, 3), lines[i].result);
		assert_memory_equal(columns, lines[i].result == 0 ? lines[i].columns : before, sizeof(columns));
	}
}

static void test_list(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint8_t mask[2];
	} lists[] = {
		{"0", 0, {1, 0}},
		{"0-3,7", 0, {0x8f, 0}},
		{"15", 0, {0, 0x80}},
		{"9,9,8-9", 0, {0, 3}},
		{"16", -ERANGE, {0, 0}},
		{"0-16", -ERANGE, {0, 0}},
		{"4294967296", -ERANGE, {0, 0}},
		{"", -EINVAL, {0, 0}},
		{",", -EINVAL, {0, 0}},
		{"1,", -EINVAL, {2, 0}},
		{",1", -EINVAL, {0, 0}},
		{"-1", -EINVAL, {0, 0}},
		{"2-1", -EINVAL, {0, 0}},
		{"1-", -EINVAL, {0, 0}},
		{"1-2-3", -EINVAL, {0, 0}},
		{"1 ", -EINVAL, {0, 0}},
		{"+1", -EINVAL, {0, 0}},
		{"0x1", -EINVAL, {0, 0}},
		{"1;2", -EINVAL, {0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint8_t mask[2] = {0};

		assert_int_equal(num_list(lists[i].text, mask, 16), lists[i].result);
		assert_memory_equal(mask, lists[i].mask, sizeof(mask));
	}
	assert_int_equal(num_list("0-4294967294", NULL, UINT32_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest whole[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_columns)};

	return run_table("numbers", rows, test_take) + cmocka_run_group_tests_name("columns", whole, NULL, NULL);
}

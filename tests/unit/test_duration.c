/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as Go writes them: what runc's `events --interval` takes and refuses, to the nanosecond. */
#include "table.h"

#include "base/num.h"

#include <errno.h>

struct row {
	const char *text;
	int result;
	int64_t ns;
};

#define S INT64_C(1000000000)

static const struct row rows[] = {
	{"5s", 0, 5 * S},
	{"500ms", 0, S / 2},
	{"1m30s", 0, 90 * S},
	{"1h2m3s4ms5us6ns", 0, 3723 * S + 4005006},
	{"1us", 0, 1000},
	{"1\xc2\xb5s", 0, 1000},
	{"1\xce\xbcs", 0, 1000},
	{"1.5h", 0, 5400 * S},
	{".5s", 0, S / 2},
	{"5.s", 0, 5 * S},
	{"0.000000001s", 0, 1},
	{"0.0000000019s", 0, 1},
	{"0.99999999999999999999999999999999h", 0, 3600 * S - 1},
	{"2s1s2s", 0, 5 * S},
	{"+3s", 0, 3 * S},
	{"-1s", 0, -S},
	{"-1m1s", 0, -61 * S},
	{"0", 0, 0},
	{"+0", 0, 0},
	{"-0", 0, 0},
	{"0s", 0, 0},
	{"007s", 0, 7 * S},
	{"9223372036854775807ns", 0, INT64_MAX},
	{"9223372036854775808ns", -ERANGE, 0},
	{"9223372036s854775808ns", -ERANGE, 0},
	{"99999999999999999999999999s", -ERANGE, 0},
	{"2562048h", -ERANGE, 0},
	{"9999999999999h1ns", -ERANGE, 0},
	{"9999999999999hx", -EINVAL, 0},
	{"", -EINVAL, 0},
	{"+", -EINVAL, 0},
	{"-", -EINVAL, 0},
	{"5", -EINVAL, 0},
	{"00", -EINVAL, 0},
	{"1.5", -EINVAL, 0},
	{"s", -EINVAL, 0},
	{".s", -EINVAL, 0},
	{"1d", -EINVAL, 0},
	{"1S", -EINVAL, 0},
	{"1e3s", -EINVAL, 0},
	{"1s ", -EINVAL, 0},
	{" 1s", -EINVAL, 0},
	{"1 s", -EINVAL, 0},
	{"1s-1s", -EINVAL, 0},
	{"--1s", -EINVAL, 0},
	{"0x1s", -EINVAL, 0},
	{"1.2.3s", -EINVAL, 0},
	{"1,5s", -EINVAL, 0},
	{"1s1", -EINVAL, 0},
};

static void test_row(void **state)
{
	const struct row *row = *state;
	int64_t ns = 42;

	assert_int_equal(num_duration(row->text, &ns), row->result);
	assert_true(ns == (row->result == 0 ? row->ns : 42));
}

int main(void)
{
	return run_table("durations", rows, test_row);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* memmove(3) and memcpy(3) of the turtle that is linked with musl, under other names: every size, overlap and
 * alignment. */
#include "table.h"

#include "base/mem.h"

#ifdef __x86_64__

void *turtle_memmove(void *to, const void *from, size_t n);
void *turtle_memcpy(void *restrict to, const void *restrict from, size_t n);

#define memmove turtle_memmove
#define memcpy  turtle_memcpy
#include "base/move.c"
#undef memmove
#undef memcpy

enum { MOST = 1400, ROOM = 3 * MOST };

static unsigned char is[ROOM], should[ROOM];

static void fill(void)
{
	for (size_t i = 0; i < ROOM; i++)
		is[i] = should[i] = (unsigned char)(i * 7 + i / 256);
}

/* From MOST to MOST + shift; the other bytes stay. */
static void check_move(size_t n, long shift)
{
	unsigned char moved[MOST];

	fill();
	for (size_t i = 0; i < n; i++)
		moved[i] = should[MOST + i];
	for (size_t i = 0; i < n; i++)
		should[(long)MOST + shift + (long)i] = moved[i];
	assert_ptr_equal(turtle_memmove(is + MOST + shift, is + MOST, n), is + MOST + shift);
	if (memcmp(is, should, ROOM) != 0)
		fail_msg("%zu bytes moved by %ld", n, shift);
}

static void test_memmove(void **state)
{
	static const long shifts[] = {-MOST, -300, -100, -64, -33, -32, -17, -16, -15, -8,  -3,  -1,  0,
				      1,     3,    8,    15,  16,  17,  31,  33,  64,  100, 300, MOST};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++)
		for (size_t n = 0; n < MOST; n += n < 300 ? 1 : 37)
			check_move(n, shifts[i]);
}

static void test_memcpy(void **state)
{
	(void)state;
	for (size_t from = 0; from < 17; from++)
		for (size_t n = 0; n < MOST; n += n < 100 ? 1 : 41) {
			fill();
			for (size_t i = 0; i < n; i++)
				should[MOST + i] = should[from + i];
			assert_ptr_equal(turtle_memcpy(is + MOST, is + from, n), is + MOST);
			assert_memory_equal(is, should, ROOM);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmove),
		cmocka_unit_test(test_memcpy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_none(void **state)
{
	(void)state;
	skip(); /* musl's own are used */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that are the same everywhere for the same seed: splitmix64. Include <cmocka.h> before. */
#ifndef TURTLE_TESTS_RANDOM_H
#define TURTLE_TESTS_RANDOM_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static uint64_t seed;

static inline uint64_t next(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint32_t below(uint32_t n)
{
	return (uint32_t)(next() % n);
}

/* The state of a test, a number; 0: one that nobody has tried yet, TURTLE_TEST_SEED or the time, printed to be had
 * again. */
static inline uint64_t seed_of(void **state)
{
	const char *given = getenv("TURTLE_TEST_SEED");
	uint64_t number = (uint64_t)(uintptr_t)*state;

	if (number == 0) {
		number = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
		print_message("TURTLE_TEST_SEED=%llu\n", (unsigned long long)number);
	}
	return number;
}

#endif

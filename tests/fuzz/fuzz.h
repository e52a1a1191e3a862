/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target begins with. */
#ifndef TURTLE_TESTS_FUZZ_H
#define TURTLE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

#endif

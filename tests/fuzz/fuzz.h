/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target begins with. */
#ifndef TURTLE_TESTS_FUZZ_H
#define TURTLE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocispec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* The input as a string; the caller frees it. */
static inline char *new_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	must(text != NULL, "there is memory");
	return text;
}

static inline struct ocispec_arena *new_arena(void)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	must(arena != NULL, "there is memory");
	return arena;
}

#endif

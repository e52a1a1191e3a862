/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line says, kept as it was written until somebody judges it. */
#ifndef TURTLE_BASE_WORDS_H
#define TURTLE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The values of an option that may be repeated, or the rest of the line, in order. */
struct words {
	size_t n;
	const char **values;
};

/* A switch whose absence means something. */
struct choice {
	bool given, value;
};

#endif
